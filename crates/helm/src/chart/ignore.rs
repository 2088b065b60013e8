//! `.helmignore`.

use super::path_match::path_match;

/// The rules of a `.helmignore` file, and Helm's own: files in `templates/` that start with a dot.
#[derive(Debug, Clone)]
pub struct IgnoreRules {
    patterns: Vec<Pattern>,
}

/// Why a `.helmignore` file was refused; the text is Helm's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IgnoreError(String);

#[derive(Debug, Clone)]
struct Pattern {
    glob: String,
    /// The rule is about the last part of the path only.
    base: bool,
    negated: bool,
    directories: bool,
}

impl Default for IgnoreRules {
    fn default() -> Self {
        let mut rules = Self {
            patterns: Vec::new(),
        };
        rules.add_defaults();
        rules
    }
}

impl IgnoreRules {
    /// Reads the rules of a file.
    ///
    /// # Errors
    /// A pattern that cannot be compiled, or one with `**`.
    pub fn parse(text: &[u8]) -> Result<Self, IgnoreError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut rules = Self {
            patterns: Vec::new(),
        };
        for line in String::from_utf8_lossy(text).lines() {
            rules.add(line)?;
        }
        rules.add_defaults();
        Ok(rules)
    }

    /// Whether the path, relative to the chart, is left out of it. What is in a directory that is
    /// left out is to be left out without being asked about.
    pub fn ignores(&self, path: &str, directory: bool) -> bool {
        for pattern in &self.patterns {
            // Quirk: a negated rule leaves out all that does not match it.
            if pattern.negated {
                if pattern.directories && !directory || !pattern.matches(path) {
                    return true;
                }
            } else if (!pattern.directories || directory) && pattern.matches(path) {
                return true;
            }
        }
        false
    }

    fn add_defaults(&mut self) {
        self.patterns.push(Pattern {
            glob: "templates/.?*".to_owned(),
            base: false,
            negated: false,
            directories: false,
        });
    }

    fn add(&mut self, rule: &str) -> Result<(), IgnoreError> {
        let rule = rule.trim();
        if rule.is_empty() || rule.starts_with('#') {
            return Ok(());
        }
        if rule.contains("**") {
            let text = "double-star (**) syntax is not supported";
            return Err(IgnoreError(text.to_owned()));
        }
        path_match(rule, "abc").map_err(|error| IgnoreError(error.to_string()))?;
        let (negated, rule) = match rule.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (directories, rule) = match rule.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, rule),
        };
        let (base, glob) = match rule.strip_prefix('/') {
            Some(rest) => (false, rest),
            None => (!rule.contains('/'), rule),
        };
        self.patterns.push(Pattern {
            glob: glob.to_owned(),
            base,
            negated,
            directories,
        });
        Ok(())
    }
}

impl Pattern {
    fn matches(&self, path: &str) -> bool {
        let path = if self.base {
            path.rsplit('/').next().unwrap_or(path)
        } else {
            path
        };
        path_match(&self.glob, path).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_apply_as_in_helm() {
        let rules = |text: &str| IgnoreRules::parse(text.as_bytes()).unwrap();
        assert!(rules("helm.txt").ignores("a/helm.txt", false));
        assert!(rules("/helm.txt").ignores("helm.txt", false));
        assert!(!rules("/helm.txt").ignores("a/helm.txt", false));
        assert!(rules("cargo/").ignores("cargo", true));
        assert!(!rules("cargo/").ignores("cargo", false));
        assert!(rules("a/*.txt").ignores("a/b.txt", false));
        assert!(!rules("a/*.txt").ignores("x/a/b.txt", false));
        assert!(rules("!helm.txt").ignores("tiller.txt", false));
        assert!(!rules("!helm.txt").ignores("helm.txt", false));
        assert!(rules("# x\n\n").ignores("templates/.dotfile", false));
        assert!(IgnoreRules::parse(b"a/**").is_err());
        assert!(IgnoreRules::parse(b"[z-").is_err());
    }
}
