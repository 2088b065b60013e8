//! Builds trees read from standard input, one JSON object a line, and prints what comes of them:
//! for comparisons with the original in bulk.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a tool of this crate's tests"
)]

use std::io::{BufRead as _, Write as _};

use serde_json::{Value, json};
use windlass_archive::Tree;
use windlass_kustomize::{BuildOptions, LoadRestrictor, Reorder, build};

fn main() {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line.expect("readable")).expect("JSON");
        let mut builder = Tree::builder(windlass_archive::Limits::default());
        for (path, text) in case["files"].as_object().expect("files") {
            let bytes = text.as_str().unwrap_or_default().as_bytes().to_vec();
            builder
                .file(path.trim_start_matches('/'), bytes, false)
                .expect("a path");
        }
        let options = BuildOptions {
            load_restrictor: match case["loadRestrictions"].as_str() {
                Some("none") => LoadRestrictor::None,
                _ => LoadRestrictor::RootOnly,
            },
            reorder: match case["reorder"].as_str() {
                Some("none") => Reorder::None,
                Some("legacy") => Reorder::Legacy,
                _ => Reorder::Unspecified,
            },
            ..BuildOptions::default()
        };
        let path = case["path"].as_str().unwrap_or_default();
        let mut result = json!({"name": case["name"]});
        match build(&builder.build(), path, &options) {
            Ok(build) => result["yaml"] = build.to_yaml().into(),
            Err(error) => {
                result["error"] = error.to_string().into();
                if let Some(place) = error.location() {
                    result["place"] = place.to_string().into();
                }
            }
        }
        writeln!(out, "{result}").expect("writable");
    }
}
