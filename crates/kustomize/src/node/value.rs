//! From nodes to values: what the texts mean once they are printed and read back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Map;
use windlass_yaml::{Dialect, PlainKind, Value, plain_kind, plain_value, written_style};

use super::{Mapping, Node, Scalar, Style, Tag};
use crate::Error;

/// A sign that a tree has no value; the words come from [`Node::fault`].
struct Faulty;

/// A tree that has no value.
pub(crate) struct Valueless {
    pub(crate) error: Error,
    node: Node,
    /// Whether the fault lies elsewhere than in decoding the tree.
    decodes: bool,
}

impl Valueless {
    /// The error behind what the original shows of the resource.
    pub(crate) fn shown(self) -> Error {
        self.error.context(self.node.go_syntax(self.decodes))
    }
}

impl Node {
    /// The value of a resource.
    ///
    /// # Errors
    /// The text kustomize gives for repeated keys, keys and numbers JSON cannot hold, and texts
    /// that do not fit the type they were copied into.
    pub(crate) fn to_value(&self) -> Result<Value, Error> {
        self.clone()
            .into_value()
            .map_err(|valueless| valueless.error)
    }

    /// The value by the types it was read with, however it is written: what decoding the tree itself
    /// gives.
    ///
    /// # Errors
    /// As [`Node::to_value`].
    pub(crate) fn into_typed_value(mut self) -> Result<Value, Error> {
        self.write_by_type();
        self.into_value().map_err(|valueless| valueless.error)
    }

    fn write_by_type(&mut self) {
        match self {
            Self::Scalar(scalar) => {
                scalar.style = match kind(scalar.tag) {
                    Some(_) => Style::Plain,
                    None if scalar.tag == Tag::Str => Style::DoubleQuoted,
                    None => return,
                }
            }
            Self::Sequence(sequence) => sequence.items.iter_mut().for_each(Self::write_by_type),
            Self::Mapping(mapping) => {
                let values = mapping.entries.iter_mut().map(|entry| &mut entry.value);
                values.for_each(Self::write_by_type);
            }
        }
    }

    /// As [`Node::to_value`], giving up the tree. It comes back with an error.
    pub(crate) fn into_value(self) -> Result<Value, Valueless> {
        if self.is_faulty() {
            return Err(self.fault());
        }
        // No fault is left: it was just looked for.
        convert(self, false, true).map_err(|Faulty| Valueless {
            error: Error::invalid("the resource has no value"),
            node: Self::mapping(),
            decodes: true,
        })
    }

    fn is_faulty(&self) -> bool {
        check(self, false, true).is_err()
    }

    /// What the library finds wrong, in its words: found by writing the tree and reading it back.
    fn fault(self) -> Valueless {
        use windlass_yaml::Error as Yaml;
        let error = match windlass_yaml::documents(&self.to_text()).err() {
            // The prefix belongs to reading files.
            Some(Yaml::Malformed(inner)) => Some(*inner),
            error => error,
        };
        let decodes = !matches!(error, Some(Yaml::Decode { .. } | Yaml::Faults { .. }));
        let text = match error {
            Some(error) => error.to_string(),
            None => "json: unsupported type: map[interface {}]interface {}".to_owned(),
        };
        Valueless {
            error: Error::invalid(text),
            node: self,
            decodes,
        }
    }
}

/// The type of a scalar as it stands: the one it was read with, or else the one it looks like.
fn kind(tag: Tag) -> Option<PlainKind> {
    Some(match tag {
        Tag::Null => PlainKind::Null,
        Tag::Bool => PlainKind::Bool,
        Tag::Int => PlainKind::Int,
        Tag::Float => PlainKind::Float,
        Tag::Timestamp => PlainKind::Timestamp,
        Tag::None | Tag::Str | Tag::Binary | Tag::Merge | Tag::Other | Tag::Alias => return None,
    })
}

/// What is to be made of a scalar.
enum Meaning {
    Text,
    /// The value its text has when written plainly.
    Plain,
    Binary,
    Wrong,
}

