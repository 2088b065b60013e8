//! AES-256 in CBC mode under a key that is the password itself, padded with zeros.

use aes::Aes256;
use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use windlass_gotemplate::{Failure, Functions, Type, Value};

use crate::encoding::{base64, from_base64};
use crate::environment::{Environment, Shared};

const BLOCK: usize = 16;

pub(super) fn register(functions: &mut Functions, environment: &Shared) {
    let environment = environment.clone();
    functions.add(
        "encryptAES",
        &[Type::String, Type::String],
        move |scope, args| {
            scope.charge(args.bytes(1).len().saturating_mul(2))?;
            Ok(Value::string(encrypt(
                environment.as_ref(),
                args.bytes(0),
                args.bytes(1),
            )?))
        },
    );
    functions.add(
        "decryptAES",
        &[Type::String, Type::String],
        |scope, args| {
            scope.charge(args.bytes(1).len())?;
            Ok(Value::string(decrypt(args.bytes(0), args.bytes(1))?))
        },
    );
}

fn key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    key
}

fn encrypt(environment: &dyn Environment, password: &[u8], text: &[u8]) -> Result<String, Failure> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let mut out = vec![0; BLOCK];
    environment.fill_random(&mut out);
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&key(password), &out)
        .map_err(|error| Failure::new(error.to_string()))?;
    out.extend(cipher.encrypt_padded_vec::<Pkcs7>(text));
    Ok(base64(&out))
}

fn decrypt(password: &[u8], text: &[u8]) -> Result<Vec<u8>, Failure> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = from_base64(text)?;
    let Some((iv, blocks)) = bytes.split_at_checked(BLOCK) else {
        let capacity = text.len() / 4 * 3;
        let length = bytes.len();
        return Err(Failure::new(if capacity < BLOCK {
            format!("runtime error: slice bounds out of range [:16] with capacity {capacity}")
        } else {
            format!("runtime error: slice bounds out of range [16:{length}]")
        }));
    };
    if blocks.len() % BLOCK != 0 {
        return Err(Failure::new("crypto/cipher: input not full blocks"));
    }
    if blocks.is_empty() {
        return Err(Failure::new("runtime error: index out of range [-1]"));
    }
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&key(password), iv)
        .map_err(|error| Failure::new(error.to_string()))?;
    let mut text = cipher
        .decrypt_padded_vec::<NoPadding>(blocks)
        .map_err(|error| Failure::new(error.to_string()))?;
    // The last byte says how many to drop; whether the others agree is not looked at.
    let padding = usize::from(text.last().copied().unwrap_or(0));
    if let Some(length) = text.len().checked_sub(padding) {
        text.truncate(length);
        Ok(text)
    } else {
        let below = padding - text.len();
        Err(Failure::new(format!(
            "runtime error: slice bounds out of range [:-{below}]"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::System;

    #[test]
    fn what_is_encrypted_is_decrypted() {
        for text in ["x", "0123456789abcdef", "a longer text than one block"] {
            let secret = encrypt(&System, b"password", text.as_bytes()).unwrap();
            let plain = decrypt(b"password", secret.as_bytes()).unwrap();
            assert_eq!(plain, text.as_bytes());
        }
    }

    #[test]
    fn what_cannot_be_decrypted_is_an_error() {
        let error = |text: &str| decrypt(b"k", text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error("@"), "illegal base64 data at input byte 0");
        assert_eq!(
            error("aGVsbG8="),
            "runtime error: slice bounds out of range [:16] with capacity 6"
        );
        assert_eq!(
            error("MDEyMzQ1Njc4OWFiY2RlZmc="),
            "crypto/cipher: input not full blocks"
        );
    }
}
