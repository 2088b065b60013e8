//! Which files of a source are left out of its artifact: `.sourceignore` files and `spec.ignore`.
//!
//! The lines look like those of a gitignore file but are matched as Flux matches them, which is not as git
//! does (source-controller spec §6): the last pattern that matches the path or any directory above it
//! decides, and leaving out a directory does not stop a later `!` from taking back a file below it.

mod glob;
mod pattern;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Entry, Error, Limits, Tree};
use pattern::{Pattern, Verdict};

/// Name of the files that hold rules, each for its own directory and what is below.
const FILE: &str = ".sourceignore";

/// Most bytes of patterns: in memory each takes fifty times as much.
const MAX_PATTERNS: usize = 1 << 20;

const VCS: &[&str] = &[".git/", ".gitignore", ".gitmodules", ".gitattributes"];
/// Apply only while a source states no pattern of its own.
const DEFAULTS: &[&str] = &[
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

/// The patterns of one source, from the weakest to the strongest.
#[derive(Debug, Clone)]
pub struct IgnoreRules {
    patterns: Vec<Pattern>,
}

impl IgnoreRules {
    /// The rules for the source `tree`: what belongs to version control, then either the patterns of its
    /// `.sourceignore` files (the root's first) and of `spec_ignore`, or, if there is no pattern at all,
    /// the defaults for media, archives and CI.
    ///
    /// # Errors
    /// When there are more patterns than anybody needs.
    pub fn for_source(tree: &Tree, spec_ignore: Option<&str>) -> Result<IgnoreRules, Error> {
        let mut own = Vec::new();
        let mut left = MAX_PATTERNS;
        let mut count = |text: &[u8]| {
            left = left
                .checked_sub(text.len())
                .ok_or(Error::TooManyPatterns(MAX_PATTERNS))?;
            Ok::<(), Error>(())
        };
        for dir in std::iter::once(String::new()).chain(directories(tree)) {
            let file = if dir.is_empty() {
                FILE.to_owned()
            } else {
                format!("{dir}/{FILE}")
            };
            if let Some(file) = tree.get(&file) {
                count(&file.bytes)?;
                own.extend(parse(&String::from_utf8_lossy(&file.bytes), &dir));
            }
        }
        if let Some(text) = spec_ignore {
            count(text.as_bytes())?;
            own.extend(parse(text, ""));
        }

        let root = Arc::default();
        let built_in = |lines: &[&str]| {
            lines
                .iter()
                .map(|line| Pattern::parse(line, &root))
                .collect()
        };
        let mut patterns: Vec<_> = built_in(VCS);
        if own.is_empty() {
            patterns.append(&mut built_in(DEFAULTS));
        }
        patterns.append(&mut own);
        Ok(IgnoreRules { patterns })
    }

    /// Rules of `text` alone, without any default, for sources that have none.
    pub fn parse(text: &str) -> IgnoreRules {
        IgnoreRules {
            patterns: parse(text, "").collect(),
        }
    }

    /// Whether the file or directory at `path` is left out. `path` is relative to the root of the source.
    pub fn matches(&self, path: &str, is_dir: bool) -> bool {
        self.decide(path, is_dir, &mut || true).unwrap_or(false)
    }

    /// [`IgnoreRules::matches`], as long as `goes_on`, which is asked before every pattern.
    fn decide(&self, path: &str, is_dir: bool, goes_on: &mut dyn FnMut() -> bool) -> Option<bool> {
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        for pattern in self.patterns.iter().rev() {
            if !goes_on() {
                return None;
            }
            let verdict = pattern.verdict(&path, is_dir);
            if verdict != Verdict::None {
                return Some(verdict == Verdict::Exclude);
            }
        }
        Some(false)
    }
}

/// `tree` without what `rules` leave out. A directory that is left out stays when something below it was
/// taken back.
///
/// # Errors
/// When it takes longer than `most`: every pattern is tried on every path.
pub fn filter(tree: &Tree, rules: &IgnoreRules, most: Duration) -> Result<Tree, Error> {
    /// So many patterns come between two looks at the clock.
    const PATTERNS: u32 = 256;
    let started = Instant::now();
    let mut tried = 0_u32;
    let mut in_time = || {
        tried = tried.wrapping_add(1);
        !tried.is_multiple_of(PATTERNS) || started.elapsed() < most
    };
    let mut kept = Tree::builder(Limits::unbounded());
    for (path, entry) in tree.walk() {
        let is_dir = entry == Entry::Dir;
        let ignored = rules.decide(&path, is_dir, &mut in_time);
        if ignored.ok_or(Error::TooSlow(most))? {
            continue;
        }
        let added = match entry {
            Entry::File(file) => kept
                .file(&path, file.bytes.clone(), file.executable)
                .map(drop),
            Entry::Dir => kept.dir(&path).map(drop),
        };
        debug_assert!(added.is_ok(), "a part of a tree is a tree: {added:?}");
    }
    Ok(kept.build())
}

/// All directories below the root, each before those inside it. What git keeps for itself is not looked
/// into.
fn directories(tree: &Tree) -> impl Iterator<Item = String> {
    tree.walk().filter_map(|(path, entry)| {
        let inside_git = path.split('/').any(|name| name == ".git");
        (entry == Entry::Dir && !inside_git).then_some(path)
    })
}

/// The patterns of a file in the directory `dir` (`""` for the root).
fn parse(text: &str, dir: &str) -> impl Iterator<Item = Pattern> {
    let parts = dir.split('/').filter(|part| !part.is_empty());
    let dir: Arc<[String]> = parts.map(str::to_owned).collect();
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(move |line| Pattern::parse(line, &dir))
}

#[cfg(test)]
mod tests;
