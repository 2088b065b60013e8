//! Characters of an expression, one by one.

/// Reads an expression from left to right.
pub(super) struct Scanner<'a> {
    rest: &'a str,
}

/// Text up to a stop character, and which one that was; none at the end of the expression.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) stop: Option<char>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let found = self.peek()?;
        self.rest = &self.rest[found.len_utf8()..];
        Some(found)
    }

    /// Passes over `bytes` bytes that end at a character boundary.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Reads up to one of `stops`, which is consumed. With `escapes` a backslash makes the
    /// character after it an ordinary one.
    pub(super) fn until(&mut self, stops: &[char], escapes: bool) -> Token {
        let mut text = String::new();
        while let Some(found) = self.next() {
            if stops.contains(&found) {
                return Token {
                    text,
                    stop: Some(found),
                };
            }
            if escapes && found == '\\' {
                match self.next() {
                    Some(literal) => text.push(literal),
                    None => break,
                }
            } else {
                text.push(found);
            }
        }
        Token { text, stop: None }
    }
}
