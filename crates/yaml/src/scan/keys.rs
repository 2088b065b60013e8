//! Keys without a question mark, which are known for keys only at their colon.

use std::collections::VecDeque;

use super::token::Mark;
use super::{Fault, Scanner};

/// Where a key may have begun.
#[derive(Debug, Clone, Copy, Default)]
struct Candidate {
    possible: bool,
    /// A block mapping's next line must begin with a key.
    required: bool,
    /// The number of the token it begins with.
    number: usize,
    mark: Mark,
}

/// One candidate for each level of flow collections, innermost last.
#[derive(Debug, Default)]
pub(super) struct Keys {
    levels: Vec<Candidate>,
    /// Token number and level of the candidates, ascending. go-yaml keeps this index beside the
    /// candidates, and what it forgets or keeps for too long shows.
    index: VecDeque<(usize, usize)>,
}

impl Keys {
    fn note(&mut self, number: usize, level: usize) {
        self.index.push_back((number, level));
    }

    fn forget(&mut self, number: usize) {
        let found = self
            .index
            .binary_search_by_key(&number, |(number, _)| *number);
        if let Ok(at) = found {
            self.index.remove(at);
        }
    }

    /// The level of the candidate that begins with token `number`, the oldest of interest.
    fn level_of(&mut self, number: usize) -> Option<usize> {
        while self.index.front().is_some_and(|(first, _)| *first < number) {
            self.index.pop_front();
        }
        let (first, level) = self.index.front()?;
        (*first == number).then_some(*level)
    }
}

/// The longest a key may be, in characters.
const MAX_KEY: usize = 1024;
/// go-yaml's bound on nested flow collections.
const MAX_FLOW: usize = 10_000;

impl Scanner<'_> {
    pub(super) fn start_keys(&mut self) {
        self.keys.levels.push(Candidate::default());
        self.key_allowed = true;
    }

    /// Whether the token at the head of the queue may still turn out to begin a key.
    pub(super) fn head_may_be_key(&mut self) -> Result<bool, Fault> {
        match self.keys.level_of(self.handed_out) {
            None => Ok(false),
            Some(level) => self.is_possible(level),
        }
    }

    /// Whether the candidate of a level still stands; it falls with its line.
    fn is_possible(&mut self, level: usize) -> Result<bool, Fault> {
        let Some(candidate) = self.keys.levels.get(level).copied() else {
            return Ok(false);
        };
        if !candidate.possible {
            return Ok(false);
        }
        if candidate.mark.line == self.cursor.line() && !self.is_too_long(candidate.mark) {
            return Ok(true);
        }
        if candidate.required {
            return Err(self.fault(candidate.mark, "could not find expected ':'"));
        }
        self.keys.levels[level].possible = false;
        Ok(false)
    }

    fn is_too_long(&self, start: Mark) -> bool {
        let bytes = self.cursor.pos() - start.index;
        bytes > MAX_KEY && (self.cursor.column() - start.column) as usize > MAX_KEY
    }

    /// Notes that a key may begin here.
    pub(super) fn key_may_begin(&mut self) -> Result<(), Fault> {
        if !self.key_allowed {
            return Ok(());
        }
        let candidate = Candidate {
            possible: true,
            required: self.flow_level == 0 && self.indent == self.column(),
            number: self.next_number(),
            mark: self.cursor.mark(),
        };
        self.drop_key()?;
        if let Some(last) = self.keys.levels.last_mut() {
            *last = candidate;
        }
        self.keys.note(candidate.number, self.keys.levels.len() - 1);
        Ok(())
    }

    /// Gives up the candidate of the current level.
    pub(super) fn drop_key(&mut self) -> Result<(), Fault> {
        let Some(last) = self.keys.levels.last_mut() else {
            return Ok(());
        };
        if !last.possible {
            return Ok(());
        }
        let (number, mark) = (last.number, last.mark);
        if last.required {
            return Err(self.fault(mark, "could not find expected ':'"));
        }
        last.possible = false;
        self.keys.forget(number);
        Ok(())
    }

    /// Takes the candidate of the current level for a key: where it began.
    pub(super) fn take_key(&mut self) -> Result<Option<(usize, Mark)>, Fault> {
        let level = self.keys.levels.len() - 1;
        if !self.is_possible(level)? {
            return Ok(None);
        }
        let Candidate { number, mark, .. } = self.keys.levels[level];
        self.keys.levels[level].possible = false;
        self.keys.forget(number);
        Ok(Some((number, mark)))
    }

    pub(super) fn enter_flow(&mut self) -> Result<(), Fault> {
        let mark = self.cursor.mark();
        self.keys.levels.push(Candidate {
            number: self.next_number(),
            mark,
            ..Candidate::default()
        });
        self.flow_level += 1;
        if self.flow_level > MAX_FLOW {
            return Err(self.fault(mark, format!("exceeded max depth of {MAX_FLOW}")));
        }
        Ok(())
    }

    pub(super) fn leave_flow(&mut self) {
        if self.flow_level == 0 {
            return;
        }
        self.flow_level -= 1;
        if let Some(left) = self.keys.levels.pop() {
            self.keys.forget(left.number);
        }
    }
}
