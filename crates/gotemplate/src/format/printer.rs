//! Values under a verb.

use super::layout::Layout;
use super::number::Integer;
use crate::limits::Limit;
use crate::strconv::FloatSize;
use crate::value::{FloatKind, Kind, Object, Type, Value};

/// How deep values may be nested in each other to be printed.
const MAX_NESTING: usize = 10_000;

/// What a pointer prints as: there are no addresses to show.
const ADDRESS: u64 = 0xc0_0001_0000;

/// Text in the making.
pub(super) struct Printer {
    out: Vec<u8>,
    max: usize,
    pub(super) layout: Layout,
    /// Within `%!d(…)`, where values print without their own methods.
    reporting: bool,
}

impl Printer {
    pub(super) fn new(out: Vec<u8>, max: usize) -> Self {
        Self {
            out,
            max,
            layout: Layout::default(),
            reporting: false,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.out.push(byte);
    }

    pub(super) fn extend(&mut self, text: &[u8]) {
        self.out.extend(text);
    }

    pub(super) fn push_rune(&mut self, rune: char) {
        self.out.extend(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }

    /// `fmt.Print`; `followed` is whether operands print as a template prints them.
    pub(super) fn print(&mut self, args: &[Value], followed: bool) -> Result<(), Limit> {
        let mut after_string = true;
        for (index, arg) in args.iter().enumerate() {
            // A template has a text for nil.
            let string = arg.kind() == Kind::String || followed && arg.is_nil();
            if index > 0 && !string && !after_string {
                self.push(b' ');
            }
            if followed {
                self.print_followed(arg)?;
            } else {
                self.print_arg(arg, 'v')?;
            }
            after_string = string;
        }
        Ok(())
    }

    /// A value as a template prints it: what a pointer points to in place of the pointer.
    pub(super) fn print_followed(&mut self, value: &Value) -> Result<(), Limit> {
        match value {
            Value::Missing | Value::Nil => {
                self.extend(b"<no value>");
                self.check()
            }
            Value::Object(object)
                if object.ty().kind == Kind::Pointer && object.text().is_none() =>
            {
                self.structure(object.as_ref(), 'v', 0)
            }
            _ => self.print_arg(value, 'v'),
        }
    }

    /// An operand.
    pub(super) fn print_arg(&mut self, arg: &Value, verb: char) -> Result<(), Limit> {
        match verb {
            'T' | 'v' if arg.is_nil() => self.layout.pad(&mut self.out, b"<nil>"),
            _ if arg.is_nil() => self.bad_verb(arg, verb)?,
            'T' => self
                .layout
                .string(&mut self.out, arg.type_name().as_bytes()),
            'p' => self.pointer(arg, verb)?,
            // Only error values have it, and bytes are taken one by one before that is seen.
            'w' if !matches!(arg, Value::Bytes(_)) => self.bad_verb(arg, verb)?,
            _ => self.print_value(arg, verb, 0)?,
        }
        self.check()
    }

    fn check(&self) -> Result<(), Limit> {
        if self.out.len() > self.max {
            return Err(Limit::Bytes(self.max as u64));
        }
        Ok(())
    }

    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) -> Result<(), Limit> {
        self.extend(b"%!");
        self.push_rune(verb);
        self.push(b'(');
        if value.is_nil() {
            self.extend(b"<nil>");
        } else {
            let outer = std::mem::replace(&mut self.reporting, true);
            self.extend(value.type_name().as_bytes());
            self.push(b'=');
            self.print_value(value, 'v', 0)?;
            self.reporting = outer;
        }
        self.push(b')');
        Ok(())
    }

    fn print_value(&mut self, value: &Value, verb: char, depth: usize) -> Result<(), Limit> {
        match value {
            // Only within others: an element of an interface type.
            Value::Missing | Value::Nil if self.layout.sharp_v => {
                self.extend(b"interface {}(nil)");
            }
            Value::Missing | Value::Nil => self.extend(b"<nil>"),
            Value::Bool(truth) => match verb {
                't' | 'v' => {
                    let text: &[u8] = if *truth { b"true" } else { b"false" };
                    self.layout.pad(&mut self.out, text);
                }
                _ => self.bad_verb(value, verb)?,
            },
            Value::Int(_, number) => {
                if !self.integer(Integer::signed(*number), verb, true) {
                    self.bad_verb(value, verb)?;
                }
            }
            Value::Uint(_, number) => {
                if !self.integer(Integer::unsigned(*number), verb, false) {
                    self.bad_verb(value, verb)?;
                }
            }
            Value::Float(kind, number) => {
                let size = match kind {
                    FloatKind::Float32 => FloatSize::Bits32,
                    FloatKind::Float64 => FloatSize::Bits64,
                };
                if !self.float(*number, size, verb) {
                    self.bad_verb(value, verb)?;
                }
            }
            Value::Complex(re, im) => {
                if !matches!(
                    verb,
                    'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
                ) {
                    return self.bad_verb(value, verb);
                }
                let plus = self.layout.plus;
                self.push(b'(');
                self.float(*re, FloatSize::Bits64, verb);
                self.layout.plus = true;
                self.float(*im, FloatSize::Bits64, verb);
                self.extend(b"i)");
                self.layout.plus = plus;
            }
            Value::String(text) => {
                if !self.string(text, verb) {
                    self.bad_verb(value, verb)?;
                }
            }
            Value::Bytes(bytes) => self.bytes(value, bytes, verb, depth)?,
            Value::List(list) if self.layout.sharp_v && list.is_nil() => {
                self.extend(list.ty().name.as_bytes());
                self.extend(b"(nil)");
            }
            Value::List(list) => {
                let (open, close): (&[u8], u8) = if self.layout.sharp_v {
                    self.extend(list.ty().name.as_bytes());
                    (b"{", b'}')
                } else {
                    (b"[", b']')
                };
                self.extend(open);
                self.nested(depth, |printer| {
                    for (index, item) in list.iter().enumerate() {
                        printer.separate(index);
                        printer.print_value(item, verb, depth + 1)?;
                        printer.check()?;
                    }
                    Ok(())
                })?;
                self.push(close);
            }
            Value::Map(map) if self.layout.sharp_v && map.is_nil() => {
                self.extend(map.ty().name.as_bytes());
                self.extend(b"(nil)");
            }
            Value::Map(map) => {
                let close = if self.layout.sharp_v {
                    self.extend(map.ty().name.as_bytes());
                    self.push(b'{');
                    b'}'
                } else {
                    self.extend(b"map[");
                    b']'
                };
                self.nested(depth, |printer| {
                    map.read(|entries| {
                        for (index, (key, item)) in entries.iter().enumerate() {
                            printer.separate(index);
                            if !printer.string(key, verb) {
                                printer.bad_verb(&Value::String(key.clone()), verb)?;
                            }
                            printer.push(b':');
                            printer.print_value(item, verb, depth + 1)?;
                            printer.check()?;
                        }
                        Ok(())
                    })
                })?;
                self.push(close);
            }
            Value::Object(object) => self.object(value, object.as_ref(), verb, depth)?,
            Value::Function(_) => self.pointer(value, verb)?,
        }
        Ok(())
    }

    /// Goes one level down into a value.
    fn nested(
        &mut self,
        depth: usize,
        body: impl FnOnce(&mut Self) -> Result<(), Limit>,
    ) -> Result<(), Limit> {
        if depth >= MAX_NESTING {
            return Err(Limit::Nesting);
        }
        stacker::maybe_grow(64 << 10, 1 << 20, || body(self))
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.extend(if self.layout.sharp_v { b", " } else { b" " });
        }
    }

