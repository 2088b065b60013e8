use serde_json::Value;

use super::conditions::Conditions;
use crate::Assessment;

/// `CustomResourceDefinition`s.
pub(super) fn assess(object: &Value) -> Assessment {
    let conditions = Conditions::of(object);
    if let Some(refused) = conditions.find("NamesAccepted").filter(|c| c.is("False")) {
        return Assessment::failed(refused.message());
    }
    match conditions.find("Established") {
        Some(established) if established.is("True") => Assessment::current("established"),
        Some(refused) if refused.is("False") && refused.reason() != "Installing" => {
            Assessment::failed(refused.message())
        }
        _ => Assessment::in_progress("being installed"),
    }
}
