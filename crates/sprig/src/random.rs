//! Chance: numbers, letters, identifiers.

use windlass_gotemplate::{Failure, Functions, Scope, Type, Value};

use crate::encoding;
use crate::environment::{Environment, Shared};

/// A number below `limit`, all equally likely.
pub(crate) fn below(environment: &dyn Environment, limit: u64) -> u64 {
    // The numbers above the last multiple of the limit would favour the small ones.
    let fair = u64::MAX - u64::MAX % limit.max(1);
    loop {
        let mut bytes = [0; 8];
        environment.fill_random(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < fair {
            return number % limit.max(1);
        }
    }
}

const ALPHA: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NUMERIC: &[u8] = b"0123456789";

pub(crate) fn register(functions: &mut Functions, environment: &Shared) {
    let ascii: Vec<u8> = (b' '..=b'~').collect();
    let texts = [
        ("randAlpha", ALPHA.to_vec()),
        ("randNumeric", NUMERIC.to_vec()),
        ("randAlphaNum", [ALPHA, NUMERIC].concat()),
        ("randAscii", ascii),
    ];
    for (name, alphabet) in texts {
        let environment = environment.clone();
        functions.add(name, &[Type::INT], move |scope, args| {
            // Less than nothing is nothing.
            let count = usize::try_from(args.int(0)).unwrap_or(0);
            scope.charge(count)?;
            Ok(Value::string(letters(environment.as_ref(), &alphabet, count)))
        });
    }
    let chance = environment.clone();
    functions.add("randBytes", &[Type::INT], move |scope, args| {
        bytes(scope, chance.as_ref(), args.int(0))
    });
    let chance = environment.clone();
    functions.add("shuffle", &[Type::String], move |_, args| {
        let mut runes: Vec<char> = args.text(0).to_str().chars().collect();
        for at in (1..runes.len()).rev() {
            let limit = u64::try_from(at + 1).unwrap_or(u64::MAX);
            let other = usize::try_from(below(chance.as_ref(), limit)).unwrap_or(0);
            runes.swap(at, other);
        }
        Ok(Value::string(runes.into_iter().collect::<String>()))
    });
    let chance = environment.clone();
    functions.add("uuidv4", &[], move |_, _| {
        let mut bytes = [0; 16];
        chance.fill_random(&mut bytes);
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        Ok(Value::string(id.to_string()))
    });
}

/// Random characters of an alphabet.
fn letters(environment: &dyn Environment, alphabet: &[u8], count: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(count);
    let fair = 256 - 256 % alphabet.len();
    let mut buffer = [0; 64];
    while out.len() < count {
        environment.fill_random(&mut buffer);
        let fitting = buffer.iter().map(|byte| usize::from(*byte));
        let letters = fitting
            .filter(|byte| *byte < fair)
            .map(|byte| alphabet[byte % alphabet.len()]);
        out.extend(letters.take(count - out.len()));
    }
    out
}

fn bytes(
    scope: &mut Scope<'_>,
    environment: &dyn Environment,
    count: i64,
) -> Result<Value, Failure> {
    let Ok(count) = usize::try_from(count) else {
        return Err(Failure::new("runtime error: makeslice: len out of range"));
    };
    scope.charge(count.saturating_mul(2))?;
    let mut buffer = vec![0; count];
    environment.fill_random(&mut buffer);
    Ok(Value::string(encoding::base64(&buffer)))
}
