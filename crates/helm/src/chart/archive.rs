//! Charts as gzip-compressed tar archives.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::load::{Budget, LoadError, LoadLimits, Loaded, load_files};
use super::{Chart, File};
use crate::go_text::quote;

/// What tar itself may add to the files: headers, padding, extended headers.
const TAR_OVERHEAD: u64 = 16 * 1024 * 1024;

/// Loads a chart from the bytes of an archive.
///
/// # Errors
/// [`LoadError`], whose text is Helm's.
pub fn load_archive(bytes: &[u8], limits: &LoadLimits) -> Result<Chart, LoadError> {
    let mut budget = Budget::new(limits);
    let files = match archive_files(bytes, &mut budget) {
        Ok(files) => files,
        Err(LoadError::Limit(limit)) => return Err(LoadError::Limit(limit)),
        Err(error) => return Err(LoadError::Archive(Box::new(error))),
    };
    super::load::detect_version(&files)?;
    load_files(files, &mut budget)
}

/// What is wrong with bytes that are no gzip, as Helm puts it; `name` is how the file is called.
pub fn gzip_hint(name: &str, bytes: &[u8]) -> Option<String> {
    if bytes.starts_with(b"\x1f\x8b\x08") {
        return None;
    }
    if name.ends_with(".yml") || name.ends_with(".yaml") {
        return Some(format!(
            "file '{name}' seems to be a YAML file, but expected a gzipped archive"
        ));
    }
    Some(format!(
        "file '{name}' does not appear to be a gzipped archive; got '{}'",
        content_type(bytes)
    ))
}

/// Go's guess at what content is, as far as it tells what people mistake for charts. Helm shows
/// it 512 bytes, zeros behind what is shorter.
fn content_type(bytes: &[u8]) -> &'static str {
    let start = &bytes[..bytes.len().min(512)];
    if start.starts_with(b"PK\x03\x04") {
        "application/zip"
    } else if start.starts_with(b"%PDF-") {
        "application/pdf"
    } else if start.len() < 512 || start.iter().any(|&byte| is_binary(byte)) {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    }
}

fn is_binary(byte: u8) -> bool {
    byte <= 8 || byte == 11 || (14..=26).contains(&byte) || (28..=31).contains(&byte)
}

/// The files of an archive, their paths without the first directory.
///
/// # Errors
/// [`LoadError`], whose text is Helm's.
pub(super) fn archive_files(bytes: &[u8], budget: &mut Budget) -> Result<Vec<Loaded>, LoadError> {
    let message = |text: &str| LoadError::Message(text.to_owned());
    let limits = budget.limits();
    let most = limits.max_archive_bytes;
    let too_large = || {
        LoadError::Message(format!(
            "decompressed chart is larger than the maximum size {most}"
        ))
    };
    let (plain, broken) = inflate(bytes, most.saturating_add(TAR_OVERHEAD));
    // Where the archive breaks off, what broke it says more than the end that is found too early.
    let broken = |error: io::Error| read_error(broken.as_ref().unwrap_or(&error));
    let mut archive = Archive::new(&plain[..]);
    let mut files = Vec::new();
    let mut left = most;
    for entry in archive.entries().map_err(&broken)? {
        let mut entry = entry.map_err(&broken)?;
        let raw = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::Directory || raw.ends_with('/') {
            continue;
        }
        if matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader) {
            continue;
        }
        let name = inner_path(&raw)?;
        let size = match kind {
            EntryType::Symlink | EntryType::Link => 0,
            _ => entry.size(),
        };
        if size > left {
            return Err(too_large());
        }
        if size > limits.max_file_bytes {
            return Err(LoadError::Message(format!(
                "decompressed chart file {} is larger than the maximum file size {}",
                quote(&raw),
                limits.max_file_bytes
            )));
        }
        budget.take_file(size)?;
        let data = if let Some(data) = stored(&plain, &entry, size) {
            data
        } else {
            let mut data = Vec::new();
            let read = entry.by_ref().take(size).read_to_end(&mut data);
            if (read.map_err(&broken)? as u64) < size {
                return Err(broken(io::ErrorKind::UnexpectedEof.into()));
            }
            Bytes::from(data)
        };
        left -= size;
        if left == 0 {
            return Err(too_large());
        }
        files.push(Loaded::new(&name, data));
    }
    if files.is_empty() {
        return Err(message("no files in chart archive"));
    }
    Ok(files)
}

/// All that an archive unpacks to, at most so many bytes, and why there is not more.
fn inflate(bytes: &[u8], most: u64) -> (Bytes, Option<io::Error>) {
    // The end of the archive says how long it is unpacked, which may be a lie.
    let told = bytes.last_chunk().map_or(0, |end| u32::from_le_bytes(*end));
    let likely = (told as usize).min(bytes.len().saturating_mul(16));
    let mut plain = Vec::with_capacity(likely);
    let read = MultiGzDecoder::new(bytes)
        .take(most)
        .read_to_end(&mut plain);
    (Bytes::from(plain), read.err())
}

/// The content of an entry where it lies in the archive as it is; all files share its memory.
fn stored<R: Read>(plain: &Bytes, entry: &tar::Entry<'_, R>, size: u64) -> Option<Bytes> {
    if size == 0 {
        return Some(Bytes::new());
    }
    if entry.header().entry_type().is_gnu_sparse() {
        return None;
    }
    let start = usize::try_from(entry.raw_file_position()).ok()?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    (end <= plain.len()).then(|| plain.slice(start..end))
}

/// The path of an entry below the archive's one directory.
fn inner_path(raw: &str) -> Result<String, LoadError> {
    let message = |text: &str| Err(LoadError::Message(text.to_owned()));
    // Archives made on Windows.
    let delimiter = if raw.contains('\\') { '\\' } else { '/' };
    let (first, rest) = raw.split_once(delimiter).unwrap_or((raw, ""));
    let rest = rest.replace(delimiter, "/");
    if rest.starts_with('/') {
        return message("chart illegally contains absolute paths");
    }
    let Some(path) = clean(&rest) else {
        return message("chart illegally references parent directory");
    };
    if path.is_empty() {
        return Err(LoadError::Message(format!(
            "chart illegally contains content outside the base directory: {}",
            quote(raw)
        )));
    }
    if path.starts_with("..") {
        return message("chart illegally references parent directory");
    }
    if path.as_bytes()[0].is_ascii_alphabetic() && path[1..].starts_with(":/") {
        return message("chart contains illegally named files");
    }
    if first == "Chart.yaml" {
        return message("chart yaml not in base directory");
    }
    Ok(path)
}

/// The path without `.` and `..`; none if it leads out.
fn clean(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn read_error(error: &io::Error) -> LoadError {
    let text = error.to_string();
    if text.contains("gzip header") {
        return LoadError::NotGzip;
    }
    LoadError::Message(match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF".to_owned(),
        _ => text,
    })
}

impl File {
    /// A file whose byte order mark, if it has one, is taken away.
    pub(crate) fn new(name: &str, data: Bytes) -> Self {
        let data = if data.starts_with(b"\xef\xbb\xbf") {
            data.slice(3..)
        } else {
            data
        };
        Self {
            name: name.into(),
            data,
        }
    }
}
