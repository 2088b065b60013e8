//! The transformers of one level, in the order kustomize runs them.

use crate::Error;
use crate::config::TransformerConfig;
use crate::manifest::Manifest;
use crate::origin::Origin;
use crate::time_limit;
use crate::transform::annotations::AnnotationsTransformer;
use crate::transform::image_tag::ImageTagTransformer;
use crate::transform::label::LabelTransformer;
use crate::transform::namespace::NamespaceTransformer;
use crate::transform::patch::PatchTransformer;
use crate::transform::patch_json6902::PatchJson6902Transformer;
use crate::transform::patch_strategic_merge::PatchStrategicMergeTransformer;
use crate::transform::prefix::PrefixTransformer;
use crate::transform::replacement::ReplacementTransformer;
use crate::transform::replica_count::ReplicaCountTransformer;
use crate::transform::suffix::SuffixTransformer;
use crate::transform::{Transformer, configuring};

use super::accumulate::{Accumulator, Target};

/// A transformer, the field it stems from and what it leaves as record.
struct Configured {
    transformer: Box<dyn Transformer>,
    origin: Option<Origin>,
    field: &'static str,
    entry: Option<usize>,
}

/// The label that validators may set.
const VALIDATED: &str = "validated-by";

impl Target<'_> {
    /// Does to all resources accumulated so far what this kustomization says.
    pub(super) fn transform(&self, sum: &mut Accumulator) -> Result<(), Error> {
        self.count_additions(sum.resources.items().len())?;
        let config = sum.config.clone();
        let config = config.as_deref().unwrap_or(TransformerConfig::builtin());
        let mut all = List {
            target: self,
            all: Vec::new(),
        };
        all.builtin(config)?;
        let plugins = self.transformer_plugins("transformers", &self.kustomization.transformers)?;
        let mut all = all.all;
        all.extend(plugins.into_iter().map(|(transformer, origin)| Configured {
            transformer,
            origin,
            field: "transformers",
            entry: None,
        }));
        let schemas = self.loader.context.schemas();
        for configured in all {
            time_limit::check_now()?;
            configured
                .transformer
                .transform(&mut sum.resources, &schemas)
                .map_err(|error| error.at(|| self.place(configured.field, configured.entry)))?;
            sum.resources.contents_mut().for_each(Manifest::follow);
            if let Some(origin) = &configured.origin {
                for manifest in sum.resources.contents_mut() {
                    origin.record(manifest);
                }
            }
            sum.resources.drop_empty();
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
        self.loader
            .context
            .growth
            .add(each.saturating_mul(resources))
    }

    /// Runs validators, which must not change anything but their label.
    pub(super) fn validate(&self, sum: &mut Accumulator) -> Result<(), Error> {
        let validators = self.transformer_plugins("validators", &self.kustomization.validators)?;
        let schemas = self.loader.context.schemas();
        for (validator, _) in validators {
            let before = sum.resources.clone();
            validator
                .transform(&mut sum.resources, &schemas)
                .map_err(|error| error.at(|| self.place("validators", None)))?;
            let mut after = sum.resources.clone();
            for manifest in after.items_mut() {
                let mut labels = manifest.owned_texts("labels");
                if labels.remove(VALIDATED).is_some() {
                    manifest.set_texts("labels", labels);
                }
            }
            compare(before.items(), after.items()).map_err(|error| {
                error
                    .context("validator shouldn't modify the resource map")
                    .at(|| self.place("validators", None))
            })?;
        }
        Ok(())
    }
}

fn compare(before: &[Manifest], after: &[Manifest]) -> Result<(), Error> {
    if before.len() != after.len() {
        return Err(Error::invalid(format!(
            "lists have different number of entries: {} doesn't equal {}",
            before.len(),
            after.len()
        )));
    }
    for old in before {
        let id = old.id();
        let Some(new) = after.iter().find(|new| new.id().equals(&id)) else {
            return Err(Error::invalid(format!(
                "id in self missing from other; id: {id}"
            )));
        };
        if old.with_records().node.to_text() != new.with_records().node.to_text() {
            return Err(Error::invalid(format!(
                "nodes unequal: \n -- {},\n -- {}\n",
                old.shown(),
                new.shown()
            )));
        }
    }
    Ok(())
}

/// The built-in transformers that a kustomization asks for.
struct List<'t> {
    target: &'t Target<'t>,
    all: Vec<Configured>,
}