    fn integer(&mut self, number: Integer, verb: char, signed: bool) -> bool {
        let (out, layout) = (&mut self.out, &self.layout);
        match verb {
            'v' if layout.sharp_v && !signed => {
                let sharp = Layout {
                    sharp: true,
                    ..*layout
                };
                sharp.integer(out, number, 16, false, false);
            }
            'v' | 'd' => layout.integer(out, number, 10, false, false),
            'b' => layout.integer(out, number, 2, false, false),
            'o' | 'O' => layout.integer(out, number, 8, false, verb == 'O'),
            'x' | 'X' => layout.integer(out, number, 16, verb == 'X', false),
            'c' => layout.character(out, number),
            'q' => layout.quoted_character(out, number),
            'U' => layout.code_point(out, number),
            _ => return false,
        }
        true
    }

    fn float(&mut self, number: f64, size: FloatSize, verb: char) -> bool {
        let (format, precision) = match verb {
            'v' | 'g' => (b'g', None),
            'b' => (b'b', None),
            'G' => (b'G', None),
            'x' => (b'x', None),
            'X' => (b'X', None),
            'f' | 'F' => (b'f', Some(6)),
            'e' => (b'e', Some(6)),
            'E' => (b'E', Some(6)),
            _ => return false,
        };
        self.layout
            .float(&mut self.out, number, size, format, precision);
        true
    }

