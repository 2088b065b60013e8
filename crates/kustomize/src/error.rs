//! Why a build failed.

/// A failed build; its `Display` text is the one kustomize gives, wrapping included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    /// Boxed to keep results small.
    location: Option<Box<Location>>,
}

/// The place in the sources that a failure comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The path in the tree, or the URL of a remote file.
    pub file: String,
    /// 1-based, where it is known.
    pub line: Option<usize>,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// What sort of failure an [`Error`] is; wrapping does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is wrong: a later build of the same tree fails the same way.
    Invalid,
    /// The input names a file or directory that is not in the tree.
    NotFound,
    /// The input asks for something this build is not allowed to do: remote files, charts, plugins.
    Unsupported,
    /// A remote base or file could not be loaded; trying again may help.
    Remote,
    /// A repository could not be fetched in the time that its URL allows.
    RemoteTimeout,
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

    /// The file, and where known the line, that the failure comes from: what the text of the
    /// original leaves out.
    pub fn location(&self) -> Option<&Location> {
        self.location
            .as_deref()
            .filter(|location| !location.file.is_empty())
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            location: None,
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// The same failure with its text rewritten, to add what surrounds it.
    pub(crate) fn map_message(self, rewrite: impl FnOnce(&str) -> String) -> Self {
        Self {
            message: rewrite(&self.message),
            ..self
        }
    }

    /// The same failure with `context: ` in front.
    pub(crate) fn context(self, context: impl std::fmt::Display) -> Self {
        self.map_message(|message| format!("{context}: {message}"))
    }

    /// Notes the line, within a file that [`Error::in_file`] names.
    pub(crate) fn with_line(mut self, line: Option<usize>) -> Self {
        if line.is_some() {
            self.location.get_or_insert_default().line = line;
        }
        self
    }

    /// Notes the file, unless one is known: what is closest to the cause counts.
    pub(crate) fn in_file(mut self, file: &str) -> Self {
        let location = self.location.get_or_insert_default();
        if location.file.is_empty() {
            file.clone_into(&mut location.file);
        }
        self
    }

    /// Notes file and line of a field, unless a file is known.
    pub(crate) fn at(self, place: impl FnOnce() -> Location) -> Self {
        if self.location().is_some() {
            return self;
        }
        Self {
            location: Some(Box::new(place())),
            ..self
        }
    }

    /// Whether there was too little time to fetch a repository, which means that there is one.
    pub(crate) fn is_timeout(&self) -> bool {
        self.kind == ErrorKind::RemoteTimeout
    }

    /// Whether a fallback must not be tried after this failure.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self.kind, ErrorKind::Limit | ErrorKind::Cancelled)
    }
}
