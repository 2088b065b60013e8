//! Whether a version lies in a range.

use std::cmp::Ordering;
use std::str::FromStr;

use semver::Version;

use crate::parse::{self, ParseError};
use crate::version::cmp;

/// A parsed range: any of its `||` groups must match, and of a group every comparison.
#[derive(Debug, Clone)]
pub struct Constraint {
    groups: Vec<Vec<Comparison>>,
}

impl Constraint {
    /// Parses a range: comparisons joined by spaces or commas, groups of them joined by `||`.
    ///
    /// Known are `=`, `!=`, `>`, `<`, `>=`, `=>`, `<=`, `=<`, `~`, `~>`, `^`, none of them at all, and
    /// `a - b`; versions may lack parts or have `x`, `X` or `*` for them.
    pub fn parse(text: &str) -> Result<Constraint, ParseError> {
        parse::groups(text).map(|groups| Constraint { groups })
    }

    /// Whether `version` is in the range. A prerelease is only ever in a group that names a prerelease
    /// itself, such as `>=1.0.0-0`.
    pub fn matches(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            let wants_pre = group
                .iter()
                .any(|comparison| !comparison.bound.pre.is_empty());
            (version.pre.is_empty() || wants_pre) && group.iter().all(|c| c.accepts(version))
        })
    }
}

impl FromStr for Constraint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// An operator and the version it compares with.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) operator: Operator,
    /// Parts that were left open are zero.
    pub(crate) bound: Version,
    pub(crate) open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    Tilde,
    Caret,
}

/// From which part on the version was left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    /// `1.2.3`
    Nothing,
    /// `1.2`, `1.2.x`
    Patch,
    /// `1`, `1.x`
    Minor,
    /// `*`, `x.1`
    All,
}

impl Comparison {
    fn accepts(&self, version: &Version) -> bool {
        let order = cmp(version, &self.bound);
        // Order of the parts that were stated.
        let stated = match self.open {
            Open::Minor => version.major.cmp(&self.bound.major),
            Open::Patch | Open::All => self.minors(version),
            Open::Nothing => order,
        };
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => order == Ordering::Equal,
            Operator::Equal | Operator::Tilde => order != Ordering::Less && self.near(version),
            Operator::NotEqual => match self.open {
                Open::Minor => stated != Ordering::Equal,
                Open::Patch => stated != Ordering::Equal || version.pre != self.bound.pre,
                // `!=*` compares with 0.0.0, an oddity that is kept.
                Open::Nothing | Open::All => order != Ordering::Equal,
            },
            Operator::Greater => match self.open {
                Open::Minor | Open::Patch => stated == Ordering::Greater,
                Open::Nothing | Open::All => order == Ordering::Greater,
            },
            Operator::Less => order == Ordering::Less,
            Operator::GreaterOrEqual => order != Ordering::Less,
            Operator::LessOrEqual => stated != Ordering::Greater,
            Operator::Caret => order != Ordering::Less && self.compatible(version),
        }
    }

    /// `~`: the same minor, or the same major where no minor was stated.
    fn near(&self, version: &Version) -> bool {
        let Version {
            major,
            minor,
            patch,
            ..
        } = self.bound;
        match self.open {
            Open::Minor => version.major == major,
            // Also for `~0.0.0`, an oddity that is kept.
            Open::All | Open::Nothing if (major, minor, patch) == (0, 0, 0) => true,
            _ => self.minors(version) == Ordering::Equal,
        }
    }

    /// `^`: everything up to the first part that is not zero stays.
    fn compatible(&self, version: &Version) -> bool {
        let Version {
            major,
            minor,
            patch,
            ..
        } = self.bound;
        if major > 0 || self.open == Open::Minor {
            version.major == major
        } else if minor > 0 || self.open == Open::Patch {
            self.minors(version) == Ordering::Equal
        } else {
            // `^*` allows 0.0.0 alone, an oddity that is kept.
            self.minors(version) == Ordering::Equal && version.patch == patch
        }
    }

    fn minors(&self, version: &Version) -> Ordering {
        (version.major, version.minor).cmp(&(self.bound.major, self.bound.minor))
    }
}
