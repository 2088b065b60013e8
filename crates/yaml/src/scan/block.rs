//! Block scalars.

use std::borrow::Cow;

use super::token::{Lexeme, Mark};
use super::{Fault, Scanner};
use crate::Dialect;
use crate::node::Style;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_> {
    pub(super) fn scan_block_scalar(&mut self, style: Style) -> Result<(), Fault> {
        let start = self.cursor.mark();
        self.cursor.skip();
        let (chomping, increment) = self.scan_block_header(start)?;
        self.cursor.skip_blanks();
        self.cursor.need(1)?;
        if self.cursor.current() == b'#' {
            if self.dialect == Dialect::V3 {
                self.scan_line_comment(start)?;
            }
            self.cursor.take_line();
            self.cursor.need(1)?;
        }
        if !self.cursor.is_break_or_end(0) {
            return Err(self.fault(start, "did not find expected comment or line break"));
        }
        self.cursor.take_break();

        let mut indent = increment.map(|increment| self.indent.max(0) + increment);
        let mut text = String::new();
        let mut last_break = "";
        let mut breaks = String::new();
        let mut after_blank = false;
        self.scan_block_breaks(&mut indent, &mut breaks, start)?;
        while Some(self.column()) == indent && !self.cursor.at_end() {
            let blank = self.cursor.is_blank(0);
            if style == Style::Folded && !after_blank && !blank && last_break == "\n" {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(last_break);
            }
            text.push_str(&breaks);
            breaks.clear();
            after_blank = blank;
            text.push_str(self.cursor.take_line());
            self.cursor.need(2)?;
            last_break = self.cursor.take_break();
            self.scan_block_breaks(&mut indent, &mut breaks, start)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(last_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&breaks);
        }
        let lexeme = Lexeme::Scalar {
            text: Cow::Owned(text),
            style,
        };
        self.push(lexeme, start);
        Ok(())
    }

    /// The chomping and indentation indicators, in any order.
    fn scan_block_header(&mut self, start: Mark) -> Result<(Chomping, Option<isize>), Fault> {
        self.cursor.need(1)?;
        let mut chomping = self.scan_chomping()?;
        let mut increment = None;
        let digit = self.cursor.current();
        if digit.is_ascii_digit() {
            if digit == b'0' {
                return Err(self.fault(start, "found an indentation indicator equal to 0"));
            }
            increment = Some(isize::from(digit - b'0'));
            self.cursor.skip();
            self.cursor.need(1)?;
            if chomping.is_none() {
                chomping = self.scan_chomping()?;
            }
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    fn scan_chomping(&mut self) -> Result<Option<Chomping>, Fault> {
        let found = match self.cursor.current() {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return Ok(None),
        };
        self.cursor.skip();
        self.cursor.need(1)?;
        Ok(Some(found))
    }

    /// Passes empty lines and the indentation of the next one. The first call finds out the
    /// indentation if the header does not tell it.
    fn scan_block_breaks(
        &mut self,
        indent: &mut Option<isize>,
        breaks: &mut String,
        start: Mark,
    ) -> Result<(), Fault> {
        let mut deepest = 0;
        loop {
            self.cursor.need(1)?;
            let limit = indent.unwrap_or(isize::MAX);
            while self.column() < limit && self.cursor.current() == b' ' {
                self.cursor.skip();
            }
            self.cursor.need(1)?;
            deepest = deepest.max(self.column());
            if self.column() < limit && self.cursor.current() == b'\t' {
                return Err(self.fault(
                    start,
                    "found a tab character where an indentation space is expected",
                ));
            }
            if !self.cursor.is_break(0) {
                break;
            }
            breaks.push_str(self.cursor.take_break());
        }
        if indent.is_none() {
            *indent = Some(deepest.max(self.indent + 1).max(1));
        }
        Ok(())
    }
}
