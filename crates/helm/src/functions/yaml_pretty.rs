//! `toYamlPretty`: YAML with lists indented in tables and floats as Go prints them.

use serde_json::{Map as Members, Value as Json};
use windlass_gotemplate::strconv::{FloatSize, format_float};
use windlass_yaml::json_to_yaml;

/// The text, with its final line break.
pub(super) fn pretty(value: &Json) -> String {
    let mut text = lines(value).join("\n");
    text.push('\n');
    text
}

fn lines(value: &Json) -> Vec<String> {
    match value {
        Json::Object(members) if !members.is_empty() => {
            let mut out = Vec::new();
            for (shown, member) in ordered(members) {
                let nested = lines(member);
                let block = match member {
                    Json::Object(members) => !members.is_empty(),
                    Json::Array(items) => !items.is_empty(),
                    _ => false,
                };
                if block {
                    out.push(format!("{shown}:"));
                    out.extend(nested.into_iter().map(indented));
                } else {
                    let mut nested = nested.into_iter();
                    let first = nested.next().unwrap_or_default();
                    out.push(format!("{shown}: {first}"));
                    out.extend(nested);
                }
            }
            out
        }
        Json::Array(items) if !items.is_empty() => {
            let mut out = Vec::new();
            for item in items {
                // Further lines of text are indented already.
                let text = item.is_string();
                for (index, line) in lines(item).into_iter().enumerate() {
                    out.push(match index {
                        0 => format!("- {line}"),
                        _ if text => line,
                        _ => indented(line),
                    });
                }
            }
            out
        }
        Json::Object(_) => vec!["{}".to_owned()],
        Json::Array(_) => vec!["[]".to_owned()],
        Json::Number(number) => vec![match number.as_f64() {
            Some(float) => format_float(float, b'g', None, FloatSize::Bits64),
            None => number.to_string(),
        }],
        Json::String(text) => scalar(text),
        other => vec![other.to_string()],
    }
}

fn indented(line: String) -> String {
    if line.is_empty() {
        line
    } else {
        format!("  {line}")
    }
}

/// The lines of a text; only blocks have several.
fn scalar(text: &str) -> Vec<String> {
    let written = json_to_yaml(&Json::from(text));
    let written = written.strip_suffix('\n').unwrap_or(&written);
    if text.contains('\n') {
        return written.split('\n').map(str::to_owned).collect();
    }
    // Nothing is folded.
    let parts: Vec<&str> = written.split('\n').map(str::trim).collect();
    vec![parts.join(" ")]
}

/// The members in the order of YAML keys, which is not that of bytes, with the keys as written.
fn ordered(members: &Members<String, Json>) -> Vec<(String, &Json)> {
    let mut keyed: Vec<(String, &Json)> = Vec::new();
    let mut order: Vec<usize> = Vec::new();
    let names: Json = members
        .keys()
        .enumerate()
        .map(|(index, key)| (key.clone(), Json::from(index)))
        .collect::<Members<String, Json>>()
        .into();
    let written = json_to_yaml(&names);
    for line in written.lines() {
        if let Some((key, index)) = line.rsplit_once(": ")
            && let Ok(index) = index.parse::<usize>()
        {
            order.push(index);
            keyed.push((key.to_owned(), &Json::Null));
        }
    }
    if keyed.len() != members.len() {
        // Keys that take several lines.
        return members
            .iter()
            .map(|(key, member)| (scalar(key).join(" "), member))
            .collect();
    }
    let values: Vec<&Json> = members.values().collect();
    for (index, entry) in order.into_iter().zip(&mut keyed) {
        entry.1 = values[index];
    }
    keyed
}
