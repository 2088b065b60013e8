//! The walk over a value and a schema.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value as Json};

use super::draft::Draft;
use super::fault::{Fault, quote};
use super::format;
use super::keywords;
use super::resolve::Document;

/// Most pairs of schema and value that are looked at.
const MAX_STEPS: usize = 5_000_000;
/// Deepest nesting of schemas in each other.
const MAX_DEPTH: usize = 400;
/// Most faults that are kept, those included that come to nothing in the end.
const MAX_FAULTS: usize = 100_000;
/// How much memory a compiled pattern may take: the first of these that is enough is counted.
const PATTERN_SIZES: [usize; 3] = [64 << 10, 1 << 20, 10 << 20];
/// How much memory all patterns of a document may take.
const MAX_PATTERNS: usize = 64 << 20;

/// Which members and items no schema has looked at yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Unevaluated {
    pub(super) members: BTreeSet<String>,
    pub(super) items: BTreeSet<usize>,
}

impl Unevaluated {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.items.is_empty()
    }

    /// What neither has looked at.
    fn keep_common(&mut self, other: &Self) {
        self.members.retain(|name| other.members.contains(name));
        self.items.retain(|index| other.items.contains(index));
    }
}

/// The state of a validation.
pub(super) struct Validator<'a> {
    document: &'a Document<'a>,
    path: Vec<String>,
    steps: usize,
    /// How many faults there were so far.
    faults: Cell<usize>,
    /// Patterns by their text; none where it is none.
    patterns: HashMap<&'a str, Option<Rc<Regex>>>,
    pattern_bytes: usize,
    /// Schemas that are open for the value at hand, to find references that never end.
    open: Vec<(*const Json, usize)>,
}

/// One schema applied to one value.
pub(super) struct Site<'a, 'v> {
    pub(super) schema: &'a Map<String, Json>,
    pub(super) value: &'v Json,
    pub(super) faults: Vec<Fault>,
    pub(super) unevaluated: Unevaluated,
}

/// Checks a value against a document.
pub(super) fn validate(document: &Document<'_>, value: &Json) -> Result<(), Fault> {
    let mut validator = Validator {
        document,
        path: Vec::new(),
        steps: 0,
        faults: Cell::new(0),
        patterns: HashMap::new(),
        pattern_bytes: 0,
        open: Vec::new(),
    };
    validator.check(document.root, value, false)?;
    // Patterns that were passed over have not been asked.
    if validator.ended() {
        return Err(validator.fault("validation takes too many steps"));
    }
    Ok(())
}

