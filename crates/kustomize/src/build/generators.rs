//! The generators of one level, in the order kustomize runs them.

use crate::Error;
use crate::generate::Generator;
use crate::generate::config_map::ConfigMapGenerator;
use crate::generate::helm_chart::HelmChartInflationGenerator;
use crate::generate::secret::SecretGenerator;
use crate::kustomization::{GeneratorArgs, GeneratorOptions};
use crate::origin::{ORIGIN, Origin};
use crate::time_limit;
use crate::transform::configuring;

use super::accumulate::{Accumulator, Target};

/// A generator, the field it stems from and what it leaves as origin.
pub(super) struct Configured {
    pub(super) generator: Box<dyn Generator>,
    pub(super) origin: Option<Origin>,
    field: &'static str,
    entry: Option<usize>,
}

impl Target<'_> {
    /// Adds what this kustomization generates.
    pub(super) fn generate(&self, sum: &mut Accumulator) -> Result<(), Error> {
        let mut all = self.builtin_generators()?;
        let plugins = self
            .generator_plugins()
            .map_err(|error| error.context("loading generator plugins"))?;
        all.extend(plugins.into_iter().map(|(generator, origin)| Configured {
            generator,
            origin,
            field: "generators",
            entry: None,
        }));
        for configured in all {
            time_limit::check_now()?;
            let place = || self.place(configured.field, configured.entry);
            let made = configured
                .generator
                .generate(self.loader)
                .map_err(|error| error.at(place))?;
            for mut manifest in made {
                if let Some(origin) = &configured.origin
                    && manifest.text_of("annotations", ORIGIN).is_none()
                {
                    origin.annotate(&mut manifest);
                }
                sum.resources.absorb(manifest).map_err(|error| {
                    // In the original, these are addresses.
                    let origin = configured.origin.as_ref().map_or("<nil>", |_| "0x0");
                    error
                        .context(format_args!("merging from generator &{{0x0 {origin}}}"))
                        .at(place)
                })?;
            }
        }
        Ok(())
    }

    fn builtin_generators(&self) -> Result<Vec<Configured>, Error> {
        let k = self.kustomization;
        let mut all = Vec::new();
        let under = |args: &GeneratorArgs| GeneratorArgs {
            options: GeneratorOptions::under(args.options.clone(), k.generator_options.as_ref()),
            ..args.clone()
        };
        let mut add = |generator: Box<dyn Generator>, plugin, field, at| {
            all.push(Configured {
                generator,
                origin: self.builtin_origin(plugin),
                field,
                entry: Some(at),
            });
        };
        for (at, args) in k.config_maps.iter().enumerate() {
            let generator = Box::new(ConfigMapGenerator(under(args)));
            add(generator, "ConfigMapGenerator", "configMapGenerator", at);
        }
        for (at, args) in k.secrets.iter().enumerate() {
            let generator = Box::new(SecretGenerator(under(args)));
            add(generator, "SecretGenerator", "secretGenerator", at);
        }
        let globals = k.chart_globals.clone().unwrap_or_default();
        let namespace = if k.namespace.is_empty() {
            self.chart_namespace
        } else {
            &k.namespace
        };
        for (at, chart) in k.charts.iter().enumerate() {
            let plugin = "HelmChartInflationGenerator";
            let chart = chart.under(&globals, namespace);
            let config = chart.to_value();
            let generator =
                HelmChartInflationGenerator::new(self.loader, chart).map_err(|error| {
                    configuring(error, plugin, &config).at(|| self.place("helmCharts", Some(at)))
                })?;
            add(Box::new(generator), plugin, "helmCharts", at);
        }
        Ok(all)
    }

    /// What a built-in generator or transformer of this kustomization leaves as origin.
    pub(super) fn builtin_origin(&self, plugin: &str) -> Option<Origin> {
        let origin = self.origin.as_ref();
        origin.map(|origin| origin.builtin(self.file, plugin))
    }
}
