//! What a user gives values with: files and the `--set` family, merged in Helm's order.

use std::fmt;

use super::merge::{merge_maps, read_values};
use super::set::{FileReader, MAX_ITEMS, Reading, SetError, parse_within};
use super::value::{Map, map_from_json};
use crate::hidden::Names;

/// Everything values were given with, each kind in the order of the command line.
#[derive(Clone, Default)]
pub struct Sources {
    /// Values files (`-f`): name and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// `--set-json`.
    pub json: Vec<String>,
    /// `--set`.
    pub set: Vec<String>,
    /// `--set-string`.
    pub string: Vec<String>,
    /// `--set-file`.
    pub file: Vec<String>,
    /// `--set-literal`.
    pub literal: Vec<String>,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            files,
            json,
            set,
            string,
            file,
            literal,
        } = self;
        f.debug_struct("Sources")
            .field("files", &Names(files.iter().map(|(name, _)| name)))
            .field("json", &json.len())
            .field("set", &set.len())
            .field("string", &string.len())
            .field("file", &file.len())
            .field("literal", &literal.len())
            .finish()
    }
}

/// Why values could not be read; the text is Helm's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourcesError {
    /// A file is no YAML or no table.
    #[error("failed to parse {file}: {problem}")]
    File {
        /// The file as it was named.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// `--set-json` was given what is no JSON.
    #[error("failed parsing --set-json data{} {text}", if *.object { " JSON:" } else { "" })]
    Json {
        /// What was given.
        text: String,
        /// Whether it is a whole object rather than `key=value`.
        object: bool,
    },
    /// Another flag was given what does not follow its grammar.
    #[error("failed parsing --{flag} data: {problem}")]
    Set {
        /// The flag without its dashes.
        flag: &'static str,
        /// What is wrong.
        problem: SetError,
    },
}

impl Sources {
    /// All of it merged: files, then `--set-json`, `--set`, `--set-string`, `--set-file`,
    /// `--set-literal`. `read` gives the files that `--set-file` names.
    ///
    /// # Errors
    /// The first thing that cannot be parsed.
    pub fn merge(&self, read: &mut FileReader<'_>) -> Result<Map, SourcesError> {
        let mut values = Map::new();
        for (file, text) in &self.files {
            let table = read_values(text).map_err(|problem| SourcesError::File {
                file: file.clone(),
                problem,
            })?;
            merge_maps(&mut values, table);
        }
        let left = &mut { MAX_ITEMS };
        for text in &self.json {
            merge_json(text, &mut values, left)?;
        }
        let failed = |flag| move |problem| SourcesError::Set { flag, problem };
        for text in &self.set {
            parse_within(text, &mut values, Reading::Typed, left).map_err(failed("set"))?;
        }
        for text in &self.string {
            parse_within(text, &mut values, Reading::Text, left).map_err(failed("set-string"))?;
        }
        for text in &self.file {
            parse_within(text, &mut values, Reading::File(read), left)
                .map_err(failed("set-file"))?;
        }
        for text in &self.literal {
            parse_within(text, &mut values, Reading::Literal, left)
                .map_err(failed("set-literal"))?;
        }
        Ok(values)
    }
}

fn merge_json(text: &str, values: &mut Map, left: &mut usize) -> Result<(), SourcesError> {
    let trimmed = text.trim();
    let object = trimmed.starts_with('{');
    let failed = || SourcesError::Json {
        text: text.to_owned(),
        object,
    };
    if object {
        let json: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(trimmed).map_err(|_| failed())?;
        merge_maps(values, map_from_json(&json));
        Ok(())
    } else {
        parse_within(text, values, Reading::Json, left).map_err(|_| failed())
    }
}
