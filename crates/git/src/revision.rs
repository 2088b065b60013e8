//! The text by which a commit is known in statuses: `main@sha1:<hex>`.

use std::fmt;

/// A named commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Branch, tag or full ref name; empty for a commit that was asked for by its hash alone.
    pub reference: String,
    /// Hash of the commit, 40 lower-case hex digits.
    pub hash: String,
}

impl Revision {
    /// Names the commit `hash`; `reference` may be empty.
    pub fn new(reference: impl Into<String>, hash: impl Into<String>) -> Self {
        Self {
            reference: reference.into(),
            hash: hash.into(),
        }
    }
}

/// `<reference>@sha1:<hash>`, or `sha1:<hash>` without a reference (spec §5.3).
impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.reference.is_empty() {
            write!(f, "{}@", self.reference)?;
        }
        write!(f, "sha1:{}", self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_without_a_reference_has_no_at_sign() {
        let hash = "0123456789012345678901234567890123456789";
        assert_eq!(
            Revision::new("main", hash).to_string(),
            format!("main@sha1:{hash}")
        );
        assert_eq!(Revision::new("", hash).to_string(), format!("sha1:{hash}"));
    }
}
