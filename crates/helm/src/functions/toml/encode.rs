//! Values as TOML, laid out as the Go library of Helm does: values before tables, keys in order,
//! each level of tables indented.

use windlass_gotemplate::strconv::{FloatSize, format_float};
use windlass_gotemplate::{Failure, Scope, Text, Value};

/// Deepest nesting that is written.
const MAX_DEPTH: usize = 500;

/// Why a value has no TOML.
pub(super) enum Fault {
    /// What the library returns as an error.
    Error(String),
    /// What ends the render: a panic of the library, or a limit.
    Panic(Failure),
}

impl Fault {
    fn error(text: impl Into<String>) -> Self {
        Self::Error(text.into())
    }
}

/// What a value is in TOML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Nothing,
    Value,
    Table,
    Tables,
}

/// The TOML of a value.
pub(super) fn encode(scope: &mut Scope<'_>, value: &Value) -> Result<String, Fault> {
    if value.is_nil() {
        let text = "reflect: call of reflect.Value.Type on zero Value";
        return Err(Fault::Panic(Failure::new(text)));
    }
    let mut encoder = Encoder {
        scope,
        out: String::new(),
        counted: 0,
        depth: 0,
    };
    encoder.encode(&mut Vec::new(), value)?;
    encoder.count()?;
    Ok(encoder.out)
}

struct Encoder<'a, 'h> {
    scope: &'a mut Scope<'h>,
    out: String,
    /// How much of it counts among the bytes of the execution so far.
    counted: usize,
    depth: usize,
}

impl Encoder<'_, '_> {
    /// Counts what was written since the last time: one text may be written in many places.
    fn count(&mut self) -> Result<(), Fault> {
        let more = self.out.len().saturating_sub(self.counted);
        self.counted = self.out.len();
        self.scope.charge(more).map_err(Fault::Panic)
    }

    fn step(&mut self) -> Result<(), Fault> {
        self.count()?;
        if self.depth > MAX_DEPTH {
            return Err(Fault::error("toml: values are nested too deeply"));
        }
        self.scope.charge_steps(1).map_err(Fault::Panic)
    }

    fn encode(&mut self, key: &mut Vec<String>, value: &Value) -> Result<(), Fault> {
        self.step()?;
        match shape(value)? {
            Shape::Nothing => Ok(()),
            Shape::Value => self.key_value(key, value),
            Shape::Table => self.table(key, value),
            Shape::Tables => self.tables(key, value),
        }
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn indent(&mut self, key: &[String]) {
        for _ in 1..key.len() {
            self.out.push_str("  ");
        }
    }

    fn key_value(&mut self, key: &[String], value: &Value) -> Result<(), Fault> {
        let Some(last) = key.last() else {
            return self.element(value);
        };
        self.indent(key);
        self.out.push_str(&quoted_key(last));
        self.out.push_str(" = ");
        self.element(value)?;
        self.newline();
        Ok(())
    }

    fn table(&mut self, key: &mut Vec<String>, value: &Value) -> Result<(), Fault> {
        if key.len() == 1 {
            self.newline();
        }
        if !key.is_empty() {
            self.indent(key);
            self.out.push('[');
            self.out.push_str(&path(key));
            self.out.push(']');
            self.newline();
        }
        self.members(key, value)
    }

    fn tables(&mut self, key: &mut Vec<String>, value: &Value) -> Result<(), Fault> {
        if key.is_empty() {
            return Err(Fault::error(
                "toml: top-level values must be Go maps or structs",
            ));
        }
        for item in value.items().unwrap_or_default() {
            self.newline();
            self.indent(key);
            self.out.push_str("[[");
            self.out.push_str(&path(key));
            self.out.push_str("]]");
            self.newline();
            self.members(key, &item)?;
        }
        Ok(())
    }

    /// The members of a table: values, then tables.
    fn members(&mut self, key: &mut Vec<String>, value: &Value) -> Result<(), Fault> {
        self.depth += 1;
        let (direct, tables) = members(value)?;
        for (name, member) in direct.into_iter().chain(tables) {
            key.push(name.to_str().into_owned());
            self.encode(key, &member)?;
            key.pop();
        }
        self.depth -= 1;
        Ok(())
    }

    fn element(&mut self, value: &Value) -> Result<(), Fault> {
        self.step()?;
        match value {
            Value::Bool(bool) => self.out.push_str(if *bool { "true" } else { "false" }),
            Value::Int(_, int) => self.out.push_str(&int.to_string()),
            Value::Uint(_, int) => self.out.push_str(&int.to_string()),
            Value::Float(_, float) => self.out.push_str(&float_text(*float)),
            Value::String(text) => self.out.push_str(&quoted(text)),
            Value::List(_) | Value::Bytes(_) => {
                self.depth += 1;
                self.out.push('[');
                for (index, item) in value.items().unwrap_or_default().iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.element(item)?;
                }
                self.out.push(']');
                self.depth -= 1;
            }
            Value::Map(_) => self.inline_table(value)?,
            Value::Object(object) => match (object.text(), object.fields()) {
                (None, fields) if !fields.is_empty() => self.inline_table(value)?,
                (Some(text), _) => self.out.push_str(&quoted(&text)),
                (None, _) => return Err(unsupported(value)),
            },
            Value::Missing | Value::Nil | Value::Complex(..) | Value::Function(_) => {
                return Err(unsupported(value));
            }
        }
        Ok(())
    }

