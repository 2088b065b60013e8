//! `toToml` and its kin.

use windlass_gotemplate::{Args, Map, Outcome, Scope};

pub(super) fn to_toml(_: &mut Scope<'_>, _: Args<'_>) -> Outcome {
    Ok("".into())
}

pub(super) fn must_to_toml(_: &mut Scope<'_>, _: Args<'_>) -> Outcome {
    Ok("".into())
}

pub(super) fn from_toml(_: &mut Scope<'_>, _: Args<'_>) -> Outcome {
    Ok(Map::new().into())
}
