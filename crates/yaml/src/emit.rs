//! Writing values the way `sigs.k8s.io/yaml` does, through libyaml's emitter.

use std::borrow::Cow;

use libyaml_safer as libyaml;
use libyaml_safer::{Emitter, Event, MappingStyle, ScalarStyle, SequenceStyle};

use crate::astral::{cover, cover_tabs, uncover};
use crate::json::number_text;
use crate::key_order::natural;
use crate::node::{Kind, Node, Style};
use crate::number::yaml_float;
use crate::resolve::{Scalar, untagged};
use crate::{Dialect, Value, go_json};

/// The bytes of `sigs.k8s.io/yaml`'s `JSONToYAML`: keys in go-yaml's natural order, sequences not
/// indented within mappings, multi-line strings as literal blocks, text that would read as
/// another type in double quotes, long scalars folded at 80 columns. Ends with a line break.
pub fn json_to_yaml(value: &Value) -> String {
    // The emitter only fails on malformed event streams; JSON is YAML all the same.
    emit(value).unwrap_or_else(|_| go_json(value) + "\n")
}

fn emit(value: &Value) -> libyaml::Result<String> {
    let text = write_document(WIDTH_V2, |emitter| emit_value(emitter, value))?;
    Ok(uncover(text))
}

/// go-yaml v2 folds, v3 does not.
const WIDTH_V2: i32 = 80;
const WIDTH_V3: i32 = -1;

