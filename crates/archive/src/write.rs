//! Writing a tree as the tar.gz that is served as an artifact.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use crate::{Entry, Tree};

/// Writes `tree` as tar.gz to `w`, the same bytes for the same tree.
///
/// The root comes first as `.`; owners, names of owners and all times are zero; directories are 0750,
/// executable files 0700, other files 0600 (Flux: source-controller spec §5.4).
pub fn write_tar_gz(tree: &Tree, w: impl Write) -> io::Result<()> {
    // The operating system byte stays "unknown", whatever this runs on.
    let gzip = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(w, Compression::default());
    let mut tar = Builder::new(gzip);
    append(&mut tar, ".", Entry::Dir)?;
    for (path, entry) in tree.walk() {
        append(&mut tar, &path, entry)?;
    }
    tar.into_inner()?.finish()?.flush()
}

fn append(tar: &mut Builder<impl Write>, path: &str, entry: Entry<'_>) -> io::Result<()> {
    let (kind, mode, content): (_, _, &[u8]) = match entry {
        Entry::Dir => (EntryType::Directory, 0o750, &[]),
        Entry::File(file) if file.executable => (EntryType::Regular, 0o700, &file.bytes),
        Entry::File(file) => (EntryType::Regular, 0o600, &file.bytes),
    };
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, path, content)
}
