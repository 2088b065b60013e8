//! From an expression to changes of a table.

use serde::Deserialize as _;

use super::FileReader;
use super::scanner::{Scanner, Token};
use crate::go_text::{quote, quote_chars};
use crate::values::value::{Map, Value};

/// Highest list index that may be set.
const MAX_INDEX: i64 = 65536;
/// Most dots in one key.
const MAX_NAME_LEVELS: usize = 30;
/// Most indexes in a row, `a[0][0]…`. Helm has no such bound; ours keeps the stack small.
const MAX_INDEX_LEVELS: usize = 1000;
/// Most items that lists are made longer by, in one set of values. Helm has no such bound: every
/// `a[65536]=` takes a megabyte or two there.
pub(in crate::values) const MAX_ITEMS: usize = 2_000_000;

/// What the value behind `=` means.
pub(in crate::values) enum Reading<'a, 'b> {
    Typed,
    Text,
    File(&'a mut FileReader<'b>),
    Json,
    Literal,
}

pub(super) struct Parser<'t, 'a, 'b> {
    scanner: Scanner<'t>,
    reading: Reading<'a, 'b>,
    /// How many items lists may still be made longer by.
    left: &'a mut usize,
}

/// Why parsing stopped: at the end of the expression, which is no fault, or at one.
enum Stop {
    End,
    Fault(String),
}

impl Stop {
    fn fault(text: impl Into<String>) -> Self {
        Self::Fault(text.into())
    }
}

impl<'t, 'a, 'b> Parser<'t, 'a, 'b> {
    pub(super) fn new(text: &'t str, reading: Reading<'a, 'b>, left: &'a mut usize) -> Self {
        Self {
            scanner: Scanner::new(text),
            reading,
            left,
        }
    }

