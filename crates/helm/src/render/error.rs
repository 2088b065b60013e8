//! Errors of rendering, as Helm 4 words them.

use windlass_gotemplate::{ExecError, Failure, Limit, ParseError};

use crate::functions::{ERROR_END, ERROR_START};
use crate::go_text::quote;

/// A place in a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The template: `chart/templates/file.yaml`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The offset in the line in bytes, from 0, where known.
    pub column: Option<usize>,
}

/// Why a chart could not be rendered. `Display` gives Helm's text.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The dependencies could not be processed.
    #[error("chart dependencies processing failed: {0}")]
    Dependencies(String),
    /// The values do not fit the chart.
    #[error("{0}")]
    Values(String),
    /// The values do not fit a schema.
    #[error(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{0}"
    )]
    Schema(String),
    /// The chart is for other versions of Kubernetes.
    #[error("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {present}")]
    KubeVersion {
        /// The range.
        wanted: String,
        /// The version.
        present: String,
    },
    /// A template cannot be parsed or executed.
    #[error("{text}")]
    Template {
        /// Helm's text.
        text: String,
        /// Where it happened: the innermost place known.
        place: Option<Place>,
        /// The limit that was passed, if that is what happened.
        limit: Option<Limit>,
    },
    /// What was rendered is no YAML.
    #[error("{0}")]
    Manifest(String),
    /// The post renderer failed.
    #[error("{0}")]
    PostRender(String),
}

impl RenderError {
    /// Whether there is a release to show all the same: Helm then hints at its `--debug`.
    pub fn has_release(&self) -> bool {
        !matches!(
            self,
            Self::Dependencies(_) | Self::Values(_) | Self::Schema(_)
        )
    }

    /// Where in a template it happened.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Template { place, .. } => place.as_ref(),
            _ => None,
        }
    }

    /// The limit that was passed, if that is what happened.
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Self::Template { limit, .. } => *limit,
            _ => None,
        }
    }

    pub(super) fn parse(error: &ParseError) -> Self {
        let text = error.to_string();
        let parts: Vec<&str> = text.split(": ").collect();
        let text = match parts.as_slice() {
            [_, location, .., last] => format!("parse error at ({location}): {last}"),
            [_, location] => format!("parse error at ({location}): {location}"),
            _ => format!("parse error in ({}): {text}", error.template),
        };
        Self::Template {
            text,
            place: Some(Place {
                file: error.template.clone(),
                line: error.line,
                column: None,
            }),
            limit: None,
        }
    }

    pub(super) fn exec(failure: &Failure) -> Self {
        let Some(error) = failure.as_exec() else {
            return Self::Template {
                text: failure.to_string(),
                place: None,
                limit: failure.as_limit(),
            };
        };
        Self::Template {
            text: exec_text(error),
            place: innermost_place(error),
            limit: error.limit(),
        }
    }
}

fn innermost_place(error: &ExecError) -> Option<Place> {
    let mut innermost = None;
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(place) = error.place() {
            innermost = Some(Place {
                file: place.file.to_string(),
                line: place.line,
                column: Some(place.column),
            });
        }
        current = error.cause().and_then(|cause| cause.as_exec());
    }
    innermost
}

/// Rewrites Go's one-line text as Helm 4 does: a chart's own words alone with the place where
/// the outermost template was, or a block for each template in which the error came up. Where an
/// error of the chain does not look like one of a template, Go's text stays.
fn exec_text(error: &ExecError) -> String {
    let whole = error.to_string();
    let mut parts = whole.splitn(3, ": ");
    let (Some(_), Some(location), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return whole;
    };
    if let Some(words) = own_words(rest) {
        return format!("execution error at ({location}): {words}");
    }
    let mut blocks: Vec<Block> = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        if !push(&mut blocks, &level_text(error)) {
            return whole;
        }
        current = match error.cause() {
            None => None,
            Some(cause) => {
                let exec = cause.as_exec();
                if exec.is_none() && !push(&mut blocks, &cause.to_string()) {
                    return whole;
                }
                exec
            }
        };
    }
    let text: String = blocks.iter().map(Block::text).collect();
    text.trim().to_owned()
}

/// The text of an error up to where that of its cause, if it is one of a template, begins. The
/// whole text at every level would take quadratic time.
fn level_text(error: &ExecError) -> String {
    let (Some(place), Some(cause)) = (error.place(), error.cause()) else {
        return error.to_string();
    };
    if cause.as_exec().is_none() {
        return error.to_string();
    }
    format!(
        "template: {}:{}:{}: executing {} at <{}>: {}: template:",
        place.file,
        place.line,
        place.column,
        quote(error.template()),
        place.context,
        error.message()
    )
}

fn push(blocks: &mut Vec<Block>, text: &str) -> bool {
    let Some(block) = Block::parse(text) else {
        return false;
    };
    if blocks.last() != Some(&block) {
        blocks.push(block);
    }
    true
}

/// What `fail` or `required` said.
fn own_words(text: &str) -> Option<&str> {
    let start = text.find(ERROR_START)? + ERROR_START.len();
    let end = text.rfind(ERROR_END)?;
    text.get(start..end)
}

/// One template of the chain.
#[derive(Debug, PartialEq, Eq, Default)]
struct Block {
    location: String,
    executed: String,
    message: String,
}

impl Block {
    /// Reads the text of an error as Helm does.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self {
                message: text.to_owned(),
                ..Self::default()
            });
        }
        Self::executing(rest).or_else(|| {
            let (location, message) = rest.rsplit_once(": ")?;
            Some(Self {
                location: location.to_owned(),
                executed: String::new(),
                message: before_chained(message).to_owned(),
            })
        })
    }

    fn executing(rest: &str) -> Option<Self> {
        let (location, after) = rest.split_once(": executing ")?;
        let (name, after) = after.strip_prefix('"')?.split_once('"')?;
        let (context, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self {
            location: location.to_owned(),
            executed: format!("executing \"{name}\" at <{context}>:"),
            message: before_chained(message).to_owned(),
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (part, after) in [
            (&self.location, "\n  "),
            (&self.executed, "\n    "),
            (&self.message, "\n"),
        ] {
            if !part.is_empty() {
                text.push_str(part);
                text.push_str(after);
            }
        }
        text
    }
}

/// The message up to that of the next template.
fn before_chained(message: &str) -> &str {
    message
        .find(" template:")
        .map_or(message, |end| &message[..end])
}
