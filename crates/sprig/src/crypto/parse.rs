//! Keys and certificates out of PEM, with the complaints of the Go library.

use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, EcdsaSigningAlgorithm,
};
use pkcs8::PrivateKeyInfoRef;

use super::key::Key;
use crate::encoding::from_base64;

/// A block of PEM: its label and what is in it.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) der: Vec<u8>,
}

/// The first block of a text that has all that it takes.
pub(super) fn block(text: &str) -> Option<Block> {
    let mut rest = text;
    while let Some(start) = rest.find("-----BEGIN ") {
        let begins_line = start == 0 || rest[..start].ends_with('\n');
        let after = &rest[start + "-----BEGIN ".len()..];
        rest = after;
        if let Some(block) = body(after).filter(|_| begins_line) {
            return Some(block);
        }
    }
    None
}

fn body(text: &str) -> Option<Block> {
    let (line, body) = text.split_once('\n')?;
    let label = line.trim_end().strip_suffix("-----")?;
    let end = format!("-----END {label}-----");
    let at = body.find(&end)?;
    let body = &body[..at];
    if !body.is_empty() && !body.ends_with('\n') {
        return None;
    }
    // Headers end with an empty line.
    let content = match body.split_once("\n\n") {
        Some((headers, content)) if headers.lines().all(|line| line.contains(':')) => content,
        _ => body,
    };
    let compact: String = content.split([' ', '\t', '\r', '\n']).collect();
    Some(Block {
        label: label.to_owned(),
        der: from_base64(compact.as_bytes()).ok()?,
    })
}

/// A private key of any kind that sprig knows.
pub(super) fn private_key(text: &str) -> Result<Key, String> {
    let Block { label, der } = block(text).ok_or("no PEM data in input")?;
    if label == "PRIVATE KEY" {
        return from_pkcs8(&der).map_err(|error| format!("decoding PEM as PKCS#8: {error}"));
    }
    let Some(kind) = label.strip_suffix(" PRIVATE KEY") else {
        return Err(format!("no private key data in PEM block of type {label}"));
    };
    match kind {
        "RSA" => rsa::KeyPair::from_der(&der)
            .map(|_| Key::Rsa(der))
            .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
        "EC" => ecdsa(|curve| EcdsaKeyPair::from_private_key_der(curve, &der).ok())
            .map_err(|error| format!("parsing EC private key from PEM: {error}")),
        "DSA" => Ok(Key::Dsa(der)),
        _ => Err(format!("invalid private key type {kind}")),
    }
}

fn from_pkcs8(der: &[u8]) -> Result<Key, String> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|error| error.to_string())?;
    if rsa::KeyPair::from_pkcs8(der).is_ok() {
        return Ok(Key::Rsa(info.private_key.as_bytes().to_vec()));
    }
    if Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).is_ok() {
        return Ok(Key::Ed25519(der.to_vec()));
    }
    ecdsa(|curve| EcdsaKeyPair::from_pkcs8(curve, der).ok())
}

fn ecdsa(
    read: impl Fn(&'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>,
) -> Result<Key, String> {
    [
        &ECDSA_P256_SHA256_ASN1_SIGNING,
        &ECDSA_P384_SHA384_ASN1_SIGNING,
        &ECDSA_P521_SHA512_ASN1_SIGNING,
    ]
    .into_iter()
    .find_map(read)
    .ok_or_else(|| "x509: unknown elliptic curve".to_owned())
    .and_then(|key| Key::from_ecdsa(&key))
}
