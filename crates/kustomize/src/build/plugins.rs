//! Generators and transformers that objects configure: `generators`, `transformers`, `validators`.

use windlass_yaml::Value;

use crate::generate::Generator;
use crate::generate::config_map::ConfigMapGenerator;
use crate::generate::helm_chart::HelmChartInflationGenerator;
use crate::generate::iam_policy::IamPolicyGenerator;
use crate::generate::secret::SecretGenerator;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::origin::Origin;
use crate::resmap::ResMap;
use crate::transform::Transformer;
use crate::transform::annotations::AnnotationsTransformer;
use crate::transform::hash::HashTransformer;
use crate::transform::image_tag::ImageTagTransformer;
use crate::transform::label::LabelTransformer;
use crate::transform::namespace::NamespaceTransformer;
use crate::transform::patch::PatchTransformer;
use crate::transform::patch_json6902::PatchJson6902Transformer;
use crate::transform::patch_strategic_merge::PatchStrategicMergeTransformer;
use crate::transform::prefix::PrefixTransformer;
use crate::transform::prefix_suffix::PrefixSuffixTransformer;
use crate::transform::replacement::ReplacementTransformer;
use crate::transform::replica_count::ReplicaCountTransformer;
use crate::transform::suffix::SuffixTransformer;
use crate::transform::value_add::ValueAddTransformer;
use crate::{Error, ErrorKind};

use super::accumulate::{Accumulator, Target};

/// A plugin, and what it leaves as origin or record.
type Configured<T> = (Box<T>, Option<Origin>);

enum Plugin {
    Generator(Box<dyn Generator>),
    Transformer(Box<dyn Transformer>),
}

impl Target<'_> {
    /// What `generators` configure.
    pub(super) fn generator_plugins(&self) -> Result<Vec<Configured<dyn Generator>>, Error> {
        let entries = &self.kustomization.generators;
        let mut all = Vec::new();
        for config in self.configurations("generators", entries, "generator")? {
            let failed = |error: Error| {
                error
                    .context("failed to load generator")
                    .at(|| self.place("generators", None))
            };
            match plugin(self.loader, &config).map_err(failed)? {
                Plugin::Generator(generator) => all.push((generator, Origin::of_plugin(&config))),
                Plugin::Transformer(_) => {
                    return Err(failed(Error::invalid(format!(
                        "plugin {} not a generator",
                        config.original_id()
                    ))));
                }
            }
        }
        Ok(all)
    }

    /// What `transformers` or `validators` configure.
    pub(super) fn transformer_plugins(
        &self,
        field: &'static str,
        entries: &[String],
    ) -> Result<Vec<Configured<dyn Transformer>>, Error> {
        let mut all = Vec::new();
        for config in self.configurations(field, entries, "transformer")? {
            let failed = |error: Error| error.at(|| self.place(field, None));
            match plugin(self.loader, &config).map_err(failed)? {
                Plugin::Transformer(transformer) => {
                    all.push((transformer, Origin::of_plugin(&config)));
                }
                Plugin::Generator(_) => {
                    return Err(failed(Error::invalid(format!(
                        "plugin {} not a transformer",
                        config.original_id()
                    ))));
                }
            }
        }
        Ok(all)
    }

    /// The configuring objects: inline ones, then those of files and directories.
    fn configurations(
        &self,
        field: &'static str,
        entries: &[String],
        what: &str,
    ) -> Result<Vec<Manifest>, Error> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut inline = ResMap::default();
        let mut paths = Vec::new();
        for entry in entries {
            let read = self.loader.manifests(entry).and_then(|manifests| {
                let mut read = ResMap::default();
                let mut manifests = manifests.into_iter();
                manifests.try_for_each(|manifest| read.append(manifest))?;
                Ok(read)
            });
            let Ok(mut read) = read else {
                paths.push(entry.clone());
                continue;
            };
            if let Some(origin) = &self.origin {
                for manifest in read.items_mut() {
                    origin.append(self.file).annotate(manifest);
                }
            }
            inline
                .append_all(read)
                .map_err(|error| error.context(format_args!("configuring external {what}")))?;
        }
        let start = Accumulator {
            resources: inline,
            ..Accumulator::default()
        };
        let all = self.resources(start, field, &paths)?;
        Ok(all.resources.into_items())
    }
}

/// The plugin that an object configures.
fn plugin(loader: &Loader<'_>, config: &Manifest) -> Result<Plugin, Error> {
    let gvk = config.gvk();
    if !gvk.group.is_empty() || gvk.version != "builtin" {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "external plugins disabled; unable to load external plugin '{}'",
                config.original_id().gvk.kind
            ),
        ));
    }
    let id = config.original_id();
    let make =
        maker(gvk.kind).ok_or_else(|| Error::invalid(format!("unable to load builtin {gvk}")))?;
    let value = config
        .node
        .to_value()
        .map_err(|error| error.context(format_args!("marshalling yaml from res {id}")))?;
    make(loader, &value)
        .map_err(|error| error.context(format_args!("plugin {id} fails configuration")))
}

type Maker = fn(&Loader<'_>, &Value) -> Result<Plugin, Error>;

/// How the built-in plugin of a kind is made.
fn maker(kind: &str) -> Option<Maker> {
    fn generator(made: impl Generator + 'static) -> Plugin {
        Plugin::Generator(Box::new(made))
    }
    fn transformer(made: impl Transformer + 'static) -> Plugin {
        Plugin::Transformer(Box::new(made))
    }
    Some(match kind {
        "ConfigMapGenerator" => |_, c| ConfigMapGenerator::of_plugin(c).map(generator),
        "SecretGenerator" => |_, c| SecretGenerator::of_plugin(c).map(generator),
        "IAMPolicyGenerator" => |_, c| IamPolicyGenerator::of_plugin(c).map(generator),
        "HelmChartInflationGenerator" => {
            |l, c| HelmChartInflationGenerator::of_plugin(l, c).map(generator)
        }
        "AnnotationsTransformer" => |_, c| AnnotationsTransformer::of_plugin(c).map(transformer),
        "HashTransformer" => |_, _| Ok(transformer(HashTransformer)),
        "ImageTagTransformer" => |l, c| ImageTagTransformer::of_plugin(l, c).map(transformer),
        "LabelTransformer" => |_, c| LabelTransformer::of_plugin(c).map(transformer),
        "NamespaceTransformer" => |_, c| NamespaceTransformer::of_plugin(c).map(transformer),
        "PatchJson6902Transformer" => {
            |l, c| PatchJson6902Transformer::of_plugin(l, c).map(transformer)
        }
        "PatchStrategicMergeTransformer" => {
            |l, c| PatchStrategicMergeTransformer::of_plugin(l, c).map(transformer)
        }
        "PatchTransformer" => |l, c| PatchTransformer::of_plugin(l, c).map(transformer),
        "PrefixTransformer" => |_, c| PrefixTransformer::of_plugin(c).map(transformer),
        "SuffixTransformer" => |_, c| SuffixTransformer::of_plugin(c).map(transformer),
        "PrefixSuffixTransformer" => |_, c| PrefixSuffixTransformer::of_plugin(c).map(transformer),
        "ReplacementTransformer" => |l, c| ReplacementTransformer::of_plugin(l, c).map(transformer),
        "ReplicaCountTransformer" => |_, c| ReplicaCountTransformer::of_plugin(c).map(transformer),
        "ValueAddTransformer" => |l, c| ValueAddTransformer::of_plugin(l, c).map(transformer),
        _ => return None,
    })
}
