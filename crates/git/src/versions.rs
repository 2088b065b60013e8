//! Tags as versions.

use std::cmp::Ordering;

use semver::Version;
use windlass_semver_range::{Constraint, parse_strict};

/// A version range over tags.
pub(crate) struct Range(Constraint);

impl Range {
    /// The error is the text of the range parser.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Constraint::parse(text)
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// The tags with the highest version within the range: several when they differ in build metadata
    /// only. Tags that are not versions of three parts are passed over.
    pub(crate) fn highest<'t, T>(
        &self,
        tags: impl Iterator<Item = (&'t str, T)>,
    ) -> Vec<(&'t str, T)> {
        let mut best: Option<Version> = None;
        let mut highest = Vec::new();
        for (tag, value) in tags {
            let Some(version) = parse_strict(tag).filter(|version| self.0.matches(version)) else {
                continue;
            };
            let order = best
                .as_ref()
                .map_or(Ordering::Greater, |best| version.cmp_precedence(best));
            if order == Ordering::Greater {
                highest.clear();
                best = Some(version);
            }
            if order != Ordering::Less {
                highest.push((tag, value));
            }
        }
        highest
    }
}
