//! Why a Kustomization is looked at.

use windlass_runtime::queue;

/// A set of reasons; the empty set is a timer that ran out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trigger(u8);

impl Trigger {
    /// The object is new, its generation moved, or a reconcile was requested.
    pub(crate) const OBJECT: Self = Self(1);
    /// Its source published another artifact.
    pub(crate) const SOURCE: Self = Self(1 << 1);
    /// A dependency became ready.
    pub(crate) const DEPENDENCY: Self = Self(1 << 2);
    /// A watched `ConfigMap` or Secret that it reads changed.
    pub(crate) const CONFIG: Self = Self(1 << 3);
    /// An applied object was changed or deleted by somebody else.
    pub(crate) const DRIFT: Self = Self(1 << 4);
    /// The verdict over the objects it waits for moved.
    pub(crate) const HEALTH: Self = Self(1 << 5);
    /// Another Kustomization began or ceased to manage one of its objects.
    pub(crate) const RIVALS: Self = Self(1 << 6);

    /// Whether any reason of `other` is in the set.
    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing but a timer woke the object.
    pub(crate) fn is_timer(self) -> bool {
        self.0 == 0
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
        assert!(trigger.is_timer());
        trigger.merge(Trigger::SOURCE);
        trigger.merge(Trigger::DRIFT);
        assert!(trigger.has(Trigger::SOURCE) && trigger.has(Trigger::DRIFT));
        assert!(!trigger.has(Trigger::HEALTH) && !trigger.is_timer());
    }
}