impl<'a> Validator<'a> {
    pub(super) fn draft(&self) -> Draft {
        self.document.draft
    }

    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        self.faults.set(self.faults.get() + 1);
        Fault::new(&self.path, message)
    }

    /// Whether the walk came to its limits: the rest is passed over.
    fn ended(&self) -> bool {
        self.steps > MAX_STEPS
            || self.faults.get() > MAX_FAULTS
            || self.pattern_bytes > MAX_PATTERNS
    }

    /// Keeps what went wrong, but not how often a walk that came to its end was not gone on with.
    pub(super) fn keep<T>(&self, faults: &mut Vec<Fault>, result: Result<T, Fault>) {
        if faults.is_empty() || !self.ended() {
            faults.extend(result.err());
        }
    }

    /// The pattern, compiled once; none for a text that is none.
    pub(super) fn pattern(&mut self, text: &'a str) -> Option<Rc<Regex>> {
        if let Some(known) = self.patterns.get(text) {
            return known.clone();
        }
        if self.ended() {
            return None;
        }
        let mut compiled = None;
        for bytes in PATTERN_SIZES {
            let mut builder = RegexBuilder::new(text);
            builder.size_limit(bytes).dfa_size_limit(PATTERN_SIZES[1]);
            match builder.build() {
                Ok(pattern) => compiled = Some(Rc::new(pattern)),
                // What was too large has taken the time of what fits.
                Err(regex::Error::CompiledTooBig(_)) if bytes < PATTERN_SIZES[2] => continue,
                Err(_) => {}
            }
            self.pattern_bytes += bytes;
            break;
        }
        self.patterns.insert(text, compiled.clone());
        compiled
    }

    /// Checks a value; gives what was not looked at, or what is wrong. `needed` tells that the
    /// schema around wants to know what was looked at.
    fn check(&mut self, node: &'a Json, value: &Json, needed: bool) -> Result<Unevaluated, Fault> {
        self.steps += 1;
        if self.ended() || self.open.len() > MAX_DEPTH {
            return Err(self.fault("validation takes too many steps"));
        }
        let schema = match node {
            Json::Object(schema) => schema,
            Json::Bool(false) => return Err(self.fault("false schema")),
            _ => return Ok(Unevaluated::default()),
        };
        let place = (std::ptr::from_ref(node), self.path.len());
        if self.open.contains(&place) {
            return Err(self.fault("references cause a cycle"));
        }
        self.open.push(place);
        let result = self.check_open(schema, node, value, needed);
        self.open.pop();
        result
    }

    fn check_open(
        &mut self,
        schema: &'a Map<String, Json>,
        node: &'a Json,
        value: &Json,
        needed: bool,
    ) -> Result<Unevaluated, Fault> {
        let reference = schema.get("$ref").and_then(Json::as_str);
        if let Some(reference) = reference
            && self.draft() < Draft::D2019
        {
            // Nothing beside a reference counts.
            self.reference(node, reference, value, needed)?;
            return Ok(Unevaluated::default());
        }
        if let Some(message) = keywords::any(schema, value) {
            return Err(self.fault(message));
        }
        if self.draft() < Draft::D2019
            && let Json::String(text) = value
            && let Some(name) = schema.get("format").and_then(Json::as_str)
            && let Err(problem) = format::check(name, text)
        {
            let message = format!("{} is not valid {name}: {problem}", quote(text));
            return Err(self.fault(message));
        }
        let mut site = Site {
            schema,
            value,
            faults: Vec::new(),
            unevaluated: unevaluated(schema, value, needed),
        };
        if let Some(reference) = reference {
            let needed = !site.unevaluated.is_empty();
            match self.reference(node, reference, value, needed) {
                Ok(other) => site.unevaluated.keep_common(&other),
                Err(fault) => site.faults.push(fault),
            }
        }
        match value {
            Json::Object(members) => keywords::object(self, &mut site, members),
            Json::Array(items) => keywords::array(self, &mut site, items),
            Json::String(text) => keywords::string(self, &mut site, text),
            Json::Number(number) => keywords::number(self, &mut site, number),
            Json::Null | Json::Bool(_) => {}
        }
        if self.draft() >= Draft::D2019 {
            for key in ["$recursiveRef", "$dynamicRef"] {
                if let Some(reference) = schema.get(key).and_then(Json::as_str) {
                    match self.reference(node, reference, value, false) {
                        Ok(other) => site.unevaluated.keep_common(&other),
                        Err(fault) => site.faults.push(fault),
                    }
                }
            }
        }
        keywords::conditions(self, &mut site);
        if self.draft() >= Draft::D2019 {
            keywords::unevaluated(self, &mut site);
        }
        match Fault::group(&self.path, site.faults) {
            Some(fault) => Err(fault),
            None => Ok(site.unevaluated),
        }
    }

    fn reference(
        &mut self,
        node: &'a Json,
        reference: &str,
        value: &Json,
        needed: bool,
    ) -> Result<Unevaluated, Fault> {
        let document = self.document;
        let target = document
            .resolve(node, reference)
            .map_err(|problem| self.fault(problem))?;
        self.check(target, value, needed)
            .map_err(|fault| Fault::reference(&self.path, fault))
    }

    /// Applies another schema to the value of the site.
    pub(super) fn same(&mut self, site: &mut Site<'a, '_>, node: &'a Json) -> Result<(), Fault> {
        let needed = !site.unevaluated.is_empty();
        let other = self.check(node, site.value, needed)?;
        site.unevaluated.keep_common(&other);
        Ok(())
    }

    /// Applies a schema to a part of the value.
    pub(super) fn part(&mut self, node: &'a Json, value: &Json, name: &str) -> Result<(), Fault> {
        self.path.push(name.to_owned());
        let result = self.check(node, value, false).map(drop);
        self.path.pop();
        result
    }

    /// Applies a schema to a value that stands alone: the name of a member.
    pub(super) fn alone(&mut self, node: &'a Json, value: &Json) -> Result<(), Fault> {
        let path = std::mem::take(&mut self.path);
        let open = std::mem::take(&mut self.open);
        let result = self.check(node, value, false).map(drop);
        self.path = path;
        self.open = open;
        result
    }
}

/// What a schema starts with: all members or items, if it or the one around wants to know.
fn unevaluated(schema: &Map<String, Json>, value: &Json, needed: bool) -> Unevaluated {
    let mut found = Unevaluated::default();
    match value {
        Json::Object(members) if needed || schema.contains_key("unevaluatedProperties") => {
            found.members = members.keys().cloned().collect();
        }
        Json::Array(items) if needed || schema.contains_key("unevaluatedItems") => {
            found.items = (0..items.len()).collect();
        }
        _ => {}
    }
    found
}
