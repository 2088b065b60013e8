//! Comments, and which token they belong to. Only go-yaml v3 keeps them.

use super::cursor::break_length;
use super::token::{Lexeme, Mark};
use super::{Fault, Scanner};

/// How a comment lies to its token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// Above.
    Head,
    /// At the end of the line.
    #[default]
    Line,
    /// Below.
    Foot,
}

/// One comment, all its lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Comment {
    pub(crate) text: String,
    pub(crate) place: Place,
    /// The comment is due with the first token at or behind this place.
    pub(crate) token: Mark,
    /// Where the search for it began.
    scan: Mark,
    start: Mark,
    end: Mark,
}

/// How many blanks and breaks the search for a comment passes.
const REACH: usize = 512;

impl Scanner<'_> {
    /// A comment behind the token just scanned, on its line.
    pub(super) fn scan_line_comment(&mut self, about: Mark) -> Result<(), Fault> {
        if self.cursor.newlines() > 0 {
            return Ok(());
        }
        let blanks = (0..REACH).take_while(|ahead| self.cursor.is_blank(*ahead));
        let ahead = blanks.count();
        if ahead == REACH || self.cursor.peek(ahead) != b'#' {
            return self.cursor.need((ahead + 1).min(REACH));
        }
        self.cursor.skip_bytes(ahead);
        let start = self.cursor.mark();
        let text = self.cursor.take_line().to_owned();
        self.cursor.need(1)?;
        self.comments.push(Comment {
            text,
            place: Place::Line,
            token: about,
            start,
            ..Comment::default()
        });
        Ok(())
    }

    /// A comment behind the first dash of a sequence is not about the dash, but about what follows
    /// on the next line.
    pub(super) fn promote_line_comment(&mut self) {
        let [.., before, last] = &self.tokens[..] else {
            return;
        };
        if before.lexeme != Lexeme::BlockSequenceStart
            || last.lexeme != Lexeme::BlockEntry
            || self.cursor.is_break(0)
        {
            return;
        }
        let mark = self.cursor.mark();
        if let Some(comment) = self.comments.last_mut()
            && comment.place == Place::Line
            && !comment.text.is_empty()
        {
            comment.place = Place::Head;
            if comment.start.line + 1 == mark.line {
                comment.token = mark;
            }
        }
    }

    /// Collects the comment lines from here on, and tells those about what came before from those
    /// about what comes next. `begin` is where the space before the comments begins.
    pub(super) fn scan_comments(&mut self, begin: Mark) -> Result<(), Fault> {
        let mut run = self.comment_run(begin);
        loop {
            let line_ended = self.scan_comment_gap(&mut run)?;
            if !line_ended {
                break;
            }
        }
        if !run.text.is_empty() {
            let end = Mark {
                index: (self.cursor.pos() + run.ahead).saturating_sub(1),
                line: run.line,
                column: run.column,
            };
            self.comments.push(Comment {
                text: std::mem::take(&mut run.text),
                place: Place::Head,
                scan: run.scan,
                token: run.start,
                start: run.start,
                end,
            });
        }
        Ok(())
    }

    fn comment_run(&self, begin: Mark) -> Run {
        let newlines = self.cursor.newlines();
        let last = match &self.tokens[..] {
            [.., before, last] if last.lexeme == Lexeme::FlowEntry => Some(before),
            [.., last] => Some(last),
            [] => None,
        };
        let foot_line = (begin.line > 0).then(|| {
            let below = self.cursor.line() + 1 - newlines;
            // What stands on this line is above.
            below + u32::from(newlines == 0 && self.cursor.column() > 1)
        });
        Run {
            scan: begin,
            token: last.map_or(begin, |token| token.start),
            start: Mark::default(),
            text: String::new(),
            after_value: last.is_some_and(|token| token.lexeme == Lexeme::Value),
            first_gap: newlines <= 1,
            in_gap: false,
            foot_line,
            ahead: 0,
            line: self.cursor.line(),
            column: self.cursor.column(),
        }
    }

    /// Looks from the cursor over blanks and breaks to what comes next. True if that is a comment
    /// line, which is then taken.
    fn scan_comment_gap(&mut self, run: &mut Run) -> Result<bool, Fault> {
        let bytes = self.cursor.bytes();
        let indent = u32::try_from(self.indent).unwrap_or(0);
        while run.ahead < REACH {
            self.cursor.need(run.ahead + 1)?;
            run.column += 1;
            if self.cursor.is_blank(run.ahead) {
                run.ahead += 1;
                continue;
            }
            let found = self.cursor.peek(run.ahead);
            let closes = self.flow_level > 0 && matches!(found, b']' | b'}');
            if closes || self.cursor.is_break_or_end(run.ahead) {
                if closes || !run.in_gap {
                    let is_foot = closes
                        || run.first_gap
                            && (Some(run.start.line) == run.foot_line && !run.after_value
                                || run.start.column < indent + 1);
                    if is_foot {
                        self.end_foot(run, run.start.column < indent + 1);
                    } else if !run.text.is_empty() && found != 0 {
                        run.text.push('\n');
                    }
                }
                if break_length(bytes, self.cursor.pos() + run.ahead) == 0 {
                    return Ok(false);
                }
                run.first_gap = false;
                run.in_gap = true;
                run.column = 0;
                run.line += 1;
                run.ahead += 1;
                continue;
            }
            if run.column < indent + 1 && run.column != run.start.column {
                self.end_foot(run, false);
            }
            if found != b'#' {
                return Ok(false);
            }
            self.take_comment_line(run)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn take_comment_line(&mut self, run: &mut Run) -> Result<(), Fault> {
        if run.text.is_empty() {
            run.start = self.mark_ahead(run);
        } else {
            run.text.push('\n');
        }
        run.in_gap = false;
        let comment = self.cursor.pos() + run.ahead;
        while self.cursor.pos() < comment {
            if self.cursor.is_break(0) {
                self.cursor.take_break();
            } else {
                self.cursor.skip();
            }
        }
        run.text.push_str(self.cursor.take_line());
        self.cursor.need(1)?;
        // The search goes on behind the first byte of the line break.
        run.ahead = 1;
        run.column = 0;
        run.line = self.cursor.line();
        Ok(())
    }

    fn mark_ahead(&self, run: &Run) -> Mark {
        Mark {
            index: self.cursor.pos() + run.ahead,
            line: run.line,
            column: run.column,
        }
    }

    /// What was collected so far is about what came before; `unrelated` if it lies further out
    /// than that.
    fn end_foot(&mut self, run: &mut Run, unrelated: bool) {
        if run.text.is_empty() {
            return;
        }
        let end = self.mark_ahead(run);
        self.comments.push(Comment {
            text: std::mem::take(&mut run.text),
            place: Place::Foot,
            scan: run.scan,
            token: if unrelated { run.start } else { run.token },
            start: run.start,
            end,
        });
        run.scan = end;
        run.token = end;
    }

    /// Where the comments begin that lie below the innermost block collection, in its own column,
    /// and reach up to byte `stop`.
    pub(super) fn own_comment_below(&self, stop: isize) -> Option<Mark> {
        let column = u32::try_from(self.indent + 1).unwrap_or(0);
        let mut stop = stop;
        let mut found = None;
        for comment in self.comments[self.comments_head..].iter().rev() {
            if isize::try_from(comment.end.index).unwrap_or(isize::MAX) < stop {
                break;
            }
            if comment.start.column == column {
                found = Some(comment.start);
            }
            stop = isize::try_from(comment.scan.index).unwrap_or(isize::MAX);
        }
        found
    }
}

/// Comment lines while they are collected.
struct Run {
    scan: Mark,
    token: Mark,
    /// Where the first line begins. Columns count from one here, as in go-yaml.
    start: Mark,
    text: String,
    after_value: bool,
    /// Whether no empty line was met yet.
    first_gap: bool,
    /// Whether the line before is empty.
    in_gap: bool,
    /// The line on which a comment must begin to be about what came before.
    foot_line: Option<u32>,
    /// How far the search is ahead of the cursor, in bytes.
    ahead: usize,
    line: u32,
    column: u32,
}
