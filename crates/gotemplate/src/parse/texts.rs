//! Many texts, parsed on several threads where that is worth it.

use bytes::Bytes;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::cache::Cache;
use super::node::Tree;
use super::parser::{Parsed, parse};
use crate::function::Functions;

/// Bytes of text that are worth a second thread: one takes some tens of microseconds to wake, as
/// long as it takes to parse a few KiB.
const WORTH_A_THREAD: usize = 128 * 1024;

/// Parses named texts: what each gave, in their order.
pub(crate) fn parse_texts(
    texts: &[(&str, &Bytes)],
    functions: &Functions,
) -> Vec<Parsed<Vec<Tree>>> {
    let parse =
        |cache: &mut Cache, (name, text): &(&str, &Bytes)| parse(name, text, functions, cache);
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    if bytes < WORTH_A_THREAD {
        let mut cache = Cache::default();
        return texts.iter().map(|text| parse(&mut cache, text)).collect();
    }
    texts
        .par_iter()
        .with_min_len(MIN_TEXTS)
        .map_init(Cache::default, parse)
        .collect()
}

/// Texts that are parsed with one cache.
const MIN_TEXTS: usize = 4;
