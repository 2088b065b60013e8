//! Errors of parsing and execution.

use std::fmt;
use std::sync::Arc;

use crate::limits::Limit;

/// A template that cannot be parsed. Prints as Go's: `template: NAME:LINE: MESSAGE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The name of the text that was parsed.
    pub template: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "template: {}:{}: {}",
            self.template, self.line, self.message
        )
    }
}

impl std::error::Error for ParseError {}

/// Where in a template execution failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name of the text the node was parsed from (a file), which is not that of the template
    /// inside of `define`.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The offset in the line in bytes, from 0.
    pub column: usize,
    /// The node as it prints: `.Values.a`, `include "x" .`.
    pub context: String,
}

/// An error of execution. Prints as Go's:
/// `template: FILE:LINE:COL: executing "NAME" at <CONTEXT>: MESSAGE`.
///
/// What a function failed with is kept as it is ([`ExecError::cause`]), so that an error that
/// came up through nested renders can be printed in other forms.
#[derive(Clone, Debug)]
pub struct ExecError(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    template: Arc<str>,
    place: Option<Place>,
    message: String,
    cause: Option<Failure>,
}

// A chain of causes is as long as renders nest, longer than the stack is deep.
impl Drop for Inner {
    fn drop(&mut self) {
        let mut next = self.cause.take();
        while let Some(cause) = next {
            next = match *cause.0 {
                Reason::Exec(mut error) => error.0.cause.take(),
                _ => None,
            };
        }
    }
}

impl ExecError {
    pub(crate) fn new(template: Arc<str>, place: Option<Place>, message: String) -> Self {
        Self(Box::new(Inner {
            template,
            place,
            message,
            cause: None,
        }))
    }

    pub(crate) fn with_cause(mut self, cause: Failure) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// The name of the template that was executing.
    pub fn template(&self) -> &str {
        &self.0.template
    }

    /// Where it failed; none if there was no template to begin with.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// What is wrong, without the text of the cause: `error calling include`.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the called function failed with.
    pub fn cause(&self) -> Option<&Failure> {
        self.0.cause.as_ref()
    }

    /// The message with that of the cause, without the position.
    pub fn full_message(&self) -> String {
        match &self.0.cause {
            None => self.0.message.clone(),
            Some(cause) => format!("{}: {cause}", self.0.message),
        }
    }

    /// The innermost failure of the chain of causes, if a function failed at all.
    pub fn root_cause(&self) -> Option<&Failure> {
        let mut cause = self.cause()?;
        while let Some(inner) = cause.as_exec().and_then(Self::cause) {
            cause = inner;
        }
        Some(cause)
    }

    /// The limit that ended the execution, if one did.
    pub fn limit(&self) -> Option<Limit> {
        self.root_cause().and_then(Failure::as_limit)
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A chain is as long as templates nest, so it is walked, not recursed into.
        let mut error = self;
        loop {
            let inner = &*error.0;
            match &inner.place {
                None => write!(f, "template: {}: ", inner.template)?,
                Some(place) => write!(
                    f,
                    "template: {}:{}:{}: executing {} at <{}>: ",
                    place.file,
                    place.line,
                    place.column,
                    crate::strconv::quote(inner.template.as_bytes()),
                    place.context
                )?,
            }
            match &inner.cause {
                // A limit is the evaluator's own; no function is in between.
                Some(cause) if inner.message.is_empty() => return write!(f, "{cause}"),
                None => return f.write_str(&inner.message),
                Some(cause) => {
                    write!(f, "{}: ", inner.message)?;
                    match cause.as_exec() {
                        Some(next) => error = next,
                        None => return write!(f, "{cause}"),
                    }
                }
            }
        }
    }
}

impl std::error::Error for ExecError {}

/// What a function fails with: an error it returns, or what would be a panic in Go. The
/// evaluator makes an [`ExecError`] `error calling NAME: …` of it.
#[derive(Clone, Debug)]
pub struct Failure(Box<Reason>);

#[derive(Clone, Debug)]
enum Reason {
    Message(String),
    Exec(ExecError),
    Parse(ParseError),
    Limit(Limit),
}

impl Failure {
    /// A failure with Go's text.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Reason::Message(message.into())))
    }

    /// The failure with the limit of bytes named that was set: functions are only told how many
    /// are left.
    pub(crate) fn with_byte_limit(mut self, limit: u64) -> Self {
        if let Reason::Limit(Limit::Bytes(bytes)) = &mut *self.0 {
            *bytes = limit;
        }
        self
    }

    /// The error of a nested render, if it is one.
    pub fn as_exec(&self) -> Option<&ExecError> {
        match &*self.0 {
            Reason::Exec(error) => Some(error),
            _ => None,
        }
    }

    /// The error of parsing, if it is one.
    pub fn as_parse(&self) -> Option<&ParseError> {
        match &*self.0 {
            Reason::Parse(error) => Some(error),
            _ => None,
        }
    }

    /// The limit that was passed, by this function or in a render it started.
    pub fn as_limit(&self) -> Option<Limit> {
        match &*self.0 {
            Reason::Limit(limit) => Some(*limit),
            Reason::Exec(error) => error.limit(),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Message(message) => f.write_str(message),
            Reason::Exec(error) => error.fmt(f),
            Reason::Parse(error) => error.fmt(f),
            Reason::Limit(limit) => limit.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<ExecError> for Failure {
    fn from(error: ExecError) -> Self {
        Self(Box::new(Reason::Exec(error)))
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self(Box::new(Reason::Parse(error)))
    }
}

impl From<Limit> for Failure {
    fn from(limit: Limit) -> Self {
        Self(Box::new(Reason::Limit(limit)))
    }
}

impl From<crate::value::TooDeep> for Failure {
    fn from(_: crate::value::TooDeep) -> Self {
        Self::from(Limit::Nesting)
    }
}
