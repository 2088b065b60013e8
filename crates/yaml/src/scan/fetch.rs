//! Which token comes next, and what it does to keys and indentation.

use super::token::{Lexeme, Mark};
use super::{Fault, Scanner};
use crate::Dialect;
use crate::node::Style;

impl<'t> Scanner<'t> {
    /// Adds at least one token to the queue.
    pub(super) fn fetch_next(&mut self) -> Result<(), Fault> {
        self.cursor.need(1)?;
        if !self.started {
            self.started = true;
            self.start_keys();
            let mark = self.cursor.mark();
            self.push(Lexeme::StreamStart, mark);
            return Ok(());
        }
        let before = self.cursor.mark();
        self.skip_space()?;
        let before = match self.dialect {
            Dialect::V2 => self.cursor.mark(),
            Dialect::V3 => before,
        };
        self.dedent_to(self.column(), before);
        self.cursor.need(4)?;
        if self.cursor.at_end() {
            return self.fetch_stream_end();
        }
        if self.cursor.column() == 0 && self.cursor.current() == b'%' {
            return self.fetch_directive();
        }
        match self.cursor.document_indicator() {
            Some(b'-') => return self.fetch_document_indicator(Lexeme::DocumentStart),
            Some(_) => return self.fetch_document_indicator(Lexeme::DocumentEnd),
            None => {}
        }
        let about = self.line_comment_subject();
        self.fetch_content()?;
        if self.dialect == Dialect::V3
            && !matches!(
                self.tokens.last().map(|token| &token.lexeme),
                Some(Lexeme::BlockEntry)
            )
        {
            self.scan_line_comment(about)?;
        }
        Ok(())
    }

    fn fetch_content(&mut self) -> Result<(), Fault> {
        let flow = self.flow_level > 0;
        let spaced = self.cursor.is_space_or_end(1);
        match self.cursor.current() {
            b'[' => self.fetch_flow_start(Lexeme::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Lexeme::FlowMappingStart),
            b']' => self.fetch_flow_end(Lexeme::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Lexeme::FlowMappingEnd),
            b',' => {
                self.drop_key()?;
                self.key_allowed = true;
                self.push_indicator(Lexeme::FlowEntry);
                Ok(())
            }
            b'-' if spaced => self.fetch_block_entry(),
            b'?' if flow || spaced => self.fetch_key(),
            b':' if flow || spaced => self.fetch_value(),
            b'*' => self.fetch_name(true),
            b'&' => self.fetch_name(false),
            b'!' => {
                self.key_may_begin()?;
                self.key_allowed = false;
                self.scan_tag()
            }
            b'|' if !flow => self.fetch_block_scalar(Style::Literal),
            b'>' if !flow => self.fetch_block_scalar(Style::Folded),
            b'\'' => self.fetch_quoted(Style::SingleQuoted),
            b'"' => self.fetch_quoted(Style::DoubleQuoted),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => Err(self.fault(
                self.cursor.mark(),
                "found character that cannot start any token",
            )),
            _ => self.fetch_plain(),
        }
    }

