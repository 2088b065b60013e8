//! The chart loader. An input is an archive, the tar of one, or the files of a chart, which are
//! loaded as a directory and as an archive.

#![no_main]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use windlass_fuzz::{files, tree};
use windlass_helm::chart::{
    Chart, LoadLimits, check_dependencies, gzip_hint, load_archive, load_directory,
};
use windlass_helm::values::Map;
use windlass_helm::{RenderOptions, Renderer};

const LIMITS: LoadLimits = LoadLimits {
    max_archive_bytes: 16 << 20,
    max_file_bytes: 1 << 20,
    max_total_bytes: 32 << 20,
    max_files: 1_000,
    max_depth: 32,
};

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"\x1f\x8b") {
        archive(data);
        return;
    }
    if data.get(257..262) == Some(b"ustar") {
        archive(&gzip(data));
        return;
    }
    let _ = gzip_hint("chart.tgz", data);
    let files = files(data);
    let tree = tree(files.iter().map(|(path, bytes)| (path.as_str(), *bytes)));
    if let Ok(chart) = load_directory(&tree, &LIMITS) {
        used(chart);
    }
    archive(&gzip(&tar(&files)));
});

fn archive(bytes: &[u8]) {
    match load_archive(&bytes.to_vec().into(), &LIMITS) {
        Ok(chart) => used(chart),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What loading leads to: dependencies, values and schemas. The templates have a target of their
/// own.
fn used(chart: Chart) {
    let _ = check_dependencies(&chart);
    let _ = chart.template_text("c/templates/t");
    if chart.templates().is_empty() {
        let _ = Renderer::new(chart).render(&Map::new(), &RenderOptions::default());
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// An archive of files under any names, as only a broken tool would write it.
fn tar(files: &[(String, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        let name = format!("c/{name}");
        let place = &mut header.as_old_mut().name;
        let length = name.len().min(place.len());
        place[..length].copy_from_slice(&name.as_bytes()[..length]);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *bytes).expect("memory takes all");
    }
    builder.into_inner().expect("memory takes all")
}
