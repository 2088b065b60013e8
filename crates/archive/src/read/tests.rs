use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::read_tar_gz;
use crate::{Entry, Error, Limits, Tree, write_tar_gz};

/// Builds archives that no decent writer would.
#[derive(Default)]
struct Hostile {
    bytes: Vec<u8>,
}

impl Hostile {
    fn entry(mut self, kind: u8, name: &[u8], content: &[u8]) -> Self {
        self.header(kind, name, content.len() as u64);
        self.bytes.extend(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    fn header(&mut self, kind: u8, name: &[u8], size: u64) {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        self.bytes.extend(header.as_bytes());
    }

    fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let mut content = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut length = rest;
            while length != rest + length.to_string().len() {
                length = rest + length.to_string().len();
            }
            write!(content, "{length} {key}=").unwrap();
            content.extend(*value);
            content.push(b'\n');
        }
        self.entry(b'x', b"pax", &content)
    }

    fn read(self) -> Result<Tree, Error> {
        self.read_within(&Limits::default())
    }

    fn read_within(mut self, limits: &Limits) -> Result<Tree, Error> {
        self.bytes.extend([0; 1024]);
        read_tar_gz(&*gzip(&self.bytes), limits)
    }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(plain).unwrap();
    gzip.finish().unwrap()
}

fn paths(tree: &Tree) -> Vec<String> {
    tree.walk().map(|(path, _)| path).collect()
}

#[test]
fn names_that_leave_the_root_are_refused() {
    let names: [&[u8]; 13] = [
        b"",
        b"/",
        b"/etc/passwd",
        b"..",
        b"../x",
        b"a/../b",
        b"a/..",
        b"a\\b",
        b"..\\x",
        b"./../x",
        b"a/../../x",
        b"\xff\xfe",
        b"//x",
    ];
    for name in names {
        for kind in *b"052" {
            let result = Hostile::default().entry(kind, name, b"").read();
            assert!(
                matches!(result, Err(Error::Name(_))),
                "{:?}: {result:?}",
                name.escape_ascii()
            );
        }
        let long = Hostile::default()
            .entry(b'L', b"x", name)
            .entry(b'0', b"ok", b"")
            .read();
        assert!(
            matches!(long, Err(Error::Name(_))),
            "{:?}",
            name.escape_ascii()
        );
        let pax = Hostile::default()
            .pax(&[("path", name)])
            .entry(b'0', b"ok", b"")
            .read();
        assert!(
            matches!(pax, Err(Error::Name(_))),
            "{:?}",
            name.escape_ascii()
        );
    }
    // Only a pax header can spell it, or a long name with more after it.
    let nul = Hostile::default()
        .pax(&[("path", b"a\0b")])
        .entry(b'0', b"ok", b"")
        .read();
    assert!(matches!(nul, Err(Error::Name(_))));
    let error = Hostile::default()
        .entry(b'0', b"../x", b"")
        .read()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "tar contained invalid name error \"../x\""
    );
}

#[test]
fn links_are_left_out_and_devices_refused() {
    let tree = Hostile::default()
        .entry(b'2', b"sym", b"")
        .entry(b'1', b"hard", b"")
        .entry(b'0', b"file", b"text")
        .entry(b'2', b"file", b"")
        .read()
        .unwrap();
    assert_eq!(paths(&tree), ["file"]);
    // A link is no way for a later entry to write elsewhere: the path is just a directory.
    let tree = Hostile::default()
        .entry(b'2', b"d", b"")
        .entry(b'0', b"d/x", b"")
        .read()
        .unwrap();
    assert_eq!(paths(&tree), ["d", "d/x"]);
    for kind in *b"346SVZ" {
        let result = Hostile::default().entry(kind, b"dev", b"").read();
        assert!(
            matches!(result, Err(Error::Kind { .. })),
            "{}: {result:?}",
            char::from(kind)
        );
    }
    let sparse = Hostile::default()
        .pax(&[("GNU.sparse.major", b"1")])
        .entry(b'0', b"s", b"")
        .read();
    assert!(matches!(sparse, Err(Error::Kind { kind: 'S', .. })));
}

