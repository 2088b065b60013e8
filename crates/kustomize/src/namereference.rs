//! Name references: what names a renamed resource gets its new name.

mod candidates;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::Error;
use crate::config::NameReference;
use crate::fieldspec::{Create, FieldSpec};
use crate::id::Gvk;
use crate::manifest::Manifest;
use crate::node::{Node, Scalar, Tag};
use crate::resmap::ResMap;
use crate::time_limit;

use candidates::{Candidate, Candidates, Referrer};

/// The fields of one type of objects that hold names, with the types those are names of.
type Fields<'c> = Rc<Vec<(&'c Gvk, &'c FieldSpec)>>;

/// Updates all references.
pub(crate) fn update(resources: &mut ResMap, config: &[NameReference]) -> Result<(), Error> {
    let candidates = Candidates::of(resources.items());
    let mut known: HashMap<Gvk, Fields<'_>> = HashMap::new();
    let items = resources.items_mut();
    for at in 0..items.len() {
        let original = items[at].original_id().gvk.to_owned();
        let fields = known.entry(original).or_insert_with_key(|gvk| {
            let all = config
                .iter()
                .flat_map(|record| record.referrers.iter().map(|spec| (&record.target, spec)));
            Rc::new(
                all.filter(|(_, spec)| gvk.as_ref().is_selected_by(&spec.gvk))
                    .collect(),
            )
        });
        let fields = Rc::clone(fields);
        if fields.is_empty() {
            continue;
        }
        if let Some(Node::Scalar(version)) = items[at].node.get("apiVersion")
            && version.is_null()
            && !version.text.is_empty()
        {
            return Err(Error::invalid(format!(
                "node-referrerOriginal 'APIVersion' mismatch '' != '{}'",
                version.text
            )));
        }
        let referrer = Referrer::of(&items[at])?;
        let mut manifest = std::mem::replace(&mut items[at], Manifest::new(Node::mapping()));
        for (target, spec) in fields.iter() {
            let search = Search {
                candidates: &candidates,
                referrer: &referrer,
                target,
                spec,
                ambiguous: RefCell::default(),
            };
            search.run(&mut manifest, items)?;
            manifest.follow();
        }
        items[at] = manifest;
    }
    candidates.record(items);
    Ok(())
}

struct Search<'a> {
    candidates: &'a Candidates,
    referrer: &'a Referrer,
    target: &'a Gvk,
    spec: &'a FieldSpec,
    /// The positions of the resources between which no choice could be made, and who was found to
    /// refer to each.
    ambiguous: RefCell<Vec<(usize, Vec<Rc<str>>)>>,
}

impl Search<'_> {
    fn run(&self, manifest: &mut Manifest, others: &[Manifest]) -> Result<(), Error> {
        let result = self
            .spec
            .apply_selected(manifest, Create::Never, &mut |node| self.set(node));
        result.map_err(|error| {
            let error = match self.ambiguous.borrow().as_slice() {
                [] => error,
                possible => error.map_message(|text| details(text, manifest, others, possible)),
            };
            error.context(format_args!(
                "updating name reference in '{}' field of '{}'",
                self.spec.path,
                manifest.id()
            ))
        })
    }

    fn set(&self, node: &mut Node) -> Result<(), Error> {
        match node {
            Node::Sequence(sequence) => sequence.items.iter_mut().try_for_each(|item| match item {
                Node::Sequence(_) => Err(Error::invalid(
                    "a list is expected to be either a string or a map of string",
                )),
                item => self.set(item),
            }),
            Node::Mapping(_) => self.set_mapping(node),
            Node::Scalar(scalar) if scalar.is_null() => Ok(()),
            Node::Scalar(scalar) => {
                if let Some(referral) = self.find(&scalar.text, None, false)?
                    && scalar.text != referral.name
                {
                    scalar.text = referral.name.as_str().into();
                    scalar.tag = Tag::None;
                    scalar.touch();
                }
                Ok(())
            }
        }
    }

    /// A reference by name and, perhaps, namespace.
    fn set_mapping(&self, node: &mut Node) -> Result<(), Error> {
        let Some(map) = node.as_mapping_mut() else {
            return Ok(());
        };
        let Some(name) = map.get("name") else {
            return Err(Error::invalid("path config error; no 'name' field in node"));
        };
        let namespace = map.get("namespace").map(Node::text);
        let Some(referral) = self.find(name.text(), namespace, true)? else {
            return Ok(());
        };
        if referral.name == name.text() && referral.namespace.is_empty() {
            return Ok(());
        }
        map.set("name", Scalar::untyped(referral.name.as_str()));
        if !referral.namespace.is_empty() {
            map.set("namespace", Scalar::untyped(referral.namespace.as_str()));
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
        time_limit::check()?;
        let mut found = self.candidates.named(old, self.referrer, namespace);
        found.retain(|candidate| candidate.was(self.target));
        if self.spec.path.ends_with("roleRef/name")
            && let Some(role) = &self.referrer.role
        {
            found.retain(|candidate| candidate.was(role));
        }
        found.retain(|candidate| self.referrer.shares_namespace(candidate));
        for or_empty in [true, false] {
            if found.len() > 1 {
                found.retain(|candidate| self.referrer.same_affixes(candidate, or_empty));
            }
        }
        let same = found.windows(2).all(|pair| {
            pair[0].name == pair[1].name
                && (!by_namespace_too || pair[0].namespace == pair[1].namespace)
        });
        if same {
            let found = found.first().copied();
            if let Some(referral) = found {
                referral.is_referred_to(self.referrer);
            }
            return Ok(found);
        }
        let ids: Vec<&str> = found.iter().map(|candidate| candidate.shown()).collect();
        let possible = found.iter().map(|found| (found.at, found.referrers()));
        self.ambiguous.borrow_mut().extend(possible);
        Err(Error::invalid(format!(
            "found multiple possible referrals: {}",
            ids.join(", ")
        )))
    }
}

/// The error with the referrer and the resources it may mean.
fn details(
    text: &str,
    referrer: &Manifest,
    others: &[Manifest],
    possible: &[(usize, Vec<Rc<str>>)],
) -> String {
    let dump = |manifest: &Manifest| {
        let value = manifest.with_records().node.to_value().unwrap_or_default();
        windlass_yaml::json_to_yaml(&value)
    };
    let mut out = format!(
        "{text}\n\n**** Too many possible referral targets to referrer:\n{}\n",
        dump(referrer)
    );
    for (number, (at, referrers)) in possible.iter().enumerate() {
        let mut shown = others[*at].clone();
        shown.referrers.extend_from_slice(referrers);
        // Writing to a string cannot fail.
        let _ = write!(out, "--- possible referral {number}:\n{}\n", dump(&shown));
    }
    out
}
