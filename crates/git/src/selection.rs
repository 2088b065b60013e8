//! From a [`Reference`](crate::Reference) to the objects of one commit.

use std::sync::Arc;

use gix::hash::ObjectId;
use gix::objs::Kind as ObjectKind;
use url::Url;

use crate::auth::{Auth, shown};
use crate::budget::Budget;
use crate::checkout::CheckoutOptions;
use crate::commit::{Commit, TagObject, read_commit, read_tag};
use crate::error::{Error, Failure};
use crate::objects::{MAX_META, Objects, damaged};
use crate::reference::Target;
use crate::remote::{Access, Extent, Remote, RemoteRef, Sizes};
use crate::revision::Revision;
use crate::ssh::Algorithms;
use crate::submodule;
use crate::tree::{Gatherer, Gitlink, Sparse};
use crate::versions::Range;

/// A checkout under way.
pub(crate) struct Plan<'a> {
    pub(crate) options: &'a CheckoutOptions,
    /// The repository, without user information.
    pub(crate) url: &'a Url,
    pub(crate) auth: &'a Auth,
    pub(crate) budget: &'a Arc<Budget>,
}

/// Which commit it is.
pub(crate) enum Selection {
    Empty,
    Unchanged(Revision),
    Commit(Box<Chosen>),
}

/// A commit whose objects have been received.
pub(crate) struct Chosen {
    objects: Objects,
    /// The commit, or a tag that leads to it.
    id: ObjectId,
    reference: String,
    /// Whether `id` being a tag object is of interest.
    tagged: bool,
}

