//! From [`Node`] trees to values: go-yaml's decoder into untyped Go values, and what JSON then
//! makes of them.

mod mapping;

use std::cell::OnceCell;
use std::collections::HashMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Number};

use crate::node::{Kind, Node};
use crate::number::json_float;
use crate::parse::{depth_error, unknown_anchor};
use crate::resolve::{Scalar, resolve_node};
use crate::{Dialect, Error, Limits, Value};

/// Go's standard encoding: padding required, stray bits in the last character let pass.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// What JSON cannot hold.
struct Postponed {
    of_key: bool,
    problem: String,
}

/// The one of two that Go reports: keys are turned into strings before anything is written.
fn graver(first: Option<Postponed>, second: Option<Postponed>) -> Option<Postponed> {
    match (first, second) {
        (Some(first), Some(second)) if second.of_key && !first.of_key => Some(second),
        (Some(first), _) => Some(first),
        (None, second) => second,
    }
}

/// One run over one document.
pub(crate) struct Decoder<'n> {
    dialect: Dialect,
    limits: Limits,
    root: &'n Node,
    /// Anchored nodes by number, gathered at the first alias.
    anchors: OnceCell<HashMap<usize, &'n Node>>,
    /// Aliases being expanded, innermost last.
    expanding: Vec<*const Node>,
    depth: usize,
    decoded: usize,
    aliased: usize,
    /// As `aliased`, by what the nodes weigh.
    copied: usize,
    faults: Vec<(usize, String)>,
    /// Stands for a byte of binary data that is not UTF-8.
    invalid: char,
    /// The first thing JSON cannot hold: reported only when decoding found no fault of its own.
    unrepresentable: Option<Postponed>,
}

impl<'n> Decoder<'n> {
    /// A decoder for nodes of the tree under `root`.
    pub(crate) fn new(root: &'n Node, dialect: Dialect, limits: &Limits) -> Self {
        Self {
            dialect,
            limits: *limits,
            root,
            anchors: OnceCell::new(),
            expanding: Vec::new(),
            depth: 0,
            decoded: 0,
            aliased: 0,
            copied: 0,
            faults: Vec::new(),
            invalid: char::REPLACEMENT_CHARACTER,
            unrepresentable: None,
        }
    }

    /// Has `invalid` stand for bytes of binary data that are not UTF-8.
    pub(crate) fn marking_invalid(mut self, invalid: char) -> Self {
        self.invalid = invalid;
        self
    }

    /// The value of `node` as an untyped Go value turned into JSON.
    pub(crate) fn decode(mut self, node: &'n Node) -> Result<Value, Error> {
        let value = self.value(node)?;
        self.finish(value)
    }

    /// The value of `node` where the target is a map with string keys: keys keep their text
    /// whatever they resolve to, and null keys are dropped.
    pub(crate) fn decode_string_map(mut self, node: &'n Node) -> Result<Value, Error> {
        if node.kind != Kind::Mapping {
            return self.decode(node);
        }
        self.count(node)?;
        let mut map = Map::new();
        self.mapping_into(node, &mut map, true)?;
        self.finish(Value::Object(map))
    }

    fn finish(self, value: Value) -> Result<Value, Error> {
        if let Some((line, _)) = self.faults.first() {
            return Err(Error::Faults {
                line: *line,
                faults: self.faults.into_iter().map(|(_, text)| text).collect(),
            });
        }
        match self.unrepresentable {
            Some(Postponed { problem, .. }) => Err(Error::Unrepresentable { problem }),
            None => Ok(value),
        }
    }

    fn value(&mut self, node: &'n Node) -> Result<Value, Error> {
        self.count(node)?;
        match node.kind {
            Kind::Alias => self.through_alias(node, Self::value),
            Kind::Scalar => self.scalar(node),
            Kind::Sequence => {
                self.enter(node)?;
                let mut items = Vec::with_capacity(node.children.len());
                for child in &node.children {
                    items.push(self.value(child)?);
                }
                self.depth -= 1;
                Ok(Value::Array(items))
            }
            Kind::Mapping => {
                let mut map = Map::new();
                self.mapping_into(node, &mut map, false)?;
                Ok(Value::Object(map))
            }
        }
    }

    /// go-yaml's guard against alias bombs, and our own budget.
    fn count(&mut self, node: &Node) -> Result<(), Error> {
        self.decoded += 1;
        if !self.expanding.is_empty() {
            self.aliased += 1;
            self.copied += node.weight();
        }
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let excessive = self.aliased > 100
            && self.decoded > 1000
            && self.aliased as f64 / self.decoded as f64 > allowed_alias_ratio(self.decoded);
        if excessive || self.copied > self.limits.max_nodes {
            return Err(excessive_aliasing(node));
        }
        Ok(())
    }

