//! Fights over objects: how the correction of drift is slowed down where somebody else keeps making
//! it, and which objects are fought over.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;
use windlass_api::duration;
use windlass_health::ObjectId;
use windlass_runtime::queue::Trigger as _;

use crate::trigger::Trigger;

/// So many corrections in a row make a fight.
const FIGHT: u32 = 3;
/// How many objects a message names.
pub(crate) const NAMED: usize = 20;

/// What is remembered of the drift of one Kustomization. Each correction that follows the last
/// within a minute doubles the pause before the next, up to two seconds at first: a person who
/// edits again and again is corrected promptly each time. After many in a row it is no person.
#[derive(Default)]
pub(crate) struct Drift {
    last: Option<Instant>,
    /// How many corrections there were in a row.
    row: u32,
    pause: Duration,
    postponed: Option<Postponed>,
    corrected: BTreeMap<ObjectId, Corrections>,
}

/// A correction that waits for its pause to end.
struct Postponed {
    /// When a run is due anyway; that one corrects whatever there is.
    due: Option<Instant>,
}

struct Corrections {
    number: u32,
    last: Instant,
}

impl Drift {
    const CALM: Duration = Duration::from_mins(1);
    const SHORTEST: Duration = Duration::from_millis(250);
    const PROMPT: Duration = Duration::from_secs(2);
    /// So many corrections in a row are prompt.
    const PATIENCE: u32 = 60;
    const LONGEST: Duration = Duration::from_mins(5);

    /// What a run is asked for by, a postponed correction included; without one the next run is due
    /// in `until_due`.
    ///
    /// # Errors
    /// How long a run that only drift asks for has to wait.
    pub(crate) fn admit(
        &mut self,
        mut trigger: Trigger,
        until_due: Option<Duration>,
    ) -> Result<Trigger, Duration> {
        let now = Instant::now();
        let due = match self.postponed.take() {
            Some(Postponed { due: Some(due) }) if trigger.is_timer() && due <= now => {
                return Ok(trigger);
            }
            Some(postponed) => {
                trigger.merge(Trigger::DRIFT);
                postponed.due
            }
            None => until_due.map(|left| now + left),
        };
        if trigger != Trigger::DRIFT {
            return Ok(trigger);
        }
        let since = self
            .last
            .map_or(Duration::MAX, |last| now.duration_since(last));
        if since > self.calm() {
            self.pause = Duration::ZERO;
            self.row = 0;
        }
        if since < self.pause {
            self.postponed = Some(Postponed { due });
            let left = self.pause.saturating_sub(since);
            return Err(due.map_or(left, |due| left.min(due.saturating_duration_since(now))));
        }
        self.last = Some(now);
        self.row = self.row.saturating_add(1);
        let longest = if self.row < Self::PATIENCE {
            Self::PROMPT
        } else {
            Self::LONGEST
        };
        self.pause = (self.pause * 2).clamp(Self::SHORTEST, longest);
        Ok(trigger)
    }

    /// Takes note of objects that a run which drift asked for had to correct.
    pub(crate) fn corrected(&mut self, objects: impl Iterator<Item = ObjectId>) {
        let now = Instant::now();
        self.forget_old(now);
        for id in objects {
            let corrections = self.corrected.entry(id).or_insert(Corrections {
                number: 0,
                last: now,
            });
            corrections.number += 1;
            corrections.last = now;
        }
    }

    /// What to say of the objects that are fought over, if any.
    pub(crate) fn fight(&mut self) -> Option<String> {
        self.forget_old(Instant::now());
        let fought = self.corrected.iter().filter(|(_, c)| c.number >= FIGHT);
        let mut names: Vec<String> = fought.map(|(id, _)| id.to_string()).collect();
        if names.is_empty() {
            return None;
        }
        if names.len() > NAMED {
            let more = names.split_off(NAMED).len();
            names.push(format!("and {more} more"));
        }
        Some(format!(
            "somebody else keeps changing what was applied, corrections are {} apart by now; \
             the annotation windlass.dev/drift: interval leaves an object alone until the interval: {}",
            duration::format(self.pause),
            names.join(", ")
        ))
    }

    /// When what [`Drift::fight`] just said will be over, unless there is another correction.
    pub(crate) fn peace(&self) -> Option<Duration> {
        let fought = self.corrected.values().filter(|c| c.number >= FIGHT);
        let last = fought.map(|c| c.last).max()?;
        let over = last + self.calm() + Duration::from_secs(1);
        Some(over.saturating_duration_since(Instant::now()))
    }

    /// After so much time without a correction there is peace.
    fn calm(&self) -> Duration {
        Self::CALM.max(self.pause * 2)
    }

    fn forget_old(&mut self, now: Instant) {
        let calm = self.calm();
        self.corrected
            .retain(|_, c| now.duration_since(c.last) <= calm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ObjectId {
        ObjectId::new("", "v1", "ConfigMap", "ns", name)
    }

    #[tokio::test(start_paused = true)]
    async fn fights_are_slowed_down_and_forgotten() {
        let mut drift = Drift::default();
        assert_eq!(drift.admit(Trigger::DRIFT, None), Ok(Trigger::DRIFT));
        let mut pauses = Vec::new();
        for _ in 0..70 {
            let delay = drift
                .admit(Trigger::DRIFT, None)
                .expect_err("the pause has begun");
            pauses.push(delay);
            tokio::time::advance(delay).await;
            // The timer brings the correction that was postponed.
            assert_eq!(drift.admit(Trigger::default(), None), Ok(Trigger::DRIFT));
        }
        assert!(pauses[..50].iter().all(|pause| *pause <= Drift::PROMPT));
        assert_eq!(pauses.last(), Some(&Drift::LONGEST));
        assert_eq!(drift.admit(Trigger::OBJECT, None), Ok(Trigger::OBJECT));
        tokio::time::advance(Duration::from_secs(700)).await;
        assert_eq!(
            drift.admit(Trigger::default(), None),
            Ok(Trigger::default())
        );
        assert_eq!(drift.admit(Trigger::DRIFT, None), Ok(Trigger::DRIFT));
        assert!(
            drift
                .admit(Trigger::DRIFT, None)
                .is_err_and(|d| d < Duration::from_secs(1))
        );
        let mut both = Trigger::OBJECT;
        both.merge(Trigger::DRIFT);
        assert_eq!(drift.admit(Trigger::OBJECT, None), Ok(both));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_anyway_is_not_put_off() {
        let mut drift = Drift::default();
        let soon = Duration::from_millis(100);
        assert_eq!(drift.admit(Trigger::DRIFT, None), Ok(Trigger::DRIFT));
        assert_eq!(drift.admit(Trigger::DRIFT, Some(soon)), Err(soon));
        tokio::time::advance(soon).await;
        let timer = Trigger::default();
        assert_eq!(drift.admit(timer, None), Ok(timer));
        assert!(drift.admit(Trigger::DRIFT, None).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_that_is_corrected_again_and_again_is_named() {
        let mut drift = Drift::default();
        drift.corrected([id("a"), id("b")].into_iter());
        drift.corrected([id("a")].into_iter());
        assert_eq!(drift.fight(), None);
        drift.corrected([id("a")].into_iter());
        let said = drift.fight().expect("three in a row");
        assert!(
            said.contains("ConfigMap/ns/a") && !said.contains("ns/b"),
            "{said}"
        );
        let peace = drift.peace().expect("it will end");
        tokio::time::advance(peace).await;
        assert_eq!(drift.fight(), None);
        assert_eq!(drift.peace(), None);
    }
}