impl List<'_> {
    fn add(
        &mut self,
        transformer: impl Transformer + 'static,
        plugin: &str,
        field: &'static str,
        entry: impl Into<Option<usize>>,
    ) {
        self.all.push(Configured {
            transformer: Box::new(transformer),
            origin: self.target.builtin_origin(plugin),
            field,
            entry: entry.into(),
        });
    }

    fn builtin(&mut self, config: &TransformerConfig) -> Result<(), Error> {
        let Target {
            loader,
            kustomization: k,
            ..
        } = *self.target;
        let target = self.target;
        let entries = &k.patches_strategic_merge;
        if !entries.is_empty() {
            let (plugin, field) = ("PatchStrategicMergeTransformer", "patchesStrategicMerge");
            let made =
                PatchStrategicMergeTransformer::new(loader, entries, "").map_err(|error| {
                    let config = PatchStrategicMergeTransformer::config(entries);
                    configuring(error, plugin, &config).at(|| target.place(field, None))
                })?;
            self.add(made, plugin, field, None);
        }
        for (at, entry) in k.patches.iter().enumerate() {
            let plugin = "PatchTransformer";
            let made = PatchTransformer::of_entry(loader, entry).map_err(|error| {
                configuring(error, plugin, &entry.to_value())
                    .at(|| target.place("patches", Some(at)))
            })?;
            self.add(made, plugin, "patches", at);
        }
        self.names(config);
        self.labels(config)?;
        for (at, entry) in k.patches_json6902.iter().enumerate() {
            let (plugin, field) = ("PatchJson6902Transformer", "patchesJson6902");
            let made = PatchJson6902Transformer::of_entry(loader, entry).map_err(|error| {
                let config = PatchJson6902Transformer::config(entry);
                configuring(error, plugin, &config).at(|| target.place(field, Some(at)))
            })?;
            self.add(made, plugin, field, at);
        }
        for (at, replica) in k.replicas.iter().enumerate() {
            let made = ReplicaCountTransformer {
                replica: replica.clone(),
                specs: config.replicas.clone(),
            };
            self.add(made, "ReplicaCountTransformer", "replicas", at);
        }
        for (at, image) in k.images.iter().enumerate() {
            let growth = &loader.context.growth;
            let made = ImageTagTransformer::new(image.clone(), config.images.clone(), growth)
                .map_err(|error| error.at(|| target.place("images", Some(at))))?;
            self.add(made, "ImageTagTransformer", "images", at);
        }
        if !k.replacements.is_empty() {
            let (plugin, field) = ("ReplacementTransformer", "replacements");
            let made = ReplacementTransformer::new(loader, &k.replacements).map_err(|error| {
                let config = ReplacementTransformer::config(&k.replacements);
                configuring(error, plugin, &config).at(|| target.place(field, None))
            })?;
            self.add(made, plugin, field, None);
        }
        Ok(())
    }

    fn names(&mut self, config: &TransformerConfig) {
        let k = self.target.kustomization;
        if !k.namespace.is_empty() {
            let made = NamespaceTransformer::new(&k.namespace, &config.namespace);
            self.add(made, "NamespaceTransformer", "namespace", None);
        }
        if !k.name_prefix.is_empty() {
            let made = PrefixTransformer::new(&k.name_prefix, &config.name_prefix);
            self.add(made, "PrefixTransformer", "namePrefix", None);
        }
        if !k.name_suffix.is_empty() {
            let made = SuffixTransformer::new(&k.name_suffix, &config.name_suffix);
            self.add(made, "SuffixTransformer", "nameSuffix", None);
        }
    }

    fn labels(&mut self, config: &TransformerConfig) -> Result<(), Error> {
        let k = self.target.kustomization;
        for (at, label) in k.labels.iter().enumerate() {
            let made = LabelTransformer::of_entry(label, config)
                .map_err(|error| error.at(|| self.target.place("labels", Some(at))))?;
            self.add(made, "LabelTransformer", "labels", at);
        }
        // Also run for nothing, which shows in the records.
        if !k.labels.is_empty() || !k.common_labels.is_empty() {
            let made = LabelTransformer::common(&k.common_labels, config);
            self.add(made, "LabelTransformer", "commonLabels", None);
        }
        if !k.common_annotations.is_empty() {
            let made = AnnotationsTransformer {
                annotations: k.common_annotations.clone(),
                specs: config.common_annotations.clone(),
            };
            self.add(made, "AnnotationsTransformer", "commonAnnotations", None);
        }
        Ok(())
    }
}
