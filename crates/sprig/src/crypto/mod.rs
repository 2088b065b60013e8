//! Digests, passwords, keys and certificates.

mod certificate;
mod cipher;
mod digest;
mod key;
mod parse;
mod password;

use windlass_gotemplate::Functions;

use crate::environment::Shared;

pub(crate) fn register(functions: &mut Functions, environment: &Shared) {
    digest::register(functions);
    cipher::register(functions, environment);
    password::register(functions, environment);
    key::register(functions);
    certificate::register(functions, environment);
}
