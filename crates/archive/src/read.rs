//! Reading a tar.gz that others have made.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType};

use crate::error::{Error, shorten};
use crate::path::normalise;
use crate::{Limits, Tree};

/// Longest extended header (a long name, or pax records) that is read; real ones are a few hundred bytes.
const MAX_EXTENSION_BYTES: u64 = 64 * 1024;
/// What one entry may cost beside its content: headers, extended headers, padding.
const ENTRY_OVERHEAD: u64 = 2048;

/// Reads the tar.gz `r` into a tree, never holding more than `limits` allow however small `r` is.
///
/// Symbolic and hard links are left out, as the consumers of artifacts do (spec §5.5). Names that are
/// empty, absolute, not UTF-8, or hold `..`, NUL or a backslash are errors, and so are devices, fifos and
/// sparse files. Of two files with one name the later counts.
pub fn read_tar_gz(r: impl Read, limits: &Limits) -> Result<Tree, Error> {
    let entries = u64::try_from(limits.max_entries).unwrap_or(u64::MAX);
    let most = entries
        .saturating_mul(ENTRY_OVERHEAD)
        .saturating_add(limits.max_total_bytes)
        .saturating_add(1024 * 1024);
    let plain = Bounded {
        inner: MultiGzDecoder::new(r),
        left: most,
    };
    let mut archive = Archive::new(plain);
    let tree = read_entries(&mut archive, limits).map_err(|error| name_the_bound(error, limits))?;
    // The gzip checksum stands at the very end: reading on proves that nothing was cut off.
    io::copy(&mut archive.into_inner(), &mut io::sink())
        .map_err(|error| name_the_bound(error.into(), limits))?;
    Ok(tree)
}

fn read_entries(archive: &mut Archive<impl Read>, limits: &Limits) -> Result<Tree, Error> {
    let mut builder = Tree::builder(limits.clone());
    // Name given by an extended header for the entry that follows it.
    let mut pending = Extension::default();
    let mut seen = 0_usize;
    // Raw: the library would read extended headers of any length into memory.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        seen += 1;
        // Skipped and repeated entries count too; extended headers come with an entry of their own.
        if seen > limits.max_entries.saturating_mul(3).saturating_add(8) {
            return Err(Error::TooManyEntries(limits.max_entries));
        }
        let size = entry.header().entry_size()?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => {
                let mut name = read_extension(&mut entry, size)?;
                while name.last() == Some(&0) {
                    name.pop();
                }
                pending.name = Some(name);
                continue;
            }
            EntryType::XHeader => {
                pending.read_pax(&read_extension(&mut entry, size)?)?;
                continue;
            }
            // Where a link leads, and the remark of `git archive`: neither names a file.
            EntryType::GNULongLink | EntryType::XGlobalHeader => {
                read_extension(&mut entry, size)?;
                continue;
            }
            _ => {}
        }
        let extension = std::mem::take(&mut pending);
        let raw = extension
            .name
            .unwrap_or_else(|| entry.header().path_bytes().into_owned());
        let name = entry_name(&raw)?;
        if extension.sparse {
            return Err(Error::Kind {
                name: shorten(name),
                kind: 'S',
            });
        }
        // A size in the extended header is only ever needed beyond 8 GiB; one that contradicts the
        // header makes two readers see two archives.
        if extension.size.is_some_and(|stated| stated != size) {
            return Err(Error::Malformed(format!(
                "two sizes for {:?}",
                shorten(name)
            )));
        }
        if size > 0
            && matches!(
                kind,
                EntryType::Directory | EntryType::Symlink | EntryType::Link
            )
        {
            // Other readers take no content here and would see the entries hidden in it.
            return Err(Error::Malformed(format!("content in {:?}", shorten(name))));
        }
        match kind {
            // Old writers mark a directory by its name alone.
            EntryType::Regular | EntryType::Continuous if name.ends_with('/') => {
                builder.dir(name)?;
            }
            EntryType::Regular | EntryType::Continuous => {
                if size > limits.max_file_bytes {
                    let limit = limits.max_file_bytes;
                    return Err(Error::FileTooLarge {
                        path: shorten(name),
                        limit,
                    });
                }
                let executable = entry.header().mode()? & 0o111 != 0;
                let content = read_content(&mut entry, size, name)?;
                builder.file(name, content, executable)?;
            }
            EntryType::Directory => {
                builder.dir(name)?;
            }
            EntryType::Symlink | EntryType::Link => {}
            other => {
                let kind = char::from(other.as_byte());
                return Err(Error::Kind {
                    name: shorten(name),
                    kind,
                });
            }
        }
    }
    if pending.name.is_some() || pending.size.is_some() {
        return Err(Error::Malformed(
            "extended header without an entry".to_owned(),
        ));
    }
    Ok(builder.build())
}

