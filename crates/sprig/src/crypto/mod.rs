//! Digests.

use windlass_gotemplate::Functions;

use crate::environment::Shared;

pub(crate) fn register(functions: &mut Functions, environment: &Shared) {
    let _ = (functions, environment);
}
