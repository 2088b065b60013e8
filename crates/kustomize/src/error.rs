//! Why a build failed.

/// A failed build; its `Display` text is the one kustomize gives, wrapping included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// What sort of failure an [`Error`] is; wrapping does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is wrong: a later build of the same tree fails the same way.
    Invalid,
    /// The input names a file or directory that is not in the tree.
    NotFound,
    /// The input uses a feature this engine does not have.
    Unsupported,
    /// A remote base or file could not be loaded; trying again may help.
    Remote,
    /// A bound of [`Limits`](crate::Limits) was exceeded.
    Limit,
    /// The build was cancelled through [`BuildOptions::cancel`](crate::BuildOptions).
    Cancelled,
}

impl Error {
    /// What sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// A feature the engine lacks: `field` of kustomization file `file`.
    pub(crate) fn unsupported(file: &str, field: &str) -> Self {
        Self::new(
            ErrorKind::Unsupported,
            format!("'{file}': field '{field}' is not supported"),
        )
    }

    /// The same failure with its text rewritten, to add what surrounds it.
    pub(crate) fn map_message(self, rewrite: impl FnOnce(&str) -> String) -> Self {
        Self {
            message: rewrite(&self.message),
            kind: self.kind,
        }
    }

    /// The same failure with `context: ` in front.
    pub(crate) fn context(self, context: impl std::fmt::Display) -> Self {
        self.map_message(|message| format!("{context}: {message}"))
    }

    /// Whether a fallback must not be tried after this failure.
    pub(crate) fn is_final(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Limit | ErrorKind::Cancelled | ErrorKind::Unsupported
        )
    }
}
