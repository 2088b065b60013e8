//! The generators: what a kustomization makes anew.

pub(crate) mod config_map;
pub(crate) mod hash;
pub(crate) mod helm_chart;
pub(crate) mod iam_policy;
mod key_values;
mod object;
pub(crate) mod secret;

use std::collections::BTreeMap;

use crate::Error;
use crate::loader::Loader;
use crate::manifest::{Behavior, Manifest};
use crate::node::{Mapping, Node};
use crate::origin::ORIGIN;

/// Makes resources.
pub(crate) trait Generator {
    /// The resources; files are read relative to the kustomization's directory.
    fn generate(&self, loader: &Loader<'_>) -> Result<Vec<Manifest>, Error>;
}

/// Lets `new`, which asks to merge with or replace `old`, take its place.
pub(crate) fn join(old: &mut Manifest, mut new: Manifest) {
    let merges = new.behavior == Some(Behavior::Merge);
    for section in ["labels", "annotations"] {
        let mut texts = old.owned_texts(section);
        texts.extend(new.owned_texts(section));
        if merges && let Some(origin) = old.text_of(section, ORIGIN) {
            texts.insert(ORIGIN.to_owned(), origin.to_owned());
        }
        new.set_texts(section, texts);
    }
    new.set_name(old.name());
    new.set_namespace(old.namespace());
    if merges {
        for section in ["data", "binaryData"] {
            let mut entries = entries(&old.node, section);
            entries.extend(self::entries(&new.node, section));
            set_entries(&mut new.node, section, entries);
        }
    }
    // The hash stays only if both want one.
    new.needs_hash &= old.needs_hash;
    new.behavior = old.behavior;
    new.previous = std::mem::take(&mut old.previous);
    new.prefixes = std::mem::take(&mut old.prefixes);
    new.suffixes = std::mem::take(&mut old.suffixes);
    new.referrers = std::mem::take(&mut old.referrers);
    new.of_chart = old.of_chart;
    new.vars = std::mem::take(&mut old.vars);
    *old = new;
}

fn entries(object: &Node, section: &str) -> BTreeMap<String, String> {
    let entries = object.get(section).and_then(Node::as_mapping);
    let entries = entries.map_or(&[][..], |mapping| &mapping.entries);
    let text = |node: &Node| if node.is_null() { "" } else { node.text() }.to_owned();
    entries
        .iter()
        .map(|entry| (entry.key.text.to_string(), text(&entry.value)))
        .collect()
}

fn set_entries(object: &mut Node, section: &str, entries: BTreeMap<String, String>) {
    let Some(object) = object.as_mapping_mut() else {
        return;
    };
    object.remove(section);
    if entries.is_empty() {
        return;
    }
    let mut mapping = Mapping::default();
    for (key, text) in entries {
        mapping.set(&key, object::value(text));
    }
    object.push(section, Node::Mapping(mapping));
}