    pub(super) fn parse(mut self, data: &mut Map) -> Result<(), String> {
        loop {
            match self.key(data, 0) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Fault(text)) => return Err(text),
            }
        }
    }

    fn literal(&self) -> bool {
        matches!(self.reading, Reading::Literal)
    }

    fn token(&mut self, stops: &[char]) -> Token {
        let escapes = !self.literal();
        self.scanner.until(stops, escapes)
    }

    fn key(&mut self, data: &mut Map, level: usize) -> Result<(), Stop> {
        let stops: &[char] = if self.literal() {
            &['=', '[', '.']
        } else {
            &['=', '[', ',', '.']
        };
        let Token { text: key, stop } = self.token(stops);
        match stop {
            None if key.is_empty() => Err(Stop::End),
            None => Err(Stop::fault(format!("key {} has no value", quote(&key)))),
            Some('[') => self.list(data, &key, level),
            Some('=') => self.assign(data, &key),
            Some('.') => self.table(data, &key, level + 1),
            Some(_) => Err(Stop::fault(format!(
                "key {} has no value (cannot end with ,)",
                quote(&key)
            ))),
        }
    }

    /// `key.…`
    fn table(&mut self, data: &mut Map, key: &str, level: usize) -> Result<(), Stop> {
        if level > MAX_NAME_LEVELS {
            return Err(Stop::fault(format!(
                "value name nested level is greater than maximum supported nested level of {MAX_NAME_LEVELS}"
            )));
        }
        if let Some(present) = data.get_mut(key) {
            let Value::Map(inner) = present else {
                return Err(conversion(present, "map[string]interface {}"));
            };
            let result = self.key(inner, level);
            return match result {
                Ok(()) if inner.is_empty() => Err(no_map_value(key)),
                other => other,
            };
        }
        let mut inner = Map::new();
        let result = self.key(&mut inner, level);
        if result.is_ok() && inner.is_empty() {
            return Err(no_map_value(key));
        }
        if !inner.is_empty() {
            set(data, key, inner.into());
        }
        result
    }

    /// `key[…`
    fn list(&mut self, data: &mut Map, key: &str, level: usize) -> Result<(), Stop> {
        let index = self.index()?;
        if let Some(present) = data.get_mut(key) {
            let Value::List(list) = present else {
                return Err(conversion(present, "[]interface {}"));
            };
            return self.list_item(list, index, level, 0);
        }
        let mut list = Vec::new();
        let result = self.list_item(&mut list, index, level, 0);
        set(data, key, Value::List(list));
        result
    }

    fn index(&mut self) -> Result<i64, Stop> {
        let token = self.token(&[']']);
        if token.stop.is_none() {
            return Err(Stop::End);
        }
        atoi(&token.text).map_err(|problem| Stop::fault(format!("error parsing index: {problem}")))
    }

    /// What follows the `]` of an index.
    fn list_item(
        &mut self,
        list: &mut Vec<Value>,
        index: i64,
        level: usize,
        nested: usize,
    ) -> Result<(), Stop> {
        if index < 0 {
            return Err(Stop::fault(format!("negative {index} index not allowed")));
        }
        if nested > MAX_INDEX_LEVELS {
            return Err(Stop::fault(format!(
                "more than {MAX_INDEX_LEVELS} list indexes in a row"
            )));
        }
        let Token { text, stop } = self.token(&['[', '.', '=']);
        if !text.is_empty() {
            return Err(Stop::fault(format!(
                "unexpected data at end of array index: {}",
                quote_chars(&text)
            )));
        }
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        match stop {
            None => Err(Stop::End),
            Some('=') => {
                let value = self.list_value()?;
                self.set_index(list, index, value)
            }
            Some('[') => {
                let next = self.index()?;
                match list.get_mut(position) {
                    None | Some(Value::Null) => {
                        let mut inner = Vec::new();
                        self.list_item(&mut inner, next, level, nested + 1)?;
                        self.set_index(list, index, Value::List(inner))
                    }
                    Some(Value::List(inner)) => {
                        self.list_item(inner, next, level, nested + 1)?;
                        check_index(index)
                    }
                    Some(other) => Err(conversion(other, "[]interface {}")),
                }
            }
            Some(_) => {
                let Some(present) = list.get_mut(position) else {
                    let mut inner = Map::new();
                    self.key(&mut inner, level)?;
                    return self.set_index(list, index, inner.into());
                };
                if present.as_map().is_none() {
                    *present = Value::Map(Map::new());
                }
                let Value::Map(inner) = present else {
                    return Err(Stop::End);
                };
                self.key(inner, level)?;
                check_index(index)
            }
        }
    }

    /// `key=…`
    fn assign(&mut self, data: &mut Map, key: &str) -> Result<(), Stop> {
        match self.reading {
            Reading::Json => {
                if self.empty_value() {
                    set(data, key, Value::Null);
                    return Ok(());
                }
                let (value, length) = json_prefix(self.scanner.rest())?;
                set(data, key, value);
                self.scanner.advance(length);
                // Blanks and a comma.
                self.empty_value();
                return Ok(());
            }
            Reading::Literal => {
                let text = self.token(&[]).text;
                set(data, key, text.into());
                return Ok(());
            }
            Reading::Typed | Reading::Text | Reading::File(_) => {}
        }
        let value = match self.scanner.peek() {
            None => {
                set(data, key, "".into());
                return Err(Stop::End);
            }
            Some('{') => self.braces()?,
            Some(_) => {
                let text = self.token(&[',']).text;
                self.value(text)?
            }
        };
        set(data, key, value);
        Ok(())
    }

    /// `[0]=…`
    fn list_value(&mut self) -> Result<Value, Stop> {
        match self.reading {
            Reading::Json => {
                if self.empty_value() {
                    return Ok(Value::Null);
                }
                let (value, length) = json_prefix(self.scanner.rest())?;
                self.scanner.advance(length);
                self.empty_value();
                return Ok(value);
            }
            Reading::Literal => return Ok(self.token(&[]).text.into()),
            Reading::Typed | Reading::Text | Reading::File(_) => {}
        }
        match self.scanner.peek() {
            None => Ok("".into()),
            Some('{') => self.braces(),
            Some(_) => {
                let text = self.token(&[',']).text;
                self.value(text)
            }
        }
    }

    /// `{a,b}` and the comma behind it.
    fn braces(&mut self) -> Result<Value, Stop> {
        self.scanner.next();
        let mut list = Vec::new();
        loop {
            let token = self.token(&[',', '}']);
            match token.stop {
                None => return Err(Stop::fault("list must terminate with '}'")),
                Some('}') => {
                    if self.scanner.peek() == Some(',') {
                        self.scanner.next();
                    }
                    list.push(self.value(token.text)?);
                    return Ok(Value::List(list));
                }
                Some(_) => list.push(self.value(token.text)?),
            }
        }
    }

    fn value(&mut self, text: String) -> Result<Value, Stop> {
        match &mut self.reading {
            Reading::Typed => Ok(typed(text)),
            Reading::File(read) => read(&text).map(Into::into).map_err(Stop::Fault),
            Reading::Text | Reading::Json | Reading::Literal => Ok(text.into()),
        }
    }

    fn set_index(&mut self, list: &mut Vec<Value>, index: i64, value: Value) -> Result<(), Stop> {
        check_index(index)?;
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(more) = (index + 1).checked_sub(list.len()) {
            *self.left = self.left.checked_sub(more).ok_or_else(|| {
                Stop::fault(format!("lists grow by more than {MAX_ITEMS} items in all"))
            })?;
            list.resize(index + 1, Value::Null);
        }
        list[index] = value;
        Ok(())
    }

    /// Passes over blanks and one comma; whether nothing else came before it.
    fn empty_value(&mut self) -> bool {
        loop {
            match self.scanner.peek() {
                None => return true,
                Some(',') => {
                    self.scanner.next();
                    return true;
                }
                Some(blank) if blank.is_whitespace() => {
                    self.scanner.next();
                }
                Some(_) => return false,
            }
        }
    }
}

