//! Time zones by their names in the IANA database, which is built in.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Where a time is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated universal time.
    Utc,
    /// An offset without rules, as a parsed text states it.
    Fixed {
        /// The abbreviation; may be empty.
        name: String,
        /// Seconds east of UTC.
        offset: i32,
    },
    /// A place with its rules.
    Named(TimeZone),
}

impl Zone {
    /// The zone called `name`, as Go's `time.LoadLocation` finds it: names are case-sensitive, the
    /// empty name is UTC, and `Local` is `local`.
    pub fn load(name: &[u8], local: &Zone) -> Option<Zone> {
        let name = std::str::from_utf8(name).ok()?;
        match name {
            "" | "UTC" => Some(Zone::Utc),
            "Local" => Some(local.clone()),
            _ => {
                let zone = TimeZoneDatabase::bundled().get(name).ok()?;
                (zone.iana_name() == Some(name)).then_some(Zone::Named(zone))
            }
        }
    }

    /// The abbreviation and the offset from UTC in seconds at `seconds` since 1970.
    pub(crate) fn at(&self, seconds: i64) -> (String, i64) {
        match self {
            Zone::Utc => ("UTC".to_owned(), 0),
            Zone::Fixed { name, offset } => (name.clone(), i64::from(*offset)),
            Zone::Named(zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                let offset = i64::from(info.offset().seconds());
                (info.abbreviation().to_owned(), offset)
            }
        }
    }

    /// Whether daylight saving time is in effect at `seconds` since 1970.
    pub(crate) fn is_dst(&self, seconds: i64) -> bool {
        match self {
            Zone::Utc | Zone::Fixed { .. } => false,
            Zone::Named(zone) => zone.to_offset_info(timestamp(seconds)).dst().is_dst(),
        }
    }

    /// The offset of the abbreviation `name` if the zone uses it around `seconds` since 1970.
    pub(crate) fn offset_of(&self, name: &str, seconds: i64) -> Option<i64> {
        const HALF_YEAR: i64 = 182 * 86_400;
        match self {
            Zone::Utc => None,
            _ => [0, HALF_YEAR, -HALF_YEAR]
                .into_iter()
                .map(|shift| self.at(seconds.saturating_add(shift)))
                .find_map(|(found, offset)| (found == name).then_some(offset)),
        }
    }

    /// What Go's `Location.String` says.
    pub(crate) fn name(&self) -> &str {
        match self {
            Zone::Utc => "UTC",
            Zone::Fixed { name, .. } => name,
            Zone::Named(zone) => zone.iana_name().unwrap_or("Local"),
        }
    }

    /// The moment at which clocks in the zone show `seconds` (as if they were UTC) since 1970.
    ///
    /// A time that a clock change skips or repeats is resolved as Go's `time.Date` does: with the
    /// offset before the change.
    pub(crate) fn moment(&self, seconds: i64) -> i64 {
        let (_, guess) = self.at(seconds);
        let (_, offset) = self.at(seconds - guess);
        if guess == offset {
            return seconds - offset;
        }
        // The guess was made on the wrong side of a clock change.
        let (_, settled) = self.at(seconds - offset);
        if settled == offset {
            seconds - offset
        } else {
            seconds - guess
        }
    }
}

/// Moments outside of jiff's range keep the rules of its ends.
fn timestamp(seconds: i64) -> Timestamp {
    let (min, max) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds.clamp(min + 1, max - 1)).unwrap_or(Timestamp::UNIX_EPOCH)
}
