//! Private keys, and how Go writes them in PEM.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use aws_lc_rs::{rand, rsa};
use der::asn1::{AnyRef, UintRef};
use der::{Encode, Tag};
use getrandom::SysRng;
use pkcs8::PrivateKeyInfoRef;
use windlass_gotemplate::{Functions, Type, Value};

/// What keys cost of the steps of an execution: they take long to make.
pub(super) const RSA_2048_STEPS: u64 = 500_000;
const RSA_4096_STEPS: u64 = 2_500_000;
const DSA_STEPS: u64 = 5_000_000;
const EC_STEPS: u64 = 10_000;

pub(super) fn register(functions: &mut Functions) {
    functions.add("genPrivateKey", &[Type::String], |scope, args| {
        let kind = args.text(0);
        let (steps, generate): (_, fn() -> Result<Key, String>) = match kind.as_bytes() {
            b"" | b"rsa" => (RSA_4096_STEPS, || Key::generate_rsa(KeySize::Rsa4096)),
            b"dsa" => (DSA_STEPS, Key::generate_dsa),
            b"ecdsa" => (EC_STEPS, Key::generate_ecdsa),
            b"ed25519" => (EC_STEPS, Key::generate_ed25519),
            _ => return Ok(Value::string(format!("Unknown type {}", kind.to_str()))),
        };
        scope.charge_steps(steps)?;
        Ok(Value::string(match generate() {
            Ok(key) => key.to_pem(),
            Err(error) => format!("failed to generate private key: {error}"),
        }))
    });
}

/// A private key in the DER form that Go writes it in.
#[derive(Debug)]
pub(super) enum Key {
    /// PKCS#1
    Rsa(Vec<u8>),
    /// RFC 5915, with the curve
    Ecdsa(Vec<u8>),
    /// PKCS#8
    Ed25519(Vec<u8>),
    /// p, q, g, y, x after a version
    Dsa(Vec<u8>),
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Key {
    pub(super) fn generate_rsa(size: KeySize) -> Result<Key, String> {
        let key = rsa::KeyPair::generate(size).map_err(text)?;
        let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(text)?;
        let info = PrivateKeyInfoRef::try_from(pkcs8.as_ref()).map_err(text)?;
        Ok(Key::Rsa(info.private_key.as_bytes().to_vec()))
    }

    fn generate_ecdsa() -> Result<Key, String> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(text)?;
        Key::from_ecdsa(&key)
    }

    pub(super) fn from_ecdsa(key: &EcdsaKeyPair) -> Result<Key, String> {
        let der: EcPrivateKeyRfc5915Der<'_> = key.private_key().as_der().map_err(text)?;
        Ok(Key::Ecdsa(der.as_ref().to_vec()))
    }

    fn generate_ed25519() -> Result<Key, String> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&rand::SystemRandom::new()).map_err(text)?;
        Ok(Key::Ed25519(pkcs8.as_ref().to_vec()))
    }

    fn generate_dsa() -> Result<Key, String> {
        let size = dsa::KeySize::DSA_2048_256;
        let components = dsa::Components::try_generate_from_rng_with_key_size(&mut SysRng, size)
            .map_err(text)?;
        let key = dsa::SigningKey::try_generate_from_rng_with_components(&mut SysRng, components)
            .map_err(text)?;
        let public = key.verifying_key();
        let components = public.components();
        let mut body = UintRef::new(&[0])
            .and_then(|zero| zero.to_der())
            .map_err(text)?;
        for number in [
            components.p().to_be_bytes(),
            components.q().to_be_bytes(),
            components.g().to_be_bytes(),
            public.y().to_be_bytes(),
            key.x().to_be_bytes(),
        ] {
            body.extend(
                UintRef::new(&number)
                    .and_then(|n| n.to_der())
                    .map_err(text)?,
            );
        }
        let sequence = AnyRef::new(Tag::Sequence, &body).and_then(|any| any.to_der());
        sequence.map(Key::Dsa).map_err(text)
    }

    pub(super) fn to_pem(&self) -> String {
        match self {
            Key::Rsa(der) => pem("RSA PRIVATE KEY", der),
            Key::Ecdsa(der) => pem("EC PRIVATE KEY", der),
            Key::Ed25519(der) => pem("PRIVATE KEY", der),
            Key::Dsa(der) => pem("DSA PRIVATE KEY", der),
        }
    }
}

/// DER in PEM, with lines of 64 characters.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = crate::encoding::base64(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    out
}
