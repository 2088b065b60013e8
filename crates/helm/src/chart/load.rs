//! From files to a chart.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use windlass_archive::{Entry, Tree};

use super::archive::archive_files;
use super::ignore::{IgnoreError, IgnoreRules};
use super::metadata::{Lock, Metadata};
use super::metadata_decode::Decoder;
use super::validate::validate;
use super::{Chart, File, Identity};
use crate::go_text::quote;
use crate::values::read_values;
use crate::yaml_decode::json_document;

/// What loading a chart may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// Bytes of all files of one archive. Helm's own limit; it is in the error text.
    pub max_archive_bytes: u64,
    /// Bytes of one file. Helm's own limit; it is in the error text.
    pub max_file_bytes: u64,
    /// Bytes of all files, those in archives of subcharts included.
    pub max_total_bytes: u64,
    /// Files, those in archives of subcharts included.
    pub max_files: usize,
    /// Charts in charts.
    pub max_depth: usize,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self {
            max_archive_bytes: 100 * 1024 * 1024,
            max_file_bytes: 5 * 1024 * 1024,
            max_total_bytes: 400 * 1024 * 1024,
            max_files: 100_000,
            max_depth: 32,
        }
    }
}

/// Why a chart could not be loaded. The text is Helm's, but for [`LoadError::Limit`].
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are no gzip.
    #[error("gzip: invalid header")]
    NotGzip,
    /// The archive cannot be read as one.
    #[error("{}", archive_text(.0))]
    Archive(Box<LoadError>),
    /// `.helmignore` is not understood.
    #[error(transparent)]
    Ignore(#[from] IgnoreError),
    /// Any other fault, in words.
    #[error("{0}")]
    Message(String),
    /// One of [`LoadLimits`] that Helm does not have.
    #[error("chart has more than {0}")]
    Limit(String),
}

fn archive_text(cause: &LoadError) -> String {
    match cause {
        LoadError::NotGzip => {
            format!("stream does not appear to be a valid chart file (details: {cause})")
        }
        cause => format!("unable to load chart archive: {cause}"),
    }
}

/// What is left of [`LoadLimits`].
pub(super) struct Budget {
    limits: LoadLimits,
    bytes: u64,
    files: usize,
    depth: usize,
}

impl Budget {
    pub(super) fn new(limits: &LoadLimits) -> Self {
        Self {
            limits: *limits,
            bytes: limits.max_total_bytes,
            files: limits.max_files,
            depth: 0,
        }
    }

    pub(super) fn limits(&self) -> LoadLimits {
        self.limits
    }

    pub(super) fn take_file(&mut self, size: u64) -> Result<(), LoadError> {
        self.bytes = self.bytes.checked_sub(size).ok_or_else(|| {
            LoadError::Limit(format!("{} bytes in all", self.limits.max_total_bytes))
        })?;
        self.files = self
            .files
            .checked_sub(1)
            .ok_or_else(|| LoadError::Limit(format!("{} files", self.limits.max_files)))?;
        Ok(())
    }
}

/// A file on its way into a chart.
pub(super) type Loaded = File;

/// Loads a chart from a directory, what `.helmignore` names left out.
///
/// # Errors
/// [`LoadError`], whose text is Helm's.
pub fn load_directory(tree: &Tree, limits: &LoadLimits) -> Result<Chart, LoadError> {
    let mut budget = Budget::new(limits);
    let rules = match tree.get(".helmignore") {
        Some(file) => IgnoreRules::parse(&file.bytes)?,
        None => IgnoreRules::default(),
    };
    let mut files = Vec::new();
    walk(tree, "", &rules, &mut files, &mut budget)?;
    detect_version(&files)?;
    load_files(files, &mut budget)
}

