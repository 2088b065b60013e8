use std::error::Error as _;
use std::fmt;

use windlass_health::ObjectId;
use windlass_runtime::mapper::MapError;

/// Why objects could not be prepared, planned, applied or deleted. The messages are those that
/// users of Flux know from conditions and events.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A Secret still carries SOPS metadata.
    #[error(
        "{object} is SOPS encrypted, configuring decryption is required for this secret to be reconciled"
    )]
    Encrypted {
        /// `Secret/namespace/name`.
        object: String,
    },
    /// A rule of `spec.ignore` cannot be used.
    #[error("invalid ignore rule: {0}")]
    IgnoreRule(String),
    /// The dry run met something that does not exist, as a rule the namespace.
    #[error("{object} not found: {message}")]
    NotFound {
        /// The object, `Kind/namespace/name`.
        object: String,
        /// What the API server said.
        message: String,
    },
    /// A namespaced object without a namespace.
    #[error("{object} namespace not specified: {message}")]
    NamespaceNotSpecified {
        /// The object, `Kind/name`.
        object: String,
        /// What the API server said.
        message: String,
    },
    /// The dry run of an object failed.
    #[error("{object} dry-run failed{}: {failure}", Bracketed(&.failure.reason))]
    DryRun {
        /// The object, `Kind/namespace/name`.
        object: String,
        /// What the API server or the transport said.
        failure: Failure,
    },
    /// A write failed after its dry run had passed.
    #[error("{object} apply failed: {failure}")]
    Apply {
        /// The object, `Kind/namespace/name`.
        object: String,
        /// What the API server or the transport said.
        failure: Failure,
    },
    /// An object that has to be recreated could not be deleted.
    #[error("{object} immutable field detected, failed to delete object: {failure}")]
    Recreate {
        /// The object, `Kind/namespace/name`.
        object: String,
        /// What the API server or the transport said.
        failure: Failure,
    },
    /// Some objects could not be deleted.
    #[error("delete failed, errors: {}", Joined(.0))]
    Delete(
        /// One message for each object that is left.
        Vec<String>,
    ),
    /// Objects that are to be recreated are deleted and not gone yet. Not a failure: plan again when
    /// they have vanished.
    #[error("waiting for termination of {}", Listed(.0))]
    AwaitGone(
        /// What is being waited for.
        Vec<ObjectId>,
    ),
}

impl Error {
    /// The objects whose disappearance has to be awaited, when that is all that is wrong.
    pub fn awaiting(&self) -> Option<&[ObjectId]> {
        match self {
            Self::AwaitGone(ids) => Some(ids),
            _ => None,
        }
    }
}

/// What the API server, discovery or the transport answered instead of success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// HTTP status code; 0 when there was no HTTP answer.
    pub code: u16,
    /// The reason of the `Status`, such as `Invalid`; empty when it gave none.
    pub reason: String,
    /// The text.
    pub message: String,
}

impl Failure {
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == 404
    }

    pub(crate) fn is_conflict(&self) -> bool {
        self.code == 409
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            let mut message = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                let text = cause.to_string();
                if !message.contains(&text) {
                    message = format!("{message}: {text}");
                }
                source = cause.source();
            }
            return Self {
                code: 0,
                reason: String::new(),
                message,
            };
        };
        let status = *status;
        // An answer that is no `Status`: the client puts words of its own in place of the reason.
        if status.details.is_none() && status.reason.contains(' ') {
            let message = match status.code {
                404 => "the server could not find the requested resource".to_owned(),
                _ => status.message,
            };
            return Self {
                code: status.code,
                reason: String::new(),
                message,
            };
        }
        Self {
            code: status.code,
            reason: status.reason,
            message: status.message,
        }
    }
}

impl From<MapError> for Failure {
    fn from(error: MapError) -> Self {
        Self {
            code: 0,
            reason: String::new(),
            message: error.to_string(),
        }
    }
}

struct Bracketed<'a>(&'a str);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.0)
    }
}

/// Every message followed by a semicolon, as Flux joins them.
struct Joined<'a>(&'a [String]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|text| write!(f, "{text};"))
    }
}

struct Listed<'a>(&'a [ObjectId]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, id) in self.0.iter().enumerate() {
            write!(f, "{}{id}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
