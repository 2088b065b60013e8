//! How many objects a run may delete.

use std::{fmt, str::FromStr};

/// A number of objects, or a share of those in the inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PruneLimit {
    /// At most this many objects.
    Objects(usize),
    /// At most this percentage of the inventory.
    Percent(u8),
}

impl PruneLimit {
    /// Whether deleting `deleted` of `owned` objects is more than allowed.
    pub(crate) fn is_exceeded(self, deleted: usize, owned: usize) -> bool {
        match self {
            Self::Objects(limit) => deleted > limit,
            Self::Percent(limit) => {
                deleted.saturating_mul(100) > owned.saturating_mul(limit.into())
            }
        }
    }
}

impl FromStr for PruneLimit {
    type Err = String;

    /// Reads `5` or `30%`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = match text.trim().strip_suffix('%') {
            Some(percent) => percent
                .parse()
                .ok()
                .filter(|p| *p <= 100)
                .map(Self::Percent),
            None => text.trim().parse().ok().map(Self::Objects),
        };
        parsed.ok_or_else(|| format!("{text:?} is neither a number of objects nor a percentage"))
    }
}

impl fmt::Display for PruneLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Objects(limit) => write!(f, "{limit}"),
            Self::Percent(limit) => write!(f, "{limit}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_or_shares() {
        let limit = |text: &str| text.parse::<PruneLimit>();
        assert_eq!(limit("5"), Ok(PruneLimit::Objects(5)));
        assert_eq!(limit(" 30% "), Ok(PruneLimit::Percent(30)));
        for wrong in ["", "%", "-1", "101%", "1.5", "all"] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_is_exceeded_by_one_more() {
        assert!(!PruneLimit::Objects(5).is_exceeded(5, 100));
        assert!(PruneLimit::Objects(5).is_exceeded(6, 100));
        assert!(PruneLimit::Objects(0).is_exceeded(1, 1));
        assert!(!PruneLimit::Percent(30).is_exceeded(3, 10));
        assert!(PruneLimit::Percent(30).is_exceeded(4, 10));
        assert!(!PruneLimit::Percent(100).is_exceeded(10, 10));
    }
}