    fn inline_table(&mut self, value: &Value) -> Result<(), Fault> {
        self.depth += 1;
        self.out.push('{');
        let (direct, tables) = members(value)?;
        let trailing = !tables.is_empty();
        for (members, trailing) in [(direct, trailing), (tables, false)] {
            let last = members.len().saturating_sub(1);
            for (index, (name, member)) in members.iter().enumerate() {
                self.out.push_str(&quoted_key(&name.to_str()));
                self.out.push_str(" = ");
                self.element(member)?;
                if trailing || index != last {
                    self.out.push_str(", ");
                }
            }
        }
        self.out.push('}');
        self.depth -= 1;
        Ok(())
    }
}

type Members = Vec<(Text, Value)>;

/// The members that are values, and those that are tables; nil ones are left out.
fn members(value: &Value) -> Result<(Members, Members), Fault> {
    let entries: Members = match value {
        Value::Map(map) => map.entries(),
        Value::Object(object) => object
            .fields()
            .into_iter()
            .filter(|(name, _)| name.starts_with(|first: char| first.is_uppercase()))
            .map(|(name, field)| (Text::from(name), field))
            .collect(),
        _ => Vec::new(),
    };
    let (mut direct, mut tables) = (Vec::new(), Vec::new());
    for (name, member) in entries {
        match shape(&member)? {
            Shape::Nothing => {}
            Shape::Value => direct.push((name, member)),
            Shape::Table | Shape::Tables => tables.push((name, member)),
        }
    }
    Ok((direct, tables))
}

fn shape(value: &Value) -> Result<Shape, Fault> {
    Ok(match value {
        value if value.is_nil_of_its_type() => Shape::Nothing,
        Value::Map(_) => Shape::Table,
        Value::List(list) => {
            let mut tables = !list.is_empty();
            for item in list.iter() {
                match shape(item)? {
                    Shape::Nothing => {
                        return Err(Fault::error("toml: cannot encode array with nil element"));
                    }
                    Shape::Table => {}
                    Shape::Value | Shape::Tables => tables = false,
                }
            }
            if tables { Shape::Tables } else { Shape::Value }
        }
        Value::Object(object) if object.text().is_none() && object.underlying().is_none() => {
            Shape::Table
        }
        Value::Complex(..) | Value::Function(_) => {
            return Err(Fault::error(format!(
                "unsupported type: {}",
                value.kind().name()
            )));
        }
        _ => Shape::Value,
    })
}

fn unsupported(value: &Value) -> Fault {
    Fault::error(format!("unexpected type: {}", value.type_name()))
}

fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let mut text = format_float(float, b'g', None, FloatSize::Bits64);
    if !text.contains(['e', '.']) {
        text.push_str(".0");
    }
    text
}

fn quoted(text: &Text) -> String {
    let mut out = String::from("\"");
    for found in text.to_str().chars() {
        match found {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\u0000"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{1}'..='\u{1f}' | '\u{7f}' => {
                out.extend(format!("\\u{:04x}", u32::from(found)).chars());
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn quoted_key(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if key.is_empty() {
        "\"\"".to_owned()
    } else if key.bytes().all(bare) {
        key.to_owned()
    } else {
        quoted(&Text::from(key))
    }
}

fn path(key: &[String]) -> String {
    let parts: Vec<String> = key.iter().map(|part| quoted_key(part)).collect();
    parts.join(".")
}