/// One document's text from the events `content` emits.
fn write_document(
    width: i32,
    content: impl FnOnce(&mut Emitter<'_>) -> libyaml::Result<()>,
) -> libyaml::Result<String> {
    let mut bytes = Vec::new();
    {
        let mut emitter = Emitter::new();
        emitter.set_output_string(&mut bytes);
        emitter.set_unicode(true);
        emitter.set_width(width);
        emitter.emit(Event::stream_start(libyaml::Encoding::Utf8))?;
        emitter.emit(Event::document_start(None, &[], true))?;
        content(&mut emitter)?;
        emitter.emit(Event::document_end(true))?;
        emitter.emit(Event::stream_end())?;
        emitter.flush()?;
    }
    // libyaml ends a document whose last block keeps its breaks with `...`; go-yaml does not.
    // No scalar can put these dots at the start of a line itself.
    if bytes.ends_with(b"\n...\n") {
        bytes.truncate(bytes.len() - 4);
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// The text of a tree in go-yaml v3's dialect: order, styles, tags and anchors kept.
pub(crate) fn node_to_yaml(node: &Node) -> libyaml::Result<String> {
    let text = write_document(WIDTH_V3, |emitter| emit_node(emitter, node))?;
    Ok(uncover(text))
}

fn emit_node(emitter: &mut Emitter<'_>, node: &Node) -> libyaml::Result<()> {
    let anchor = node.anchor.as_deref();
    let tag = node.tag.as_deref().filter(|tag| *tag != "!");
    let flow = node.style == Style::Flow;
    match node.kind {
        Kind::Alias => emitter.emit(Event::alias(&node.value)),
        Kind::Scalar => {
            let style = match node.style {
                Style::SingleQuoted => ScalarStyle::SingleQuoted,
                Style::DoubleQuoted => ScalarStyle::DoubleQuoted,
                Style::Literal => ScalarStyle::Literal,
                Style::Folded => ScalarStyle::Folded,
                _ if node.value.contains('\n') => ScalarStyle::Literal,
                Style::Plain | Style::Block | Style::Flow => ScalarStyle::Plain,
            };
            let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
            let text = if block {
                cover_tabs(&node.value)
            } else {
                cover(&node.value)
            };
            let implied = tag.is_none();
            emitter.emit(Event::scalar(anchor, tag, &text, implied, implied, style))
        }
        Kind::Sequence => {
            let style = if flow {
                SequenceStyle::Flow
            } else {
                SequenceStyle::Block
            };
            emitter.emit(Event::sequence_start(anchor, tag, tag.is_none(), style))?;
            for child in &node.children {
                emit_node(emitter, child)?;
            }
            emitter.emit(Event::sequence_end())
        }
        Kind::Mapping => {
            let style = if flow {
                MappingStyle::Flow
            } else {
                MappingStyle::Block
            };
            emitter.emit(Event::mapping_start(anchor, tag, tag.is_none(), style))?;
            for child in &node.children {
                emit_node(emitter, child)?;
            }
            emitter.emit(Event::mapping_end())
        }
    }
}

fn emit_value(emitter: &mut Emitter<'_>, value: &Value) -> libyaml::Result<()> {
    match value {
        Value::Null => emit_plain(emitter, "null"),
        Value::Bool(true) => emit_plain(emitter, "true"),
        Value::Bool(false) => emit_plain(emitter, "false"),
        Value::Number(number) => {
            // The library reads its own JSON text back before it writes it.
            let text = number_text(number);
            match untagged(Dialect::V2, &text, false) {
                Scalar::Float(float) => emit_plain(emitter, &yaml_float(float)),
                Scalar::Int(int) => emit_plain(emitter, &int.to_string()),
                _ => emit_plain(emitter, &text),
            }
        }
        Value::String(text) => emit_string(emitter, text),
        Value::Array(items) => {
            emitter.emit(Event::sequence_start(
                None,
                None,
                true,
                SequenceStyle::Block,
            ))?;
            for item in items {
                emit_value(emitter, item)?;
            }
            emitter.emit(Event::sequence_end())
        }
        Value::Object(map) => {
            emitter.emit(Event::mapping_start(None, None, true, MappingStyle::Block))?;
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by(|(left, _), (right, _)| natural(left, right));
            for (key, item) in pairs {
                emit_string(emitter, key)?;
                emit_value(emitter, item)?;
            }
            emitter.emit(Event::mapping_end())
        }
    }
}

fn emit_plain(emitter: &mut Emitter<'_>, text: &str) -> libyaml::Result<()> {
    emitter.emit(Event::scalar(
        None,
        None,
        text,
        true,
        true,
        ScalarStyle::Plain,
    ))
}

fn emit_string(emitter: &mut Emitter<'_>, text: &str) -> libyaml::Result<()> {
    let text = &*fold_next_lines(text);
    let style = if text.contains('\n') {
        ScalarStyle::Literal
    } else if is_ambiguous(text) {
        ScalarStyle::DoubleQuoted
    } else {
        ScalarStyle::Plain
    };
    emitter.emit(Event::scalar(None, None, &cover(text), true, true, style))
}

/// The library reads its JSON as YAML, to which a raw U+0085 in quotes is a line break: one folds
/// into a space, more into one break less, and spaces around them go.
fn fold_next_lines(text: &str) -> Cow<'_, str> {
    const NEXT_LINE: char = '\u{85}';
    if !text.contains(NEXT_LINE) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find(NEXT_LINE) {
        folded.push_str(rest[..found].trim_end_matches(' '));
        let after = rest[found..].trim_start_matches([NEXT_LINE, ' ']);
        let breaks = rest[found..rest.len() - after.len()]
            .matches(NEXT_LINE)
            .count();
        if breaks == 1 {
            folded.push(' ');
        }
        folded.extend(std::iter::repeat_n('\n', breaks - 1));
        rest = after;
    }
    folded.push_str(rest);
    Cow::Owned(folded)
}

/// Whether a plain scalar of this text could be read as something else than a string.
fn is_ambiguous(text: &str) -> bool {
    untagged(Dialect::V2, text, true) != Scalar::Str || is_base_60(text)
}

/// YAML 1.1 reads `1:20` as a number in base 60. go-yaml does not, but quotes it for others.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    let mut groups = whole.split(':');
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    first.starts_with(|first: char| first.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && rest.peek().is_some()
        && rest.all(|group| match group.as_bytes() {
            [ones] => ones.is_ascii_digit(),
            [tens, ones] => (b'0'..=b'5').contains(tens) && ones.is_ascii_digit(),
            _ => false,
        })
}
