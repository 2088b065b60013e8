//! `reflect.DeepEqual`.

use super::Value;

/// The values are nested too deep, or hold too much, to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("values are too deep or too large to compare")]
pub struct TooDeep;

/// How many pairs of values one comparison may look at: shared values are met once for every
/// path that leads to them, of which there can be exponentially many.
const MAX_PAIRS: usize = 5_000_000;

/// Whether both values are equal in type and content, as `reflect.DeepEqual` has it: `1` and
/// `1.0` are not, nor are a `[]string` and a `[]interface {}` of the same strings.
///
/// # Errors
///
/// [`TooDeep`] for values of hostile size.
pub fn deep_equal(a: &Value, b: &Value) -> Result<bool, TooDeep> {
    let mut open = vec![(a.clone(), b.clone())];
    let mut pairs = 0;
    while let Some((a, b)) = open.pop() {
        pairs += 1;
        if pairs + open.len() > MAX_PAIRS {
            return Err(TooDeep);
        }
        let equal = match (&a, &b) {
            (Value::Missing | Value::Nil, Value::Missing | Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(ka, a), Value::Int(kb, b)) => ka == kb && a == b,
            (Value::Uint(ka, a), Value::Uint(kb, b)) => ka == kb && a == b,
            (Value::Float(ka, a), Value::Float(kb, b)) => ka == kb && same_float(*a, *b),
            (Value::Complex(ra, ia), Value::Complex(rb, ib)) => {
                same_float(*ra, *rb) && same_float(*ia, *ib)
            }
            (Value::String(a), Value::String(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::List(a), Value::List(b)) => {
                if a.ty() != b.ty() || a.len() != b.len() || a.is_nil() != b.is_nil() {
                    return Ok(false);
                }
                if !a.ptr_eq(b) {
                    open.extend(a.iter().cloned().zip(b.iter().cloned()));
                }
                true
            }
            (Value::Map(a), Value::Map(b)) => {
                if a.ty() != b.ty() || a.len() != b.len() || a.is_nil() != b.is_nil() {
                    return Ok(false);
                }
                a.ptr_eq(b)
                    || a.read(|a| {
                        b.read(|b| {
                            a.iter().zip(b).all(|((key_a, a), (key_b, b))| {
                                open.push((a.clone(), b.clone()));
                                key_a == key_b
                            })
                        })
                    })
            }
            (Value::Object(a), Value::Object(b)) => {
                std::rc::Rc::ptr_eq(a, b) || (a.ty() == b.ty() && a.equals(b.as_ref()))
            }
            // Functions are never equal, nor are values of different types.
            _ => false,
        };
        if !equal {
            return Ok(false);
        }
    }
    Ok(true)
}

#[expect(clippy::float_cmp, reason = "Go compares with ==")]
fn same_float(a: f64, b: f64) -> bool {
    a == b
}