    fn string(&mut self, text: &[u8], verb: char) -> bool {
        let (out, layout) = (&mut self.out, &self.layout);
        match verb {
            'v' if layout.sharp_v => layout.quoted(out, text),
            'v' | 's' => layout.string(out, text),
            'x' | 'X' => layout.hex(out, text, verb == 'X'),
            'q' => layout.quoted(out, text),
            _ => return false,
        }
        true
    }

    fn bytes(
        &mut self,
        value: &Value,
        bytes: &[u8],
        verb: char,
        depth: usize,
    ) -> Result<(), Limit> {
        if matches!(verb, 's' | 'x' | 'X' | 'q') {
            self.string(bytes, verb);
            return Ok(());
        }
        let close = if self.layout.sharp_v {
            // An operand is told from an element by the name.
            let name = if depth == 0 && !self.reporting && matches!(verb, 'v' | 'd') {
                "[]byte"
            } else {
                value.type_name()
            };
            self.extend(name.as_bytes());
            self.push(b'{');
            b'}'
        } else {
            self.push(b'[');
            b']'
        };
        for (index, byte) in bytes.iter().enumerate() {
            self.separate(index);
            let element = Value::Uint(crate::value::UintKind::Uint8, u64::from(*byte));
            self.print_value(&element, verb, depth + 1)?;
            self.check()?;
        }
        self.push(close);
        Ok(())
    }

    fn object(
        &mut self,
        value: &Value,
        object: &dyn Object,
        verb: char,
        depth: usize,
    ) -> Result<(), Limit> {
        if !self.reporting
            && !self.layout.sharp_v
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.text()
        {
            self.string(&text, verb);
            return Ok(());
        }
        if let Some(basic) = object.underlying() {
            let fits = match &basic {
                Value::Int(_, number) => self.integer(Integer::signed(*number), verb, true),
                Value::Uint(_, number) => self.integer(Integer::unsigned(*number), verb, false),
                Value::Float(_, number) => self.float(*number, FloatSize::Bits64, verb),
                Value::String(text) => self.string(text, verb),
                other => return self.print_value(other, verb, depth),
            };
            return if fits {
                Ok(())
            } else {
                self.bad_verb(value, verb)
            };
        }
        match object.ty().kind {
            Kind::Pointer if depth == 0 => {
                self.push(b'&');
                self.structure(object, verb, depth + 1)
            }
            Kind::Pointer | Kind::Func => self.pointer(value, verb),
            _ => self.structure(object, verb, depth),
        }
    }

    fn structure(&mut self, object: &dyn Object, verb: char, depth: usize) -> Result<(), Limit> {
        if self.layout.sharp_v {
            self.extend(object.ty().name.trim_start_matches('*').as_bytes());
        }
        self.push(b'{');
        self.nested(depth, |printer| {
            for (index, (name, field)) in object.fields().into_iter().enumerate() {
                printer.separate(index);
                if printer.layout.plus_v || printer.layout.sharp_v {
                    printer.extend(name.as_bytes());
                    printer.push(b':');
                }
                printer.print_value(&field, verb, depth + 1)?;
                printer.check()?;
            }
            Ok(())
        })?;
        self.push(b'}');
        Ok(())
    }

    fn pointer(&mut self, value: &Value, verb: char) -> Result<(), Limit> {
        let points = matches!(value.ty(), Some(Type::List(_) | Type::Map(_) | Type::Func))
            || value.kind() == Kind::Pointer;
        let number = Integer::unsigned(ADDRESS);
        match verb {
            _ if !points => self.bad_verb(value, verb)?,
            'v' if self.layout.sharp_v => {
                let text = format!("({})({ADDRESS:#x})", value.type_name());
                self.extend(text.as_bytes());
            }
            'v' | 'p' => {
                let marked = Layout {
                    sharp: !self.layout.sharp,
                    ..self.layout
                };
                marked.integer(&mut self.out, number, 16, false, false);
            }
            'b' | 'o' | 'd' | 'x' | 'X' => {
                self.integer(number, verb, false);
            }
            _ => self.bad_verb(value, verb)?,
        }
        Ok(())
    }
}
