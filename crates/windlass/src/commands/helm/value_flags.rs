//! The flags that give values.

use std::fs;
use std::io::Read;
use std::path::Path;

use clap::Args;
use windlass_helm::values::{Map, Sources};

use super::chart_source::open_error;

/// Values for a chart.
#[derive(Args)]
pub(super) struct ValueFlags {
    /// Values in a YAML file; `-` is standard input. Can be given several times.
    #[arg(long, short = 'f')]
    values: Vec<String>,
    /// Set values on the command line: `key1=val1,key2=val2`.
    #[arg(long)]
    set: Vec<String>,
    /// Set texts on the command line.
    #[arg(long)]
    set_string: Vec<String>,
    /// Set values from files: `key1=path1,key2=path2`.
    #[arg(long)]
    set_file: Vec<String>,
    /// Set JSON values on the command line: `key1=jsonval1` or a JSON object.
    #[arg(long)]
    set_json: Vec<String>,
    /// Set a text on the command line, taken literally.
    #[arg(long)]
    set_literal: Vec<String>,
}

impl ValueFlags {
    /// All values, merged.
    pub(super) fn merge(&self) -> anyhow::Result<Map> {
        let Self {
            values,
            set,
            set_string,
            set_file,
            set_json,
            set_literal,
        } = self;
        let mut files = Vec::new();
        for name in values {
            files.push((name.clone(), read(name)?));
        }
        let sources = Sources {
            files,
            json: set_json.clone(),
            set: set.clone(),
            string: set_string.clone(),
            file: set_file.clone(),
            literal: set_literal.clone(),
        };
        let mut from_file = |name: &str| match read(name) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => Err(error.to_string()),
        };
        Ok(sources.merge(&mut from_file)?)
    }
}

fn read(name: &str) -> anyhow::Result<Vec<u8>> {
    if name.trim() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(name).map_err(|error| open_error(Path::new(name), &error))
}
