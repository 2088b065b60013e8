//! From the YAML parser's trees, and from values, to nodes.

use std::collections::{HashMap, HashSet};

use windlass_yaml::{
    Dialect, Kind, Limits, PlainKind, Value, first_document, plain_kind, written_style,
};

use super::{Around, Entry, Mapping, Node, Scalar, Sequence, Style, Tag, value::is_ambiguous};
use crate::growth::{Growth, size_of_node};
use crate::{Error, ErrorKind};

/// Deepest nesting of collections, aliases expanded.
const MAX_DEPTH: usize = 500;
/// Most nodes that may come into being through aliases; long texts count for several.
const MAX_ALIASED: usize = 1_000_000;

/// Reads documents. Aliases become copies of what they stand for, merges are done, anchors go.
pub(crate) struct Reader {
    /// What anchors stand for so far; a name may be given anew.
    anchors: HashMap<String, Node>,
    /// The names that aliases use. Other anchors are not worth a copy.
    used: HashSet<String>,
    aliased: usize,
    /// Whether anchors, aliases and merges stay what they are.
    verbatim: bool,
    growth: Growth,
}

impl Reader {
    /// The documents of a stream; empty ones are left out.
    pub(crate) fn documents(text: &str, growth: &Growth) -> Result<Vec<Node>, Error> {
        let trees = windlass_yaml::document_trees(text, &Limits::default())
            .map_err(|error| yaml_error(&error))?;
        trees
            .into_iter()
            .map(|tree| Self::of(&tree, growth).read(tree, 0))
            .collect()
    }

    /// The first document of a text that is no stream of resources; none if it is empty.
    pub(crate) fn first(text: &str) -> Result<Option<Node>, Error> {
        Self::document(text, false)
    }

    /// As [`Self::first`], to be written back into the text: anchors, aliases, merges and the
    /// comments around the document stay.
    pub(crate) fn verbatim(text: &str) -> Result<Option<Node>, Error> {
        Self::document(text, true)
    }

    fn document(text: &str, verbatim: bool) -> Result<Option<Node>, Error> {
        let found = first_document(text, &Limits::default(), Dialect::V3)
            .map_err(|error| yaml_error(&error))?;
        let Some(document) = found else {
            return Ok(None);
        };
        let mut reader = Self::of(&document.root, &Growth::alone());
        reader.verbatim = verbatim;
        let mut root = reader.read(document.root, 0)?;
        if verbatim {
            root.around_mut().set_document(document.head, document.foot);
        }
        Ok(Some(root))
    }

    /// A reader for a tree.
    fn of(tree: &windlass_yaml::Node, growth: &Growth) -> Self {
        let mut used = HashSet::new();
        let mut pending = vec![tree];
        while let Some(node) = pending.pop() {
            if node.kind == Kind::Alias {
                used.insert(node.value.clone());
            }
            pending.extend(&node.children);
        }
        Self {
            anchors: HashMap::new(),
            used,
            aliased: 0,
            verbatim: false,
            growth: growth.clone(),
        }
    }

