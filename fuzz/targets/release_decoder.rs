//! The decoder of release records. An input is what a Secret holds, or one of the layers below:
//! the gzip, or the JSON in it.

#![no_main]

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use windlass_helm::release::{Form, Release, decode_release, encode_release};

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"{") {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(data).expect("memory takes all");
        let gzip = encoder.finish().expect("memory takes all");
        decode(&STANDARD.encode(gzip));
    } else if data.starts_with(b"\x1f\x8b") {
        decode(&STANDARD.encode(data));
    } else {
        decode(&String::from_utf8_lossy(data));
    }
});

fn decode(text: &str) {
    match decode_release(text) {
        Ok(release) => {
            for form in [Form::V3, Form::V4] {
                round_trip(&release, form);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn round_trip(release: &Release, form: Form) {
    let text = encode_release(release, form).expect("memory takes all");
    let read = decode_release(&text).expect("what was encoded decodes");
    // Members that are any JSON are compared as text: like Go, the encoder writes a whole number
    // without its fraction.
    let fields = |release: &Release| {
        let Release {
            name,
            manifest,
            hooks,
            version,
            namespace,
            labels,
            ..
        } = release.clone();
        (name, manifest, hooks, version, namespace, labels)
    };
    assert!(fields(&read) == fields(release), "{release:?}\n{read:?}");
    let again = encode_release(&read, form).expect("memory takes all");
    assert_eq!(again, text);
}
