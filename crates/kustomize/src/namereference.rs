//! Name references: what names a renamed resource gets its new name.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use windlass_yaml::Value;

use crate::Error;
use crate::config::NameReference;
use crate::fieldspec::{Create, FieldSpec};
use crate::id::Id;
use crate::resmap::ResMap;
use crate::resource::{Resource, scalar_text};

/// A resource that was renamed, as those that refer to it see it.
struct Candidate {
    /// Where it stands among all resources.
    at: usize,
    id: Id,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

struct Candidates {
    all: Vec<Candidate>,
    by_old_name: HashMap<String, Vec<usize>>,
    /// The current namespaces of the resources that came from a namespace.
    by_original_namespace: HashMap<String, HashSet<String>>,
}

/// What is asked of candidates in the name of one referrer.
struct Referrer {
    id: Id,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    /// `roleRef`, for bindings.
    role: Option<(String, String)>,
    /// The namespaces of the service accounts a role binding names.
    accounts: HashSet<String>,
}

/// Updates all references. Resources that were never renamed cost nothing.
pub(crate) fn update(resources: &mut ResMap, config: &[NameReference]) -> Result<(), Error> {
    check_bindings(resources.items())?;
    let candidates = Candidates::of(resources.items());
    if candidates.all.is_empty() {
        return Ok(());
    }
    let mut records: Vec<&NameReference> = config.iter().collect();
    records.sort_by(|a, b| a.target.cmp(&b.target));
    let items = resources.items_mut();
    for at in 0..items.len() {
        let mut resource = std::mem::take(&mut items[at]);
        let original = resource.original_id();
        let referrer = Referrer::of(&resource);
        for record in &records {
            for spec in &record.referrers {
                if !original.gvk.is_selected_by(&spec.gvk) {
                    continue;
                }
                let search = Search {
                    candidates: &candidates,
                    referrer: &referrer,
                    record,
                    spec,
                    ambiguous: RefCell::default(),
                };
                search.run(&mut resource, items)?;
            }
        }
        items[at] = resource;
    }
    Ok(())
}

/// Refuses role bindings whose accounts name an empty namespace.
fn check_bindings(resources: &[Resource]) -> Result<(), Error> {
    for resource in resources
        .iter()
        .filter(|resource| resource.kind() == "RoleBinding")
    {
        let subjects = resource.object.get("subjects").and_then(Value::as_array);
        for subject in subjects.into_iter().flatten() {
            let blank = subject
                .get("namespace")
                .is_some_and(|namespace| scalar_text(Some(namespace)).is_empty());
            if blank && subject.get("kind").and_then(Value::as_str) == Some("ServiceAccount") {
                return Err(Error::invalid(format!(
                    "Invalid Input: namespace is blank for resource \"{}\"\n",
                    resource.id()
                )));
            }
        }
    }
    Ok(())
}

impl Candidates {
    fn of(resources: &[Resource]) -> Self {
        let mut found = Self {
            all: Vec::new(),
            by_old_name: HashMap::new(),
            by_original_namespace: HashMap::new(),
        };
        for (position, resource) in resources.iter().enumerate() {
            let id = resource.id();
            let original = resource.original_id();
            found
                .by_original_namespace
                .entry(original.effective_namespace().to_owned())
                .or_default()
                .insert(id.effective_namespace().to_owned());
            if resource.previous.is_empty() {
                continue;
            }
            let at = found.all.len();
            for previous in &resource.previous {
                let list = found.by_old_name.entry(previous.name.clone()).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
            found.all.push(Candidate {
                at: position,
                id,
                previous: resource.previous_ids().collect(),
                prefixes: resource.prefixes.clone(),
                suffixes: resource.suffixes.clone(),
            });
        }
        found
    }
}

impl Referrer {
    fn of(resource: &Resource) -> Self {
        let text = |pointer: &str| scalar_text(resource.object.pointer(pointer));
        let mut accounts = HashSet::new();
        if resource.kind() == "RoleBinding" {
            let subjects = resource.object.get("subjects").and_then(Value::as_array);
            for subject in subjects.into_iter().flatten() {
                if subject.get("kind").and_then(Value::as_str) == Some("ServiceAccount") {
                    accounts.insert(scalar_text(subject.get("namespace")));
                }
            }
        }
        Self {
            id: resource.id(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            role: resource
                .object
                .get("roleRef")
                .map(|_| (text("/roleRef/apiGroup"), text("/roleRef/kind"))),
            accounts,
        }
    }

    /// Whether a resource in effective namespace `namespace` can be referred to at all.
    fn reaches(&self, id: &Id) -> bool {
        self.id.gvk.is_cluster_scoped()
            || id.gvk.is_cluster_scoped()
            || id.effective_namespace() == self.id.effective_namespace()
            || self.accounts.contains(&id.namespace)
    }

    fn reaches_namespace(&self, namespace: &str) -> bool {
        self.id.gvk.is_cluster_scoped()
            || namespace == self.id.effective_namespace()
            || self.accounts.contains(namespace)
    }
}

struct Search<'a> {
    candidates: &'a Candidates,
    referrer: &'a Referrer,
    record: &'a NameReference,
    spec: &'a FieldSpec,
    /// The positions of the resources between which no choice could be made.
    ambiguous: RefCell<Vec<usize>>,
}

impl Search<'_> {
    fn run(&self, resource: &mut Resource, others: &[Resource]) -> Result<(), Error> {
        let id = self.referrer.id.to_string();
        let result = self
            .spec
            .visit(&mut resource.object, Create::Scalar, &mut |node| {
                self.set(node)
            });
        result.map_err(|error| {
            let error = match self.ambiguous.borrow().as_slice() {
                [] => error,
                possible => error.map_message(|text| details(text, resource, others, possible)),
            };
            self.spec.error(&id, error).context(format_args!(
                "updating name reference in '{}' field of '{id}'",
                self.spec.path
            ))
        })
    }