    fn read(&mut self, mut node: windlass_yaml::Node, depth: usize) -> Result<Node, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("yaml: nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        let anchor = if self.verbatim || node.kind == Kind::Alias {
            None
        } else {
            node.anchor.clone()
        };
        let anchor = anchor.filter(|name| self.used.contains(name));
        let around = Around::take(&mut node, self.verbatim);
        let mut read = match node.kind {
            Kind::Alias if self.verbatim => Node::Scalar(Scalar::new(node.value, Tag::Alias)),
            Kind::Alias => return self.alias(&node, depth),
            Kind::Scalar => Node::Scalar(scalar(node)),
            Kind::Sequence => Node::Sequence(Sequence {
                flow: node.style == windlass_yaml::Style::Flow,
                items: node
                    .children
                    .into_iter()
                    .map(|child| self.read(child, depth + 1))
                    .collect::<Result<_, _>>()?,
                around: Around::default(),
            }),
            Kind::Mapping => self.mapping(node, depth)?,
        };
        *read.around_mut() = around;
        if let Some(name) = anchor {
            self.count(&read, depth)?;
            self.anchors.insert(name, read.clone());
        }
        Ok(read)
    }

    fn alias(&mut self, alias: &windlass_yaml::Node, depth: usize) -> Result<Node, Error> {
        let Some(target) = self.anchors.get(&alias.value) else {
            return Err(Error::invalid(format!(
                "yaml: unknown anchor '{}' referenced",
                alias.value
            )));
        };
        let copy = target.clone();
        self.count(&copy, depth)?;
        Ok(copy)
    }

    /// Counts a copy that is made for an alias, or in case there is one.
    fn count(&mut self, copy: &Node, depth: usize) -> Result<(), Error> {
        let (weight, levels) = size(copy);
        self.aliased += weight;
        if self.aliased > MAX_ALIASED || depth + levels > MAX_DEPTH {
            return Err(Error::new(
                ErrorKind::Limit,
                "yaml: document contains excessive aliasing",
            ));
        }
        self.growth.add(size_of_node(copy))
    }

    fn mapping(&mut self, node: windlass_yaml::Node, depth: usize) -> Result<Node, Error> {
        let mut mapping = Mapping {
            flow: node.style == windlass_yaml::Style::Flow,
            entries: Vec::with_capacity(node.children.len() / 2),
            around: Around::default(),
        };
        let mut merged = None;
        let mut children = node.children.into_iter();
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            let key = match self.read(key, depth + 1)? {
                Node::Scalar(key) => key,
                // Nothing finds such a key, and JSON cannot hold it.
                _ => Scalar::new("", Tag::Other),
            };
            if key.tag == Tag::Merge && !self.verbatim {
                if merged.is_some() {
                    return Err(Error::invalid("duplicate merge key"));
                }
                let of_alias = value.kind == Kind::Alias;
                merged = Some((self.read(value, depth + 1)?, of_alias));
                continue;
            }
            let value = self.read(value, depth + 1)?;
            mapping.entries.push(Entry { key, value });
        }
        if let Some((value, of_alias)) = merged {
            merge(&mut mapping, value, of_alias)?;
        }
        Ok(Node::Mapping(mapping))
    }
}

/// Adds what `<<` brings: what the mapping itself says wins, then earlier mappings of a list.
fn merge(mapping: &mut Mapping, value: Node, of_alias: bool) -> Result<(), Error> {
    let keys = mapping.entries.iter().map(|entry| entry.key.text.clone());
    let mut keys: HashSet<_> = keys.collect();
    let mut add = |other: Mapping| {
        for entry in other.entries {
            if keys.insert(entry.key.text.clone()) {
                mapping.entries.push(entry);
            }
        }
    };
    match value {
        Node::Mapping(other) => add(other),
        Node::Sequence(sequence) if !of_alias => {
            for item in sequence.items {
                match item {
                    Node::Mapping(other) => add(other),
                    Node::Sequence(_) => {
                        return Err(Error::invalid(
                            "invalid map merge: received a nested sequence",
                        ));
                    }
                    Node::Scalar(_) => return Err(no_merge()),
                }
            }
        }
        _ if of_alias => {
            return Err(Error::invalid(
                "invalid map merge: received alias for a non-map value",
            ));
        }
        _ => return Err(no_merge()),
    }
    Ok(())
}

fn no_merge() -> Error {
    Error::invalid("map merge requires map or sequence of maps as the value")
}

/// The number of nodes, long texts counted several times, and of levels.
fn size(node: &Node) -> (usize, usize) {
    let mut total = (1 + node.text().len() / 64, 1);
    let mut add = |child: &Node| {
        let (nodes, levels) = size(child);
        total = (total.0 + nodes, total.1.max(levels + 1));
    };
    match node {
        Node::Scalar(_) => {}
        Node::Sequence(sequence) => sequence.items.iter().for_each(&mut add),
        Node::Mapping(mapping) => mapping.entries.iter().for_each(|entry| add(&entry.value)),
    }
    total
}

fn yaml_error(error: &windlass_yaml::Error) -> Error {
    let line = error.line();
    let kind = match error {
        windlass_yaml::Error::Limit { .. } => ErrorKind::Limit,
        windlass_yaml::Error::Malformed(inner)
            if matches!(**inner, windlass_yaml::Error::Limit { .. }) =>
        {
            ErrorKind::Limit
        }
        _ => ErrorKind::Invalid,
    };
    Error::new(kind, error.to_string()).with_line(line)
}