fn walk(
    tree: &Tree,
    dir: &str,
    rules: &IgnoreRules,
    files: &mut Vec<Loaded>,
    budget: &mut Budget,
) -> Result<(), LoadError> {
    for (name, entry) in tree.dir(dir) {
        let path = if dir.is_empty() {
            name.to_owned()
        } else {
            format!("{dir}/{name}")
        };
        if rules.ignores(&path, entry == Entry::Dir) {
            continue;
        }
        match entry {
            Entry::Dir => walk(tree, &path, rules, files, budget)?,
            Entry::File(file) => {
                let size = file.bytes.len() as u64;
                let most = budget.limits.max_file_bytes;
                if size > most {
                    return Err(LoadError::Message(format!(
                        "chart file {} is larger than the maximum file size {most}",
                        quote(name)
                    )));
                }
                budget.take_file(size)?;
                files.push(File::new(&path, file.bytes.clone()));
            }
        }
    }
    Ok(())
}

/// Refuses charts of a version that is not `v1` or `v2`.
pub(super) fn detect_version(files: &[Loaded]) -> Result<(), LoadError> {
    let Some(file) = files.iter().find(|file| &*file.name == "Chart.yaml") else {
        let text = "unable to detect chart version, no Chart.yaml found";
        return Err(LoadError::Message(text.to_owned()));
    };
    let failed = |problem: String| LoadError::Message(format!("cannot load Chart.yaml: {problem}"));
    let json = json_document(&file.data()).map_err(failed)?;
    let mut metadata = Metadata::default();
    let mut decoder = Decoder::default();
    decoder.version_only(&json, &mut metadata);
    decoder.finish().map_err(failed)?;
    match &*metadata.api_version {
        "" | "v1" | "v2" => Ok(()),
        // What Helm has behind a gate.
        "v3" => Err(LoadError::Message("invalid chart apiVersion".to_owned())),
        _ => Err(LoadError::Message("unsupported chart version".to_owned())),
    }
}

/// What the files of one chart amount to, its subcharts still as files.
#[derive(Default)]
struct Parts {
    metadata: Option<Metadata>,
    nulls: Nulls,
    lock: Option<Lock>,
    templates: Vec<File>,
    raw_values: Option<Bytes>,
    values: crate::values::Map,
    schema: Option<Bytes>,
    files: Vec<File>,
    subcharts: BTreeMap<String, Vec<File>>,
}

/// Lists of `Chart.yaml` that had an empty item.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Nulls {
    pub(super) maintainers: bool,
    pub(super) dependencies: bool,
}

pub(super) fn load_files(files: Vec<Loaded>, budget: &mut Budget) -> Result<Chart, LoadError> {
    if budget.depth >= budget.limits.max_depth {
        let text = format!("{} charts in each other", budget.limits.max_depth);
        return Err(LoadError::Limit(text));
    }
    budget.depth += 1;
    let chart = load_parts(files, budget);
    budget.depth -= 1;
    chart
}

fn load_parts(files: Vec<Loaded>, budget: &mut Budget) -> Result<Chart, LoadError> {
    let mut parts = Parts::default();
    for file in &files {
        if &*file.name == "Chart.yaml" {
            parts.chart_yaml(file)?;
        }
    }
    for file in files {
        parts.add(file)?;
    }
    let Some(mut metadata) = parts.metadata else {
        return Err(LoadError::Message("Chart.yaml file is missing".to_owned()));
    };
    validate(&mut metadata, parts.nulls).map_err(LoadError::Message)?;
    let mut dependencies = Vec::new();
    for (name, files) in parts.subcharts {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let subchart = subchart(&name, files, &metadata.name, budget)?;
        dependencies.extend(subchart);
    }
    Ok(Chart {
        metadata,
        lock: parts.lock,
        templates: parts.templates.into(),
        values: Arc::new(parts.values),
        raw_values: parts.raw_values,
        schema: parts.schema,
        files: parts.files.into(),
        dependencies,
        identity: Identity::default(),
    })
}

