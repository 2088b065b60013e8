//! What the caller decides about a build.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use windlass_archive::Tree;

use crate::{ChartRenderer, FileSystem, Files};

/// How a build behaves.
#[derive(Clone, Copy, Default)]
pub struct BuildOptions<'a> {
    /// How errors speak of files.
    pub files: FileSystem<'a>,
    /// Which files a kustomization may read.
    pub load_restrictor: LoadRestrictor,
    /// How remote files and bases are loaded; without one they are refused.
    pub remote: Option<&'a dyn RemoteLoader>,
    /// Bounds on the work of one build.
    pub limits: Limits,
    /// Set to true to end the build soon with [`ErrorKind::Cancelled`].
    pub cancel: Option<&'a Arc<AtomicBool>>,
    /// The order of the result when the kustomization has no `sortOptions`.
    pub reorder: Reorder,
    /// Renders charts; without one `helmCharts` are refused.
    pub charts: Option<&'a dyn ChartRenderer>,
    /// Called with every warning as it arises; those of a build that fails are heard only here.
    pub warn: Option<&'a dyn Fn(&str)>,
}

impl std::fmt::Debug for BuildOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildOptions")
            .field("load_restrictor", &self.load_restrictor)
            .field("remote", &self.remote.is_some())
            .field("charts", &self.charts.is_some())
            .field("limits", &self.limits)
            .field("reorder", &self.reorder)
            .finish_non_exhaustive()
    }
}

/// Which files a kustomization may read. Nothing outside the tree is ever read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadRestrictor {
    /// Files in or below the kustomization's own directory (kustomize's default).
    #[default]
    RootOnly,
    /// Any file of the tree (what Flux uses).
    None,
}

/// The order of the resources when the kustomization does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reorder {
    /// As accumulated (what Flux uses).
    #[default]
    None,
    /// By kind: namespaces and definitions first, webhooks last.
    Legacy,
    /// By kind as well, as nobody asked for another order (the command line's default).
    Unspecified,
}

/// Bounds on the work of one build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Resources accumulated at any time.
    pub max_resources: usize,
    /// Nesting of bases and components.
    pub max_depth: usize,
    /// Kustomization directories visited, counting repeats.
    pub max_visits: usize,
    /// Bytes of files read, counting repeats.
    pub max_bytes: u64,
    /// Bytes that patches, replacements, labels and the like add to resources.
    pub max_added: u64,
    /// Time one build may take.
    pub max_duration: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_resources: 100_000,
            max_depth: 64,
            max_visits: 10_000,
            max_bytes: 1 << 30,
            max_added: 256 << 20,
            max_duration: Duration::from_mins(10),
        }
    }
}

/// Loads what a kustomization names by URL.
pub trait RemoteLoader {
    /// The bytes of an `http` or `https` file.
    ///
    /// # Errors
    /// The status of an answer that is none, or the text to report.
    fn file(&self, url: &str) -> Result<Vec<u8>, RemoteError>;

    /// The files of a repository at the wanted revision.
    ///
    /// # Errors
    /// Why there are none.
    fn repository(&self, spec: &RepoSpec) -> Result<Repository, RepositoryError>;
}

/// A repository that has been fetched.
pub struct Repository {
    /// Its files, perhaps among others: nothing outside of `directory` is read.
    pub files: Box<dyn Files>,
    /// Where in `files` the repository starts; `""` for their root.
    pub directory: String,
    /// The absolute path that the root of `files` has in error texts; `""` for a whole disk.
    pub place: String,
}

impl From<Tree> for Repository {
    /// A tree in memory, shown as the temporary directory that the original clones into.
    fn from(tree: Tree) -> Self {
        Self {
            files: Box::new(tree),
            directory: String::new(),
            place: "/tmp/kustomize-0".to_owned(),
        }
    }
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository")
            .field("directory", &self.directory)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Why a remote file could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteError {
    /// The server answered with this status and the words for it. The URL may then be tried as a
    /// repository.
    Status(u16, String),
    /// There was no answer, for this reason.
    Failed(String),
}

/// Why a repository could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositoryError {
    /// It took longer than [`RepoSpec::timeout`]. With the command line of `git` that does the same,
    /// which the original names.
    TimedOut(String),
    /// For this reason.
    Failed(String),
}

/// A repository named by a kustomization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoSpec {
    /// What to clone.
    pub url: String,
    /// Branch, tag or commit; the remote's default when absent.
    pub reference: Option<String>,
    /// The directory of the kustomization within the repository.
    pub path: String,
    /// Whether submodules are wanted.
    pub submodules: bool,
    /// How long cloning may take.
    pub timeout: Duration,
}