#[test]
fn entries_hidden_in_others_are_refused() {
    for kind in *b"125" {
        let result = Hostile::default().entry(kind, b"x", b"hidden").read();
        assert!(matches!(result, Err(Error::Malformed(_))), "{result:?}");
    }
    let sizes = Hostile::default()
        .pax(&[("size", b"0")])
        .entry(b'0', b"x", b"hidden")
        .read();
    assert!(matches!(sizes, Err(Error::Malformed(_))));
    for bad in [
        &b"9 path=x"[..],
        b"path=x\n",
        b"99 path=x\n",
        b"9 pathxx\n",
        b"0 x=\n",
        b"1",
        b" \n",
    ] {
        let result = Hostile::default()
            .entry(b'x', b"p", bad)
            .entry(b'0', b"x", b"")
            .read();
        assert!(
            matches!(result, Err(Error::Malformed(_))),
            "{}: {result:?}",
            bad.escape_ascii()
        );
    }
    let dangling = Hostile::default().entry(b'L', b"l", b"name").read();
    assert!(matches!(dangling, Err(Error::Malformed(_))));
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let name = format!("{}/{}", "d".repeat(200), "f".repeat(200));
    let gnu = Hostile::default().entry(b'L', b"././@LongLink", format!("{name}\0").as_bytes());
    let gnu = gnu
        .entry(b'K', b"././@LongLink", b"target\0")
        .entry(b'0', b"cut", b"1");
    assert!(
        gnu.entry(b'0', b"next", b"")
            .read()
            .unwrap()
            .get(&name)
            .is_some()
    );

    let pax = Hostile::default()
        .entry(b'g', b"pax_global_header", b"19 comment=0123456\n")
        .pax(&[("mtime", b"1.5"), ("path", name.as_bytes()), ("size", b"1")])
        .entry(b'0', b"cut", b"1")
        .entry(b'0', b"next", b"");
    let tree = pax.read().unwrap();
    assert_eq!(tree.get(&name).unwrap().bytes, "1");
    assert!(tree.get("next").is_some(), "the name is for one entry only");
}

#[test]
fn duplicates_and_collisions() {
    let twice = Hostile::default()
        .entry(b'0', b"x", b"1")
        .entry(b'0', b"./x", b"22")
        .read()
        .unwrap();
    assert_eq!(twice.get("x").unwrap().bytes, "22");
    let file_then_dir = Hostile::default()
        .entry(b'0', b"x", b"")
        .entry(b'5', b"x", b"")
        .read();
    assert!(matches!(file_then_dir, Err(Error::NotADirectory(_))));
    let dir_then_file = Hostile::default()
        .entry(b'5', b"x/", b"")
        .entry(b'0', b"x", b"")
        .read();
    assert!(matches!(dir_then_file, Err(Error::IsADirectory(_))));
    let below_a_file = Hostile::default()
        .entry(b'0', b"x", b"")
        .entry(b'0', b"x/y", b"")
        .read();
    assert!(matches!(below_a_file, Err(Error::NotADirectory(_))));
}

#[test]
fn bombs_end_at_the_limits() {
    let limits = Limits {
        max_entries: 50,
        max_file_bytes: 1000,
        max_total_bytes: 3000,
        max_depth: 5,
    };
    let many = |kind| {
        (0..500).fold(Hostile::default(), |tar, i: u32| {
            tar.entry(kind, format!("f{i}").as_bytes(), b"")
        })
    };
    for kind in *b"052" {
        let result = many(kind).read_within(&limits);
        assert!(
            matches!(result, Err(Error::TooManyEntries(50))),
            "{result:?}"
        );
    }
    // The same file again and again: little to keep, yet work without end.
    let again = (0..500).fold(Hostile::default(), |tar, _| tar.entry(b'0', b"f", b"x"));
    assert!(matches!(
        again.read_within(&limits),
        Err(Error::TooManyEntries(50))
    ));
    let headers = (0..500).fold(Hostile::default(), |tar, _| tar.entry(b'L', b"l", b"name"));
    assert!(matches!(
        headers.read_within(&limits),
        Err(Error::TooManyEntries(50))
    ));

    let large = Hostile::default()
        .entry(b'0', b"f", &[0; 1001])
        .read_within(&limits);
    assert!(matches!(
        large,
        Err(Error::FileTooLarge { limit: 1000, .. })
    ));
    let total = (0..4).fold(Hostile::default(), |tar, i: u8| {
        tar.entry(b'0', &[b'a' + i], &[0; 900])
    });
    assert!(matches!(
        total.read_within(&limits),
        Err(Error::TooLarge(3000))
    ));
    let deep = Hostile::default()
        .entry(b'5', b"1/2/3/4/5/6", b"")
        .read_within(&limits);
    assert!(matches!(deep, Err(Error::TooDeep { limit: 5, .. })));
    let name = Hostile::default()
        .entry(b'L', b"l", &vec![b'a'; 70_000])
        .entry(b'0', b"x", b"");
    assert!(matches!(
        name.read_within(&limits),
        Err(Error::Malformed(_))
    ));

    // A header that promises what is not there, and content in what would be skipped.
    let mut promise = Hostile::default();
    promise.header(b'0', b"f", 5000);
    assert!(matches!(promise.read(), Err(Error::Malformed(_))));
    let mut skipped = Hostile::default().entry(b'0', b"f", b"x");
    skipped.bytes.extend([0; 1024]);
    let zeros = vec![0; 8 * 1024 * 1024];
    skipped.bytes.extend(zeros);
    assert!(matches!(
        skipped.read_within(&limits),
        Err(Error::TooLarge(3000))
    ));
}