fn subchart(
    name: &str,
    files: Vec<File>,
    parent: &str,
    budget: &mut Budget,
) -> Result<Option<Chart>, LoadError> {
    let archive = name.rsplit('.').next() == Some("tgz") && name.contains('.');
    let result = if archive {
        let Some(file) = files.into_iter().next() else {
            return Ok(None);
        };
        if &*file.name != name {
            return Err(LoadError::Message(format!(
                "error unpacking subchart tar in {parent}: expected {name}, got {}",
                file.name
            )));
        }
        archive_files(&file.data(), budget).and_then(|files| load_files(files, budget))
    } else {
        // Files directly in charts/ belong to no chart.
        let inner = files.into_iter().filter_map(|file| {
            let (_, path) = file.name.split_once('/')?;
            Some(File {
                name: path.into(),
                content: file.content,
            })
        });
        load_files(inner.collect(), budget)
    };
    match result {
        Ok(chart) => Ok(Some(chart)),
        Err(LoadError::Limit(limit)) => Err(LoadError::Limit(limit)),
        Err(error) => Err(LoadError::Message(format!(
            "error unpacking subchart {name} in {parent}: {error}"
        ))),
    }
}

impl Parts {
    fn chart_yaml(&mut self, file: &File) -> Result<(), LoadError> {
        let metadata = self.metadata.get_or_insert_default();
        decode("Chart.yaml", file, |decoder, json| {
            decoder.metadata(json, metadata);
            self.nulls = decoder.nulls();
        })?;
        if metadata.api_version.is_empty() {
            "v1".clone_into(&mut metadata.api_version);
        }
        Ok(())
    }

    fn add(&mut self, file: File) -> Result<(), LoadError> {
        let name = Arc::clone(&file.name);
        match &*name {
            "Chart.yaml" => {}
            "Chart.lock" => self.lock = Some(lock(&file)?),
            "values.yaml" => {
                self.values = read_values(&file.data()).map_err(|problem| {
                    LoadError::Message(format!("cannot load values.yaml: {problem}"))
                })?;
                self.raw_values = Some(file.data());
            }
            "values.schema.json" => self.schema = Some(file.data()),
            "requirements.yaml" => {
                let metadata = self.metadata.get_or_insert_default();
                let v1 = metadata.api_version == "v1";
                decode("requirements.yaml", &file, |decoder, json| {
                    decoder.metadata(json, metadata);
                    self.nulls.dependencies |= decoder.nulls().dependencies;
                    self.nulls.maintainers |= decoder.nulls().maintainers;
                })?;
                if v1 {
                    self.files.push(file);
                }
            }
            "requirements.lock" => {
                self.lock = Some(lock(&file)?);
                if self.metadata.get_or_insert_default().api_version == "v1" {
                    self.files.push(file);
                }
            }
            name => {
                if name.starts_with("templates/") {
                    self.templates.push(file);
                } else if let Some(rest) = name.strip_prefix("charts/") {
                    if name.ends_with(".prov") {
                        self.files.push(file);
                    } else {
                        let subchart = rest.split('/').next().unwrap_or(rest);
                        let inner = File {
                            name: rest.into(),
                            content: file.content,
                        };
                        self.subcharts
                            .entry(subchart.to_owned())
                            .or_default()
                            .push(inner);
                    }
                } else {
                    self.files.push(file);
                }
            }
        }
        Ok(())
    }
}

fn lock(file: &File) -> Result<Lock, LoadError> {
    let mut lock = Lock::default();
    decode(&file.name, file, |decoder, json| {
        decoder.lock(json, &mut lock);
    })?;
    Ok(lock)
}

fn decode(
    name: &str,
    file: &File,
    into: impl FnOnce(&mut Decoder, &serde_json::Value),
) -> Result<(), LoadError> {
    let failed = |problem: String| LoadError::Message(format!("cannot load {name}: {problem}"));
    let json = json_document(&file.data()).map_err(failed)?;
    let mut decoder = Decoder::default();
    into(&mut decoder, &json);
    decoder.finish().map_err(failed)
}
