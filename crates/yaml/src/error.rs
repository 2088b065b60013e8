//! What can go wrong, in the words of the Go libraries.

/// Why a text could not be read or resolved. `Display` gives the text the Go library would give.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not YAML.
    #[error("{}", syntax_text(*line, problem))]
    Syntax {
        /// 1-based line as go-yaml counts it; none where go-yaml names none (its first line).
        line: Option<usize>,
        /// What the scanner or parser objects to.
        problem: String,
    },
    /// The text is YAML, but go-yaml cannot decode it (unknown anchor, bad tag, bad merge …).
    #[error("yaml: {problem}")]
    Decode {
        /// What the decoder objects to.
        problem: String,
        /// 1-based line of the node concerned, where one is known.
        line: Option<usize>,
    },
    /// Faults gathered over the whole document (go-yaml v3: duplicate mapping keys).
    #[error("yaml: unmarshal errors:\n  {}", faults.join("\n  "))]
    Faults {
        /// One text per fault, each starting with `line N: `.
        faults: Vec<String>,
        /// 1-based line of the first fault.
        line: usize,
    },
    /// The value exists, but JSON has no form for it (null keys, `.nan`).
    #[error("{problem}")]
    Unrepresentable {
        /// What JSON cannot hold.
        problem: String,
    },
    /// The stream's framing is wrong, or a document in it is not a resource.
    #[error("{problem}")]
    Stream {
        /// What kyaml's reader objects to.
        problem: String,
    },
    /// One document of a stream is not YAML.
    #[error("MalformedYAMLError: {0}")]
    Malformed(#[source] Box<Error>),
    /// The text exceeds a bound of [`Limits`](crate::Limits).
    #[error("yaml: {what}")]
    Limit {
        /// Which bound, in words.
        what: String,
        /// 1-based line of the node that is too much, where there is one.
        line: Option<usize>,
        /// 1-based column of that node, in characters.
        column: Option<usize>,
    },
}

fn syntax_text(line: Option<usize>, problem: &str) -> String {
    match line {
        Some(line) => format!("yaml: line {line}: {problem}"),
        None => format!("yaml: {problem}"),
    }
}

impl Error {
    /// The 1-based line the error points at, where one is known.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Syntax { line, .. } | Self::Decode { line, .. } | Self::Limit { line, .. } => {
                *line
            }
            Self::Faults { line, .. } => Some(*line),
            Self::Malformed(inner) => inner.line(),
            Self::Unrepresentable { .. } | Self::Stream { .. } => None,
        }
    }

    /// The 1-based column the error points at, in characters; known for exceeded bounds.
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::Limit { column, .. } => *column,
            Self::Malformed(inner) => inner.column(),
            _ => None,
        }
    }

    pub(crate) fn decode(problem: impl Into<String>, line: usize) -> Self {
        Self::Decode {
            problem: problem.into(),
            line: Some(line),
        }
    }

    pub(crate) fn limit(what: impl Into<String>) -> Self {
        Self::Limit {
            what: what.into(),
            line: None,
            column: None,
        }
    }

    /// A bound exceeded by the node at a place.
    pub(crate) fn limit_at(what: impl Into<String>, line: usize, column: usize) -> Self {
        Self::Limit {
            what: what.into(),
            line: Some(line),
            column: Some(column),
        }
    }
}