fn meaning(scalar: &Scalar, in_flow: bool) -> Meaning {
    let in_quotes = scalar.style != Style::Plain;
    let quoted = in_quotes && !scalar.tagged;
    match scalar.tag {
        Tag::Str | Tag::Merge | Tag::Other => return Meaning::Text,
        Tag::Binary => return Meaning::Binary,
        Tag::None if in_quotes || scalar.text.contains('\n') => return Meaning::Text,
        _ => {}
    }
    let looks = plain_kind(&scalar.text, Dialect::V3);
    match kind(scalar.tag) {
        Some(tag) if tag != looks => {
            if tag == PlainKind::Float && looks == PlainKind::Int {
                Meaning::Plain
            } else {
                Meaning::Wrong
            }
        }
        _ if quoted => Meaning::Text,
        Some(_) if scalar.tagged => Meaning::Plain,
        // Neither an empty text nor a time can be written plainly between brackets.
        _ if in_flow && scalar.text.is_empty() => Meaning::Text,
        _ if in_flow && looks == PlainKind::Timestamp && scalar.text.contains(':') => Meaning::Text,
        _ => Meaning::Plain,
    }
}

/// Whether the Go library writes a block scalar that it cannot read: it gives no indentation for a
/// text that begins with a tab.
fn is_misread(scalar: &Scalar) -> bool {
    matches!(scalar.style, Style::Literal | Style::Folded)
        && scalar.text.starts_with('\t')
        && written_style(&scalar.text, windlass_yaml::Style::Literal, false)
            == windlass_yaml::Style::Literal
}

fn check_scalar(scalar: &Scalar, in_flow: bool) -> Result<(), Faulty> {
    match meaning(scalar, in_flow) {
        Meaning::Text if !in_flow && is_misread(scalar) => Err(Faulty),
        Meaning::Text => Ok(()),
        Meaning::Plain => plain_value(&scalar.text, Dialect::V3)
            .map(drop)
            .ok_or(Faulty),
        Meaning::Binary => decoded(&scalar.text).map(drop).ok_or(Faulty),
        Meaning::Wrong => Err(Faulty),
    }
}

fn check(node: &Node, in_flow: bool, top: bool) -> Result<(), Faulty> {
    match node {
        Node::Scalar(scalar) => check_scalar(scalar, in_flow),
        Node::Sequence(sequence) => sequence
            .items
            .iter()
            .try_for_each(|item| check(item, in_flow || sequence.flow, false)),
        Node::Mapping(mapping) => {
            check_keys(mapping, in_flow || mapping.flow, top)?;
            mapping
                .entries
                .iter()
                .try_for_each(|entry| check(&entry.value, in_flow || mapping.flow, false))
        }
    }
}

fn check_keys(mapping: &Mapping, in_flow: bool, top: bool) -> Result<(), Faulty> {
    const FEW: usize = 12;
    let entries = &mapping.entries;
    if !top {
        let is_text = |entry: &super::Entry| match meaning(&entry.key, in_flow) {
            Meaning::Text => true,
            Meaning::Plain => plain_kind(&entry.key.text, Dialect::V3) == PlainKind::Text,
            Meaning::Binary | Meaning::Wrong => false,
        };
        if !entries.iter().all(is_text) {
            return Err(Faulty);
        }
    }
    let repeats = if entries.len() <= FEW {
        entries.iter().enumerate().any(|(at, entry)| {
            entries[..at]
                .iter()
                .any(|other| other.key.text == entry.key.text)
        })
    } else {
        let mut seen = std::collections::HashSet::with_capacity(entries.len());
        !entries
            .iter()
            .all(|entry| seen.insert(entry.key.text.as_str()))
    };
    if repeats { Err(Faulty) } else { Ok(()) }
}

