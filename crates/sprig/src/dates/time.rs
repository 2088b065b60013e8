//! Go's `time.Time`: a moment, and the zone it is shown in.

use std::cmp::Ordering;

use super::calendar;
use super::duration::Duration;
use super::zone::Zone;

/// Seconds from 1970-01-01 to the zero time, 0001-01-01 UTC.
const ZERO: i64 = -62_135_596_800;

/// A moment with the zone it is shown in.
#[derive(Debug, Clone)]
pub struct Time {
    /// Since 1970-01-01 UTC.
    pub(crate) seconds: i64,
    pub(crate) nanos: u32,
    pub(crate) zone: Zone,
}

/// A date and a time of day as clocks show them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Civil {
    pub(crate) days: i64,
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Time {
    /// The zero time: the first moment of year 1, UTC.
    pub const ZERO: Time = Time {
        seconds: ZERO,
        nanos: 0,
        zone: Zone::Utc,
    };

    /// The moment `seconds` and `nanos` after 1970-01-01 UTC, shown in `zone`.
    pub fn from_unix(seconds: i64, nanos: u32, zone: Zone) -> Time {
        Time {
            seconds: seconds.wrapping_add(i64::from(nanos / 1_000_000_000)),
            nanos: nanos % 1_000_000_000,
            zone,
        }
    }

    /// The moment at which clocks in `zone` show a date and time; parts out of range carry over.
    pub(crate) fn from_civil(date: [i64; 3], clock: [i64; 3], nanos: u32, zone: Zone) -> Time {
        let [year, month, day] = date;
        let [hour, minute, second] = clock;
        let days = calendar::days_from_civil(year, month, day);
        let shown = days
            .wrapping_mul(86_400)
            .wrapping_add(hour * 3600 + minute * 60 + second);
        let seconds = zone.moment(shown);
        Time::from_unix(seconds, nanos, zone)
    }

    /// Seconds since 1970-01-01 UTC.
    pub fn unix(&self) -> i64 {
        self.seconds
    }

    /// The same moment shown elsewhere.
    #[must_use]
    pub fn in_zone(&self, zone: Zone) -> Time {
        Time {
            zone,
            ..self.clone()
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.seconds == ZERO && self.nanos == 0
    }

    pub(crate) fn civil(&self) -> Civil {
        let (_, offset) = self.zone.at(self.seconds);
        let shown = self.seconds.saturating_add(offset);
        let (days, clock) = (shown.div_euclid(86_400), shown.rem_euclid(86_400));
        let (year, month, day) = calendar::civil_from_days(days);
        Civil {
            days,
            year,
            month,
            day,
            hour: clock / 3600,
            minute: clock / 60 % 60,
            second: clock % 60,
        }
    }

    /// The moment `duration` later.
    #[must_use]
    pub fn add(&self, duration: Duration) -> Time {
        let nanos = i64::from(self.nanos) + duration.0 % 1_000_000_000;
        let carry = nanos.div_euclid(1_000_000_000);
        Time {
            seconds: self
                .seconds
                .wrapping_add(duration.0 / 1_000_000_000)
                .wrapping_add(carry),
            nanos: u32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0),
            zone: self.zone.clone(),
        }
    }

    /// The date moved by years, months and days; days that do not exist carry over.
    #[must_use]
    pub(crate) fn add_date(&self, years: i64, months: i64, days: i64) -> Time {
        /// More moves beyond what 64 bits of seconds can count.
        const FAR: i64 = 100_000_000_000;
        let civil = self.civil();
        let far = |n: i64| n.clamp(-FAR, FAR);
        Time::from_civil(
            [
                civil.year + far(years),
                civil.month + far(months),
                civil.day + far(days),
            ],
            [civil.hour, civil.minute, civil.second],
            self.nanos,
            self.zone.clone(),
        )
    }

    /// How long after `other` this is; what does not fit becomes the longest duration.
    pub fn since(&self, other: &Time) -> Duration {
        let seconds = i128::from(self.seconds) - i128::from(other.seconds);
        let nanos = seconds * 1_000_000_000 + i128::from(self.nanos) - i128::from(other.nanos);
        let clamped = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Duration(i64::try_from(clamped).unwrap_or(i64::MAX))
    }

    /// To a multiple of `step` since the zero time, down or (`up`) to the nearest.
    #[must_use]
    pub(crate) fn to_multiple(&self, step: Duration, nearest: bool) -> Time {
        if step.0 <= 0 {
            return self.clone();
        }
        let since_zero = (i128::from(self.seconds) - i128::from(ZERO)) * 1_000_000_000
            + i128::from(self.nanos);
        let step = i128::from(step.0);
        let remainder = since_zero.rem_euclid(step);
        let move_by = if nearest && remainder * 2 >= step {
            step - remainder
        } else {
            -remainder
        };
        self.add(Duration(i64::try_from(move_by).unwrap_or(0)))
    }

    /// Which moment is earlier.
    pub(crate) fn order(&self, other: &Time) -> Ordering {
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}
