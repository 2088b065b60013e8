//! YAML to be written in one of its styles, scalars as they are to stand in the text.

use super::rng::Rng;

#[derive(Clone)]
pub(crate) enum Yaml {
    /// A scalar as written.
    Raw(String),
    Map(Vec<(String, Yaml)>),
    List(Vec<Yaml>),
}

pub(crate) fn raw(text: impl Into<String>) -> Yaml {
    Yaml::Raw(text.into())
}

pub(crate) fn map(pairs: Vec<(&str, Yaml)>) -> Yaml {
    Yaml::Map(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
}

pub(crate) fn list(items: Vec<Yaml>) -> Yaml {
    Yaml::List(items)
}

impl Yaml {
    pub(crate) fn push(&mut self, key: &str, value: Yaml) {
        if let Self::Map(pairs) = self {
            pairs.push((key.to_owned(), value));
        }
    }

    /// The text, some collections in brackets.
    pub(crate) fn write(&self, rng: &mut Rng) -> String {
        let mut out = String::new();
        self.block(0, rng, &mut out);
        out
    }

    fn block(&self, indent: usize, rng: &mut Rng, out: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::Raw(text) => {
                out.push_str(text);
                out.push('\n');
            }
            Self::Map(pairs) if pairs.is_empty() => out.push_str("{}\n"),
            Self::List(items) if items.is_empty() => out.push_str("[]\n"),
            Self::Map(pairs) => {
                for (key, value) in pairs {
                    out.push_str(&pad);
                    out.push_str(key);
                    out.push(':');
                    value.after_key(indent, rng, out);
                }
            }
            Self::List(items) => {
                for item in items {
                    out.push_str(&pad);
                    out.push('-');
                    match item {
                        Self::Map(pairs)
                            if !(pairs.is_empty() || rng.chance(8) && item.fits_flow()) =>
                        {
                            let mut inner = String::new();
                            item.block(indent + 2, rng, &mut inner);
                            out.push(' ');
                            out.push_str(inner.trim_start());
                        }
                        Self::List(inner) if !inner.is_empty() => {
                            out.push(' ');
                            item.flow(out);
                            out.push('\n');
                        }
                        Self::Raw(text) if text.contains('\n') => {
                            let pad = format!("\n{pad}  ");
                            out.push(' ');
                            out.push_str(&text.trim_end().replace("\n  ", &pad));
                            out.push('\n');
                        }
                        item => {
                            out.push(' ');
                            item.flow(out);
                            out.push('\n');
                        }
                    }
                }
            }
        }
    }

    fn after_key(&self, indent: usize, rng: &mut Rng, out: &mut String) {
        match self {
            Self::Raw(text) if text.is_empty() => out.push('\n'),
            Self::Raw(text) => {
                out.push(' ');
                // Blocks are indented below their key.
                let pad = format!("\n{}", " ".repeat(indent + 2));
                out.push_str(&text.trim_end().replace('\n', &pad));
                out.push('\n');
            }
            Self::Map(pairs) if !(pairs.is_empty() || rng.chance(6) && self.fits_flow()) => {
                out.push('\n');
                self.block(indent + 2, rng, out);
            }
            Self::List(items) if !(items.is_empty() || rng.chance(6) && self.fits_flow()) => {
                out.push('\n');
                let deeper = if rng.chance(50) { 2 } else { 0 };
                self.block(indent + deeper, rng, out);
            }
            other => {
                out.push(' ');
                other.flow(out);
                out.push('\n');
            }
        }
    }

    /// Whether no scalar needs a block.
    fn fits_flow(&self) -> bool {
        match self {
            Self::Raw(text) => !text.contains('\n'),
            Self::Map(pairs) => pairs.iter().all(|(_, value)| value.fits_flow()),
            Self::List(items) => items.iter().all(Self::fits_flow),
        }
    }

    fn flow(&self, out: &mut String) {
        match self {
            Self::Raw(text) if text.contains('\n') => out.push_str("block"),
            Self::Raw(text) if text.is_empty() => out.push_str("null"),
            Self::Raw(text) => out.push_str(text),
            Self::Map(pairs) => {
                out.push('{');
                for (at, (key, value)) in pairs.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    out.push_str(key);
                    out.push_str(": ");
                    value.flow(out);
                }
                out.push('}');
            }
            Self::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    item.flow(out);
                }
                out.push(']');
            }
        }
    }
}
