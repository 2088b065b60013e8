//! Which files of a source are left out of its artifact: `.sourceignore` files and `spec.ignore`.
//!
//! The lines look like those of a gitignore file but are matched as Flux matches them, which is not as git
//! does (source-controller spec §6): the last pattern that matches the path or any directory above it
//! decides, and leaving out a directory does not stop a later `!` from taking back a file below it.

mod glob;
mod pattern;

use crate::{Entry, Limits, Tree};
use pattern::{Pattern, Verdict};

/// Name of the files that hold rules, each for its own directory and what is below.
const FILE: &str = ".sourceignore";

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
    pub fn for_source(tree: &Tree, spec_ignore: Option<&str>) -> IgnoreRules {
        let mut own = Vec::new();
        for dir in std::iter::once(String::new()).chain(directories(tree)) {
            let file = if dir.is_empty() {
                FILE.to_owned()
            } else {
                format!("{dir}/{FILE}")
            };
            if let Some(file) = tree.get(&file) {
                own.extend(parse(&String::from_utf8_lossy(&file.bytes), &dir));
            }
        }
        own.extend(spec_ignore.into_iter().flat_map(|text| parse(text, "")));

        let mut patterns: Vec<_> = VCS.iter().map(|line| Pattern::parse(line, "")).collect();
        if own.is_empty() {
            patterns.extend(DEFAULTS.iter().map(|line| Pattern::parse(line, "")));
        }
        patterns.append(&mut own);
        IgnoreRules { patterns }
    }

    /// Rules of `text` alone, without any default, for sources that have none.
    pub fn parse(text: &str) -> IgnoreRules {
        IgnoreRules {
            patterns: parse(text, "").collect(),
        }
    }

    /// Whether the file or directory at `path` is left out. `path` is relative to the root of the source.
    pub fn matches(&self, path: &str, is_dir: bool) -> bool {
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let verdicts = self
            .patterns
            .iter()
            .rev()
            .map(|pattern| pattern.verdict(&path, is_dir));
        verdicts
            .into_iter()
            .find(|verdict| *verdict != Verdict::None)
            == Some(Verdict::Exclude)
    }
}

/// `tree` without what `rules` leave out. A directory that is left out stays when something below it was
/// taken back.
pub fn filter(tree: &Tree, rules: &IgnoreRules) -> Tree {
    let mut kept = Tree::builder(Limits::unbounded());
    for (path, entry) in tree.walk() {
        let added = match entry {
            Entry::File(file) if !rules.matches(&path, false) => kept
                .file(&path, file.bytes.clone(), file.executable)
                .map(drop),
            Entry::Dir if !rules.matches(&path, true) => kept.dir(&path).map(drop),
            _ => Ok(()),
        };
        debug_assert!(added.is_ok(), "a part of a tree is a tree: {added:?}");
    }
    kept.build()
}

/// All directories below the root, each before those inside it. What git keeps for itself is not looked
/// into.
fn directories(tree: &Tree) -> impl Iterator<Item = String> {
    tree.walk().filter_map(|(path, entry)| {
        let inside_git = path.split('/').any(|name| name == ".git");
        (entry == Entry::Dir && !inside_git).then_some(path)
    })
}

fn parse(text: &str, dir: &str) -> impl Iterator<Item = Pattern> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(move |line| Pattern::parse(line, dir))
}

#[cfg(test)]
mod tests;
