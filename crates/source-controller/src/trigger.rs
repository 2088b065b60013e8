//! Why a source is looked at.

use windlass_runtime::queue;

/// A set of reasons; the empty set is a timer that ran out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trigger(u8);

impl Trigger {
    /// The object is new, its generation moved, or a reconcile was requested.
    pub(crate) const OBJECT: Self = Self(1);
    /// A source that it includes published another artifact.
    pub(crate) const INCLUDE: Self = Self(1 << 1);

    /// Whether any reason of `other` is in the set.
    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl queue::Trigger for Trigger {
    fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use windlass_runtime::queue::Trigger as _;

    use super::*;

    #[test]
    fn reasons_add_up() {
        let mut trigger = Trigger::default();
        assert!(!trigger.has(Trigger::OBJECT) && !trigger.has(Trigger::INCLUDE));
        trigger.merge(Trigger::INCLUDE);
        assert!(!trigger.has(Trigger::OBJECT));
        trigger.merge(Trigger::OBJECT);
        assert!(trigger.has(Trigger::OBJECT) && trigger.has(Trigger::INCLUDE));
    }
}
