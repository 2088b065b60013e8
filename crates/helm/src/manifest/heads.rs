//! The heads of many documents, read on as many threads as that is worth.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use super::head::Head;
use super::split::split_manifests;

/// Bytes of YAML that are worth a thread: it takes some tens of microseconds to start, as long as
/// it takes to read a few KiB.
const WORTH_A_THREAD: usize = 64 * 1024;
const MAX_THREADS: usize = 4;

/// The documents of rendered files but for partials, with the paths of their files.
pub(super) fn documents(files: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    let is_partial = |path: &str| path.rsplit('/').next().unwrap_or(path).starts_with('_');
    files
        .iter()
        .filter(|(path, _)| !is_partial(path))
        .flat_map(|(path, text)| {
            let documents = split_manifests(text).into_iter();
            documents.map(move |document| (&**path, document))
        })
        .collect()
}

/// The heads of documents, in their order.
///
/// # Errors
/// `YAML parse error on FILE: …` for the first document that is no YAML.
pub(super) fn heads(documents: &[(&str, &str)]) -> Result<Vec<Head>, String> {
    let bytes: usize = documents.iter().map(|(_, text)| text.len()).sum();
    let wanted = (bytes / WORTH_A_THREAD).min(MAX_THREADS);
    if wanted < 2 {
        return read(documents);
    }
    let threads = wanted.min(thread::available_parallelism().map_or(1, NonZero::get));
    let (own, rest) = documents.split_at(documents.len().div_ceil(threads));
    thread::scope(|scope| {
        let others: Vec<_> = rest
            .chunks(own.len())
            .map(|share| scope.spawn(|| read(share)))
            .collect();
        let mut heads = read(own)?;
        for other in others {
            let others = other.join().unwrap_or_else(|panic| resume_unwind(panic));
            heads.extend(others?);
        }
        Ok(heads)
    })
}

fn read(documents: &[(&str, &str)]) -> Result<Vec<Head>, String> {
    let head = |&(path, document): &(&str, &str)| {
        Head::parse(document).map_err(|problem| format!("YAML parse error on {path}: {problem}"))
    };
    documents.iter().map(head).collect()
}
