//! What to check out.

/// Which commit is wanted. The first that is set counts, in the order of the fields; without any the
/// branch `master` (Flux: spec §7.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reference {
    /// Hash of a commit, reachable from `branch` or, without one, from any branch.
    pub commit: Option<String>,
    /// Full name of a ref: `refs/pull/1/head`.
    pub name: Option<String>,
    /// Name of a tag.
    pub tag: Option<String>,
    /// Version range: the tag with the highest version within it.
    pub semver: Option<String>,
    /// Name of a branch.
    pub branch: Option<String>,
}

/// The one choice that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Commit {
        hash: &'a str,
        branch: Option<&'a str>,
    },
    Name(&'a str),
    Tag(&'a str),
    Semver(&'a str),
    Branch(&'a str),
}

impl Reference {
    /// The choice that counts; empty strings count as unset.
    pub(crate) fn target(&self) -> Target<'_> {
        fn set(field: Option<&String>) -> Option<&str> {
            field.map(String::as_str).filter(|text| !text.is_empty())
        }
        let branch = set(self.branch.as_ref());
        if let Some(hash) = set(self.commit.as_ref()) {
            Target::Commit { hash, branch }
        } else if let Some(name) = set(self.name.as_ref()) {
            Target::Name(name)
        } else if let Some(tag) = set(self.tag.as_ref()) {
            Target::Tag(tag)
        } else if let Some(range) = set(self.semver.as_ref()) {
            Target::Semver(range)
        } else {
            Target::Branch(branch.unwrap_or("master"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_choice_that_is_set_counts() {
        let text = |s: &str| Some(s.to_owned());
        let mut reference = Reference {
            commit: text("c"),
            name: text("n"),
            tag: text("t"),
            semver: text("s"),
            branch: text("b"),
        };
        assert_eq!(
            reference.target(),
            Target::Commit {
                hash: "c",
                branch: Some("b")
            }
        );
        reference.commit = text("");
        assert_eq!(reference.target(), Target::Name("n"));
        reference.name = None;
        assert_eq!(reference.target(), Target::Tag("t"));
        reference.tag = None;
        assert_eq!(reference.target(), Target::Semver("s"));
        reference.semver = None;
        assert_eq!(reference.target(), Target::Branch("b"));
        assert_eq!(Reference::default().target(), Target::Branch("master"));
    }
}
