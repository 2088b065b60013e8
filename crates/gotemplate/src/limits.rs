//! What a render may use up.

use std::time::Duration;

/// Bounds of one execution, nested renders included. Passing one ends it with an error whose
/// [`ExecError::limit`](crate::ExecError::limit) says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes evaluated, loops counted each time.
    pub steps: u64,
    /// Bytes written, to the output and to the results of nested renders, and those functions
    /// announce with [`Scope::charge`](crate::Scope::charge).
    pub bytes: u64,
    /// Templates within templates. Go's limit, which is in its error text, is 100,000.
    pub depth: usize,
    /// Time from the start, if it is to be measured.
    pub time: Option<Duration>,
}

impl Default for Limits {
    /// What no sane template needs: 50 million steps, 512 MiB, Go's depth, any time.
    fn default() -> Self {
        Self {
            steps: 50_000_000,
            bytes: 512 << 20,
            depth: 100_000,
            time: None,
        }
    }
}

/// A limit that was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// [`Limits::steps`].
    #[error("exceeded the limit of {0} steps")]
    Steps(u64),
    /// [`Limits::bytes`].
    #[error("exceeded the limit of {0} bytes")]
    Bytes(u64),
    /// [`Limits::depth`]; the text is Go's.
    #[error("exceeded maximum template depth ({0})")]
    Depth(usize),
    /// [`Limits::time`].
    #[error("exceeded the time limit of {0:?}")]
    Time(Duration),
    /// Values nested in each other, or in themselves, without an end that could be printed.
    #[error("values are nested too deeply")]
    Nesting,
}
