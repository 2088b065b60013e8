//! Labels and annotations, as the original reads and writes them: maps of texts, whatever the
//! types of the values; and its records among the annotations.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Behavior, Manifest, Previous};
use crate::node::{Mapping, Node, Scalar};

/// What the original's records in annotations start with.
const INTERNAL: &str = "internal.config.kubernetes.io/";

/// Records of other tools that never reach the output.
const FOREIGN: [&str; 7] = [
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

impl Manifest {
    /// The texts under `metadata.labels` or `metadata.annotations`; of repeated keys the last.
    pub(crate) fn texts(&self, section: &str) -> BTreeMap<&str, &str> {
        let section = self
            .node
            .get("metadata")
            .and_then(|metadata| metadata.get(section));
        match section {
            Some(Node::Mapping(mapping)) => {
                let entries = mapping.entries.iter();
                entries
                    .map(|entry| (entry.key.text.as_str(), entry.value.text()))
                    .collect()
            }
            // The original takes the items of a list for keys and values in turn.
            Some(Node::Sequence(sequence)) => sequence
                .items
                .chunks_exact(2)
                .map(|pair| (pair[0].text(), pair[1].text()))
                .collect(),
            _ => BTreeMap::new(),
        }
    }

    /// One text of a section.
    pub(crate) fn text_of(&self, section: &str, key: &str) -> Option<&str> {
        let section = self.node.get("metadata")?.get(section)?.as_mapping()?;
        let mut entries = section.entries.iter().rev();
        entries
            .find(|entry| entry.key.text == key)
            .map(|entry| entry.value.text())
    }

    /// Replaces a section by strings, or removes it if there are none. `metadata` is made if
    /// absent, as the original does.
    pub(crate) fn set_texts(&mut self, section: &str, texts: BTreeMap<String, String>) {
        let Some(object) = self.node.as_mapping_mut() else {
            return;
        };
        let Some(metadata) = object.entry("metadata", Node::mapping).as_mapping_mut() else {
            return;
        };
        metadata.remove(section);
        if texts.is_empty() {
            return;
        }
        let mut mapping = Mapping::default();
        for (key, text) in texts {
            mapping.set(&key, Scalar::string(text));
        }
        metadata.push(section, Node::Mapping(mapping));
    }

    /// As [`Manifest::texts`], owned, to be changed and set again.
    pub(crate) fn owned_texts(&self, section: &str) -> BTreeMap<String, String> {
        let texts = self.texts(section).into_iter();
        texts
            .map(|(key, text)| (key.to_owned(), text.to_owned()))
            .collect()
    }

    /// Makes all values of a section strings.
    pub(crate) fn normalise(&mut self, section: &str) {
        let texts = self.owned_texts(section);
        self.set_texts(section, texts);
    }

    /// Sets one annotation, keeping the others as they are.
    pub(crate) fn annotate(&mut self, key: &str, text: &str) {
        if let Some(object) = self.node.as_mapping_mut()
            && let Some(metadata) = object.entry("metadata", Node::mapping).as_mapping_mut()
        {
            if metadata.get("annotations").is_some_and(Node::is_null) {
                metadata.remove("annotations");
            }
            let annotations = metadata.entry("annotations", Node::mapping);
            if let Some(annotations) = annotations.as_mapping_mut() {
                annotations.set(key, Scalar::string(text));
            }
        }
    }

    /// Makes `metadata.annotations` if absent: where the original has its records, patches may
    /// count on the map.
    pub(crate) fn make_annotations(&mut self) {
        if let Some(object) = self.node.as_mapping_mut()
            && let Some(metadata) = object.entry("metadata", Node::mapping).as_mapping_mut()
        {
            if metadata.get("annotations").is_some_and(Node::is_null) {
                metadata.remove("annotations");
            }
            metadata.entry("annotations", Node::mapping);
        }
    }

    /// Takes records that came with the input for those of this build, as the original does.
    pub(crate) fn take_records(&mut self) {
        let Some(Node::Mapping(annotations)) = self
            .node
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("annotations"))
        else {
            return;
        };
        let is_record = |key: &str| key.starts_with(INTERNAL);
        if !annotations.entries.iter().any(|e| is_record(&e.key.text)) {
            return;
        }
        let mut take = |name: &str| {
            let value = annotations.remove(&format!("{INTERNAL}{name}"))?;
            Some(value.text().to_owned())
        };
        let list = |text: Option<String>| -> Vec<String> {
            text.map_or_else(Vec::new, |text| {
                text.split(',').map(str::to_owned).collect()
            })
        };
        let names = list(take("previousNames"));
        let namespaces = list(take("previousNamespaces"));
        let kinds = list(take("previousKinds"));
        if names.len() == namespaces.len() && names.len() == kinds.len() {
            let all = names.into_iter().zip(namespaces).zip(kinds);
            self.previous = all
                .map(|((name, namespace), kind)| Previous {
                    kind,
                    name,
                    namespace,
                })
                .collect();
        }
        let shared = |list: Vec<String>| list.into_iter().map(Rc::from).collect();
        self.prefixes = shared(list(take("prefixes")));
        self.suffixes = shared(list(take("suffixes")));
        self.behavior = take("generatorBehavior").map(|word| Behavior::parse(&word));
        let enabled = |text: Option<String>| text.as_deref() == Some("enabled");
        self.needs_hash = enabled(take("needsHashSuffix"));
        self.allow_name_change = enabled(take("allowNameChange"));
        self.allow_kind_change = enabled(take("allowKindChange"));
        self.of_chart = take("helm-generated").as_deref() == Some("true");
        self.referrers = take("refBy").map_or_else(Vec::new, |ids| shared(list(Some(ids))));
    }

    /// What error texts of the original show a resource as: its JSON, records included, or why it
    /// has none.
    pub(crate) fn shown(&self) -> String {
        match self.with_records().node.to_value() {
            Ok(value) => windlass_yaml::go_json(&value),
            Err(error) => format!("<{error}>"),
        }
    }

    /// The resource as the original has it in the middle of a build, records included.
    pub(crate) fn with_records(&self) -> Self {
        let list = |part: fn(&Previous) -> &str| {
            let parts = self.previous.iter().map(part);
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            parts.join(",")
        };
        let enabled = |set: bool| if set { "enabled" } else { "" }.to_owned();
        let records = [
            ("previousKinds", list(|previous| &previous.kind)),
            ("previousNames", list(|previous| &previous.name)),
            ("previousNamespaces", list(|previous| &previous.namespace)),
            ("prefixes", self.prefixes.join(",")),
            ("suffixes", self.suffixes.join(",")),
            ("refBy", self.referrers.join(",")),
            ("needsHashSuffix", enabled(self.needs_hash)),
            ("allowNameChange", enabled(self.allow_name_change)),
            ("allowKindChange", enabled(self.allow_kind_change)),
            (
                "generatorBehavior",
                self.behavior
                    .map_or(String::new(), |b| b.as_str().to_owned()),
            ),
        ];
        let mut shown = self.clone();
        for (name, value) in records.iter().filter(|(_, value)| !value.is_empty()) {
            shown.annotate(&format!("{INTERNAL}{name}"), value);
        }
        shown
    }

    /// Drops what only served the build from the annotations, and the annotations if none are left.
    pub(crate) fn finish_annotations(&mut self, keep: impl Fn(&str) -> bool) {
        let mut texts = self.owned_texts("annotations");
        texts.retain(|key, _| !FOREIGN.contains(&key.as_str()) && keep(key));
        self.set_texts("annotations", texts);
    }
}
