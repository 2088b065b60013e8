//! The renamed resources, as those that refer to them see them.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::Error;
use crate::id::Gvk;
use crate::manifest::Manifest;
use crate::node::{Node, Scalar};
use windlass_yaml::go_quoted as quoted;

/// A resource that was renamed.
pub(super) struct Candidate {
    /// Where it stands among all resources.
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) namespace: String,
    shown: String,
    effective_namespace: String,
    original_namespace: String,
    cluster: bool,
    is_account: bool,
    previous: Vec<Gvk>,
    prefixes: Vec<Rc<str>>,
    suffixes: Vec<Rc<str>>,
    /// The ids of those that were found to refer to it.
    referrers: RefCell<Vec<Rc<str>>>,
}

/// All of them, by the names they had.
pub(super) struct Candidates {
    all: Vec<Candidate>,
    by_old_name: HashMap<String, Vec<usize>>,
    /// The current namespaces of the resources that came from a namespace.
    by_original_namespace: HashMap<String, HashSet<String>>,
}

/// What is asked of candidates in the name of one referrer.
pub(super) struct Referrer {
    /// Its id.
    shown: Rc<str>,
    effective_namespace: String,
    cluster: bool,
    prefixes: Vec<Rc<str>>,
    suffixes: Vec<Rc<str>>,
    /// The type that `roleRef` names, for bindings.
    pub(super) role: Option<Gvk>,
    /// The namespaces of the service accounts a role binding names.
    accounts: HashSet<String>,
}

impl Candidate {
    /// Its current id.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Remembers a resource that refers to it.
    pub(super) fn is_referred_to(&self, referrer: &Referrer) {
        self.referrers.borrow_mut().push(Rc::clone(&referrer.shown));
    }

    /// Those remembered so far.
    pub(super) fn referrers(&self) -> Vec<Rc<str>> {
        self.referrers.borrow().clone()
    }

    /// Whether it was of this type.
    pub(super) fn was(&self, target: &Gvk) -> bool {
        let mut previous = self.previous.iter();
        previous.any(|gvk| gvk.as_ref().is_selected_by(target))
    }
}

impl Candidates {
    pub(super) fn of(resources: &[Manifest]) -> Self {
        let mut found = Self {
            all: Vec::new(),
            by_old_name: HashMap::new(),
            by_original_namespace: HashMap::new(),
        };
        for (position, manifest) in resources.iter().enumerate() {
            let id = manifest.id();
            let original = manifest.original_id();
            if !id.cluster {
                let now = found
                    .by_original_namespace
                    .entry(original.effective_namespace().to_owned())
                    .or_default();
                if !now.contains(id.effective_namespace()) {
                    now.insert(id.effective_namespace().to_owned());
                }
            }
            if manifest.previous.is_empty() {
                continue;
            }
            let at = found.all.len();
            for previous in &manifest.previous {
                let list = found.by_old_name.entry(previous.name.clone()).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
            found.all.push(Candidate {
                at: position,
                name: id.name.to_owned(),
                namespace: id.namespace.to_owned(),
                shown: id.to_string(),
                effective_namespace: id.effective_namespace().to_owned(),
                original_namespace: original.effective_namespace().to_owned(),
                cluster: id.cluster,
                is_account: id.gvk.kind == "ServiceAccount",
                previous: manifest
                    .previous_ids()
                    .map(|id| id.gvk.to_owned())
                    .collect(),
                prefixes: manifest.prefixes.clone(),
                suffixes: manifest.suffixes.clone(),
                referrers: RefCell::default(),
            });
        }
        found
    }

    /// Writes down who refers to whom.
    pub(super) fn record(self, resources: &mut [Manifest]) {
        for candidate in self.all {
            resources[candidate.at]
                .referrers
                .append(&mut candidate.referrers.into_inner());
        }
    }

    /// Those that had the name and are within the referrer's reach; with a namespace, those that
    /// came from it or, if nothing did, those that are in it now.
    pub(super) fn named(
        &self,
        old: &str,
        referrer: &Referrer,
        namespace: Option<&str>,
    ) -> Vec<&Candidate> {
        let positions = self.by_old_name.get(old).map_or(&[][..], Vec::as_slice);
        let mut found: Vec<&Candidate> = positions
            .iter()
            .map(|&at| &self.all[at])
            .filter(|candidate| referrer.reaches(candidate))
            .collect();
        if let (Some(namespace), false) = (namespace, found.is_empty()) {
            let known = self
                .by_original_namespace
                .get(namespace)
                .is_some_and(|now| now.iter().any(|now| referrer.reaches_namespace(now)));
            found.retain(|candidate| {
                let own = if known {
                    &candidate.original_namespace
                } else {
                    &candidate.effective_namespace
                };
                !candidate.cluster && own == namespace
            });
        }
        found
    }
}

impl Referrer {
    /// # Errors
    /// When a role binding names an account without saying in which namespace.
    pub(super) fn of(manifest: &Manifest) -> Result<Self, Error> {
        let id = manifest.id();
        let mut accounts = HashSet::new();
        if id.gvk.kind == "RoleBinding" && !id.cluster {
            let subjects = manifest.node.get("subjects").and_then(Node::as_sequence);
            for subject in subjects.map_or(&[][..], |list| &list.items) {
                let is_account = subject.get("kind").map(Node::text) == Some("ServiceAccount");
                let Some(namespace) = subject.get("namespace").filter(|_| is_account) else {
                    continue;
                };
                if !namespace.as_scalar().is_some_and(Scalar::is_string) {
                    return Err(Error::invalid(format!(
                        "Invalid Input: namespace is blank for resource {}\n",
                        quoted(&id.to_string())
                    )));
                }
                accounts.insert(namespace.text().to_owned());
            }
        }
        let role = manifest.node.get("roleRef").and_then(|role| {
            let (group, kind) = (role.get("apiGroup")?, role.get("kind")?);
            Some(Gvk::new(group.text(), "", kind.text()))
        });
        Ok(Self {
            shown: id.to_string().into(),
            effective_namespace: id.effective_namespace().to_owned(),
            cluster: id.cluster,
            prefixes: manifest.prefixes.clone(),
            suffixes: manifest.suffixes.clone(),
            role,
            accounts,
        })
    }

    /// Whether a resource can be referred to at all.
    fn reaches(&self, candidate: &Candidate) -> bool {
        self.cluster
            || candidate.cluster
            || candidate.effective_namespace == self.effective_namespace
            || self.accounts.contains(&candidate.namespace)
    }

    fn reaches_namespace(&self, namespace: &str) -> bool {
        self.cluster || namespace == self.effective_namespace || self.accounts.contains(namespace)
    }

    /// Whether a resource is in the same namespace, or of a type for which that is of no matter.
    pub(super) fn shares_namespace(&self, candidate: &Candidate) -> bool {
        self.cluster
            || candidate.cluster
            || candidate.is_account
            || candidate.effective_namespace == self.effective_namespace
    }

    /// Whether a resource went through the same prefixes and suffixes.
    pub(super) fn same_affixes(&self, candidate: &Candidate, or_empty: bool) -> bool {
        let fits = |a: &[Rc<str>], b: &[Rc<str>]| {
            (or_empty && (a.is_empty() || b.is_empty())) || same_end(a, b)
        };
        fits(&self.prefixes, &candidate.prefixes) && fits(&self.suffixes, &candidate.suffixes)
    }
}

fn same_end(a: &[Rc<str>], b: &[Rc<str>]) -> bool {
    a.is_empty() == b.is_empty() && (a.ends_with(b) || b.ends_with(a))
}
