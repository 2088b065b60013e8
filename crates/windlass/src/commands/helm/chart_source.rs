//! A chart on this machine: a directory or an archive.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use windlass_archive::{Limits, Tree, TreeBuilder};
use windlass_helm::chart::{
    Chart, IgnoreRules, LoadLimits, gzip_hint, load_archive, load_directory,
};

/// Deepest nesting of directories, which links can make endless.
const MAX_DEPTH: usize = 64;

/// Loads the chart that `name` refers to.
pub(super) fn load(name: &str) -> anyhow::Result<Chart> {
    let path = locate(name.trim())?;
    let limits = LoadLimits::default();
    if !path.is_dir() {
        let bytes = fs::read(&path).map_err(|error| open_error(&path, &error))?;
        if let Some(hint) = gzip_hint(&path.to_string_lossy(), &bytes) {
            bail!("{hint}");
        }
        return load_archive(&bytes.into(), &limits).map_err(|error| {
            let text = error.to_string();
            // Of an archive in a file Helm says no more.
            if text.starts_with("unable to load chart archive") {
                anyhow!("unable to load chart archive")
            } else {
                anyhow!("{text}")
            }
        });
    }
    let chart_yaml = path.join("Chart.yaml");
    if let Err(error) = fs::metadata(&chart_yaml) {
        bail!(
            "unable to detect chart at {}: {}",
            chart_yaml.display(),
            open_error(&chart_yaml, &error)
        );
    }
    let tree = read_tree(&path, &limits)?;
    Ok(load_directory(&tree, &limits)?)
}

/// Go's text for a file that cannot be read.
pub(super) fn open_error(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let reason = match error.kind() {
        std::io::ErrorKind::IsADirectory => {
            return anyhow!("read {}: is a directory", path.display());
        }
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    anyhow!("open {}: {reason}", path.display())
}

fn locate(name: &str) -> anyhow::Result<PathBuf> {
    if let Ok(path) = std::path::absolute(name)
        && path.exists()
    {
        return Ok(path);
    }
    if name.starts_with("oci://") || name.contains("://") {
        bail!("charts are not fetched yet: {name:?} is not on this machine");
    }
    if name.starts_with(['/', '.']) {
        bail!("path {name:?} not found");
    }
    match name.split_once('/') {
        Some((repository, _)) => bail!("repo {repository} not found"),
        None => {
            bail!("non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}")
        }
    }
}

/// Reads a directory, links followed and what `.helmignore` names left out.
fn read_tree(root: &Path, limits: &LoadLimits) -> anyhow::Result<Tree> {
    let rules = match fs::read(root.join(".helmignore")) {
        Ok(text) => IgnoreRules::parse(&text)?,
        Err(_) => IgnoreRules::default(),
    };
    let mut reader = Reader {
        root,
        rules,
        limits,
        builder: Tree::builder(Limits::default()),
    };
    reader.directory("", 0)?;
    Ok(reader.builder.build())
}

struct Reader<'a> {
    root: &'a Path,
    rules: IgnoreRules,
    limits: &'a LoadLimits,
    builder: TreeBuilder,
}

impl Reader<'_> {
    fn directory(&mut self, inside: &str, depth: usize) -> anyhow::Result<()> {
        if depth > MAX_DEPTH {
            bail!("{inside:?} is nested deeper than {MAX_DEPTH} levels");
        }
        let path = self.root.join(inside);
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).with_context(|| format!("{}", path.display()))? {
            let name = entry?.file_name();
            let name = name
                .to_str()
                .with_context(|| format!("{} is not UTF-8", path.join(&name).display()))?;
            names.push(name.to_owned());
        }
        names.sort();
        for name in names {
            let inside = if inside.is_empty() {
                name.clone()
            } else {
                format!("{inside}/{name}")
            };
            self.entry(&inside, &name, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, inside: &str, name: &str, depth: usize) -> anyhow::Result<()> {
        let path = self.root.join(inside);
        let metadata = fs::metadata(&path).map_err(|error| open_error(&path, &error))?;
        if self.rules.ignores(inside, metadata.is_dir()) {
            return Ok(());
        }
        if metadata.is_dir() {
            return self.directory(inside, depth + 1);
        }
        if !metadata.is_file() {
            bail!(
                "cannot load irregular file {} as it has file mode type bits set",
                path.display()
            );
        }
        let most = self.limits.max_file_bytes;
        if metadata.len() > most {
            bail!("chart file {name:?} is larger than the maximum file size {most}");
        }
        let bytes = fs::read(&path).map_err(|error| open_error(&path, &error))?;
        self.builder.file(inside, bytes, false)?;
        Ok(())
    }
}
