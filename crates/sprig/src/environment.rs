//! What the functions see of the world: a clock, chance, and names of hosts if the caller allows it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::dates::{Time, Zone};

/// The world of a render. [`System`] is the real one; tests pin theirs.
pub trait Environment: Send + Sync {
    /// The current time, in the zone that templates call `Local`.
    fn now(&self) -> Time;

    /// Fills the buffer with random bytes, fit for keys. The keys of `genPrivateKey` and of
    /// certificates do not come from here but from the library that makes them.
    fn fill_random(&self, buffer: &mut [u8]);

    /// The addresses of a host, for `getHostByName`: by default none, as a template has no business in the
    /// network.
    fn lookup_host(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}

pub(crate) type Shared = Arc<dyn Environment>;

/// The clock of the system in UTC, its random numbers, and no network.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Environment for System {
    fn now(&self) -> Time {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Time::from_unix(seconds, now.subsec_nanos(), Zone::Utc)
    }

    #[expect(
        clippy::expect_used,
        reason = "a system without random numbers cannot make keys, and must not go on with weak ones"
    )]
    fn fill_random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the system has random numbers");
    }
}