#[test]
fn what_is_cut_short_or_no_archive_is_an_error() {
    let mut builder = Tree::builder(Limits::default());
    for i in 0..20_u32 {
        builder
            .file(&format!("f{i}"), format!("{i}").repeat(300), false)
            .unwrap();
    }
    let mut whole = Vec::new();
    write_tar_gz(&builder.build(), &mut whole).unwrap();
    for length in [0, 5, whole.len() / 2, whole.len() - 1] {
        let result = read_tar_gz(&whole[..length], &Limits::default());
        assert!(
            matches!(result, Err(Error::Read(_))),
            "{length}: {result:?}"
        );
    }
    assert!(read_tar_gz(&b"<html>not found</html>"[..], &Limits::default()).is_err());
    assert!(read_tar_gz(&*gzip(&[1; 600]), &Limits::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_tree_survives_the_archive(
        files in prop::collection::btree_map("[a-c.]{1,3}(/[a-zä]{1,60}){0,3}", (any::<Vec<u8>>(), any::<bool>()), 0..12),
        dirs in prop::collection::vec("[x-z]{1,2}(/[x-z]){0,2}", 0..4),
    ) {
        let mut builder = Tree::builder(Limits::default());
        for (path, (bytes, executable)) in files {
            let _ = builder.file(&path, bytes, executable);
        }
        for path in dirs {
            let _ = builder.dir(&path);
        }
        let tree = builder.build();
        let mut archive = Vec::new();
        write_tar_gz(&tree, &mut archive).unwrap();
        prop_assert_eq!(&read_tar_gz(&*archive, &Limits::default()).unwrap(), &tree);
        let mut again = Vec::new();
        write_tar_gz(&tree, &mut again).unwrap();
        prop_assert_eq!(archive, again);
    }

    #[test]
    fn no_bytes_make_it_panic(noise in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _ = read_tar_gz(&*gzip(&noise), &Limits::default());
        let _ = read_tar_gz(&*noise, &Limits::default());
    }
}

#[test]
fn the_written_form_is_fixed() {
    let mut builder = Tree::builder(Limits::default());
    builder
        .file("b/run.sh", "x", true)
        .unwrap()
        .file("a", "", false)
        .unwrap()
        .dir("c")
        .unwrap();
    let tree = builder.build();
    assert_eq!(
        tree.walk()
            .filter(|(_, entry)| *entry == Entry::Dir)
            .count(),
        2
    );
    let mut archive = Vec::new();
    write_tar_gz(&tree, &mut archive).unwrap();
    assert_eq!(archive[4..8], [0; 4], "gzip time");
    assert_eq!(archive[9], 255, "gzip system");
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(&*archive));
    let entries: Vec<_> = tar
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            assert_eq!(header.mtime().unwrap(), 0);
            let path = entry.path().unwrap().to_string_lossy().into_owned();
            (path, header.mode().unwrap(), header.entry_type().as_byte())
        })
        .collect();
    let want = [
        (".", 0o750, b'5'),
        ("a", 0o600, b'0'),
        ("b", 0o750, b'5'),
        ("b/run.sh", 0o700, b'0'),
        ("c", 0o750, b'5'),
    ];
    assert_eq!(
        entries,
        want.map(|(path, mode, kind)| (path.to_owned(), mode, kind))
    );
}
