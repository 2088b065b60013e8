//! Writing YAML as go-yaml's encoders of both generations do.

mod analysis;
mod printer;
mod scalar;
mod tree;
mod value;

use std::borrow::Cow;

use self::printer::Printer;
pub(crate) use self::tree::TreeWriter;
use self::value::Place;
use crate::resolve::{Scalar, untagged};
use crate::{Dialect, Style, Value};

/// Whose emitter: they differ in folding, indentation and what they take for printable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// go-yaml v2, behind `sigs.k8s.io/yaml`.
    V2,
    /// go-yaml v3, behind kyaml.
    V3,
}

/// go-yaml v2 folds beyond this column, v3 not at all.
const WIDTH_V2: usize = 80;

/// The bytes of `sigs.k8s.io/yaml`'s `JSONToYAML`: keys in go-yaml's natural order, sequences not
/// indented within mappings, multi-line strings as literal blocks, text that would read as
/// another type in double quotes, long scalars folded at 80 columns. Ends with a line break.
pub fn json_to_yaml(value: &Value) -> String {
    let mut printer = Printer::new(Generation::V2, WIDTH_V2, 256);
    printer.value(value, Place::Root);
    printer.write_indent();
    printer.out
}

/// The bytes of go-yaml v3's encoder at an indentation of two, what Helm calls `toYamlPretty`:
/// as [`json_to_yaml`], but sequences are indented within mappings, nothing is folded, and floats
/// keep the shape of floats (`1e+06`). Ends with a line break.
pub fn json_to_yaml_pretty(value: &Value) -> String {
    let mut printer = Printer::new(Generation::V3, usize::MAX, 256);
    printer.value(value, Place::Root);
    printer.write_indent();
    printer.out
}

/// The style that go-yaml v3 writes a string in outside of flow collections when it is asked for
/// `wanted`, and so the one that reading it back finds.
pub fn written_style(text: &str, wanted: Style, is_key: bool) -> Style {
    let analysis = analysis::analyze(text, Generation::V3);
    scalar::style_for(text, wanted, analysis, false, is_key)
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

/// Whether a plain scalar of this text could be read as something else than a string, by YAML 1.1
/// in any case.
fn is_ambiguous(text: &str, generation: Generation) -> bool {
    untagged(Dialect::V2, text, true) != Scalar::Str
        || is_base_60(text)
        || generation == Generation::V3 && untagged(Dialect::V3, text, true) != Scalar::Str
}

/// YAML 1.1 reads `1:20` as a number in base 60. go-yaml does not, but quotes it for others.
pub fn is_base_60(text: &str) -> bool {
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
