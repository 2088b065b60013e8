//! `toToml` and its kin.

mod decode;
mod encode;

use windlass_gotemplate::{Args, Failure, Map, Outcome, Scope};

pub(super) fn to_toml(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    match encode::encode(scope, args.value(0)) {
        Ok(text) => Ok(text.into()),
        Err(encode::Fault::Error(problem)) => Ok(problem.into()),
        Err(encode::Fault::Panic(failure)) => Err(failure),
    }
}

pub(super) fn must_to_toml(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    match encode::encode(scope, args.value(0)) {
        Ok(text) => Ok(text.into()),
        Err(encode::Fault::Error(problem)) => Err(Failure::new(problem)),
        Err(encode::Fault::Panic(failure)) => Err(failure),
    }
}

pub(super) fn from_toml(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let text = args.text(0);
    scope.charge(text.len())?;
    Ok(match decode::decode(&text.to_str()) {
        Ok(map) => map.into(),
        Err(problem) => {
            let map = Map::new();
            map.insert("Error", problem);
            map.into()
        }
    })
}
