//! Schemas that cannot be derived from a field's type alone.

use schemars::{Schema, SchemaGenerator, json_schema};

/// `metav1.Condition[]` with the limits the API conventions put on its fields.
pub(crate) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "description": "Conditions of the object.",
        "items": {
            "type": "object",
            "description": "One aspect of the current state of the object.",
            "required": ["lastTransitionTime", "message", "reason", "status", "type"],
            "properties": {
                "lastTransitionTime": {
                    "type": "string", "format": "date-time",
                    "description": "When the condition last changed.",
                },
                "message": {
                    "type": "string", "maxLength": 32768,
                    "description": "What happened, for people; may be empty.",
                },
                "observedGeneration": {
                    "type": "integer", "format": "int64", "minimum": 0,
                    "description": "The generation of the object that the condition speaks of.",
                },
                "reason": {
                    "type": "string", "maxLength": 1024, "minLength": 1,
                    "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                    "description": "Why the condition is so, as one word for programs.",
                },
                "status": {
                    "type": "string", "enum": ["True", "False", "Unknown"],
                    "description": "Whether the condition holds.",
                },
                "type": {
                    "type": "string", "maxLength": 316,
                    "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
                    "description": "Type of the condition.",
                },
            },
        },
    })
}

/// A timestamp.
pub(crate) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

/// A duration without hours, as the timeouts of sources are limited to.
pub(crate) fn timeout(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m))+$", "default": "60s"})
}

/// The mode of signature verification.
pub(crate) fn verification_mode(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": ["head", "HEAD", "Tag", "TagAndHEAD"], "default": "HEAD"})
}
