//! Where references lead.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value as Json;

use super::draft::Draft;

/// The address Helm gives a chart's schema.
const ROOT: &str = "file:///values.schema.json";
/// Deepest nesting of a schema.
const MAX_DEPTH: usize = 200;
/// Longest address of a schema, in bytes.
const MAX_ADDRESS: usize = 4096;

/// A schema document with what can be referred to in it.
pub(super) struct Document<'a> {
    pub(super) root: &'a Json,
    pub(super) draft: Draft,
    /// Schemas by their addresses, with and without a fragment.
    schemas: HashMap<String, &'a Json>,
    /// The address below which each schema's references are.
    bases: HashMap<*const Json, Rc<str>>,
}

/// Keywords with schemas in them.
const SUBSCHEMAS: [&str; 20] = [
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "dependencies",
    "dependentSchemas",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];

/// Those whose schemas have names.
const NAMED: [&str; 4] = [
    "dependencies",
    "dependentSchemas",
    "patternProperties",
    "properties",
];

/// A schema that takes everything: what stands behind addresses that are not looked up.
static ANYTHING: Json = Json::Bool(true);

impl<'a> Document<'a> {
    /// # Errors
    /// A schema that is nested too deeply, or refers to what cannot be loaded.
    pub(super) fn new(root: &'a Json) -> Result<Self, String> {
        if let Some(dialect) = root["$schema"].as_str()
            && !dialect.contains("json-schema.org")
        {
            let dialect = dialect.trim_end_matches('#');
            return Err(not_loaded(dialect));
        }
        let mut document = Self {
            root,
            draft: Draft::of(root),
            schemas: HashMap::from([(ROOT.to_owned(), root)]),
            bases: HashMap::new(),
        };
        document.index(root, &ROOT.into(), 0)?;
        document.check_references()?;
        Ok(document)
    }

    /// Whether all references lead somewhere that can be met on the way from the root, whatever
    /// the values: definitions that nothing refers to are not looked at.
    fn check_references(&self) -> Result<(), String> {
        let mut seen = HashSet::new();
        let mut open = vec![self.root];
        while let Some(node) = open.pop() {
            let Json::Object(members) = node else {
                continue;
            };
            if !seen.insert(std::ptr::from_ref(node)) {
                continue;
            }
            for key in ["$ref", "$recursiveRef", "$dynamicRef"] {
                if let Some(reference) = members.get(key).and_then(Json::as_str) {
                    open.push(self.resolve(node, reference)?);
                }
            }
            if self.draft < Draft::D2019 && members.contains_key("$ref") {
                continue;
            }
            for (key, value) in members.iter().rev() {
                if !SUBSCHEMAS.contains(&&**key) {
                    continue;
                }
                match value {
                    Json::Array(items) => open.extend(items.iter().rev()),
                    Json::Object(named) if NAMED.contains(&&**key) => {
                        open.extend(named.values().rev());
                    }
                    value => open.push(value),
                }
            }
        }
        Ok(())
    }

    fn index(&mut self, node: &'a Json, base: &Rc<str>, depth: usize) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("schema is nested deeper than {MAX_DEPTH} levels"));
        }
        match node {
            Json::Object(members) => {
                let key = if self.draft == Draft::D4 { "id" } else { "$id" };
                let mut base = Rc::clone(base);
                if let Some(id) = members.get(key).and_then(Json::as_str) {
                    let address = join(&base, id);
                    if address.len() > MAX_ADDRESS {
                        return Err(format!(
                            "schema has an address of more than {MAX_ADDRESS} bytes"
                        ));
                    }
                    match address.split_once('#') {
                        Some((before, anchor)) if !anchor.is_empty() => {
                            self.schemas.insert(format!("{before}#{anchor}"), node);
                        }
                        Some((before, _)) => base = before.into(),
                        None => base = address.into(),
                    }
                    self.schemas.insert(base.to_string(), node);
                }
                for key in ["$anchor", "$dynamicAnchor"] {
                    if let Some(anchor) = members.get(key).and_then(Json::as_str) {
                        self.schemas.insert(format!("{base}#{anchor}"), node);
                    }
                }
                for value in members.values() {
                    self.index(value, &base, depth + 1)?;
                }
                self.bases.insert(std::ptr::from_ref(node), base);
            }
            Json::Array(items) => {
                for item in items {
                    self.index(item, base, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The schema that `reference`, found in the schema `from`, leads to.
    ///
    /// # Errors
    /// When it leads nowhere, or out of the document.
    pub(super) fn resolve(&self, from: &Json, reference: &str) -> Result<&'a Json, String> {
        if reference.len() > MAX_ADDRESS {
            return Err(format!("reference is longer than {MAX_ADDRESS} bytes"));
        }
        let base = self
            .bases
            .get(&std::ptr::from_ref(from))
            .map_or(ROOT, |base| base);
        let address = join(base, reference);
        if let Some(schema) = self.schemas.get(address.trim_end_matches('#')) {
            return Ok(schema);
        }
        let (document, fragment) = address.split_once('#').unwrap_or((&address, ""));
        if document.starts_with("urn:") || document.contains("json-schema.org/") {
            // Helm takes what it cannot find under a URN for a schema that allows all; schemas of
            // schemas say nothing about values.
            return Ok(&ANYTHING);
        }
        let Some(root) = self.schemas.get(document) else {
            return Err(not_loaded(document));
        };
        let pointer = percent_decoded(fragment);
        root.pointer(&pointer)
            .ok_or_else(|| format!("json-pointer in {address:?} not found"))
    }
}

/// What is said of a document that Helm would look for on its own machine, or fetch.
fn not_loaded(document: &str) -> String {
    let file = document.strip_prefix("file://");
    let problem = match file.and_then(|file| file.find('/').map(|at| &file[at..])) {
        Some(path) => format!("open {path}: no such file or directory"),
        None => "schemas are not loaded from elsewhere".to_owned(),
    };
    format!("failing loading {document:?}: {problem}")
}

/// The address `reference` has below `base`.
fn join(base: &str, reference: &str) -> String {
    let document = base.split('#').next().unwrap_or(base);
    if reference.is_empty() {
        return base.to_owned();
    }
    if reference.starts_with('#') {
        return format!("{document}{reference}");
    }
    let scheme = reference.split([':', '/', '#']).next().unwrap_or_default();
    if reference[scheme.len()..].starts_with(':') {
        return reference.to_owned();
    }
    if let Some(rest) = reference.strip_prefix('/') {
        let start = document.find("://").map_or(0, |at| at + 3);
        let end = document[start..]
            .find('/')
            .map_or(document.len(), |at| start + at);
        return format!("{}/{rest}", &document[..end]);
    }
    let directory = document.rfind('/').map_or("", |at| &document[..=at]);
    format!("{directory}{reference}")
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%'
            && let [high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (
                char::from(*high).to_digit(16),
                char::from(*low).to_digit(16),
            )
        {
            bytes.extend(u8::try_from(high * 16 + low));
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
