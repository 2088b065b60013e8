//! The heads of many documents, read on several threads where that is worth it.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::head::Head;
use super::split::split_manifests;

/// Bytes of YAML that are worth a second thread: one takes some tens of microseconds to wake, as
/// long as it takes to read a few KiB.
const WORTH_A_THREAD: usize = 128 * 1024;

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
    let head = |&(path, document): &(&str, &str)| {
        Head::parse(document).map_err(|problem| format!("YAML parse error on {path}: {problem}"))
    };
    let bytes: usize = documents.iter().map(|(_, text)| text.len()).sum();
    if bytes < WORTH_A_THREAD {
        return documents.iter().map(head).collect();
    }
    let heads: Vec<_> = documents.par_iter().map(head).collect();
    heads.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: usize = 40;

    /// More than enough for a second thread, with some documents that are no YAML.
    fn large_files(broken: &[usize]) -> BTreeMap<String, String> {
        let file = |i| {
            let filling = "x".repeat(2 * WORTH_A_THREAD / FILES);
            let end = if broken.contains(&i) { "a: b: c\n" } else { "" };
            let text = format!("kind: K{i:02}\ndata: {filling}\n{end}");
            (format!("templates/{i:02}.yaml"), text)
        };
        (0..FILES).map(file).collect()
    }

    #[test]
    fn many_large_documents_keep_their_order() {
        let files = large_files(&[]);
        let heads = heads(&documents(&files)).unwrap();
        let kinds: Vec<String> = heads.into_iter().map(|head| head.kind).collect();
        let expected: Vec<String> = (0..FILES).map(|i| format!("K{i:02}")).collect();
        assert_eq!(kinds, expected);
    }

    #[test]
    fn the_first_broken_one_of_many_large_documents_is_told() {
        let files = large_files(&[17, 18, 31]);
        let error = heads(&documents(&files)).unwrap_err();
        assert!(
            error.starts_with("YAML parse error on templates/17.yaml: "),
            "{error}"
        );
    }
}
