//! The condition list of an object, in the order and form the API shows it.

use std::cmp::Reverse;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;
use windlass_api::meta::condition::{READY, RECONCILING, STALLED};

/// Longest message the API takes, in bytes.
const LONGEST_MESSAGE: usize = 32768;

/// The three values of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `True`
    True,
    /// `False`
    False,
    /// `Unknown`
    Unknown,
}

impl Status {
    /// As the API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// A condition list, always in the order it is stored: Stalled, Reconciling, Ready, then the rest
/// by observed generation (newest first) and type (Flux: kustomize-controller spec §1.3).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// Takes over the conditions of an object.
    pub fn new(conditions: Vec<Condition>) -> Self {
        let mut conditions = Self(conditions);
        conditions.sort();
        conditions
    }

    /// Sets one condition, observed at `generation`. `lastTransitionTime` moves to now when status,
    /// reason or message changes; a message beyond the API's limit is cut and ends in `...`.
    pub fn set(
        &mut self,
        type_: &str,
        status: Status,
        reason: &str,
        message: impl Into<String>,
        generation: Option<i64>,
    ) {
        let mut new = Condition {
            type_: type_.to_owned(),
            status: status.as_str().to_owned(),
            reason: reason.to_owned(),
            message: trimmed(message.into()),
            observed_generation: generation,
            last_transition_time: now(),
        };
        match self.0.iter_mut().find(|c| c.type_ == type_) {
            Some(old) => {
                let same = old.status == new.status
                    && old.reason == new.reason
                    && old.message == new.message;
                if same {
                    new.last_transition_time = old.last_transition_time.clone();
                }
                *old = new;
            }
            None => self.0.push(new),
        }
        self.sort();
    }

    /// The condition of that type.
    pub fn get(&self, type_: &str) -> Option<&Condition> {
        self.0.iter().find(|c| c.type_ == type_)
    }

    /// Drops the condition of that type.
    pub fn remove(&mut self, type_: &str) {
        self.0.retain(|c| c.type_ != type_);
    }

    /// Whether the condition is there and `True`.
    pub fn is_true(&self, type_: &str) -> bool {
        self.is(type_, Status::True)
    }

    /// Whether the condition is there with this status.
    pub fn is(&self, type_: &str, status: Status) -> bool {
        self.get(type_).is_some_and(|c| c.status == status.as_str())
    }

    /// Whether the object is ready as its readers take it: Ready is `True`, and neither Reconciling
    /// nor Stalled is.
    pub fn is_ready(&self) -> bool {
        self.is_true(READY) && !self.is_true(RECONCILING) && !self.is_true(STALLED)
    }

    /// `Reconciling` True with this reason; `Stalled` goes.
    pub fn mark_reconciling(
        &mut self,
        reason: &str,
        message: impl Into<String>,
        generation: Option<i64>,
    ) {
        self.remove(STALLED);
        self.set(RECONCILING, Status::True, reason, message, generation);
    }

    /// `Stalled` True with this reason; `Reconciling` goes.
    pub fn mark_stalled(
        &mut self,
        reason: &str,
        message: impl Into<String>,
        generation: Option<i64>,
    ) {
        self.remove(RECONCILING);
        self.set(STALLED, Status::True, reason, message, generation);
    }

    /// The list, for the object's status.
    pub fn as_slice(&self) -> &[Condition] {
        &self.0
    }

    /// The list, for the object's status.
    pub fn into_vec(self) -> Vec<Condition> {
        self.0
    }

    fn sort(&mut self) {
        self.0.sort_by(|a, b| order(a).cmp(&order(b)));
    }
}

impl From<Option<Vec<Condition>>> for Conditions {
    fn from(conditions: Option<Vec<Condition>>) -> Self {
        Self::new(conditions.unwrap_or_default())
    }
}

fn order(condition: &Condition) -> (u8, Reverse<i64>, &str) {
    let rank = match condition.type_.as_str() {
        STALLED => 0,
        RECONCILING => 1,
        READY => 2,
        _ => 3,
    };
    let generation = if rank == 3 {
        condition.observed_generation.unwrap_or_default()
    } else {
        0
    };
    (rank, Reverse(generation), &condition.type_)
}

/// Now, in the whole seconds the API keeps.
fn now() -> Time {
    let now = Timestamp::now();
    Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
}

fn trimmed(mut message: String) -> String {
    const MARK: &str = "...";
    if message.len() > LONGEST_MESSAGE {
        let mut end = LONGEST_MESSAGE - MARK.len();
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        message.truncate(end);
        message.push_str(MARK);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(conditions: &Conditions) -> Vec<&str> {
        conditions
            .as_slice()
            .iter()
            .map(|c| c.type_.as_str())
            .collect()
    }

    fn age(conditions: &mut Conditions, type_: &str) -> Time {
        let old = Time(Timestamp::from_second(1_000_000).unwrap());
        let mut list = std::mem::take(&mut conditions.0);
        for c in &mut list {
            if c.type_ == type_ {
                c.last_transition_time = old.clone();
            }
        }
        conditions.0 = list;
        old
    }

    #[test]
    fn stored_order_is_the_contracts() {
        let mut conditions = Conditions::default();
        conditions.set("Zeta", Status::True, "R", "", Some(3));
        conditions.set("Alpha", Status::True, "R", "", Some(2));
        conditions.set("Beta", Status::True, "R", "", Some(3));
        conditions.set(READY, Status::True, "R", "", Some(1));
        conditions.set(RECONCILING, Status::True, "R", "", Some(1));
        assert_eq!(
            types(&conditions),
            ["Reconciling", "Ready", "Beta", "Zeta", "Alpha"]
        );
        conditions.mark_stalled("R", "", Some(3));
        assert_eq!(
            types(&conditions),
            ["Stalled", "Ready", "Beta", "Zeta", "Alpha"]
        );
        conditions.mark_reconciling("R", "", Some(3));
        assert_eq!(types(&conditions)[0], "Reconciling");
        assert!(conditions.get(STALLED).is_none());
    }

    #[test]
    fn transition_time_moves_with_status_reason_and_message_only() {
        let mut conditions = Conditions::default();
        conditions.set(READY, Status::True, "Done", "one", Some(1));
        let old = age(&mut conditions, READY);
        conditions.set(READY, Status::True, "Done", "one", Some(2));
        let ready = conditions.get(READY).unwrap();
        assert_eq!(ready.last_transition_time, old);
        assert_eq!(ready.observed_generation, Some(2));
        for (status, reason, message) in [
            (Status::False, "Done", "one"),
            (Status::False, "Other", "one"),
            (Status::False, "Other", "two"),
        ] {
            let old = age(&mut conditions, READY);
            conditions.set(READY, status, reason, message, Some(2));
            assert_ne!(conditions.get(READY).unwrap().last_transition_time, old);
        }
    }

    #[test]
    fn readiness_needs_all_three() {
        let mut conditions = Conditions::default();
        assert!(!conditions.is_ready());
        conditions.set(READY, Status::True, "R", "", None);
        assert!(conditions.is_ready());
        conditions.mark_reconciling("R", "", None);
        assert!(!conditions.is_ready());
        conditions.mark_stalled("R", "", None);
        assert!(!conditions.is_ready());
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let mut conditions = Conditions::default();
        conditions.set(READY, Status::False, "R", "ü".repeat(20_000), None);
        let message = &conditions.get(READY).unwrap().message;
        assert!(message.len() <= LONGEST_MESSAGE && message.len() > LONGEST_MESSAGE - 3);
        assert!(message.ends_with("ü..."));
    }
}
