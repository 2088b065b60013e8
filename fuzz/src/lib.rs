//! What the fuzz targets share: how one input stands for several files.

use windlass_archive::{Limits, Tree};

/// What an input may hold: far more than libFuzzer makes.
const LIMITS: Limits = Limits {
    max_entries: 1_000,
    max_file_bytes: 1 << 20,
    max_total_bytes: 4 << 20,
    max_depth: 100,
};

/// Cuts an input into files: each begins after a line `-- path --`. What stands above the first of
/// these lines belongs to none.
pub fn files(input: &[u8]) -> Vec<(String, &[u8])> {
    let mut files = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut at = 0;
    for line in input.split_inclusive(|&byte| byte == b'\n') {
        let name = line
            .strip_suffix(b"\n")
            .unwrap_or(line)
            .strip_prefix(b"-- ")
            .and_then(|rest| rest.strip_suffix(b" --"));
        if let Some(name) = name {
            if let Some((name, start)) = open.take() {
                files.push((name, &input[start..at]));
            }
            let name = String::from_utf8_lossy(name).into_owned();
            open = Some((name, at + line.len()));
        }
        at += line.len();
    }
    if let Some((name, start)) = open {
        files.push((name, &input[start..]));
    }
    files
}

/// The tree of an input's files. What no tree can hold is left out.
pub fn tree<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Tree {
    let mut builder = Tree::builder(LIMITS);
    for (path, bytes) in files {
        let _ = builder.file(path, bytes.to_vec(), false);
    }
    builder.build()
}
