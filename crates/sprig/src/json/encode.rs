//! Values as JSON.

use windlass_gotemplate::strconv::{FloatSize, append_float, runes};
use windlass_gotemplate::{Failure, Limit, Map, Object, Value};

use crate::dates::TimeObject;
use crate::dicts::deeper;
use crate::encoding;
use crate::semver::Version;

/// Nesting from which on Go looks for values that contain themselves.
const SUSPICIOUS_DEPTH: usize = 1000;
/// What no value that ends has.
const MAX_DEPTH: usize = 5000;

/// Which characters of texts are escaped beyond what JSON asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// `<`, `>` and `&`, so that the text can stand in HTML: what `json.Marshal` does.
    Html,
    /// None of them.
    Minimal,
}

/// The value as JSON: keys sorted, with `indent` for each level if there is one.
///
/// # Errors
///
/// Go's texts for what JSON cannot say, such as a float that is no number; [`Limit::Bytes`] for more than
/// `max` bytes.
pub fn encode(
    value: &Value,
    escape: Escape,
    indent: Option<&[u8]>,
    max: usize,
) -> Result<Vec<u8>, Failure> {
    let mut encoder = Encoder {
        out: Vec::new(),
        escape,
        indent,
        max,
        parents: Vec::new(),
        depth: 0,
    };
    encoder.value(value)?;
    Ok(encoder.out)
}

struct Encoder<'a> {
    out: Vec<u8>,
    escape: Escape,
    indent: Option<&'a [u8]>,
    max: usize,
    /// The maps around, from where nesting becomes suspicious.
    parents: Vec<Map>,
    depth: usize,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        if self.out.len() > self.max {
            let max = u64::try_from(self.max).unwrap_or(u64::MAX);
            return Err(Limit::Bytes(max).into());
        }
        match value {
            Value::Missing | Value::Nil => self.text("null"),
            Value::List(list) if list.is_nil() => self.text("null"),
            Value::Map(map) if map.is_nil() => self.text("null"),
            Value::Bool(value) => self.text(if *value { "true" } else { "false" }),
            Value::Int(_, value) => self.text(&value.to_string()),
            Value::Uint(_, value) => self.text(&value.to_string()),
            Value::Float(_, value) => self.float(*value)?,
            Value::String(text) => self.string(text),
            Value::Bytes(bytes) => {
                let text = encoding::base64(bytes);
                self.string(text.as_bytes());
            }
            Value::List(list) => {
                self.enter()?;
                self.sequence(b'[', b']', list.iter(), |encoder, item| {
                    deeper(|| encoder.value(item))
                })?;
                self.depth -= 1;
            }
            Value::Map(map) => self.map(map)?,
            Value::Object(object) => self.object(value, object.as_ref())?,
            Value::Complex(..) | Value::Function(_) => {
                let name = value.type_name();
                return Err(Failure::new(format!("json: unsupported type: {name}")));
            }
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Limit::Nesting.into());
        }
        Ok(())
    }

    fn map(&mut self, map: &Map) -> Result<(), Failure> {
        self.enter()?;
        let suspicious = self.depth > SUSPICIOUS_DEPTH;
        if suspicious {
            if self.parents.iter().any(|parent| parent.ptr_eq(map)) {
                return Err(Failure::new(format!(
                    "json: unsupported value: encountered a cycle via {}",
                    map.ty().name
                )));
            }
            self.parents.push(map.clone());
        }
        map.read(|entries| {
            self.sequence(b'{', b'}', entries.iter(), |encoder, (key, value)| {
                deeper(|| encoder.entry(key, value))
            })
        })?;
        if suspicious {
            self.parents.pop();
        }
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self, value: &Value, object: &dyn Object) -> Result<(), Failure> {
        if let Some(version) = value.downcast::<Version>() {
            self.string(version.to_string().as_bytes());
        } else if let Some(TimeObject(time)) = value.downcast::<TimeObject>() {
            let text = time.to_rfc3339().map_err(|error| {
                let call = "json: error calling MarshalJSON for type time.Time";
                Failure::new(format!("{call}: Time.MarshalJSON: {error}"))
            })?;
            self.string(&text);
        } else if let Some(basic) = object.underlying() {
            self.value(&basic)?;
        } else {
            self.enter()?;
            let fields = object.json_fields().unwrap_or_else(|| object.fields());
            self.sequence(b'{', b'}', fields.iter(), |encoder, (name, value)| {
                encoder.entry(name.as_bytes(), value)
            })?;
            self.depth -= 1;
        }
        Ok(())
    }

    fn entry(&mut self, key: &[u8], value: &Value) -> Result<(), Failure> {
        self.string(key);
        self.out.push(b':');
        if self.indent.is_some() {
            self.out.push(b' ');
        }
        self.value(value)
    }

    fn sequence<T>(
        &mut self,
        open: u8,
        close: u8,
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.out.push(open);
        let mut empty = true;
        for item in items {
            if !std::mem::replace(&mut empty, false) {
                self.out.push(b',');
            }
            self.line(self.depth);
            write(self, item)?;
        }
        if !empty {
            self.line(self.depth - 1);
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.out.push(b'\n');
            for _ in 0..depth {
                self.out.extend_from_slice(indent);
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn float(&mut self, value: f64) -> Result<(), Failure> {
        if !value.is_finite() {
            let name = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "+Inf"
            } else {
                "-Inf"
            };
            return Err(Failure::new(format!("json: unsupported value: {name}")));
        }
        let size = value.abs();
        let exponent = size != 0.0 && !(1e-6..1e21).contains(&size);
        let format = if exponent { b'e' } else { b'f' };
        append_float(&mut self.out, value, format, None, FloatSize::Bits64);
        // `e-09` is written `e-9`.
        if let [.., b'e', b'-', b'0', last] = self.out[..] {
            let length = self.out.len();
            self.out[length - 2] = last;
            self.out.pop();
        }
        Ok(())
    }

    fn string(&mut self, text: &[u8]) {
        self.out.push(b'"');
        for (at, rune) in runes(text) {
            match rune {
                None => self.text("\\ufffd"),
                Some('"') => self.text("\\\""),
                Some('\\') => self.text("\\\\"),
                Some('\n') => self.text("\\n"),
                Some('\r') => self.text("\\r"),
                Some('\t') => self.text("\\t"),
                Some('\x08') => self.text("\\b"),
                Some('\x0c') => self.text("\\f"),
                Some(c @ ('\0'..' ' | '\u{2028}' | '\u{2029}')) => self.escaped(c),
                Some(c @ ('<' | '>' | '&')) if self.escape == Escape::Html => self.escaped(c),
                Some(c) => self.out.extend_from_slice(&text[at..at + c.len_utf8()]),
            }
        }
        self.out.push(b'"');
    }

    fn escaped(&mut self, c: char) {
        self.text(&format!("\\u{:04x}", u32::from(c)));
    }
}