    /// Passes what stands between tokens.
    fn skip_space(&mut self) -> Result<(), Fault> {
        let begin = self.cursor.mark();
        loop {
            self.cursor.need(1)?;
            if self.cursor.column() == 0 && self.cursor.pos() == 0 && self.at_mark_character() {
                self.cursor.skip();
            }
            let tabs = self.flow_level > 0 || !self.key_allowed;
            while self.cursor.current() == b' ' || (tabs && self.cursor.current() == b'\t') {
                self.cursor.skip();
            }
            self.cursor.need(1)?;
            self.promote_line_comment();
            if self.cursor.current() == b'#' {
                if self.dialect == Dialect::V3 {
                    self.scan_comments(begin)?;
                } else {
                    self.cursor.take_line();
                }
                self.cursor.need(1)?;
            }
            if !self.cursor.is_break(0) {
                return Ok(());
            }
            self.cursor.take_break();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// A second byte order mark; the first does not reach the scanner.
    fn at_mark_character(&self) -> bool {
        self.cursor.bytes()[self.cursor.pos()..].starts_with(b"\xef\xbb\xbf")
    }

    fn fetch_stream_end(&mut self) -> Result<(), Fault> {
        self.cursor.end_line();
        let mark = self.cursor.mark();
        self.dedent_to(-1, mark);
        self.drop_key()?;
        self.key_allowed = false;
        self.push(Lexeme::StreamEnd, mark);
        Ok(())
    }

    /// What begins at column zero and stands outside of all content.
    fn leave_content(&mut self) -> Result<(), Fault> {
        self.dedent_to(-1, self.cursor.mark());
        self.drop_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), Fault> {
        self.leave_content()?;
        self.scan_directive()
    }

    fn fetch_document_indicator(&mut self, lexeme: Lexeme<'t>) -> Result<(), Fault> {
        self.leave_content()?;
        let start = self.cursor.mark();
        self.cursor.skip_bytes(3);
        self.push_wide(lexeme, start, 3);
        Ok(())
    }

    fn push_indicator(&mut self, lexeme: Lexeme<'t>) {
        let start = self.cursor.mark();
        self.cursor.skip();
        self.push_wide(lexeme, start, 1);
    }

    fn fetch_flow_start(&mut self, lexeme: Lexeme<'t>) -> Result<(), Fault> {
        self.key_may_begin()?;
        self.enter_flow()?;
        self.key_allowed = true;
        self.push_indicator(lexeme);
        Ok(())
    }

    fn fetch_flow_end(&mut self, lexeme: Lexeme<'t>) -> Result<(), Fault> {
        self.drop_key()?;
        self.leave_flow();
        self.key_allowed = false;
        self.push_indicator(lexeme);
        Ok(())
    }

    /// In block context an indicator begins a collection, where keys may begin.
    fn begin_block(&mut self, collection: Lexeme<'t>, problem: &'static str) -> Result<(), Fault> {
        if self.flow_level > 0 {
            return Ok(());
        }
        let mark = self.cursor.mark();
        if !self.key_allowed {
            return Err(self.fault(mark, problem));
        }
        self.indent_to(mark.column, None, collection, mark)
    }

    fn fetch_block_entry(&mut self) -> Result<(), Fault> {
        self.begin_block(
            Lexeme::BlockSequenceStart,
            "block sequence entries are not allowed in this context",
        )?;
        self.drop_key()?;
        self.key_allowed = true;
        self.push_indicator(Lexeme::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Fault> {
        self.begin_block(
            Lexeme::BlockMappingStart,
            "mapping keys are not allowed in this context",
        )?;
        self.drop_key()?;
        self.key_allowed = self.flow_level == 0;
        self.push_indicator(Lexeme::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Fault> {
        if let Some((number, mark)) = self.take_key()? {
            self.insert(number, Lexeme::Key, mark);
            self.indent_to(mark.column, Some(number), Lexeme::BlockMappingStart, mark)?;
            self.key_allowed = false;
        } else {
            self.begin_block(
                Lexeme::BlockMappingStart,
                "mapping values are not allowed in this context",
            )?;
            self.key_allowed = self.flow_level == 0;
        }
        self.push_indicator(Lexeme::Value);
        Ok(())
    }

    fn fetch_name(&mut self, alias: bool) -> Result<(), Fault> {
        self.key_may_begin()?;
        self.key_allowed = false;
        self.scan_name(alias)
    }

    fn fetch_block_scalar(&mut self, style: Style) -> Result<(), Fault> {
        self.drop_key()?;
        self.key_allowed = true;
        self.scan_block_scalar(style)
    }

    fn fetch_quoted(&mut self, style: Style) -> Result<(), Fault> {
        self.key_may_begin()?;
        self.key_allowed = false;
        self.scan_quoted(style)
    }

    fn fetch_plain(&mut self) -> Result<(), Fault> {
        self.key_may_begin()?;
        self.key_allowed = false;
        self.scan_plain()
    }

    /// What a comment at the end of the line is about: the token itself, or the one before a
    /// colon or comma.
    fn line_comment_subject(&self) -> Mark {
        let before = match self.cursor.current() {
            b':' => self.flow_level == 0,
            b',' => self.flow_level > 0,
            _ => false,
        };
        match self.tokens.last() {
            Some(last) if before => last.start,
            _ => self.cursor.mark(),
        }
    }
}