/// What extended headers say of the entry after them.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl Extension {
    /// Takes in pax records, each `<length> <key>=<value>\n` with the length of the whole record.
    fn read_pax(&mut self, mut records: &[u8]) -> Result<(), Error> {
        let malformed = || Error::Malformed("invalid pax record".to_owned());
        while !records.is_empty() {
            let space = records
                .iter()
                .position(|&b| b == b' ')
                .ok_or_else(malformed)?;
            let length: usize = std::str::from_utf8(&records[..space])
                .ok()
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(malformed)?;
            let record = records
                .get(space + 1..length)
                .and_then(|record| record.strip_suffix(b"\n"))
                .ok_or_else(malformed)?;
            records = &records[length..];
            let equals = record
                .iter()
                .position(|&b| b == b'=')
                .ok_or_else(malformed)?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            match key {
                b"path" => self.name = Some(value.to_vec()),
                b"size" => {
                    let size = std::str::from_utf8(value)
                        .ok()
                        .and_then(|text| text.parse().ok());
                    self.size = Some(size.ok_or_else(malformed)?);
                }
                key if key.starts_with(b"GNU.sparse.") => self.sparse = true,
                _ => {}
            }
        }
        Ok(())
    }
}

fn read_extension(entry: &mut impl Read, size: u64) -> Result<Vec<u8>, Error> {
    if size > MAX_EXTENSION_BYTES {
        return Err(Error::Malformed(format!("extended header of {size} bytes")));
    }
    read_content(entry, size, "extended header")
}

/// Reads exactly `size` bytes. The buffer grows with what arrives, not with what the header promises.
fn read_content(entry: &mut impl Read, size: u64, name: &str) -> Result<Vec<u8>, Error> {
    const FIRST: u64 = 256 * 1024;
    let mut content = Vec::with_capacity(usize::try_from(size.min(FIRST)).unwrap_or(0));
    let read = entry.take(size).read_to_end(&mut content)?;
    if read as u64 != size {
        return Err(Error::Malformed(format!(
            "{:?} is cut short",
            shorten(name)
        )));
    }
    // Content lives as long as the tree: what growing left over is given back.
    content.shrink_to_fit();
    Ok(content)
}

fn entry_name(raw: &[u8]) -> Result<&str, Error> {
    let refuse = || Error::Name(shorten(&String::from_utf8_lossy(raw)));
    let name = std::str::from_utf8(raw).map_err(|_| refuse())?;
    if name.is_empty() {
        return Err(refuse());
    }
    normalise(name).map_err(|_| refuse())?;
    Ok(name)
}

/// Fails once more than `left` bytes come out of `inner`.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(Beyond))?;
        Ok(read)
    }
}

/// Marks the error of [`Bounded`] on its way through the tar library.
#[derive(Debug, thiserror::Error)]
#[error("archive expands beyond its limit")]
struct Beyond;

fn name_the_bound(error: Error, limits: &Limits) -> Error {
    match error {
        Error::Read(error) if is_beyond(&error) => Error::TooLarge(limits.max_total_bytes),
        other => other,
    }
}

fn is_beyond(error: &io::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error
        .get_ref()
        .map(|inner| inner as &(dyn std::error::Error + 'static));
    while let Some(inner) = cause {
        if inner.is::<Beyond>() {
            return true;
        }
        if let Some(nested) = inner.downcast_ref::<io::Error>()
            && is_beyond(nested)
        {
            return true;
        }
        cause = inner.source();
    }
    false
}

#[cfg(test)]
mod tests;