fn convert(node: Node, in_flow: bool, top: bool) -> Result<Value, Faulty> {
    match node {
        Node::Scalar(scalar) => match meaning(&scalar, in_flow) {
            Meaning::Text if scalar.style == Style::Folded && !in_flow => {
                Ok(Value::String(super::text::reread(&scalar)))
            }
            Meaning::Text => Ok(Value::String(scalar.text.into())),
            Meaning::Plain => match plain_kind(&scalar.text, Dialect::V3) {
                PlainKind::Text => Ok(Value::String(scalar.text.into())),
                _ => plain_value(&scalar.text, Dialect::V3).ok_or(Faulty),
            },
            Meaning::Binary => decoded(&scalar.text).map(Value::String).ok_or(Faulty),
            Meaning::Wrong => Err(Faulty),
        },
        Node::Sequence(sequence) => {
            let in_flow = in_flow || sequence.flow;
            let items = sequence.items.into_iter();
            items
                .map(|item| convert(item, in_flow, false))
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
        Node::Mapping(mapping) => {
            let in_flow = in_flow || mapping.flow;
            let mut map = Map::new();
            for entry in mapping.entries {
                // At the top, the library wants strings, so that other types of keys pass.
                if top
                    && entry.key.style == Style::Plain
                    && plain_kind(&entry.key.text, Dialect::V3) == PlainKind::Null
                {
                    continue;
                }
                let value = convert(entry.value, in_flow, false)?;
                if entry.key.tag == Tag::Merge {
                    if let Value::Object(merged) = value {
                        for (key, value) in merged {
                            map.entry(key).or_insert(value);
                        }
                    }
                    continue;
                }
                map.insert(entry.key.text.into(), value);
            }
            Ok(Value::Object(map))
        }
    }
}

fn decoded(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
    let bytes = STANDARD.decode(text).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether YAML 1.1 would take the text, written plainly, for something else than a string.
pub(crate) fn is_ambiguous(text: &str) -> bool {
    !text.is_empty() && !text.contains('\n') && plain_kind(text, Dialect::V2) != PlainKind::Text
}

/// Whether YAML 1.1 would take the text, as a document, for something else than a string (kyaml's
/// `IsValueNonString`): a label `a: b` is a map to it.
pub(crate) fn is_non_string(text: &str) -> bool {
    if text.contains('\n') {
        return false;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || "._/@-".contains(c);
    let is_simple =
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_word);
    if is_simple {
        return is_ambiguous(text) && plain_kind(text, Dialect::V2) != PlainKind::Timestamp;
    }
    !text.is_empty() && windlass_yaml::to_value(text).is_ok_and(|value| !value.is_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::growth::Growth;
    use crate::node::Reader;

    fn read(text: &str) -> Node {
        Reader::documents(text, &Growth::alone()).unwrap().remove(0)
    }

    #[test]
    fn texts_mean_what_type_and_style_say() {
        let node =
            read("a: 1.0\nb: '1'\nc: 2001-01-01\nd: {e: , f: ~}\ng: !!str 1\nh: !!int '1'\n");
        assert_eq!(
            node.to_value().unwrap(),
            json!({"a": 1, "b": "1", "c": "2001-01-01T00:00:00Z", "d": {"e": "", "f": null},
                   "g": "1", "h": 1})
        );
    }

    #[test]
    fn folded_texts_change_as_the_library_writes_them() {
        // It parts a line from one that is indented further by one break too many.
        let node = read("a: >\n  one\n    two\n  three\n  four\n\n  five\n");
        assert_eq!(
            node.to_value().unwrap(),
            json!({"a": "one\n\n  two\nthree four\nfive\n"})
        );
    }

    #[test]
    fn faults_are_told_in_the_words_of_the_library() {
        let mut node = read("a: 5\n");
        let Some(Node::Scalar(scalar)) = node.get_mut("a") else {
            panic!("no scalar");
        };
        scalar.text = "x".into();
        assert_eq!(
            node.to_value().unwrap_err().to_string(),
            "yaml: cannot decode !!str `x` as a !!int"
        );
        assert_eq!(
            read("a: {1: x}\n").to_value().unwrap_err().to_string(),
            "json: unsupported type: map[interface {}]interface {}"
        );
        assert!(read("1: x\n").to_value().is_ok());
        assert_eq!(
            read("b: 1\na: 1\na: 2\n")
                .to_value()
                .unwrap_err()
                .to_string(),
            "yaml: unmarshal errors:\n  line 3: mapping key \"a\" already defined at line 2"
        );
    }
}
