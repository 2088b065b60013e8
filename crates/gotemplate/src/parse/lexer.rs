//! From text to tokens.

use super::token::{Kind, Token};
use crate::format;
use crate::strconv::{self, decode_rune};
use crate::value::{Value, lossy};

const LEFT_DELIM: [u8; 2] = *b"{{";
const RIGHT_DELIM: [u8; 2] = *b"}}";
const LEFT_COMMENT: [u8; 2] = *b"/*";
const RIGHT_COMMENT: [u8; 2] = *b"*/";
/// The dash and the space a trim marker is made of.
const TRIM_MARKER: usize = 2;

#[expect(
    clippy::struct_excessive_bools,
    reason = "states and options that combine freely"
)]
/// Reads tokens off a text. White space that trim markers take away never becomes one.
pub(super) struct Lexer<'a> {
    source: &'a [u8],
    at: usize,
    /// Where the token at hand starts.
    start: usize,
    line: usize,
    start_line: usize,
    paren_depth: usize,
    inside_action: bool,
    failed: bool,
    /// Whether `break` and `continue` are keywords rather than functions.
    pub(super) break_ok: bool,
    pub(super) continue_ok: bool,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(rune: char) -> bool {
    rune == '_' || strconv::is_letter(rune) || strconv::is_digit(rune)
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    matches!(text, [b'-', space, ..] if is_space(*space))
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    matches!(text, [space, b'-', ..] if is_space(*space))
}

/// Where two bytes in a row are found.
fn find(text: &[u8], [first, second]: [u8; 2]) -> Option<usize> {
    memchr::memchr_iter(first, text).find(|at| text.get(at + 1) == Some(&second))
}

fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a [u8]) -> Self {
        Self {
            source,
            at: 0,
            start: 0,
            line: 1,
            start_line: 1,
            paren_depth: 0,
            inside_action: false,
            failed: false,
            break_ok: true,
            continue_ok: true,
        }
    }

    /// The next token. After an error there are only errors.
    pub(super) fn next_token(&mut self) -> Token {
        if self.failed {
            return self.error("unclosed action");
        }
        if self.inside_action {
            self.action()
        } else {
            self.text()
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn peek_rune(&self) -> Option<char> {
        match decode_rune(self.rest()) {
            (_, 0) => None,
            (rune, _) => Some(rune.unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    fn next_rune(&mut self) -> Option<char> {
        let (rune, length) = decode_rune(self.rest());
        self.at += length;
        self.line += usize::from(rune == Some('\n'));
        (length > 0).then(|| rune.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| set.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    fn token(&mut self, kind: Kind) -> Token {
        let token = Token {
            kind,
            start: self.start,
            end: self.at,
            line: self.start_line,
            message: None,
        };
        self.start = self.at;
        self.start_line = self.line;
        token
    }

    /// Leaves out the text from the token's start, which was not counted for lines yet.
    fn ignore(&mut self) {
        self.line += newlines(&self.source[self.start..self.at]);
        self.start = self.at;
        self.start_line = self.line;
    }

    fn error(&mut self, message: impl Into<Box<str>>) -> Token {
        self.failed = true;
        Token {
            kind: Kind::Error,
            start: self.start,
            end: self.start,
            line: self.start_line,
            message: Some(message.into()),
        }
    }

    fn error_at_rune(&mut self, what: &str, rune: Option<char>) -> Token {
        let code = rune.map_or(-1, |rune| i64::from(u32::from(rune)));
        let code = format::sprintf(b"%#U", &[Value::int(code)], usize::MAX).unwrap_or_default();
        self.error(format!("{what} {}", lossy(&code)))
    }

    fn text(&mut self) -> Token {
        loop {
            let Some(until) = find(self.rest(), LEFT_DELIM) else {
                self.at = self.source.len();
                if self.at == self.start {
                    return self.token(Kind::Eof);
                }
                self.line += newlines(&self.source[self.start..]);
                return self.token(Kind::Text);
            };
            if until > 0 {
                let end = self.at + until;
                let mut text_end = end;
                if has_left_trim_marker(&self.source[end + LEFT_DELIM.len()..]) {
                    while text_end > self.start && is_space(self.source[text_end - 1]) {
                        text_end -= 1;
                    }
                }
                self.at = text_end;
                self.line += newlines(&self.source[self.start..self.at]);
                let token = self.token(Kind::Text);
                self.at = end;
                self.ignore();
                if token.start < token.end {
                    return token;
                }
            }
            if let Some(token) = self.left_delim() {
                return token;
            }
        }
    }

    /// The left delimiter, or a comment: nothing then, unless it is not closed.
    fn left_delim(&mut self) -> Option<Token> {
        self.at += LEFT_DELIM.len();
        let marker = if has_left_trim_marker(self.rest()) {
            TRIM_MARKER
        } else {
            0
        };
        if self.rest()[marker..].starts_with(&LEFT_COMMENT) {
            self.at += marker;
            self.ignore();
            return self.comment();
        }
        let token = self.token(Kind::LeftDelim);
        self.inside_action = true;
        self.at += marker;
        self.ignore();
        self.paren_depth = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        self.at += LEFT_COMMENT.len();
        let Some(length) = find(self.rest(), RIGHT_COMMENT) else {
            return Some(self.error("unclosed comment"));
        };
        self.at += length + RIGHT_COMMENT.len();
        let Some(trim) = self.right_delim_ahead() else {
            return Some(self.error("comment ends before closing delimiter"));
        };
        if trim {
            self.at += TRIM_MARKER;
        }
        self.at += RIGHT_DELIM.len();
        if trim {
            self.skip_spaces();
        }
        self.ignore();
        None
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Whether the right delimiter is next, and whether it trims.
    fn right_delim_ahead(&self) -> Option<bool> {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[TRIM_MARKER..].starts_with(&RIGHT_DELIM) {
            return Some(true);
        }
        rest.starts_with(&RIGHT_DELIM).then_some(false)
    }

    fn right_delim(&mut self, trim: bool) -> Token {
        if trim {
            self.at += TRIM_MARKER;
            self.ignore();
        }
        self.at += RIGHT_DELIM.len();
        let token = self.token(Kind::RightDelim);
        if trim {
            self.skip_spaces();
            self.ignore();
        }
        self.inside_action = false;
        token
    }

    fn action(&mut self) -> Token {
        if let Some(trim) = self.right_delim_ahead() {
            if self.paren_depth > 0 {
                return self.error("unclosed left paren");
            }
            return self.right_delim(trim);
        }
        let Some(rune) = self.next_rune() else {
            return self.error("unclosed action");
        };
        match rune {
            ' ' | '\t' | '\r' | '\n' => self.space(),
            '=' => self.token(Kind::Assign),
            ':' => {
                if self.next_rune() != Some('=') {
                    return self.error("expected :=");
                }
                self.token(Kind::Declare)
            }
            '|' => self.token(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw_string(),
            '$' => self.field_or_variable(Kind::Variable),
            '.' if self.peek().is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.field_or_variable(Kind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at -= 1;
                self.number()
            }
            '(' => {
                self.paren_depth += 1;
                self.token(Kind::LeftParen)
            }
            ')' => {
                if self.paren_depth == 0 {
                    return self.error("unexpected right paren");
                }
                self.paren_depth -= 1;
                self.token(Kind::RightParen)
            }
            rune if is_alphanumeric(rune) => self.word(),
            ' '..='~' => self.token(Kind::Char),
            _ => self.error_at_rune("unrecognized character in action:", Some(rune)),
        }
    }

    /// A run of spaces of which the first was read. The last of it may belong to the right
    /// delimiter.
    fn space(&mut self) -> Token {
        while self.peek().is_some_and(is_space) {
            self.line += usize::from(self.peek() == Some(b'\n'));
            self.at += 1;
        }
        let last = &self.source[self.at - 1..];
        if has_right_trim_marker(last) && last[TRIM_MARKER..].starts_with(&RIGHT_DELIM) {
            self.at -= 1;
            self.line -= usize::from(last[0] == b'\n');
            if self.at == self.start {
                return self.right_delim(true);
            }
        }
        self.token(Kind::Space)
    }

    fn skip_alphanumeric(&mut self) {
        while let (Some(rune), length) = decode_rune(self.rest()) {
            if !is_alphanumeric(rune) {
                break;
            }
            self.at += length;
        }
    }

    fn word(&mut self) -> Token {
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = &self.source[self.start..self.at];
        let kind = match Kind::keyword(word) {
            Some(Kind::Break) if !self.break_ok => Kind::Identifier,
            Some(Kind::Continue) if !self.continue_ok => Kind::Identifier,
            Some(keyword) => keyword,
            None if word == b"true" || word == b"false" => Kind::Bool,
            None => Kind::Identifier,
        };
        self.token(kind)
    }

    fn bad_character(&mut self) -> Token {
        let rune = self.peek_rune();
        self.error_at_rune("bad character", rune)
    }

    /// What comes after `.` or `$`, which may be nothing.
    fn field_or_variable(&mut self, kind: Kind) -> Token {
        if self.at_terminator() {
            return self.token(if kind == Kind::Variable {
                Kind::Variable
            } else {
                Kind::Dot
            });
        }
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.bad_character();
        }
        self.token(kind)
    }

    /// Whether what is next can follow a word.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some(b'.' | b',' | b'|' | b':' | b')' | b'(') => true,
            Some(byte) => is_space(byte) || self.rest().starts_with(&RIGHT_DELIM),
        }
    }

    /// A literal up to its quote, on one line.
    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Token {
        loop {
            match self.next_rune() {
                Some('\\') => {
                    if matches!(self.next_rune(), None | Some('\n')) {
                        return self.error(unterminated);
                    }
                }
                None | Some('\n') => return self.error(unterminated),
                Some(rune) if rune == quote => return self.token(kind),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Token {
        let Some(length) = self.rest().iter().position(|byte| *byte == b'`') else {
            return self.error("unterminated raw quoted string");
        };
        self.line += newlines(&self.rest()[..length]);
        self.at += length + 1;
        self.token(Kind::RawString)
    }

    fn number(&mut self) -> Token {
        let complete = self.scan_number();
        if !complete {
            return self.bad_number();
        }
        if !matches!(self.peek(), Some(b'+' | b'-')) {
            return self.token(Kind::Number);
        }
        if !self.scan_number() || self.source[self.at - 1] != b'i' {
            return self.bad_number();
        }
        self.token(Kind::Complex)
    }

    fn bad_number(&mut self) -> Token {
        let text = strconv::quote(&self.source[self.start..self.at]);
        self.error(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        let exponent: &[u8] = match digits.len() {
            11 => b"eE",
            23 => b"pP",
            _ => b"",
        };
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek_rune().is_some_and(is_alphanumeric) {
            self.next_rune();
            return false;
        }
        true
    }
}
