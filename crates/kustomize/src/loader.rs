//! Reading files on behalf of one kustomization directory.

mod clone;
mod path;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use bytes::Bytes;

use self::clone::Clone;
use crate::growth::Growth;
use crate::manifest::Manifest;
use crate::schema::{self, Schemas};
use crate::time_limit::{self, TimeLimit};
use crate::{
    BuildOptions, Error, ErrorKind, FileSystem, Files, LoadRestrictor, RemoteError, RepoSpec, load,
    repo,
};

/// What all parts of one build share.
pub(crate) struct Context<'a> {
    files: &'a dyn Files,
    pub(crate) options: &'a BuildOptions<'a>,
    /// Set by the first kustomization that has an `openapi` field.
    pub(crate) schemas: RefCell<Option<Schemas>>,
    /// Those in force before.
    pub(crate) builtin: Schemas,
    /// Whether a resource was of a type that is not built in.
    pub(crate) unknown_types: Cell<bool>,
    warnings: RefCell<Vec<String>>,
    files_read: RefCell<BTreeSet<String>>,
    bytes: Cell<u64>,
    visits: Cell<usize>,
    /// What patches and the like add to resources.
    pub(crate) growth: Growth,
    _time_limit: TimeLimit,
}

impl<'a> Context<'a> {
    pub(crate) fn new(files: &'a dyn Files, options: &'a BuildOptions<'a>) -> Self {
        Self {
            files,
            options,
            schemas: RefCell::default(),
            builtin: Schemas::default(),
            unknown_types: Cell::new(false),
            warnings: RefCell::default(),
            files_read: RefCell::default(),
            bytes: Cell::new(0),
            visits: Cell::new(0),
            growth: Growth::new(options.limits.max_added),
            _time_limit: TimeLimit::start(options),
        }
    }

    /// The schemas in force, as far as they have been decided.
    pub(crate) fn schemas(&self) -> Schemas {
        let decided = self.schemas.borrow().clone();
        decided.unwrap_or_else(|| self.builtin.clone())
    }

    pub(crate) fn warn(&self, text: String) {
        if let Some(warn) = self.options.warn {
            warn(&text);
        }
        self.warnings.borrow_mut().push(text);
    }

    /// The warnings, and the paths that were read or probed.
    pub(crate) fn into_parts(self) -> (Vec<String>, BTreeSet<String>) {
        (self.warnings.into_inner(), self.files_read.into_inner())
    }

    fn note(&self, path: &str) {
        if !self.files_read.borrow().contains(path) {
            self.files_read.borrow_mut().insert(path.to_owned());
        }
    }

    /// Counts a visit of a kustomization directory.
    fn visit(&self, depth: usize) -> Result<(), Error> {
        time_limit::check_now()?;
        self.visits.set(self.visits.get() + 1);
        let limits = &self.options.limits;
        if depth > limits.max_depth {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("nested deeper than {} levels", limits.max_depth),
            ));
        }
        if self.visits.get() > limits.max_visits {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("more than {} kustomization directories", limits.max_visits),
            ));
        }
        Ok(())
    }

    /// Fails when the build holds too many resources.
    pub(crate) fn check_count(&self, resources: usize) -> Result<(), Error> {
        if resources > self.options.limits.max_resources {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("more than {} resources", self.options.limits.max_resources),
            ));
        }
        time_limit::check_now()
    }

    fn count_bytes(&self, length: usize) -> Result<(), Error> {
        self.bytes
            .set(self.bytes.get().saturating_add(length as u64));
        if self.bytes.get() > self.options.limits.max_bytes {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("more than {} bytes of files", self.options.limits.max_bytes),
            ));
        }
        Ok(())
    }
}

/// Reads relative to one kustomization directory.
pub(crate) struct Loader<'a> {
    pub(crate) context: &'a Context<'a>,
    /// The directory, normalised; empty for the root.
    pub(crate) root: String,
    clone: Option<Rc<Clone>>,
    /// The loader of the kustomization that names this directory, and so on.
    referrer: Option<&'a Loader<'a>>,
    depth: usize,
}

impl<'a> Loader<'a> {
    /// A loader for the directory a build starts from.
    pub(crate) fn new(context: &'a Context<'a>, path: &str) -> Result<Self, Error> {
        let root = path::join("", path.trim_start_matches('/'), context.options.files)
            .ok_or_else(|| Error::invalid(context.options.files.outside("abs", "", path)))?;
        if !context.files.is_dir(&root) {
            context.note(&root);
            let files = context.options.files;
            let text = match context.files.file(&root) {
                Some(_) => format!("'{}': file is not directory", files.shown(&root)),
                None => not_a_directory(&files.missing(&root, context.files)),
            };
            return Err(Error::new(ErrorKind::NotFound, text).context("must build at directory"));
        }
        context.visit(0)?;
        Ok(Self {
            context,
            root: context.files.resolved(&root),
            clone: None,
            referrer: None,
            depth: 0,
        })
    }

