//! Drafts of JSON schema.

use serde_json::Value as Json;

/// A draft, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Draft {
    D4,
    D6,
    D7,
    D2019,
    D2020,
}

impl Draft {
    /// The draft a schema says it is written in; the newest if it does not.
    pub(super) fn of(schema: &Json) -> Self {
        let name = schema["$schema"].as_str().unwrap_or_default();
        [
            ("draft-04", Self::D4),
            ("draft-06", Self::D6),
            ("draft-07", Self::D7),
            ("2019-09", Self::D2019),
        ]
        .into_iter()
        .find(|(part, _)| name.contains(part))
        .map_or(Self::D2020, |(_, draft)| draft)
    }
}
