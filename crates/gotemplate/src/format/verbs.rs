//! Formats: what `fmt.Printf` reads.

use super::layout::Layout;
use super::printer::Printer;
use crate::limits::Limit;
use crate::strconv::decode_rune;
use crate::value::Value;

/// The largest width, precision or index.
const MAX_NUMBER: i64 = 1_000_000;

/// Where a format is being read, and which operand is next.
struct Reader<'a> {
    format: &'a [u8],
    at: usize,
    args: &'a [Value],
    next: usize,
    /// An index (`[3]`) was used: operands left over are not reported.
    reordered: bool,
    /// The index in the verb at hand is one there is.
    good_index: bool,
    /// The item before was an index.
    after_index: bool,
}

impl Printer {
    /// `fmt.Printf`.
    pub(super) fn printf(&mut self, format: &[u8], args: &[Value]) -> Result<(), Limit> {
        let mut reader = Reader {
            format,
            at: 0,
            args,
            next: 0,
            reordered: false,
            good_index: true,
            after_index: false,
        };
        while reader.at < format.len() {
            let text = &format[reader.at..];
            let until = text
                .iter()
                .position(|byte| *byte == b'%')
                .unwrap_or(text.len());
            self.extend(&text[..until]);
            reader.at += until;
            if reader.at < format.len() {
                reader.at += 1;
                self.verb(&mut reader)?;
            }
        }
        if !reader.reordered && reader.next < args.len() {
            self.extra(&args[reader.next..])?;
        }
        Ok(())
    }

    /// One verb with what stands before it, from after the `%`.
    fn verb(&mut self, reader: &mut Reader<'_>) -> Result<(), Limit> {
        self.layout = reader.flags();
        reader.good_index = true;
        reader.after_index = false;
        if let Some(arg) = reader.args.get(reader.next)
            && let Some(verb @ b'a'..=b'z') = reader.peek()
        {
            // A plain verb.
            reader.at += 1;
            reader.next += 1;
            return self.operand(arg, char::from(verb));
        }
        reader.index();
        if reader.take(b'*') {
            match reader.int_operand() {
                None => {
                    self.extend(b"%!(BADWIDTH)");
                    self.layout.width = None;
                }
                Some(width) => {
                    if width < 0 {
                        self.layout.minus = true;
                        // Zeros are not put on the right.
                        self.layout.zero = false;
                    }
                    self.layout.width = usize::try_from(width.unsigned_abs()).ok();
                }
            }
            reader.after_index = false;
        } else {
            self.layout.width = reader.number();
            if reader.after_index && self.layout.width.is_some() {
                reader.good_index = false;
            }
        }
        if reader.at + 1 < reader.format.len() && reader.take(b'.') {
            if reader.after_index {
                reader.good_index = false;
            }
            reader.index();
            if reader.take(b'*') {
                let precision = reader.int_operand().filter(|precision| *precision >= 0);
                self.layout.precision = precision.and_then(|precision| precision.try_into().ok());
                if self.layout.precision.is_none() {
                    self.extend(b"%!(BADPREC)");
                }
                reader.after_index = false;
            } else {
                self.layout.precision = Some(reader.number().unwrap_or_default());
            }
        }
        if !reader.after_index {
            reader.index();
        }
        let (verb, length) = decode_rune(&reader.format[reader.at..]);
        if length == 0 {
            self.extend(b"%!(NOVERB)");
            return Ok(());
        }
        reader.at += length;
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        if verb == '%' {
            self.push(b'%');
            return Ok(());
        }
        let arg = reader.args.get(reader.next);
        match arg {
            _ if !reader.good_index => self.complain(verb, b"(BADINDEX)"),
            None => self.complain(verb, b"(MISSING)"),
            Some(arg) => {
                self.operand(arg, verb)?;
                reader.next += 1;
            }
        }
        Ok(())
    }

    fn operand(&mut self, arg: &Value, verb: char) -> Result<(), Limit> {
        if matches!(verb, 'v' | 'w') {
            self.layout.shift_to_v();
        }
        self.print_arg(arg, verb)
    }

    fn complain(&mut self, verb: char, what: &[u8]) {
        self.extend(b"%!");
        self.push_rune(verb);
        self.extend(what);
    }

    fn extra(&mut self, args: &[Value]) -> Result<(), Limit> {
        self.layout = Layout::default();
        self.extend(b"%!(EXTRA ");
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                self.extend(b", ");
            }
            if !arg.is_nil() {
                self.extend(arg.type_name().as_bytes());
                self.push(b'=');
            }
            self.print_arg(arg, 'v')?;
        }
        self.push(b')');
        Ok(())
    }
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn flags(&mut self) -> Layout {
        let mut layout = Layout::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => layout.sharp = true,
                b'0' => layout.zero = true,
                b'+' => layout.plus = true,
                b'-' => layout.minus = true,
                b' ' => layout.space = true,
                _ => break,
            }
            self.at += 1;
        }
        layout
    }

    /// A number in the format. One that is too long takes the rest of the format with it.
    fn number(&mut self) -> Option<usize> {
        let (number, end) = parse_number(self.format, self.at, self.format.len());
        self.at = end;
        number.and_then(|number| usize::try_from(number).ok())
    }

    /// The next operand as a width or precision.
    fn int_operand(&mut self) -> Option<i64> {
        let value = self.args.get(self.next)?.underlying();
        self.next += 1;
        let number = match value {
            Value::Int(_, number) => number,
            Value::Uint(_, number) => i64::try_from(number).ok()?,
            _ => return None,
        };
        (-MAX_NUMBER..=MAX_NUMBER)
            .contains(&number)
            .then_some(number)
    }

    /// An explicit index, if there is one.
    fn index(&mut self) {
        self.after_index = false;
        if self.peek() != Some(b'[') {
            return;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = if rest.len() < 3 {
            None
        } else {
            rest.iter().position(|byte| *byte == b']')
        };
        let Some(close) = close else {
            self.good_index = false;
            self.at += 1;
            return;
        };
        let (number, end) = parse_number(rest, 1, close);
        self.at += close + 1;
        let Some(number) = number.filter(|_| end == close) else {
            self.good_index = false;
            return;
        };
        self.after_index = true;
        match usize::try_from(number - 1) {
            Ok(index) if index < self.args.len() => self.next = index,
            _ => self.good_index = false,
        }
    }
}

/// Digits from `start`: the number, if there is one that is not too large, and where it ends.
fn parse_number(text: &[u8], start: usize, end: usize) -> (Option<i64>, usize) {
    let mut number = None;
    let mut at = start;
    while at < end && text[at].is_ascii_digit() {
        if number.unwrap_or(0) > MAX_NUMBER {
            return (None, end);
        }
        number = Some(number.unwrap_or(0) * 10 + i64::from(text[at] - b'0'));
        at += 1;
    }
    (number, at)
}
