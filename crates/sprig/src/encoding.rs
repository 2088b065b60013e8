//! Base64 and Base32 as Go's packages read them: line ends are skipped, errors name the first bad byte.

use data_encoding::{BASE32, BASE64};
use windlass_gotemplate::{Functions, Type, Value};

pub(crate) fn register(functions: &mut Functions) {
    functions.add("b64enc", &[Type::String], |_, args| {
        Ok(Value::string(base64(args.bytes(0))))
    });
    functions.add("b64dec", &[Type::String], |_, args| {
        // The text of an error is the result.
        Ok(from_base64(args.bytes(0)).map_or_else(Value::string, Value::string))
    });
    functions.add("b32enc", &[Type::String], |_, args| {
        Ok(Value::string(BASE32.encode(args.bytes(0))))
    });
    functions.add("b32dec", &[Type::String], |_, args| {
        Ok(from_base32(args.bytes(0)).map_or_else(Value::string, Value::string))
    });
}

/// In Base64, with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Out of Base64, with padding; bits left over may be anything.
///
/// # Errors
///
/// Go's `illegal base64 data at input byte N`.
pub(crate) fn from_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    decode_base64(text).map_err(|at| format!("illegal base64 data at input byte {at}"))
}

fn decode_base64(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let mut rest = text
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, c)| !is_line_end(*c));
    loop {
        let mut group = [0; 4];
        let mut length = 0;
        let mut padding = None;
        while length < 4 {
            let Some((at, c)) = rest.next() else {
                // The position counts back over the characters of the group, line ends or not.
                return if length == 0 {
                    Ok(out)
                } else {
                    Err(text.len() - length)
                };
            };
            match index64(c) {
                Some(index) => group[length] = index,
                None if c == b'=' && length >= 2 => {
                    padding = Some(at);
                    break;
                }
                None => return Err(at),
            }
            length += 1;
        }
        if let Some(at) = padding {
            if length == 2 {
                match rest.next() {
                    None => return Err(text.len()),
                    Some((_, b'=')) => {}
                    Some((second, _)) => return Err(second.max(at + 1) - 1),
                }
            }
            if let Some((garbage, _)) = rest.next() {
                return Err(garbage);
            }
        }
        let bits = group
            .iter()
            .fold(0_u32, |bits, index| bits << 6 | u32::from(*index));
        out.extend_from_slice(&bits.to_be_bytes()[1..length]);
        if padding.is_some() {
            return Ok(out);
        }
    }
}

fn is_line_end(c: u8) -> bool {
    c == b'\n' || c == b'\r'
}

fn index64(c: u8) -> Option<u8> {
    Some(match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Out of Base32, with padding. Positions in errors do not count line ends.
fn from_base32(text: &[u8]) -> Result<Vec<u8>, String> {
    let text: Vec<u8> = text.iter().copied().filter(|c| !is_line_end(*c)).collect();
    decode_base32(&text).map_err(|at| format!("illegal base32 data at input byte {at}"))
}

fn decode_base32(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 8 * 5 + 5);
    let mut at = 0;
    let mut padded = false;
    while at < text.len() && !padded {
        let mut bits = 0_u64;
        let mut length = 0;
        while length < 8 {
            let Some(c) = text.get(at) else {
                return Err(text.len() - length);
            };
            at += 1;
            let rest = &text[at..];
            if *c == b'=' && length >= 2 && rest.len() < 8 {
                let wanted = 7 - length;
                if rest.len() < wanted {
                    return Err(text.len());
                }
                if let Some(wrong) = rest[..wanted].iter().position(|c| *c != b'=') {
                    return Err(at + wrong - 1);
                }
                if matches!(length, 3 | 6) {
                    return Err(at - 1);
                }
                padded = true;
                break;
            }
            let index = match c {
                b'A'..=b'Z' => c - b'A',
                b'2'..=b'7' => c - b'2' + 26,
                _ => return Err(at - 1),
            };
            bits |= u64::from(index) << (35 - 5 * length);
            length += 1;
        }
        out.extend_from_slice(&bits.to_be_bytes()[3..3 + length * 5 / 8]);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for length in 0..20_u8 {
            let bytes: Vec<u8> = (0..length).map(|n| n.wrapping_mul(77)).collect();
            assert_eq!(decode_base64(base64(&bytes).as_bytes()), Ok(bytes.clone()));
            assert_eq!(decode_base32(BASE32.encode(&bytes).as_bytes()), Ok(bytes));
        }
    }

    #[test]
    fn errors_name_the_byte() {
        for (text, at) in [("hello", 4), ("aGVsbG8=x", 8), ("a", 0), ("aG=l", 2), ("@", 0)] {
            assert_eq!(decode_base64(text.as_bytes()), Err(at), "{text}");
        }
        assert_eq!(decode_base64(b"aGVs\nbG8=").unwrap(), b"hello");
    }
}
