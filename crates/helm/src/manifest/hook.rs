//! Hooks: manifests that are applied at a point of a release's life, not with the release.

use std::fmt;

use super::head::Head;
use crate::hidden::Hidden;

/// The annotation that makes a hook.
pub(super) const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
const OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum HookEvent {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl HookEvent {
    const ALL: [Self; 9] = [
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDelete,
        Self::PostDelete,
        Self::PreUpgrade,
        Self::PostUpgrade,
        Self::PreRollback,
        Self::PostRollback,
        Self::Test,
    ];

    /// Helm's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    /// The event of a name; `test-success` is that of Helm 2.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "test-success" {
            return Some(Self::Test);
        }
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// The last run of a hook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookExecution {
    /// When it was started, in RFC 3339; empty if never.
    pub started_at: String,
    /// When it ended, in RFC 3339; empty if it did not.
    pub completed_at: String,
    /// `Unknown`, `Running`, `Succeeded`, `Failed` or empty.
    pub phase: String,
}

/// A hook.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hook {
    /// Name of the object.
    pub name: String,
    /// Kind of the object.
    pub kind: String,
    /// The template it comes from.
    pub path: String,
    /// The document.
    pub manifest: String,
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// How it went.
    pub last_run: HookExecution,
    /// Lower weights run first.
    pub weight: i64,
    /// When it is deleted: `hook-succeeded`, `hook-failed`, `before-hook-creation`.
    pub delete_policies: Vec<String>,
    /// When its logs are shown: `hook-succeeded`, `hook-failed`.
    pub output_log_policies: Vec<String>,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            kind,
            path,
            manifest,
            events,
            last_run,
            weight,
            delete_policies,
            output_log_policies,
        } = self;
        f.debug_struct("Hook")
            .field("name", name)
            .field("kind", kind)
            .field("path", path)
            .field("manifest", &Hidden(manifest.len()))
            .field("events", events)
            .field("last_run", last_run)
            .field("weight", weight)
            .field("delete_policies", delete_policies)
            .field("output_log_policies", output_log_policies)
            .finish()
    }
}

impl Hook {
    /// The hook that a document is by its annotations. The inner option is none where an event is
    /// not known: Helm drops such documents.
    #[expect(
        clippy::option_option,
        reason = "no hook, one of no known event, or one"
    )]
    pub(super) fn from_manifest(path: &str, manifest: &str, head: &Head) -> Option<Option<Self>> {
        let events = head.annotations.get(HOOK)?;
        let Some(events) = words(events)
            .map(|name| HookEvent::from_name(&name))
            .collect::<Option<Vec<_>>>()
        else {
            return Some(None);
        };
        let policies = |annotation: &str| {
            let policies = head.annotations.get(annotation);
            policies.map_or_else(Vec::new, |policies| words(policies).collect())
        };
        Some(Some(Self {
            name: head.name.clone(),
            kind: head.kind.clone(),
            path: path.to_owned(),
            manifest: manifest.to_owned(),
            events,
            last_run: HookExecution::default(),
            weight: head
                .annotations
                .get(WEIGHT)
                .and_then(|weight| weight.parse().ok())
                .unwrap_or(0),
            delete_policies: policies(DELETE_POLICY),
            output_log_policies: policies(OUTPUT_LOG_POLICY),
        }))
    }
}

fn words(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|word| word.trim().to_lowercase())
}
