//! `lookup`: objects of the cluster.

use windlass_gotemplate::{Args, Failure, Map, Outcome, Scope, Value};

use super::Host;
use crate::objects::template_value;
use crate::values::Value as Plain;

/// Where `lookup` finds objects.
pub trait Lookup {
    /// The object of the name, or the list of all objects where `name` is empty; an empty table
    /// where there is none.
    ///
    /// # Errors
    /// Whatever else keeps it from answering; rendering ends with it.
    fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<serde_json::Value, String>;
}

pub(super) fn lookup(scope: &mut Scope<'_>, args: Args<'_>) -> Outcome {
    let Some(lookup) = scope.host::<Host>().and_then(|host| host.lookup.as_ref()) else {
        return Ok(Map::new().into());
    };
    let [api_version, kind, namespace, name] =
        [0, 1, 2, 3].map(|index| args.text(index).to_str().into_owned());
    let found = lookup
        .lookup(&api_version, &kind, &namespace, &name)
        .map_err(Failure::new)?;
    match template_value(&Plain::from_json(&found)) {
        Value::Map(map) => Ok(map.into()),
        _ => Ok(Map::new().into()),
    }
}