fn style(written: windlass_yaml::Style) -> Style {
    match written {
        windlass_yaml::Style::SingleQuoted => Style::SingleQuoted,
        windlass_yaml::Style::DoubleQuoted => Style::DoubleQuoted,
        windlass_yaml::Style::Literal => Style::Literal,
        windlass_yaml::Style::Folded => Style::Folded,
        windlass_yaml::Style::Plain | windlass_yaml::Style::Block | windlass_yaml::Style::Flow => {
            Style::Plain
        }
    }
}

fn scalar(node: windlass_yaml::Node) -> Scalar {
    let style = style(node.style);
    let written = node.tag.as_deref().filter(|tag| *tag != "!");
    let tagged = written.is_some();
    let tag = match written {
        None if style != Style::Plain => Tag::Str,
        None if node.value == "<<" => Tag::Merge,
        None => implied(&node.value),
        Some(tag) => standard(tag),
    };
    Scalar {
        style,
        tagged,
        ..Scalar::new(node.value, tag)
    }
}

/// The type that a tag in long form gives a scalar.
pub(super) fn standard(tag: &str) -> Tag {
    match tag.strip_prefix("tag:yaml.org,2002:") {
        Some("str") => Tag::Str,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        Some("null") => Tag::Null,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("timestamp") => Tag::Timestamp,
        _ => Tag::Other,
    }
}

/// The type of a plain scalar.
pub(super) fn implied(text: &str) -> Tag {
    match plain_kind(text, Dialect::V3) {
        PlainKind::Null => Tag::Null,
        PlainKind::Bool => Tag::Bool,
        PlainKind::Int => Tag::Int,
        PlainKind::Float => Tag::Float,
        PlainKind::Timestamp => Tag::Timestamp,
        PlainKind::Text => Tag::Str,
    }
}

/// The node kustomize makes of a JSON value: numbers have been floats on the way.
pub(crate) fn from_value(value: &Value) -> Node {
    match value {
        Value::Null => Node::Scalar(Scalar::new("null", Tag::Null)),
        Value::Bool(value) => Node::Scalar(Scalar::new(value.to_string(), Tag::Bool)),
        Value::Number(number) => {
            let text = windlass_yaml::float_text(number.as_f64().unwrap_or_default());
            let tag = implied(&text);
            Node::Scalar(Scalar::new(text, tag))
        }
        Value::String(text) => Node::Scalar(Scalar {
            style: string_style(text, false),
            ..Scalar::string(text.as_str())
        }),
        Value::Array(items) => Node::Sequence(Sequence {
            flow: items.is_empty(),
            items: items.iter().map(from_value).collect(),
            around: Around::default(),
        }),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Entry {
                key: Scalar {
                    style: string_style(key, true),
                    ..Scalar::string(key.as_str())
                },
                value: from_value(value),
            });
            Node::Mapping(Mapping {
                flow: map.is_empty(),
                entries: entries.collect(),
                around: Around::default(),
            })
        }
    }
}

/// The node read from the JSON text of a value.
pub(crate) fn from_json(value: &Value) -> Node {
    let quoted = |text: &str| Scalar {
        style: Style::DoubleQuoted,
        ..Scalar::string(text)
    };
    match value {
        Value::String(text) => Node::Scalar(quoted(text)),
        Value::Array(items) => Node::Sequence(Sequence {
            flow: true,
            items: items.iter().map(from_json).collect(),
            around: Around::default(),
        }),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Entry {
                key: quoted(key),
                value: from_json(value),
            });
            Node::Mapping(Mapping {
                flow: true,
                entries: entries.collect(),
                around: Around::default(),
            })
        }
        other => {
            let text = windlass_yaml::go_json(other);
            let tag = implied(&text);
            Node::Scalar(Scalar::new(text, tag))
        }
    }
}

/// The style in which the Go library writes a string, and so reads it back.
fn string_style(text: &str, is_key: bool) -> Style {
    let wanted = if text.contains('\n') {
        windlass_yaml::Style::Literal
    } else if text.is_empty()
        || is_ambiguous(text)
        || windlass_yaml::is_base_60(text)
        || plain_kind(text, Dialect::V3) != PlainKind::Text
    {
        windlass_yaml::Style::DoubleQuoted
    } else {
        windlass_yaml::Style::Plain
    };
    style(written_style(text, wanted, is_key))
}
