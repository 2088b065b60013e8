//! Regular expressions out of a tree, which may be made to cost much: a few characters stand for
//! megabytes of memory, and for as long as it takes to fill them.

use regex::{Regex, RegexBuilder};

use crate::Error;
use crate::growth::Growth;

/// What an expression may take in memory: the first of these that is enough is counted.
const SIZES: [usize; 3] = [SMALL, 1 << 20, 10 << 20];
/// What is not counted; nearly all expressions stay below.
const SMALL: usize = 64 << 10;
/// How much memory a search may take to be fast.
const MAX_SEARCH: usize = 256 << 10;

/// Why there is no expression.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The text is none, or one far too large.
    Syntax(regex::Error),
    /// It takes more than there is left for the build.
    Limit(Error),
}

/// Compiles an expression; large ones count among what the build may add.
pub(crate) fn compile(text: &str, growth: &Growth) -> Result<Regex, Fault> {
    let mut fault = None;
    for size in SIZES {
        let mut builder = RegexBuilder::new(text);
        match builder.size_limit(size).dfa_size_limit(MAX_SEARCH).build() {
            Ok(pattern) if size == SMALL => return Ok(pattern),
            Ok(pattern) => {
                growth.add(size).map_err(Fault::Limit)?;
                return Ok(pattern);
            }
            Err(error @ regex::Error::CompiledTooBig(_)) => fault = Some(error),
            Err(error) => return Err(Fault::Syntax(error)),
        }
    }
    growth.add(SIZES[2]).map_err(Fault::Limit)?;
    Err(Fault::Syntax(
        fault.unwrap_or(regex::Error::CompiledTooBig(SIZES[2])),
    ))
}
