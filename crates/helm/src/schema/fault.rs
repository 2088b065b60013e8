//! What is wrong with a value, as a tree.

use std::fmt;

use crate::go_text::quote as go_quote;

/// A fault and those that are its reason.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    path: Vec<String>,
    message: String,
    causes: Vec<Fault>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Several faults of one schema.
    Group,
    /// What came up through `$ref`; not shown where it has one reason.
    Reference,
}

impl Fault {
    pub(super) fn new(path: &[String], message: impl Into<String>) -> Self {
        Self {
            path: path.to_vec(),
            message: message.into(),
            causes: Vec::new(),
            kind: Kind::Plain,
        }
    }

    pub(super) fn because(mut self, causes: Vec<Fault>) -> Self {
        self.causes = causes;
        self
    }

    /// One fault of several.
    pub(super) fn group(path: &[String], mut faults: Vec<Fault>) -> Option<Self> {
        if faults.len() < 2 {
            return faults.pop();
        }
        Some(Self {
            kind: Kind::Group,
            ..Self::new(path, "validation failed").because(faults)
        })
    }

    pub(super) fn reference(path: &[String], fault: Fault) -> Self {
        let causes = match fault.kind {
            Kind::Group => fault.causes,
            _ => vec![fault],
        };
        Self {
            kind: Kind::Reference,
            ..Self::new(path, "validation failed").because(causes)
        }
    }

    /// The same fault with another message, as a whole validation of its own has it.
    pub(super) fn under(path: &[String], message: impl Into<String>, fault: Fault) -> Self {
        let causes = match fault.kind {
            Kind::Group => fault.causes,
            _ => vec![fault],
        };
        Self::new(path, message).because(causes)
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let mut indent = indent;
        if !(self.kind == Kind::Reference && self.causes.len() == 1) {
            writeln!(f)?;
            for _ in 1..indent {
                f.write_str("  ")?;
            }
            let mut pointer = String::new();
            for part in &self.path {
                pointer.push('/');
                pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
            }
            write!(f, "- at {}: {}", quote(&pointer), self.message)?;
            indent += 1;
        }
        self.causes
            .iter()
            .try_for_each(|cause| cause.write(f, indent))
    }
}

/// All faults below the root, which is not shown.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Faults<'a>(&'a [Fault]);
        impl fmt::Display for Faults<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|fault| fault.write(f, 1))
            }
        }
        let text = match self.kind {
            Kind::Group => Faults(&self.causes).to_string(),
            _ => Faults(std::slice::from_ref(self)).to_string(),
        };
        f.write_str(text.strip_prefix('\n').unwrap_or(&text))
    }
}

/// Text in single quotes.
pub(super) fn quote(text: &str) -> String {
    let quoted = go_quote(text);
    let inner = quoted.strip_prefix('"').unwrap_or(&quoted);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    format!("'{}'", inner.replace("\\\"", "\"").replace('\'', "\\'"))
}

/// Texts in single quotes, with commas.
pub(super) fn quote_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(quote).collect();
    quoted.join(", ")
}