    fn set(&self, node: &mut Value) -> Result<(), Error> {
        match node {
            Value::Null => Ok(()),
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.set(item)),
            Value::Object(_) => self.set_mapping(node),
            scalar => {
                let old = scalar_text(Some(scalar));
                if let Some(referral) = self.find(&old, None, false)? {
                    *scalar = Value::String(referral.id.name.clone());
                }
                Ok(())
            }
        }
    }

    /// A reference by name and, perhaps, namespace.
    fn set_mapping(&self, node: &mut Value) -> Result<(), Error> {
        let Some(map) = node.as_object_mut() else {
            return Ok(());
        };
        let Some(name) = map.get("name") else {
            return Err(Error::invalid("path config error; no 'name' field in node"));
        };
        let name = scalar_text(Some(name));
        let namespace = map.get("namespace").map(|value| scalar_text(Some(value)));
        if let Some(referral) = self.find(&name, namespace.as_deref(), true)? {
            map.insert("name".to_owned(), referral.id.name.clone().into());
            if !referral.id.namespace.is_empty() {
                map.insert("namespace".to_owned(), referral.id.namespace.clone().into());
            }
        }
        Ok(())
    }

    /// The one renamed resource that `old` means.
    fn find(
        &self,
        old: &str,
        namespace: Option<&str>,
        by_namespace_too: bool,
    ) -> Result<Option<&Candidate>, Error> {
        if old.is_empty() {
            return Ok(None);
        }
        let Some(positions) = self.candidates.by_old_name.get(old) else {
            return Ok(None);
        };
        let mut found: Vec<&Candidate> = positions
            .iter()
            .map(|&at| &self.candidates.all[at])
            .collect();
        found.retain(|candidate| self.referrer.reaches(&candidate.id));
        if let Some(namespace) = namespace {
            let known = self
                .candidates
                .by_original_namespace
                .get(namespace)
                .is_some_and(|now| now.iter().any(|now| self.referrer.reaches_namespace(now)));
            found.retain(|candidate| {
                let id = match candidate.previous.first() {
                    Some(original) if known => original,
                    _ => &candidate.id,
                };
                id.effective_namespace() == namespace
            });
        }
        found.retain(|candidate| {
            candidate
                .previous
                .iter()
                .any(|id| id.gvk.is_selected_by(&self.record.target))
        });
        if let (true, Some((group, kind))) = (
            self.spec.path.ends_with("roleRef/name"),
            &self.referrer.role,
        ) {
            found.retain(|candidate| {
                candidate.id.gvk.group == *group && candidate.id.gvk.kind == *kind
            });
        }
        found.retain(|candidate| {
            candidate.id.gvk.is_cluster_scoped()
                || candidate.id.gvk.kind == "ServiceAccount"
                || self.referrer.id.gvk.is_cluster_scoped()
                || candidate.id.effective_namespace() == self.referrer.id.effective_namespace()
        });
        for or_empty in [true, false] {
            if found.len() > 1 {
                found.retain(|candidate| self.same_affixes(candidate, or_empty));
            }
        }
        let same = found.windows(2).all(|pair| {
            pair[0].id.name == pair[1].id.name
                && (!by_namespace_too || pair[0].id.namespace == pair[1].id.namespace)
        });
        if same {
            return Ok(found.first().copied());
        }
        let ids: Vec<String> = found
            .iter()
            .map(|candidate| candidate.id.to_string())
            .collect();
        self.ambiguous
            .borrow_mut()
            .extend(found.iter().map(|candidate| candidate.at));
        Err(Error::invalid(format!(
            "found multiple possible referrals: {}",
            ids.join(", ")
        )))
    }

    fn same_affixes(&self, candidate: &Candidate, or_empty: bool) -> bool {
        let fits = |a: &[String], b: &[String]| {
            (or_empty && (a.is_empty() || b.is_empty())) || same_end(a, b)
        };
        fits(&self.referrer.prefixes, &candidate.prefixes)
            && fits(&self.referrer.suffixes, &candidate.suffixes)
    }
}

fn same_end(a: &[String], b: &[String]) -> bool {
    a.is_empty() == b.is_empty() && (a.ends_with(b) || b.ends_with(a))
}

/// The error with the referrer and the resources it may mean.
fn details(text: &str, referrer: &Resource, others: &[Resource], possible: &[usize]) -> String {
    let mut out = format!(
        "{text}\n\n**** Too many possible referral targets to referrer:\n{}\n",
        dump(referrer)
    );
    for (number, &at) in possible.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            "--- possible referral {number}:\n{}\n",
            dump(&others[at])
        );
    }
    out
}

/// A resource as the original shows it in errors, its records being annotations there.
fn dump(resource: &Resource) -> String {
    let mut shown = resource.clone();
    let list = |part: fn(&crate::resource::PreviousName) -> &String| {
        resource
            .previous
            .iter()
            .map(part)
            .cloned()
            .collect::<Vec<_>>()
            .join(",")
    };
    let records = [
        ("previousKinds", list(|previous| &previous.kind)),
        ("previousNames", list(|previous| &previous.name)),
        ("previousNamespaces", list(|previous| &previous.namespace)),
        ("prefixes", resource.prefixes.join(",")),
        ("suffixes", resource.suffixes.join(",")),
    ];
    if let Some(annotations) = shown.metadata_map("annotations") {
        for (name, value) in records.into_iter().filter(|(_, value)| !value.is_empty()) {
            annotations.insert(
                format!("internal.config.kubernetes.io/{name}"),
                value.into(),
            );
        }
    }
    windlass_yaml::json_to_yaml(&shown.object)
}