impl Plan<'_> {
    fn access(&self) -> Access<'_> {
        Access {
            proxy: self.options.proxy.as_ref(),
            algorithms: Algorithms {
                kex: &self.options.ssh_kex_algos,
                host_key: &self.options.ssh_hostkey_algos,
            },
            sizes: Sizes {
                pack: self.options.max_pack_bytes,
                refs: self.options.max_refs_bytes,
            },
            budget: self.budget,
        }
    }

    fn connect(&self) -> Result<Remote<'_>, Failure> {
        Remote::connect(self.url, self.auth, self.access())
    }

    fn clone_error(&self, failure: Failure) -> Error {
        Error::Clone {
            url: shown(self.url),
            failure,
        }
    }

    /// Flux lists the refs first when it has something to compare them with, and says so.
    fn list_error(&self, failure: Failure) -> Error {
        Error::List {
            url: shown(self.url),
            failure,
        }
    }

    /// Finds the wanted commit and, unless it is the one observed last, receives it.
    pub(crate) fn select(&self) -> Result<Selection, Error> {
        let known = self.options.last_observed.is_some();
        let target = self.options.reference.target();
        match target {
            Target::Branch(branch) => self.by_name(&format!("refs/heads/{branch}"), branch, known),
            Target::Tag(tag) => self.by_name(&format!("refs/tags/{tag}"), tag, known),
            Target::Name(name) => {
                if name.starts_with('/') || name.ends_with('/') {
                    return Err(Error::InvalidName(name.to_owned()));
                }
                match self.by_name(name, name, true) {
                    Err(Error::Clone {
                        failure: Failure::RefNotFound(_),
                        ..
                    }) => Err(Error::UnresolvedName(name.to_owned())),
                    other => other,
                }
            }
            Target::Semver(range) => self.by_version(range),
            Target::Commit { hash, branch } => self.by_hash(hash, branch),
        }
    }

    /// The ref `full`, called `reference` in the revision.
    fn by_name(&self, full: &str, reference: &str, list_first: bool) -> Result<Selection, Error> {
        let listing = |failure| {
            if list_first {
                self.list_error(failure)
            } else {
                self.clone_error(failure)
            }
        };
        let mut remote = self.connect().map_err(listing)?;
        let refs = remote.refs(&["HEAD", full]).map_err(listing)?;
        let Some(found) = refs.iter().find(|r| r.name == full) else {
            // A repository without HEAD may still have other branches.
            let any = !refs.is_empty() || !remote.refs(&[]).map_err(listing)?.is_empty();
            return if any {
                Err(self.clone_error(Failure::RefNotFound(full.to_owned())))
            } else {
                Ok(Selection::Empty)
            };
        };
        self.receive(remote, found, reference, full.starts_with("refs/tags/"))
    }

    /// Receives the commit of `found` unless it was observed last.
    fn receive(
        &self,
        remote: Remote<'_>,
        found: &RemoteRef,
        reference: &str,
        tagged: bool,
    ) -> Result<Selection, Error> {
        let revision = Revision::new(reference, found.id.to_string());
        if self.options.last_observed.as_deref() == Some(revision.to_string().as_str()) {
            return Ok(Selection::Unchanged(revision));
        }
        let fetch = || {
            let objects = Objects::create(&self.options.scratch)?;
            remote.fetch(&[found.want()], Extent::Tip, &objects)?;
            Ok(objects)
        };
        let objects = fetch().map_err(|failure| self.clone_error(failure))?;
        Ok(Selection::Commit(Box::new(Chosen {
            objects,
            id: found.want(),
            reference: reference.to_owned(),
            tagged,
        })))
    }

    fn by_version(&self, text: &str) -> Result<Selection, Error> {
        const TAGS: &str = "refs/tags/";
        let range = Range::parse(text).map_err(Error::Semver)?;
        let failed = |failure| self.clone_error(failure);
        let mut remote = self.connect().map_err(failed)?;
        let refs = remote.refs(&["HEAD", TAGS]).map_err(failed)?;
        if refs.is_empty() && remote.refs(&[]).map_err(failed)?.is_empty() {
            return Ok(Selection::Empty);
        }
        let tags = refs
            .iter()
            .filter_map(|r| r.name.strip_prefix(TAGS).map(|tag| (tag, r)));
        let highest = range.highest(tags);
        let Some(first) = highest.first() else {
            return Err(Error::NoMatch(text.to_owned()));
        };
        let (tag, found) = if highest.len() == 1 {
            *first
        } else {
            self.latest(&highest).map_err(failed)?
        };
        self.receive(remote, found, tag, true)
    }

    /// Of versions that differ in build metadata only, the one whose commit is the latest (spec §7.2).
    fn latest<'t>(
        &self,
        tags: &[(&'t str, &'t RemoteRef)],
    ) -> Result<(&'t str, &'t RemoteRef), Failure> {
        let objects = Objects::create(&self.options.scratch)?;
        let wants: Vec<ObjectId> = tags.iter().map(|(_, r)| r.want()).collect();
        let remote = self.connect()?;
        let extent = if remote.can_omit_files() {
            Extent::Commits
        } else {
            Extent::Tip
        };
        remote.fetch(&wants, extent, &objects)?;
        let mut latest: Option<(i64, (&str, &RemoteRef))> = None;
        for (tag, found) in tags {
            let (id, _) = peel(&objects, found.want())?;
            let data = objects.read(&id, ObjectKind::Commit, MAX_META)?;
            let seconds = read_commit(&id, &data)?.committer.seconds;
            if latest.is_none_or(|(best, (name, _))| (seconds, *tag) > (best, name)) {
                latest = Some((seconds, (tag, found)));
            }
        }
        latest
            .map(|(_, tag)| tag)
            .ok_or_else(|| Failure::Protocol("the server sent no tags".to_owned()))
    }

    /// A commit by its hash must be reachable from a branch. The cheapest proof is taken: it is at the
    /// tip of one, or in the history of commits without files, or, where the server cannot leave files
    /// out, in the whole history.
    fn by_hash(&self, hash: &str, branch: Option<&str>) -> Result<Selection, Error> {
        let failed = |failure| self.clone_error(failure);
        let missing = || Error::CommitNotFound(crate::error::tame(hash));
        let id = ObjectId::from_hex(hash.as_bytes()).map_err(|_| missing())?;
        let mut remote = self.connect().map_err(failed)?;
        let full = branch.map(|branch| format!("refs/heads/{branch}"));
        let heads = remote
            .refs(&["HEAD", full.as_deref().unwrap_or("refs/heads/")])
            .map_err(failed)?;
        if heads.is_empty() && remote.refs(&[]).map_err(failed)?.is_empty() {
            return Ok(Selection::Empty);
        }
        let mut tips: Vec<ObjectId> = Vec::new();
        for r in &heads {
            let wanted = full
                .as_ref()
                .map_or(r.name.starts_with("refs/heads/"), |full| r.name == *full);
            if wanted && !tips.contains(&r.id) {
                tips.push(r.id);
            }
        }
        if let Some(full) = full.filter(|_| tips.is_empty()) {
            return Err(failed(Failure::RefNotFound(full)));
        }
        let revision = Revision::new(branch.unwrap_or_default(), id.to_string());
        if self.options.last_observed.as_deref() == Some(revision.to_string().as_str()) {
            return Ok(Selection::Unchanged(revision));
        }
        let objects = if tips.is_empty() {
            None
        } else {
            self.reach(remote, &id, &tips).map_err(failed)?
        };
        let objects = objects.ok_or_else(missing)?;
        Ok(Selection::Commit(Box::new(Chosen {
            objects,
            id,
            reference: revision.reference,
            tagged: false,
        })))
    }

    /// Receives `id` if `tips` lead to it.
    fn reach(
        &self,
        remote: Remote<'_>,
        id: &ObjectId,
        tips: &[ObjectId],
    ) -> Result<Option<Objects>, Failure> {
        let objects = Objects::create(&self.options.scratch)?;
        if tips.contains(id) {
            remote.fetch(&[*id], Extent::Tip, &objects)?;
            return Ok(Some(objects));
        }
        let mut remote = remote;
        if remote.can_omit_files() {
            remote.fetch(tips, Extent::Commits, &objects)?;
            if !objects.contains(id) {
                return Ok(None);
            }
            // In a store of its own: the one above is full of holes.
            let objects = Objects::create(&self.options.scratch)?;
            match self.connect()?.fetch(&[*id], Extent::Tip, &objects) {
                Ok(()) => return Ok(Some(objects)),
                // Some servers send by hash only what a ref points to.
                Err(Failure::Protocol(_)) => remote = self.connect()?,
                Err(failure) => return Err(failure),
            }
        }
        let objects = Objects::create(&self.options.scratch)?;
        remote.fetch(tips, Extent::History, &objects)?;
        Ok(objects.contains(id).then_some(objects))
    }

    /// Reads the commit and its files.
    pub(crate) fn read(&self, chosen: &Chosen) -> Result<Commit, Error> {
        self.read_commit(chosen)
            .map_err(|failure| self.clone_error(failure))
    }

    fn read_commit(&self, chosen: &Chosen) -> Result<Commit, Failure> {
        let objects = &chosen.objects;
        let (id, tag) = peel(objects, chosen.id)?;
        let header = read_commit(&id, &objects.read(&id, ObjectKind::Commit, MAX_META)?)?;
        let sparse = Sparse::new(&self.options.sparse);
        let mut gatherer = Gatherer::new(&self.options.limits, &sparse, self.budget);
        let links = gatherer.add(objects, &header.tree, "")?;
        if self.options.recurse_submodules {
            self.fill(&mut gatherer, objects, &header.tree, links, self.url, "", 1)?;
        }
        let hash = id.to_string();
        Ok(Commit {
            revision: Revision::new(chosen.reference.as_str(), hash.as_str()).to_string(),
            hash,
            reference: chosen.reference.clone(),
            message: header.message,
            author: header.author,
            committer: header.committer,
            signature: header.signature,
            tag: tag.filter(|_| chosen.tagged),
            tree: gatherer.finish(),
        })
    }

    /// Fills in the submodules `links` of the commit whose files are `tree`, at `prefix`.
    #[expect(
        clippy::too_many_arguments,
        reason = "one recursive walk; each is a different thing"
    )]
    fn fill(
        &self,
        gatherer: &mut Gatherer<'_>,
        objects: &Objects,
        tree: &ObjectId,
        links: Vec<Gitlink>,
        parent: &Url,
        prefix: &str,
        depth: usize,
    ) -> Result<(), Failure> {
        if links.is_empty() || depth > submodule::MAX_DEPTH {
            return Ok(());
        }
        let Some(text) = gitmodules(objects, tree)? else {
            return Ok(());
        };
        let entries = submodule::parse(&text)?;
        for link in links {
            let inside = link
                .path
                .strip_prefix(prefix)
                .unwrap_or(&link.path)
                .trim_start_matches('/');
            // A gitlink that .gitmodules does not know is a leftover; git leaves it empty as well.
            let Some(entry) = entries.iter().find(|entry| entry.path == inside) else {
                continue;
            };
            let mut fill = || {
                let mut url = submodule::resolve(parent, &entry.url)?;
                let auth = submodule::credentials(self.auth, self.url, &mut url);
                let objects = self.pinned(&url, &auth, &link.id)?;
                let header = read_commit(
                    &link.id,
                    &objects.read(&link.id, ObjectKind::Commit, MAX_META)?,
                )?;
                let links = gatherer.add(&objects, &header.tree, &link.path)?;
                self.fill(
                    gatherer,
                    &objects,
                    &header.tree,
                    links,
                    &url,
                    &link.path,
                    depth + 1,
                )
            };
            fill().map_err(|failure| match failure {
                Failure::Deadline | Failure::Canceled | Failure::Submodule { .. } => failure,
                other => Failure::Submodule {
                    path: link.path.clone(),
                    failure: Box::new(other),
                },
            })?;
        }
        Ok(())
    }

    /// The objects of the commit `id` of the repository at `url`.
    fn pinned(&self, url: &Url, auth: &Auth, id: &ObjectId) -> Result<Objects, Failure> {
        let objects = Objects::create(&self.options.scratch)?;
        match Remote::connect(url, auth, self.access())?.fetch(&[*id], Extent::Tip, &objects) {
            Ok(()) => return Ok(objects),
            // Some servers send by hash only what a ref points to.
            Err(Failure::Protocol(_) | Failure::Ssh(_)) => self.budget.check()?,
            Err(failure) => return Err(failure),
        }
        let mut remote = Remote::connect(url, auth, self.access())?;
        let refs = remote.refs(&["refs/heads/", "refs/tags/"])?;
        let mut wants: Vec<ObjectId> = refs.iter().map(RemoteRef::want).collect();
        wants.sort_unstable();
        wants.dedup();
        if wants.is_empty() {
            return Err(damaged(id, "not found"));
        }
        let objects = Objects::create(&self.options.scratch)?;
        remote.fetch(&wants, Extent::History, &objects)?;
        Ok(objects)
    }
}

