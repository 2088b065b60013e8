//! Regular expressions out of a tree, which may be made to cost much: a few characters stand for
//! megabytes of memory, and for as long as it takes to fill them.

use regex::Regex;
use windlass_go_regexp::{parse, too_large};

use crate::Error;
use crate::growth::Growth;

/// What an expression may take in memory: the first of these that is enough is counted.
const SIZES: [usize; 3] = [SMALL, 1 << 20, 10 << 20];
/// What is not counted; nearly all expressions stay below.
const SMALL: usize = 64 << 10;

/// Why there is no expression.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The text is none, or one far too large; in Go's words.
    Syntax(String),
    /// It takes more than there is left for the build.
    Limit(Error),
}

/// Compiles an expression; large ones count among what the build may add.
pub(crate) fn compile(text: &str, growth: &Growth) -> Result<Regex, Fault> {
    let compiled = parse(text.as_bytes())
        .map_err(Fault::Syntax)?
        .compile(&SIZES);
    let size = compiled.as_ref().map_or(SIZES[2], |(_, size)| *size);
    if size > SMALL {
        growth.add(size).map_err(Fault::Limit)?;
    }
    compiled
        .map(|(pattern, _)| pattern)
        .ok_or_else(|| Fault::Syntax(too_large(text.as_bytes())))
}
