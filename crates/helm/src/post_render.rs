//! The stream a post renderer gets, and the files of what it gives back.

use std::collections::BTreeMap;

/// The annotation that keeps the name of a document's file on its way through the post renderer.
const FILENAME: &str = "postrenderer.helm.sh/postrender-filename";

/// One stream of all documents, each annotated with the file it comes from.
pub(crate) fn annotate_and_merge(files: &BTreeMap<String, String>) -> Result<String, String> {
    let _ = (files, FILENAME);
    Err("not supported yet".to_owned())
}

/// The files of a stream.
pub(crate) fn split_and_deannotate(stream: &str) -> Result<BTreeMap<String, String>, String> {
    let _ = stream;
    Err("not supported yet".to_owned())
}
