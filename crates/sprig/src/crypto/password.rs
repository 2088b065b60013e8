//! Passwords: hashed, and derived from a master password.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use windlass_gotemplate::{Args, Failure, Functions, Scope, Type, UintKind, Value};

use crate::environment::{Environment, Shared};

/// What deriving or hashing one password costs of the steps of an execution: some 50 ms.
const STEPS: u64 = 250_000;
const COST: u32 = 10;
const MAX_BYTES: usize = 72;

pub(super) fn register(functions: &mut Functions, environment: &Shared) {
    let random = environment.clone();
    functions.add("bcrypt", &[Type::String], move |scope, args| {
        scope.charge_steps(STEPS)?;
        Ok(Value::string(hash(random.as_ref(), args.bytes(0))))
    });
    let random = environment.clone();
    functions.add("htpasswd", &[Type::String, Type::String], move |scope, args| {
        let user = args.bytes(0);
        if user.contains(&b':') {
            return Ok(Value::string([b"invalid username: ", user].concat()));
        }
        scope.charge_steps(STEPS)?;
        let hash = hash(random.as_ref(), args.bytes(1));
        Ok(Value::string([user, b":", hash.as_bytes()].concat()))
    });
    functions.add(
        "derivePassword",
        &[
            Type::Uint(UintKind::Uint32),
            Type::String,
            Type::String,
            Type::String,
            Type::String,
        ],
        derive,
    );
}

/// The bcrypt hash, or what is wrong.
fn hash(environment: &dyn Environment, password: &[u8]) -> String {
    const FAILED: &str = "failed to encrypt string with bcrypt";
    if password.len() > MAX_BYTES {
        return format!("{FAILED}: bcrypt: password length exceeds {MAX_BYTES} bytes");
    }
    let mut salt = [0; 16];
    environment.fill_random(&mut salt);
    match bcrypt::hash_with_salt(password, COST, salt) {
        Ok(parts) => parts.format_for_version(bcrypt::Version::TwoA),
        Err(error) => format!("{FAILED}: {error}"),
    }
}

/// The algorithm of masterpassword.app: a key from name and master password, a seed for the site, and a
/// template that the seed picks characters for.
fn derive(scope: &mut Scope<'_>, args: Args<'_>) -> Result<Value, Failure> {
    const PURPOSE: &[u8] = b"com.lyndir.masterpassword";
    let kind = args.text(1);
    let templates = templates(&kind);
    if templates.is_empty() {
        let kind = kind.to_str();
        return Ok(Value::string(format!("cannot find password template {kind}")));
    }
    scope.charge_steps(STEPS)?;
    let (password, user, site) = (args.bytes(2), args.bytes(3), args.bytes(4));
    let length = |text: &[u8]| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let salt = [PURPOSE, &length(user), user].concat();
    let mut key = [0; 64];
    let failed = |error: String| Failure::new(format!("failed to derive password: {error}"));
    let params = scrypt::Params::new(15, 8, 2).map_err(|error| failed(error.to_string()))?;
    scrypt::scrypt(password, &salt, &params, &mut key)
        .map_err(|error| failed(error.to_string()))?;
    let counter = u32::try_from(args.uint(0)).unwrap_or(0).to_be_bytes();
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&key).map_err(|error| failed(error.to_string()))?;
    mac.update(&[PURPOSE, &length(site), site, &counter].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let password: Vec<u8> = template
        .bytes()
        .zip(&seed[1..])
        .map(|(class, number)| {
            let characters = characters(class);
            characters[usize::from(*number) % characters.len()]
        })
        .collect();
    Ok(Value::string(password))
}

fn templates(kind: &[u8]) -> &'static [&'static str] {
    match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv", "CvccCvcvCvcvno", "CvcvnoCvccCvcv", "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno", "CvcvnoCvcvCvcc", "CvcvCvcvnoCvcc", "CvcvCvcvCvccno",
            "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno", "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => &[],
    }
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}
