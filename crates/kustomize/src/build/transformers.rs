//! The transformers of one level, in the order kustomize runs them.

use super::accumulate::{Accumulator, Target};
use windlass_yaml::Value;

use crate::Error;
use crate::decode::At;
use crate::fieldspec::{FieldSpec, merge_one};
use crate::id::Gvk;
use crate::kustomization::Label;
use crate::origin::Origin;
use crate::schema::Schemas;
use crate::transform::rename::End;
use crate::transform::replacement::Replacement;
use crate::transform::{images, metadata, namespace, patches, rename, replicas};

impl Target<'_, '_> {
    /// Does to all resources accumulated so far what this kustomization says.
    pub(super) fn transform(&self, sum: &mut Accumulator) -> Result<(), Error> {
        let k = self.kustomization;
        self.count_additions(sum.resources.len())?;
        let config = sum.config(self.session).clone();
        let schemas = self.session.schemas.get().unwrap_or(&Schemas::Builtin);
        if !k.patches_strategic_merge.is_empty() {
            let entries = &k.patches_strategic_merge;
            patches::apply_strategic_merge(self.loader, entries, &mut sum.resources, schemas)?;
            self.record(sum, "PatchStrategicMergeTransformer");
        }
        for entry in &k.patches {
            let patch = patches::prepare(self.loader, entry)?;
            patch.apply(self.loader.context, &mut sum.resources, schemas)?;
            self.record(sum, "PatchTransformer");
        }
        if !k.namespace.is_empty() {
            namespace::set(&mut sum.resources, &k.namespace, &config.namespace)?;
            self.record(sum, "NamespaceTransformer");
        }
        if !k.name_prefix.is_empty() {
            let specs = &config.name_prefix;
            rename::rename(&mut sum.resources, End::Prefix, &k.name_prefix, specs)?;
            self.record(sum, "PrefixTransformer");
        }
        if !k.name_suffix.is_empty() {
            let specs = &config.name_suffix;
            rename::rename(&mut sum.resources, End::Suffix, &k.name_suffix, specs)?;
            self.record(sum, "SuffixTransformer");
        }
        for label in k.labels.iter().filter(|label| !label.pairs.is_empty()) {
            let specs = label_fields(label, &config)?;
            metadata::add(&mut sum.resources, &label.pairs, &specs)?;
            self.record(sum, "LabelTransformer");
        }
        if !k.common_labels.is_empty() {
            metadata::add(&mut sum.resources, &k.common_labels, &config.common_labels)?;
            self.record(sum, "LabelTransformer");
        }
        if !k.common_annotations.is_empty() {
            let specs = &config.common_annotations;
            metadata::add(&mut sum.resources, &k.common_annotations, specs)?;
            self.record(sum, "AnnotationsTransformer");
        }
        for entry in &k.patches_json6902 {
            patches::apply_json6902(self.loader, entry, &mut sum.resources)?;
            self.record(sum, "PatchJson6902Transformer");
        }
        for replica in &k.replicas {
            replicas::set(&mut sum.resources, replica, &config.replicas)?;
            self.record(sum, "ReplicaCountTransformer");
        }
        for image in &k.images {
            images::set(&mut sum.resources, image, &config.images)?;
            self.record(sum, "ImageTagTransformer");
        }
        if !k.replacements.is_empty() {
            for replacement in self.replacements()? {
                replacement.apply(self.loader.context, &mut sum.resources)?;
            }
            self.record(sum, "ReplacementTransformer");
        }
        Ok(())
    }

    /// Counts what every one of so many resources gets.
    fn count_additions(&self, resources: usize) -> Result<(), Error> {
        let k = self.kustomization;
        let labels = k.labels.iter().flat_map(|label| &label.pairs);
        let pairs = labels.chain(&k.common_labels).chain(&k.common_annotations);
        let texts = [&k.namespace, &k.name_prefix, &k.name_suffix].into_iter();
        let each = pairs
            .map(|(key, value)| key.len() + value.len())
            .sum::<usize>()
            + texts.map(String::len).sum::<usize>();
        let all = each.saturating_mul(resources);
        self.loader.context.count_added(all)
    }

    /// The entries of `replacements`, those in files included.
    fn replacements(&self) -> Result<Vec<Replacement>, Error> {
        let mut found = Vec::new();
        for entry in &self.kustomization.replacements {
            let Some(path) = entry.get("path").and_then(Value::as_str) else {
                found.push(Replacement::decode(entry, &At::root())?);
                continue;
            };
            if entry.as_object().is_some_and(|map| map.len() > 1) {
                return Err(Error::invalid(
                    "cannot specify both path and inline replacement",
                ));
            }
            let value = windlass_yaml::to_value(&self.loader.text(path)?)
                .map_err(|error| Error::invalid(error.to_string()))?;
            match &value {
                Value::Array(items) => {
                    for item in items {
                        found.push(Replacement::decode(item, &At::root())?);
                    }
                }
                one => found.push(Replacement::decode(one, &At::root())?),
            }
        }
        Ok(found)
    }

    /// Notes for all resources that transformer `kind` ran.
    fn record(&self, sum: &mut Accumulator, kind: &str) {
        if !self.session.metadata.transformations {
            return;
        }
        let origin = Origin::builtin(self.loader, self.file, kind);
        for resource in sum.resources.items_mut() {
            resource.transformations.push(origin.clone());
        }
    }
}

/// The fields an entry of `labels` goes to.
fn label_fields(
    label: &Label,
    config: &crate::config::TransformerConfig,
) -> Result<Vec<FieldSpec>, Error> {
    let mut specs = label.fields.clone();
    let more = match (label.include_selectors, label.include_templates) {
        (true, _) => &config.common_labels,
        (false, true) => &config.template_labels,
        (false, false) => &config.labels,
    };
    for spec in more {
        merge_one(&mut specs, spec.clone())?;
    }
    if !label.include_selectors {
        merge_one(
            &mut specs,
            FieldSpec::new(Gvk::default(), "metadata/labels", true),
        )?;
    }
    Ok(specs)
}
