//! Checksums.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use windlass_gotemplate::{Functions, Type, Value};

pub(super) fn register(functions: &mut Functions) {
    let mut add = |name, function: fn(&[u8]) -> String| {
        functions.add(name, &[Type::String], move |_, args| {
            Ok(Value::string(function(args.bytes(0))))
        });
    };
    add("sha1sum", |text| hex(&Sha1::digest(text)));
    add("sha256sum", |text| hex(&Sha256::digest(text)));
    add("sha512sum", |text| hex(&Sha512::digest(text)));
    add("adler32sum", |text| adler32(text).to_string());
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn adler32(text: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (mut a, mut b) = (1_u32, 0_u32);
    // So many sums fit into 32 bits before they have to be reduced.
    for chunk in text.chunks(5552) {
        for byte in chunk {
            a += u32::from(*byte);
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
    }
    b << 16 | a
}
