//! Reads runs of accepted characters from an expression text.

/// What a run may contain besides the characters it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// Nothing is escaped.
    None,
    /// `$$` is a dollar sign (plain text).
    Dollar,
    /// `$$`, `\/` and `\\` (arguments of the replace operators).
    All,
}

/// What the scanner found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// `${`
    Open,
    /// A run of accepted characters, escapes resolved.
    Run(String),
    /// The end of the text.
    End,
    /// A character that is not accepted; it is consumed.
    Other,
}

#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character after the next one.
    pub(crate) fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    /// Consumes the next character if it is `wanted`.
    pub(crate) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// A run of one or more characters that `accept` takes, given the character and the number
    /// of bytes of the run up to and including it. `${` ends the run if `open` is set.
    pub(crate) fn run(
        &mut self,
        open: bool,
        escapes: Escapes,
        accept: impl Fn(char, usize) -> bool,
    ) -> Token {
        if self.rest().is_empty() {
            return Token::End;
        }
        if open && self.rest().starts_with("${") {
            self.at += 2;
            return Token::Open;
        }
        let mut run = String::new();
        // The original cuts escape characters out of its buffer, so they do not count.
        let mut consumed = 0;
        while let Some(next) = self.peek() {
            if open && self.rest().starts_with("${") {
                break;
            }
            if let Some(escaped) = self.escaped(escapes) {
                self.at += 2;
                consumed += 1;
                run.push(escaped);
                continue;
            }
            if !accept(next, consumed + next.len_utf8()) {
                break;
            }
            consumed += next.len_utf8();
            self.at += next.len_utf8();
            run.push(next);
        }
        if run.is_empty() {
            return Token::Other;
        }
        Token::Run(run)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn escaped(&self, escapes: Escapes) -> Option<char> {
        let rest = self.rest().as_bytes();
        match (escapes, rest.first()?, rest.get(1)?) {
            (Escapes::Dollar | Escapes::All, b'$', b'$') => Some('$'),
            (Escapes::All, b'\\', b'/') => Some('/'),
            (Escapes::All, b'\\', b'\\') => Some('\\'),
            _ => None,
        }
    }
}
