//! One line of an ignore file.

use std::sync::Arc;

use super::glob::Glob;

/// What one pattern says of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: it does not match.
    None,
    /// Leave it out.
    Exclude,
    /// Take it back (`!`).
    Include,
}

/// A parsed line, in force below the directory it was found in.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    dir: Arc<[String]>,
    include: bool,
    /// Ended in `/`: a directory, and everything below it.
    dir_only: bool,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    /// No `/`: any one component of the path may match.
    Name(Glob),
    /// With `/`: matched from the directory of the pattern downwards.
    Path(Vec<Segment>),
    /// Malformed; kept, since even a malformed line switches the defaults off.
    Never,
}

#[derive(Debug, Clone)]
enum Segment {
    /// Nothing between two slashes, or before the first one: cancels a `**` before it.
    Empty,
    /// `**`: any number of directories.
    AnyDepth,
    Name(Glob),
}

impl Pattern {
    /// Parses `line`, found in the directory of the source with these components.
    pub(super) fn parse(line: &str, dir: &Arc<[String]>) -> Pattern {
        let (include, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let line = if line.ends_with("\\ ") {
            line
        } else {
            line.trim_end_matches(' ')
        };
        let (dir_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let shape = if line.contains('/') {
            let segments: Option<Vec<_>> = line.split('/').map(Segment::parse).collect();
            segments.map_or(Shape::Never, Shape::Path)
        } else {
            Glob::parse(line).map_or(Shape::Never, Shape::Name)
        };
        Pattern {
            dir: Arc::clone(dir),
            include,
            dir_only,
            shape,
        }
    }

    /// What the pattern says of the path with these components.
    pub(super) fn verdict(&self, path: &[&str], is_dir: bool) -> Verdict {
        let inside = path.len() > self.dir.len() && self.dir.iter().zip(path).all(|(a, b)| a == b);
        if !inside {
            return Verdict::None;
        }
        let path = &path[self.dir.len()..];
        let matched = match &self.shape {
            Shape::Name(name) => self.matches_name(name, path, is_dir),
            Shape::Path(segments) => self.matches_path(segments, path, is_dir),
            Shape::Never => false,
        };
        match (matched, self.include) {
            (false, _) => Verdict::None,
            (true, true) => Verdict::Include,
            (true, false) => Verdict::Exclude,
        }
    }

    fn matches_name(&self, name: &Glob, path: &[&str], is_dir: bool) -> bool {
        // Only the last component can be anything but a directory, and the first match decides.
        path.iter()
            .position(|part| name.matches(part))
            .is_some_and(|at| is_dir || !self.dir_only || at + 1 < path.len())
    }

    /// Go-git's reading, kept with its oddities: `**` takes the first component that fits what follows it
    /// and never tries a later one; `a/**` matches `a` too; what is left of the path when the pattern ends
    /// lies below the match.
    fn matches_path(&self, segments: &[Segment], path: &[&str], is_dir: bool) -> bool {
        let mut rest = path;
        let mut matched = false;
        let mut any_depth = false;
        for (at, segment) in segments.iter().enumerate() {
            let last = at + 1 == segments.len();
            match segment {
                Segment::Empty => any_depth = false,
                Segment::AnyDepth => any_depth = !last,
                Segment::Name(_) if rest.is_empty() => return false,
                Segment::Name(name) if any_depth => {
                    any_depth = false;
                    let found = rest.iter().position(|part| name.matches(part));
                    rest = found.map_or(&[], |at| &rest[at + 1..]);
                    // When every component was tried in vain the path is used up as well.
                    matched = found.is_some();
                }
                Segment::Name(name) => {
                    if !name.matches(rest[0]) {
                        return false;
                    }
                    rest = &rest[1..];
                    matched = true;
                }
            }
        }
        matched && (is_dir || !self.dir_only || !rest.is_empty())
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Segment> {
        match text {
            "" => Some(Segment::Empty),
            "**" => Some(Segment::AnyDepth),
            // Go-git refuses `**` beside anything else.
            text if text.contains("**") => None,
            text => Glob::parse(text).map(Segment::Name),
        }
    }
}
