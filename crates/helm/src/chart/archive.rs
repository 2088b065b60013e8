//! Charts as gzip-compressed tar archives.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use tar::{Archive, EntryType};

use super::Chart;
use super::content::{Content, Packed};
use super::load::{Budget, LoadError, LoadLimits, Loaded, load_files};
use crate::go_text::quote;

/// What tar itself may add to the files: headers, padding, extended headers.
const TAR_OVERHEAD: u64 = 16 * 1024 * 1024;

/// Loads a chart from the bytes of an archive.
///
/// # Errors
/// [`LoadError`], whose text is Helm's.
pub fn load_archive(bytes: &Bytes, limits: &LoadLimits) -> Result<Chart, LoadError> {
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

/// The files of an archive, their paths without the first directory. Large ones that only some
/// charts ever look at are left in it.
///
/// # Errors
/// [`LoadError`], whose text is Helm's.
pub(super) fn archive_files(bytes: &Bytes, budget: &mut Budget) -> Result<Vec<Loaded>, LoadError> {
    let limits = budget.limits();
    let most = limits.max_archive_bytes;
    let too_large = || {
        LoadError::Message(format!(
            "decompressed chart is larger than the maximum size {most}"
        ))
    };
    let mut files = Vec::new();
    let mut left_there = Vec::new();
    let mut left = most;
    let stream = Stream::new(bytes, most.saturating_add(TAR_OVERHEAD));
    // Where the archive breaks off, what broke it says more than the end that is found too early.
    let broken = |error: io::Error| match stream.fault.take() {
        Some(fault) => read_error(&fault),
        None => read_error(&error),
    };
    let mut archive = Archive::new(stream.reader());
    for (number, entry) in archive.entries().map_err(&broken)?.enumerate() {
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
        let content = if size >= LARGE && !is_loaded(&name) {
            let skipped = io::copy(&mut entry.by_ref().take(size), &mut io::sink());
            if skipped.map_err(&broken)? < size {
                return Err(broken(io::ErrorKind::UnexpectedEof.into()));
            }
            left_there.push((files.len(), number));
            Content::from(Bytes::new())
        } else {
            Content::from(read_entry(&mut entry, size).map_err(&broken)?)
        };
        left -= size;
        if left == 0 {
            return Err(too_large());
        }
        files.push(Loaded::new(&name, content));
    }
    if files.is_empty() {
        let text = "no files in chart archive";
        return Err(LoadError::Message(text.to_owned()));
    }
    if !left_there.is_empty() {
        let entries = left_there.iter().map(|(_, number)| *number).collect();
        let archive = Arc::new(Packed::new(bytes.clone(), entries));
        for (index, (file, _)) in left_there.iter().enumerate() {
            let archive = Arc::clone(&archive);
            files[*file].content = Content::Packed { archive, index };
        }
    }
    Ok(files)
}

/// From this size on, files that loading a chart does not read stay in the archive.
const LARGE: u64 = 16 * 1024;

/// Whether loading a chart, or rendering it, reads the file of this path.
fn is_loaded(path: &str) -> bool {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("charts/") {
        match rest.split_once('/') {
            Some((_, inner)) => path = inner,
            // A chart that is an archive itself.
            None => return true,
        }
    }
    path.starts_with("templates/")
        || matches!(
            path,
            "Chart.yaml"
                | "Chart.lock"
                | "values.yaml"
                | "values.schema.json"
                | "requirements.yaml"
                | "requirements.lock"
        )
}

/// The contents of entries of an archive that was read before, by their numbers in it.
pub(super) fn unpack_again(bytes: &Bytes, wanted: &[usize]) -> Vec<Bytes> {
    let stream = Stream::new(bytes, u64::MAX);
    let mut archive = Archive::new(stream.reader());
    let mut wanted = wanted.iter().peekable();
    let mut found = Vec::new();
    // What was read once is read again: there is no fault to report.
    for (number, entry) in archive.entries().into_iter().flatten().enumerate() {
        let Some(next) = wanted.peek() else {
            break;
        };
        let Ok(mut entry) = entry else {
            break;
        };
        if number == **next {
            wanted.next();
            let size = entry.size();
            found.push(read_entry(&mut entry, size).unwrap_or_default());
        }
    }
    found
}

fn read_entry(entry: &mut impl Read, size: u64) -> io::Result<Bytes> {
    // The size may be a lie.
    let likely = usize::try_from(size.min(64 * 1024)).unwrap_or_default();
    let mut data = Vec::with_capacity(likely);
    let read = entry.take(size).read_to_end(&mut data)? as u64;
    if read < size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    data.shrink_to_fit();
    Ok(data.into())
}

/// What an archive unpacks to, at most so many bytes of it.
struct Stream<'a> {
    bytes: &'a [u8],
    most: u64,
    /// Why there is not more.
    fault: Cell<Option<io::Error>>,
}

impl<'a> Stream<'a> {
    fn new(bytes: &'a [u8], most: u64) -> Self {
        Self {
            bytes,
            most,
            fault: Cell::new(None),
        }
    }

    fn reader(&self) -> impl Read {
        let decoder = Decoder {
            gzip: MultiGzDecoder::new(self.bytes),
            fault: &self.fault,
        };
        BufReader::with_capacity(BUFFER, decoder.take(self.most))
    }
}

/// How much is unpacked at a time: what fits the processor's nearer memory.
const BUFFER: usize = 64 * 1024;

/// Ends where the archive is broken.
struct Decoder<'a> {
    gzip: MultiGzDecoder<&'a [u8]>,
    fault: &'a Cell<Option<io::Error>>,
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.gzip.read(buffer) {
            Ok(read) => Ok(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.fault.set(Some(error));
                Ok(0)
            }
        }
    }
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