/// Follows tags from `id` to the commit; returns the outermost tag too.
fn peel(objects: &Objects, id: ObjectId) -> Result<(ObjectId, Option<TagObject>), Failure> {
    const MOST: usize = 10;
    let mut outermost = None;
    let mut next = id;
    for _ in 0..MOST {
        match objects.header(&next)?.0 {
            ObjectKind::Commit => return Ok((next, outermost)),
            ObjectKind::Tag => {
                let (tag, target) =
                    read_tag(&next, &objects.read(&next, ObjectKind::Tag, MAX_META)?)?;
                outermost.get_or_insert(tag);
                next = target;
            }
            other => return Err(damaged(&next, &format!("is a {other}, not a commit"))),
        }
    }
    Err(damaged(&id, "tag leads to too many other tags"))
}

/// The `.gitmodules` at the root of `tree`, whether or not it is part of the sparse directories.
fn gitmodules(objects: &Objects, tree: &ObjectId) -> Result<Option<Vec<u8>>, Failure> {
    let data = objects.read(tree, ObjectKind::Tree, MAX_META)?;
    for entry in gix::objs::TreeRefIter::from_bytes(&data, gix::hash::Kind::Sha1) {
        let entry = entry.map_err(|error| damaged(tree, &error.to_string()))?;
        if entry.filename == ".gitmodules" && entry.mode.is_blob() {
            return objects
                .read(
                    &entry.oid.to_owned(),
                    ObjectKind::Blob,
                    submodule::MAX_GITMODULES,
                )
                .map(Some);
        }
    }
    Ok(None)
}