/// Assigns, but never to the empty key.
fn set(data: &mut Map, key: &str, value: Value) {
    if !key.is_empty() {
        data.insert(key.into(), value);
    }
}

fn check_index(index: i64) -> Result<(), Stop> {
    if index > MAX_INDEX {
        return Err(Stop::fault(format!(
            "index of {index} is greater than maximum supported index of {MAX_INDEX}"
        )));
    }
    Ok(())
}

fn no_map_value(key: &str) -> Stop {
    Stop::fault(format!("key map {} has no value", quote(key)))
}

/// What Go says where a value is not of the type that the key needs.
fn conversion(present: &Value, wanted: &str) -> Stop {
    let found = match present {
        Value::Null => "nil",
        other => other.go_type(),
    };
    Stop::fault(format!(
        "unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"
    ))
}

/// The JSON value at the start of `text`, and its length.
fn json_prefix(text: &str) -> Result<(Value, usize), Stop> {
    // What follows needs no separator: `a=1b=2`.
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let raw = <&serde_json::value::RawValue>::deserialize(&mut deserializer)
        .map_err(|error| Stop::fault(error.to_string()))?;
    let json: serde_json::Value =
        serde_json::from_str(raw.get()).map_err(|error| Stop::fault(error.to_string()))?;
    Ok((Value::from_json(&json), raw.get().len()))
}

/// What `--set` takes a text for.
fn typed(text: String) -> Value {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") {
        Value::Bool(true)
    } else if is("false") {
        Value::Bool(false)
    } else if is("null") {
        Value::Null
    } else if text == "0" {
        Value::Int(0)
    } else if !text.starts_with('0')
        && let Ok(int) = text.parse()
    {
        Value::Int(int)
    } else {
        text.into()
    }
}

/// Go's `strconv.Atoi`.
fn atoi(text: &str) -> Result<i64, String> {
    let failed = |problem: &str| format!("strconv.Atoi: parsing {}: {problem}", quote(text));
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(failed("invalid syntax"));
    }
    text.parse().map_err(|_| failed("value out of range"))
}