    /// A loader for a build that starts from a repository.
    pub(crate) fn of_repository(context: &'a Context<'a>, name: &str) -> Result<Self, Error> {
        let Some(spec) = repo::parse(name) else {
            return Err(Error::invalid(format!("'{name}' names no repository")));
        };
        context.visit(0)?;
        let (clone, root) = Clone::fetch(context, name, spec)?;
        Ok(Self {
            context,
            root,
            clone: Some(Rc::new(clone)),
            referrer: None,
            depth: 0,
        })
    }

    fn files(&self) -> &dyn Files {
        match &self.clone {
            Some(clone) => &*clone.fetched.files,
            None => self.context.files,
        }
    }

    fn file_system(&self) -> FileSystem<'_> {
        match &self.clone {
            Some(clone) => clone.file_system(),
            None => self.context.options.files,
        }
    }

    /// A path as error texts show it.
    pub(crate) fn shown(&self, path: &str) -> String {
        self.file_system().shown(path)
    }

    /// The directory as error texts show it.
    pub(crate) fn shown_root(&self) -> String {
        self.shown(&self.root)
    }

    fn note(&self, path: &str) {
        if self.clone.is_none() {
            self.context.note(path);
        }
    }

    /// The path that `path`, relative to the directory, means.
    pub(crate) fn resolve(&self, path: &str) -> Result<String, Error> {
        let files = self.file_system();
        // An absolute path can only mean a place of the tree.
        let joined = match path.strip_prefix('/') {
            Some(_) => files
                .inside(path)
                .and_then(|inside| path::join("", inside, files)),
            None => path::join(&self.root, path, files),
        };
        joined.ok_or_else(|| match &self.clone {
            Some(_) => self.security(&files.meant(&self.root, path)),
            None => Error::new(ErrorKind::NotFound, files.outside("read", &self.root, path)),
        })
    }

    /// A file of the directory itself; none if there is none, or only a link that leads elsewhere
    /// where that is not allowed.
    pub(crate) fn own_file(&self, name: &str) -> Option<Bytes> {
        let path = self.resolve(name).ok()?;
        self.note(&path);
        let bytes = self.files().file(&path)?;
        (!self.is_restricted() || self.holds(&path)).then_some(bytes)
    }

    /// Whether the directory is part of a repository that a base came from.
    pub(crate) fn is_cloned(&self) -> bool {
        self.clone.is_some()
    }

    /// Whether there is a directory at a path that [`Loader::resolve`] gave.
    pub(crate) fn has_directory(&self, path: &str) -> bool {
        self.note(path);
        self.files().is_dir(path)
    }

    /// Whether there is a file at a path that [`Loader::resolve`] gave.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files().file(path).is_some()
    }

    /// Whether only files in or below the directory may be read.
    fn is_restricted(&self) -> bool {
        self.is_cloned() || self.context.options.load_restrictor == LoadRestrictor::RootOnly
    }

    /// Whether a path, links followed, is in or below the directory.
    fn holds(&self, path: &str) -> bool {
        path::contains(&self.root, &self.files().resolved(path))
    }

    /// The text of a file. Bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, path: &str) -> Result<String, Error> {
        let bytes = self.bytes(path)?;
        Ok(match String::from_utf8(bytes.into()) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// The resources of a text.
    pub(crate) fn manifests(&self, text: &str) -> Result<Vec<Manifest>, Error> {
        let scopes = self.context.schemas().scopes();
        let found = load::manifests(text, scopes.as_ref(), &self.context.growth)?;
        let known = |manifest: &Manifest| schema::is_builtin(&manifest.node);
        if !self.context.unknown_types.get() && !found.iter().all(known) {
            self.context.unknown_types.set(true);
        }
        Ok(found)
    }

    pub(crate) fn bytes(&self, path: &str) -> Result<Bytes, Error> {
        if is_url(path) {
            return self.remote_file(path);
        }
        let full = self.resolve(path)?;
        self.note(&full);
        let files = self.file_system();
        let restricted = self.is_restricted();
        let Some(bytes) = self.files().file(&full) else {
            let text = match (self.files().is_dir(&full), restricted) {
                (true, true) => format!("'{}' must resolve to a file", files.shown(&full)),
                (true, false) => files.read_directory(&full),
                (false, true) => files.missing(&full, self.files()),
                (false, false) => files.no_file(&full),
            };
            return Err(Error::new(ErrorKind::NotFound, text));
        };
        if restricted && !self.holds(&full) {
            return Err(self.security(&files.shown(&full)));
        }
        self.context.count_bytes(bytes.len())?;
        Ok(bytes)
    }

    /// A file may not be read as it is elsewhere.
    fn security(&self, shown: &str) -> Error {
        Error::invalid(format!(
            "security; file '{shown}' is not in or below '{}'",
            self.shown_root()
        ))
    }

    fn remote_file(&self, url: &str) -> Result<Bytes, Error> {
        let Some(remote) = self.context.options.remote else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("remote file '{url}' is not allowed"),
            ));
        };
        let bytes = remote.file(url).map_err(|error| match error {
            RemoteError::Status(..) if repo::parse(url).is_some() => {
                Error::new(ErrorKind::Remote, "URL is a git repository")
            }
            RemoteError::Status(code, words) => Error::new(
                ErrorKind::Remote,
                format!("HTTP Error: status code {code} ({words})"),
            ),
            RemoteError::Failed(text) => Error::new(ErrorKind::Remote, text),
        })?;
        self.context.count_bytes(bytes.len())?;
        Ok(bytes.into())
    }

    /// A loader for the base directory `path`.
    pub(crate) fn directory<'l>(&'l self, path: &str) -> Result<Loader<'l>, Error> {
        if path.is_empty() {
            return Err(Error::invalid("new root cannot be empty"));
        }
        if let Some(spec) = repo::parse(path) {
            return self.repository(path, spec);
        }
        if path.starts_with('/') {
            return Err(Error::invalid(format!(
                "new root '{path}' cannot be absolute"
            )));
        }
        let files = self.file_system();
        let outside = || {
            if let Some(clone) = &self.clone {
                return clone.outside(&files.meant(&self.root, path));
            }
            let text = files.outside("abs", &self.root, path);
            let error = Error::new(ErrorKind::NotFound, text);
            match files {
                FileSystem::Memory => error,
                _ => error.context("must build at directory: not a valid directory"),
            }
        };
        let full = path::join(&self.root, path, files).ok_or_else(outside)?;
        self.note(&full);
        if self.files().file(&full).is_some() {
            let shown = self.shown(&full);
            return Err(Error::invalid(format!(
                "must build at directory: '{shown}': file is not directory"
            )));
        }
        if !self.files().is_dir(&full) {
            let text = not_a_directory(&files.missing(&full, self.files()));
            return Err(Error::new(ErrorKind::NotFound, text).context("must build at directory"));
        }
        let full = self.files().resolved(&full);
        if let Some(clone) = self.clone.as_ref().filter(|clone| !clone.holds(&full)) {
            return Err(clone.outside(&self.shown(&full)));
        }
        self.check_cycle(&full)?;
        self.context.visit(self.depth + 1)?;
        Ok(Loader {
            context: self.context,
            root: full,
            clone: self.clone.clone(),
            referrer: Some(self),
            depth: self.depth + 1,
        })
    }

    /// This loader and those of the kustomizations that led here.
    fn chain(&self) -> impl Iterator<Item = &Loader<'_>> {
        std::iter::successors(Some(self as &Loader<'_>), |loader| loader.referrer)
    }

    fn check_cycle(&self, candidate: &str) -> Result<(), Error> {
        let same_place = |loader: &&Loader<'_>| match (&loader.clone, &self.clone) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        let mut visited = self.chain().filter(same_place);
        match visited.find(|loader| path::contains(candidate, &loader.root)) {
            Some(visited) => Err(Error::invalid(format!(
                "cycle detected: candidate root '{}' contains visited root '{}'",
                self.shown(candidate),
                visited.shown_root()
            ))),
            None => Ok(()),
        }
    }

    fn repository<'l>(&'l self, raw: &str, spec: RepoSpec) -> Result<Loader<'l>, Error> {
        let clones = self.chain().filter_map(|loader| loader.clone.as_ref());
        for clone in clones {
            if clone.raw.starts_with(raw) {
                return Err(Error::invalid(format!(
                    "cycle detected: URI '{raw}' referenced by previous URI '{}'",
                    clone.raw
                )));
            }
        }
        self.context.visit(self.depth + 1)?;
        let (clone, root) = Clone::fetch(self.context, raw, spec)?;
        Ok(Loader {
            context: self.context,
            root,
            clone: Some(Rc::new(clone)),
            referrer: Some(self),
            depth: self.depth + 1,
        })
    }

    /// The file as the caller knows it, for locations of errors.
    pub(crate) fn located(&self, name: &str) -> String {
        if is_url(name) {
            return name.to_owned();
        }
        let path = self.resolve(name).unwrap_or_else(|_| name.to_owned());
        match &self.clone {
            Some(clone) => {
                let below = path.strip_prefix(&clone.fetched.directory).unwrap_or(&path);
                let below = below.trim_start_matches('/');
                format!("{}//{below}", clone.spec.url)
            }
            None => path,
        }
    }
}

/// Wraps the failure to look up a directory.
fn not_a_directory(failure: &str) -> String {
    format!("not a valid directory: {failure}")
}

/// Whether a path is the URL of a file to be fetched: one that Go can parse.
pub(crate) fn is_url(path: &str) -> bool {
    let Some((scheme, rest)) = path.split_once(':') else {
        return false;
    };
    let fetched = ["http", "https"].map(|known| scheme.eq_ignore_ascii_case(known));
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, _) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let host = authority.split('/').next().unwrap_or_default();
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let escapes = rest.split('%').skip(1);
    fetched.contains(&true)
        && !path.contains(|c: char| c.is_ascii_control())
        && !host.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}'])
        && (port.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit()))
        && escapes
            .map(str::as_bytes)
            .all(|escape| escape.len() >= 2 && escape[..2].iter().all(u8::is_ascii_hexdigit))
}
