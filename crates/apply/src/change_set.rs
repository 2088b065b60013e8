use std::fmt;

use windlass_health::ObjectId;

/// What happened, or would happen, to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It did not exist.
    Created,
    /// It existed and differed.
    Configured,
    /// It is as declared.
    Unchanged,
    /// A control key, or another owner, keeps it out of reach.
    Skipped,
    /// It was deleted, or was gone already.
    Deleted,
    /// An error left its state open.
    Unknown,
}

impl Action {
    /// Whether this action changed the cluster.
    pub fn changes(self) -> bool {
        !matches!(self, Self::Unchanged | Self::Skipped)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
        })
    }
}

/// One object and its action; displays as `Kind/namespace/name action`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The object, with the version it was addressed by.
    pub id: ObjectId,
    /// What happened to it.
    pub action: Action,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.action)
    }
}

/// What a run did, in the order in which it was done; displays one [`Change`] a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// The changes in order.
    pub entries: Vec<Change>,
}

impl ChangeSet {
    /// Appends one change.
    pub fn push(&mut self, id: ObjectId, action: Action) {
        self.entries.push(Change { id, action });
    }

    /// Appends all of `other`, keeping its order.
    pub fn append(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// Whether any entry changed the cluster.
    pub fn has_changes(&self) -> bool {
        self.entries.iter().any(|change| change.action.changes())
    }

    /// The entries that changed the cluster: what events and failure messages list.
    #[must_use]
    pub fn changed(&self) -> Self {
        let entries = self.entries.iter().filter(|change| change.action.changes());
        Self {
            entries: entries.cloned().collect(),
        }
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl fmt::Display for ChangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, change) in self.entries.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{change}")?;
        }
        Ok(())
    }
}
