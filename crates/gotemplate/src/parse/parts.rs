//! Many texts, parsed on as many threads as that is worth.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use bytes::Bytes;

use super::cache::Cache;
use super::node::Tree;
use super::parser::parse;
use crate::error::ParseError;
use crate::function::Functions;

/// Bytes of text that are worth a thread: it takes some tens of microseconds to start, as long as
/// it takes to parse a few KiB.
const WORTH_A_THREAD: usize = 64 * 1024;
const MAX_THREADS: usize = 4;

/// What successive texts gave.
pub(crate) struct Part {
    /// The templates of the texts, up to the first that is none.
    pub(crate) trees: Vec<Tree>,
    /// Whether all were parsed.
    pub(crate) end: Result<(), ParseError>,
}

/// Parses named texts; the parts are in the order of the texts.
pub(crate) fn parse_parts(texts: &[(&str, &Bytes)], functions: &Functions) -> Vec<Part> {
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    let wanted = (bytes / WORTH_A_THREAD).min(MAX_THREADS);
    if wanted < 2 {
        return vec![parse_part(texts, functions)];
    }
    let threads = wanted.min(thread::available_parallelism().map_or(1, NonZero::get));
    let mut shares = shares(texts, bytes.div_ceil(threads)).into_iter();
    // This thread has work too.
    let own = shares.next().unwrap_or_default();
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|share| scope.spawn(|| parse_part(share, functions)))
            .collect();
        let mut parts = vec![parse_part(own, functions)];
        for other in others {
            parts.push(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        parts
    })
}

/// Cuts texts into stretches of about so many bytes.
fn shares<'a, 't>(
    texts: &'a [(&'t str, &'t Bytes)],
    bytes: usize,
) -> Vec<&'a [(&'t str, &'t Bytes)]> {
    let mut shares = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (at, (_, text)) in texts.iter().enumerate() {
        size += text.len();
        if size >= bytes {
            shares.push(&texts[start..=at]);
            (start, size) = (at + 1, 0);
        }
    }
    if start < texts.len() {
        shares.push(&texts[start..]);
    }
    shares
}

fn parse_part(texts: &[(&str, &Bytes)], functions: &Functions) -> Part {
    let mut cache = Cache::default();
    let mut trees = Vec::new();
    for (name, text) in texts {
        match parse(name, text, functions, &mut cache) {
            Ok(parsed) => trees.extend(parsed),
            Err(error) => {
                let end = Err(error);
                return Part { trees, end };
            }
        }
    }
    Part { trees, end: Ok(()) }
}
