use serde_json::Value;

/// The `status.conditions` of an object.
pub(super) struct Conditions<'a>(&'a [Value]);

/// One entry of them.
#[derive(Clone, Copy)]
pub(super) struct Condition<'a>(&'a Value);

impl<'a> Conditions<'a> {
    pub(super) fn of(object: &'a Value) -> Self {
        let list = object
            .pointer("/status/conditions")
            .and_then(Value::as_array);
        Self(list.map_or(&[], Vec::as_slice))
    }

    pub(super) fn find(&self, kind: &str) -> Option<Condition<'a>> {
        self.0
            .iter()
            .map(Condition)
            .find(|condition| condition.field("type") == kind)
    }
}

impl<'a> Condition<'a> {
    fn field(self, name: &str) -> &'a str {
        self.0.get(name).and_then(Value::as_str).unwrap_or("")
    }

    /// Whether its status is `status`.
    pub(super) fn is(self, status: &str) -> bool {
        self.field("status") == status
    }

    pub(super) fn reason(self) -> &'a str {
        self.field("reason")
    }

    /// Its message, or else its reason.
    pub(super) fn message(self) -> &'a str {
        match self.field("message") {
            "" => self.reason(),
            message => message,
        }
    }
}
