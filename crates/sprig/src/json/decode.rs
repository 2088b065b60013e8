//! Values out of JSON.

use windlass_gotemplate::strconv::{parse_float, quote, runes};
use windlass_gotemplate::{Map, Value};

const ESCAPE: &str = "in string escape code";
const HEX: &str = "in \\u hexadecimal character escape";
/// Go's own limit.
const MAX_DEPTH: usize = 10_000;

/// Reads one JSON text: maps, lists, texts, `float64`, booleans, nil.
///
/// Also returns what is wrong with it, in the words of Go's `json.Unmarshal`. The value is nil then, unless
/// all that is wrong is a number too large for a float: it alone is nil.
pub fn decode(text: &[u8]) -> (Value, Option<String>) {
    let mut decoder = Decoder {
        text,
        at: 0,
        error: None,
    };
    match decoder.document() {
        Ok(value) => (value, decoder.error),
        Err(error) => (Value::Nil, Some(error)),
    }
}

struct Decoder<'a> {
    text: &'a [u8],
    at: usize,
    /// Of values that were read and do not fit.
    error: Option<String>,
}

/// A list or map that is being read.
enum Open {
    List(Vec<Value>),
    Map(Map, Vec<u8>),
}

impl Decoder<'_> {
    fn document(&mut self) -> Result<Value, String> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let Some(mut value) = self.begin(&mut open)? else {
                continue;
            };
            // What is complete goes into what is around it, which may then be complete as well.
            loop {
                let Some(parent) = open.pop() else {
                    self.skip_space();
                    return match self.peek() {
                        None => Ok(value),
                        Some(_) => Err(self.unexpected("after top-level value")),
                    };
                };
                match self.end_of_item(parent, value)? {
                    Ok(complete) => value = complete,
                    Err(parent) => {
                        open.push(parent);
                        break;
                    }
                }
            }
        }
    }

    /// Reads a scalar or an empty container; nothing if a container has been opened.
    fn begin(&mut self, open: &mut Vec<Open>) -> Result<Option<Value>, String> {
        self.skip_space();
        let value = match self.next()? {
            b'{' => {
                self.check_depth(open)?;
                self.skip_space();
                if self.peek() == Some(b'}') {
                    self.at += 1;
                    return Ok(Some(Value::Map(Map::new())));
                }
                let key = self.key()?;
                open.push(Open::Map(Map::new(), key));
                return Ok(None);
            }
            b'[' => {
                self.check_depth(open)?;
                self.skip_space();
                if self.peek() == Some(b']') {
                    self.at += 1;
                    return Ok(Some(Value::from(Vec::<Value>::new())));
                }
                open.push(Open::List(Vec::new()));
                return Ok(None);
            }
            b'"' => Value::string(self.string()?),
            b'-' => self.number(true)?,
            b'0'..=b'9' => {
                self.at -= 1;
                self.number(false)?
            }
            b't' => self.literal("true", Value::Bool(true))?,
            b'f' => self.literal("false", Value::Bool(false))?,
            b'n' => self.literal("null", Value::Nil)?,
            _ => {
                self.at -= 1;
                return Err(self.unexpected("looking for beginning of value"));
            }
        };
        Ok(Some(value))
    }

    /// Puts an item into its container: the container if it is complete (inner `Ok`) or goes on.
    fn end_of_item(&mut self, parent: Open, item: Value) -> Result<Result<Value, Open>, String> {
        self.skip_space();
        match parent {
            Open::List(mut items) => {
                items.push(item);
                match self.next()? {
                    b',' => Ok(Err(Open::List(items))),
                    b']' => Ok(Ok(Value::from(items))),
                    _ => {
                        self.at -= 1;
                        Err(self.unexpected("after array element"))
                    }
                }
            }
            Open::Map(map, key) => {
                map.insert(key, item);
                match self.next()? {
                    b',' => {
                        self.skip_space();
                        let key = self.key()?;
                        Ok(Err(Open::Map(map, key)))
                    }
                    b'}' => Ok(Ok(Value::Map(map))),
                    _ => {
                        self.at -= 1;
                        Err(self.unexpected("after object key:value pair"))
                    }
                }
            }
        }
    }

    fn check_depth(&mut self, open: &[Open]) -> Result<(), String> {
        if open.len() < MAX_DEPTH {
            return Ok(());
        }
        self.at -= 1;
        Err(self.unexpected("exceeded max depth"))
    }

    fn key(&mut self) -> Result<Vec<u8>, String> {
        if self.next()? != b'"' {
            self.at -= 1;
            return Err(self.unexpected("looking for beginning of object key string"));
        }
        let key = self.string()?;
        self.skip_space();
        if self.next()? != b':' {
            self.at -= 1;
            return Err(self.unexpected("after object key"));
        }
        Ok(key)
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, String> {
        let context =
            |expected: u8| format!("in literal {word} (expecting '{}')", char::from(expected));
        for expected in word.bytes().skip(1) {
            if self.next_in(&context(expected))? != expected {
                self.at -= 1;
                return Err(self.unexpected(&context(expected)));
            }
        }
        Ok(value)
    }

    fn number(&mut self, negative: bool) -> Result<Value, String> {
        let start = self.at - usize::from(negative);
        match self.next_in("in numeric literal")? {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => {
                self.at -= 1;
                return Err(self.unexpected("in numeric literal"));
            }
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits("in exponent of numeric literal")?;
        }
        let text = &self.text[start..self.at];
        if let Ok(number) = parse_float(text) {
            return Ok(Value::float(number));
        }
        let text = String::from_utf8_lossy(text);
        self.error.get_or_insert_with(|| {
            format!("json: cannot unmarshal number {text} into Go value of type float64")
        });
        Ok(Value::Nil)
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn some_digits(&mut self, context: &str) -> Result<(), String> {
        if !self.next_in(context)?.is_ascii_digit() {
            self.at -= 1;
            return Err(self.unexpected(context));
        }
        self.digits();
        Ok(())
    }

    /// The rest of a text whose quote has been read.
    fn string(&mut self) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut plain = self.at;
        loop {
            match self.next()? {
                b'"' => {
                    push_valid(&mut out, &self.text[plain..self.at - 1]);
                    return Ok(out);
                }
                b'\\' => {
                    push_valid(&mut out, &self.text[plain..self.at - 1]);
                    self.escape(&mut out)?;
                    plain = self.at;
                }
                0..b' ' => {
                    self.at -= 1;
                    return Err(self.unexpected("in string literal"));
                }
                _ => {}
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), String> {
        out.push(match self.next_in(ESCAPE)? {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            c @ (b'"' | b'\\' | b'/') => c,
            b'u' => {
                let mut unit = u32::from(self.hex()?);
                if (0xd800..0xdc00).contains(&unit) && self.text[self.at..].starts_with(b"\\u") {
                    let after_first = self.at;
                    self.at += 2;
                    let second = u32::from(self.hex()?);
                    if (0xdc00..0xe000).contains(&second) {
                        unit = 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
                    } else {
                        self.at = after_first;
                    }
                }
                let c = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => {
                self.at -= 1;
                return Err(self.unexpected(ESCAPE));
            }
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u16, String> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = char::from(self.next_in(HEX)?).to_digit(16) else {
                self.at -= 1;
                return Err(self.unexpected(HEX));
            };
            unit = unit << 4 | u16::try_from(digit).unwrap_or(0);
        }
        Ok(unit)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, String> {
        let c = self
            .peek()
            .ok_or_else(|| "unexpected end of JSON input".to_owned())?;
        self.at += 1;
        Ok(c)
    }

    /// The next byte within something that a space would break: at the end of the text the original sees one.
    fn next_in(&mut self, context: &str) -> Result<u8, String> {
        if self.peek().is_none() {
            return Err(format!("invalid character ' ' {context}"));
        }
        self.next()
    }

    fn unexpected(&self, context: &str) -> String {
        let Some(c) = self.peek() else {
            return "unexpected end of JSON input".to_owned();
        };
        let shown = match c {
            b'\'' => "'\\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            c => {
                let quoted = quote(char::from(c).encode_utf8(&mut [0; 4]).as_bytes());
                format!("'{}'", &quoted[1..quoted.len() - 1])
            }
        };
        format!("invalid character {shown} {context}")
    }
}

/// What is no UTF-8 becomes replacement characters.
fn push_valid(out: &mut Vec<u8>, text: &[u8]) {
    if std::str::from_utf8(text).is_ok() {
        return out.extend_from_slice(text);
    }
    for (_, rune) in runes(text) {
        let c = rune.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}
