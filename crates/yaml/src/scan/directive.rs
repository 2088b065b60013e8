//! `%YAML` and `%TAG`.

use super::token::{Lexeme, Mark, Tag};
use super::{Fault, Scanner};

/// Longest version number, in digits.
const MAX_DIGITS: usize = 2;

impl<'t> Scanner<'t> {
    pub(super) fn scan_directive(&mut self) -> Result<(), Fault> {
        let start = self.cursor.mark();
        self.cursor.skip();
        self.cursor.need(1)?;
        let lexeme = match self.scan_directive_name(start)? {
            "YAML" => self.scan_version(start)?,
            "TAG" => self.scan_tag_directive(start)?,
            _ => return Err(self.fault(start, "found unknown directive name")),
        };
        self.cursor.skip_blanks();
        self.cursor.need(1)?;
        if self.cursor.current() == b'#' {
            self.cursor.take_line();
            self.cursor.need(1)?;
        }
        if !self.cursor.is_break_or_end(0) {
            return Err(self.fault(start, "did not find expected comment or line break"));
        }
        self.cursor.take_break();
        self.push(lexeme, start);
        Ok(())
    }

    fn scan_directive_name(&mut self, start: Mark) -> Result<&'t str, Fault> {
        let from = self.cursor.pos();
        while matches!(self.cursor.current(), b'_' | b'-')
            || self.cursor.current().is_ascii_alphanumeric()
        {
            self.cursor.skip();
        }
        self.cursor.need(1)?;
        if self.cursor.pos() == from {
            return Err(self.fault(start, "could not find expected directive name"));
        }
        if !self.cursor.is_space_or_end(0) {
            return Err(self.fault(start, "found unexpected non-alphabetical character"));
        }
        Ok(self.cursor.slice(from, self.cursor.pos()))
    }

    fn scan_version(&mut self, start: Mark) -> Result<Lexeme<'t>, Fault> {
        self.cursor.skip_blanks();
        let major = self.scan_version_number(start)?;
        if self.cursor.current() != b'.' {
            return Err(self.fault(start, "did not find expected digit or '.' character"));
        }
        self.cursor.skip();
        let minor = self.scan_version_number(start)?;
        Ok(Lexeme::Version { major, minor })
    }

    fn scan_version_number(&mut self, start: Mark) -> Result<u8, Fault> {
        self.cursor.need(1)?;
        let mut value = 0;
        let mut digits = 0;
        while self.cursor.current().is_ascii_digit() {
            digits += 1;
            if digits > MAX_DIGITS {
                return Err(self.fault(start, "found extremely long version number"));
            }
            value = value * 10 + (self.cursor.current() - b'0');
            self.cursor.skip();
            self.cursor.need(1)?;
        }
        if digits == 0 {
            return Err(self.fault(start, "did not find expected version number"));
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self, start: Mark) -> Result<Lexeme<'t>, Fault> {
        self.cursor.skip_blanks();
        let handle = self.scan_handle(true, start)?;
        self.cursor.need(1)?;
        if !self.cursor.is_blank(0) {
            return Err(self.fault(start, "did not find expected whitespace"));
        }
        self.cursor.skip_blanks();
        let suffix = self.scan_uri("", true, start)?;
        self.cursor.need(1)?;
        if !self.cursor.is_space_or_end(0) {
            return Err(self.fault(start, "did not find expected whitespace or line break"));
        }
        Ok(Lexeme::TagDirective(Box::new(Tag { handle, suffix })))
    }
}
