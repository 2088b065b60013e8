//! What can go wrong with a checkout, in the words users of Flux know.

use windlass_archive::Error as ArchiveError;

/// Why a checkout failed. `Display` is what follows "failed to checkout and determine revision: " in
/// the status of a `GitRepository`; no credential is ever part of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The repository could not be fetched.
    #[error("unable to clone '{url}': {failure}")]
    Clone {
        /// The repository, without credentials.
        url: String,
        /// What happened.
        #[source]
        failure: Failure,
    },
    /// The refs of the repository could not be listed.
    #[error("unable to list remote for '{url}': {failure}")]
    List {
        /// The repository, without credentials.
        url: String,
        /// What happened.
        #[source]
        failure: Failure,
    },
    /// The version range is not one.
    #[error("semver parse error: {0}")]
    Semver(String),
    /// No tag is within the version range.
    #[error("no match found for semver: {0}")]
    NoMatch(String),
    /// The ref name does not exist in the repository.
    #[error("unable to resolve ref '{0}' to a specific commit")]
    UnresolvedName(String),
    /// The ref name cannot be one.
    #[error("invalid ref name '{0}'")]
    InvalidName(String),
    /// No branch that was asked for leads to the commit.
    #[error("failed to resolve commit object for '{0}': object not found")]
    CommitNotFound(String),
}

impl Error {
    /// What happened on the wire or in the data, where that is the cause.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Clone { failure, .. } | Self::List { failure, .. } => Some(failure),
            _ => None,
        }
    }
}

/// What happened while talking to a server or reading what it sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The time for the checkout is over.
    #[error("context deadline exceeded")]
    Deadline,
    /// The caller gave up.
    #[error("context canceled")]
    Canceled,
    /// The server does not have the ref.
    #[error("couldn't find remote ref {0:?}")]
    RefNotFound(String),
    /// The server wants other credentials. Carries the body of its answer.
    #[error("authentication required: {0}")]
    AuthenticationRequired(String),
    /// The server refuses access. Carries the body of its answer.
    #[error("authorization failed: {0}")]
    AuthorizationFailed(String),
    /// The server does not know the repository. Carries the body of its answer.
    #[error("repository not found: {0}")]
    RepositoryNotFound(String),
    /// Another http status.
    #[error("unexpected client error: unexpected requesting {url:?} status code: {code}{}", reason(.body))]
    Status {
        /// The request, without credentials.
        url: String,
        /// The http status.
        code: u16,
        /// The start of the answer's body, empty when it has none.
        body: String,
    },
    /// No answer to an http request.
    #[error("{method} {url:?}: {cause}")]
    Request {
        /// `Get` or `Post`.
        method: &'static str,
        /// The request, without credentials.
        url: String,
        /// Why there is no answer.
        cause: String,
    },
    /// A redirect that is not followed.
    #[error("{method} {url:?}: redirect refused: {reason}")]
    Redirect {
        /// `Get` or `Post`.
        method: &'static str,
        /// The request, without credentials.
        url: String,
        /// Why it is not followed.
        reason: String,
    },
    /// The ssh connection failed.
    #[error("{0}")]
    Ssh(String),
    /// The URL, credentials or other settings cannot be used.
    #[error("{0}")]
    Settings(String),
    /// The server sent more than allowed.
    #[error("server sent more than {0} bytes")]
    TooMuch(u64),
    /// The server broke the protocol, or reported an error through it.
    #[error("{0}")]
    Protocol(String),
    /// An object of the repository is missing or damaged.
    #[error("object {id}: {reason}")]
    Object {
        /// Hash of the object.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An entry of a directory has a name that no well-formed repository has.
    #[error("invalid path {path:?}: {reason}")]
    Name {
        /// The entry, shortened when it is very long.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The tree is larger than allowed.
    #[error(transparent)]
    Tree(#[from] ArchiveError),
    /// A submodule failed.
    #[error("submodule '{path}': {failure}")]
    Submodule {
        /// Where the submodule is in the tree.
        path: String,
        /// What happened.
        #[source]
        failure: Box<Failure>,
    },
    /// The temporary directory cannot be used.
    #[error("temporary directory: {0}")]
    Scratch(std::io::Error),
}

fn reason(body: &str) -> String {
    if body.is_empty() {
        String::new()
    } else {
        format!(": {body}")
    }
}

/// At most the first 256 bytes of `text` without control characters, so that hostile input cannot
/// flood or garble a status message.
pub(crate) fn tame(text: &str) -> String {
    const MOST: usize = 256;
    let mut tame = String::new();
    for c in text.trim().chars() {
        if tame.len() + c.len_utf8() > MOST {
            tame.push_str("...");
            break;
        }
        tame.push(if c.is_control() { ' ' } else { c });
    }
    tame
}