    fn enter(&mut self, node: &Node) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.limits.max_depth {
            return Err(depth_error(self.limits.max_depth, node));
        }
        Ok(())
    }

    fn target(&self, alias: &Node) -> Result<&'n Node, Error> {
        alias
            .anchor_id
            .and_then(|id| {
                self.anchors
                    .get_or_init(|| anchored(self.root))
                    .get(&id)
                    .copied()
            })
            .ok_or_else(|| unknown_anchor(&alias.value, alias.line))
    }

    fn through_alias<T>(
        &mut self,
        alias: &'n Node,
        read: impl FnOnce(&mut Self, &'n Node) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let target = self.target(alias)?;
        if self.expanding.iter().any(|open| std::ptr::eq(*open, alias)) {
            return Err(contains_itself(alias));
        }
        self.expanding.push(alias);
        let result = read(self, target);
        self.expanding.pop();
        result
    }

    fn scalar(&mut self, node: &Node) -> Result<Value, Error> {
        Ok(match resolve_node(self.dialect, node)? {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Int(value) => Value::from(value),
            Scalar::Uint(value) => Value::from(value),
            Scalar::Float(value) => self.float(value),
            Scalar::Timestamp(time) if self.dialect == Dialect::V3 => Value::String(time.rfc3339()),
            Scalar::Str if node.short_tag() == Some("binary") => Value::String(self.binary(node)?),
            Scalar::Timestamp(_) | Scalar::Str => Value::String(node.value.clone()),
        })
    }

    fn float(&mut self, value: f64) -> Value {
        if let Some(number) = json_number(value) {
            return Value::Number(number);
        }
        let name = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        };
        self.postpone(format!("json: unsupported value: {name}"));
        Value::Null
    }

    fn postpone(&mut self, problem: String) {
        self.unrepresentable.get_or_insert(Postponed {
            of_key: false,
            problem,
        });
    }

    /// The text under a `!!binary` tag; bytes that are not UTF-8 are replaced one by one, as in
    /// Go's JSON.
    fn binary(&self, node: &Node) -> Result<String, Error> {
        let text: String = node
            .value
            .chars()
            .filter(|found| !matches!(found, '\n' | '\r'))
            .collect();
        let bytes = BASE64
            .decode(text)
            .map_err(|_| Error::decode("!!binary value contains invalid base64 data", node.line))?;
        let mut out = String::new();
        for chunk in bytes.utf8_chunks() {
            out.push_str(chunk.valid());
            out.extend(std::iter::repeat_n(self.invalid, chunk.invalid().len()));
        }
        Ok(out)
    }

    /// The node an alias stands for, or the node itself; for showing, not for decoding.
    pub(crate) fn shown_node(&self, node: &'n Node) -> Option<&'n Node> {
        if node.kind == Kind::Alias {
            self.target(node).ok()
        } else {
            Some(node)
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }
}

/// The anchored nodes of a tree by number.
pub(crate) fn anchored(root: &Node) -> HashMap<usize, &Node> {
    let mut anchors = HashMap::new();
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if let (true, Some(id)) = (node.kind != Kind::Alias, node.anchor_id) {
            anchors.insert(id, node);
        }
        pending.extend(&node.children);
    }
    anchors
}

/// A float as its JSON text would be read back: whole ones as integers where they fit. None for
/// what JSON cannot write.
pub(crate) fn json_number(value: f64) -> Option<Number> {
    if value.fract() == 0.0 && value.abs() < 1e20 && !(value == 0.0 && value.is_sign_negative()) {
        let text = json_float(value);
        if let Ok(int) = text.parse::<i64>() {
            return Some(Number::from(int));
        }
        if let Ok(uint) = text.parse::<u64>() {
            return Some(Number::from(uint));
        }
    }
    Number::from_f64(value)
}

/// go-yaml's text names no place; the error does.
pub(crate) fn excessive_aliasing(node: &Node) -> Error {
    Error::limit_at(
        "document contains excessive aliasing",
        node.line,
        node.column,
    )
}

pub(crate) fn contains_itself(alias: &Node) -> Error {
    Error::decode(
        format!("anchor '{}' value contains itself", alias.value),
        alias.line,
    )
}

/// go-yaml's bound on the share of nodes that aliases account for, falling with their number.
fn allowed_alias_ratio(decoded: usize) -> f64 {
    const LOW: usize = 400_000;
    const HIGH: usize = 4_000_000;
    #[expect(clippy::cast_precision_loss, reason = "a ratio")]
    match decoded {
        ..=LOW => 0.99,
        HIGH.. => 0.10,
        _ => 0.99 - 0.89 * ((decoded - LOW) as f64 / (HIGH - LOW) as f64),
    }
}
