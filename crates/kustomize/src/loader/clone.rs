//! Repositories that bases come from.

use windlass_yaml::go_quoted as quoted;

use super::{Context, path};
use crate::{Error, ErrorKind, FileSystem, RepoSpec, Repository, RepositoryError, repo};

/// A repository that a base came from.
pub(super) struct Clone {
    pub(super) fetched: Repository,
    pub(super) spec: RepoSpec,
    /// The name it was asked for by.
    pub(super) raw: String,
}

impl Clone {
    /// Fetches a repository. With it comes the directory of the kustomization within its files.
    pub(super) fn fetch(
        context: &Context<'_>,
        raw: &str,
        spec: RepoSpec,
    ) -> Result<(Self, String), Error> {
        let Some(remote) = context.options.remote else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("remote base '{raw}' is not allowed"),
            ));
        };
        if repo::is_forced(raw) {
            context.warn(
                "Warning: Forcing the git protocol using the 'git::' URL prefix is not supported. \
                 Kustomize currently strips this invalid prefix, but will stop doing so in a \
                 future release. Please remove the 'git::' prefix from your configuration."
                    .to_owned(),
            );
        }
        let fetched = remote.repository(&spec).map_err(|error| match error {
            RepositoryError::TimedOut(command) => Error::new(
                ErrorKind::RemoteTimeout,
                format!("hit {:?} timeout running '{command}'", spec.timeout),
            ),
            RepositoryError::Failed(text) => Error::new(ErrorKind::Remote, text),
        })?;
        let clone = Self {
            fetched,
            spec,
            raw: raw.to_owned(),
        };
        let root = clone.root()?;
        Ok((clone, root))
    }

    /// The directory that was asked for, links followed.
    fn root(&self) -> Result<String, Error> {
        let files = &*self.fetched.files;
        let asked = path::join(&self.fetched.directory, &self.spec.path, self.file_system());
        let asked = asked.unwrap_or_default();
        let shown = self.file_system().shown(&asked);
        let root = files.resolved(&asked);
        if files.file(&root).is_some() {
            let name = root.rsplit('/').next().unwrap_or_default();
            return Err(Error::invalid(format!(
                "'{shown}' refers to file '{name}'; expecting directory"
            )));
        }
        if !files.is_dir(&root) {
            let text = self.file_system().missing(&asked, files);
            return Err(Error::new(ErrorKind::NotFound, text));
        }
        if !self.holds(&root) {
            return Err(Error::invalid(format!(
                "{} refers to directory outside of repo {}",
                quoted(&shown),
                quoted(&self.shown())
            )));
        }
        Ok(root)
    }

    pub(super) fn file_system(&self) -> FileSystem<'_> {
        FileSystem::Disk(&self.fetched.place)
    }

    /// Where it stands in error texts.
    fn shown(&self) -> String {
        self.file_system().shown(&self.fetched.directory)
    }

    /// Whether a path, links followed, is in the repository.
    pub(super) fn holds(&self, path: &str) -> bool {
        path::contains(&self.fetched.directory, path)
    }

    /// A base of a kustomization in the repository is elsewhere.
    pub(super) fn outside(&self, base: &str) -> Error {
        Error::invalid(format!(
            "security; bases in kustomizations found in cloned git repos must be within the repo, \
             but base '{base}' is outside '{}'",
            self.shown()
        ))
    }
}
