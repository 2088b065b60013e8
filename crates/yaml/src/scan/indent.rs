//! Block collections, which begin and end with the indentation.

use super::token::{Lexeme, Mark};
use super::{Fault, Scanner};

/// go-yaml's bound on nested block collections.
const MAX_INDENTS: usize = 10_000;

impl<'t> Scanner<'t> {
    /// Begins a block collection if `column` lies further in than the current one. The token goes
    /// before token `number`, or last.
    pub(super) fn indent_to(
        &mut self,
        column: u32,
        number: Option<usize>,
        lexeme: Lexeme<'t>,
        at: Mark,
    ) -> Result<(), Fault> {
        let column = isize::try_from(column).unwrap_or(isize::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_INDENTS {
            return Err(self.fault(at, format!("exceeded max depth of {MAX_INDENTS}")));
        }
        match number {
            Some(number) => self.insert(number, lexeme, at),
            None => self.push(lexeme, at),
        }
        Ok(())
    }

    /// Ends the block collections further in than `column`. `before` is where the space before
    /// the next token begins: a collection ends there, or at a comment of its own below.
    pub(super) fn dedent_to(&mut self, column: isize, before: Mark) {
        if self.flow_level > 0 {
            return;
        }
        let mut end = before;
        let mut end_index = isize::try_from(before.index).unwrap_or(isize::MAX) - 1;
        while self.indent > column {
            if let Some(mark) = self.own_comment_below(end_index) {
                end = mark;
                end_index = isize::try_from(mark.index).unwrap_or(isize::MAX);
            }
            let index = usize::try_from(end_index).unwrap_or(0);
            let mark = Mark { index, ..end };
            self.push(Lexeme::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }
}
