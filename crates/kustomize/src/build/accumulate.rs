//! Accumulating the resources of one kustomization directory, depth first.

use std::rc::Rc;

use crate::config::TransformerConfig;
use crate::generator::{self, Kind};
use crate::kustomization::{self, Kustomization};
use crate::loader::Loader;
use crate::origin::Origin;
use crate::resmap::ResMap;
use crate::schema::{Definitions, Schemas};
use crate::transform::patches::configuring;
use crate::{Error, load};

use super::Session;

/// What has been accumulated so far.
#[derive(Default)]
pub(super) struct Accumulator {
    pub(super) resources: ResMap,
    config: Config,
}

/// The transformer configuration of what has been accumulated.
#[derive(Default)]
enum Config {
    /// Nothing has been accumulated.
    #[default]
    Empty,
    Builtin,
    /// Configuration files came in between.
    Own(Box<TransformerConfig>),
}

impl Accumulator {
    pub(super) fn config<'a>(&'a self, session: &'a Session) -> &'a TransformerConfig {
        match &self.config {
            Config::Own(config) => config,
            Config::Empty | Config::Builtin => &session.builtin,
        }
    }

    /// What was there first counts more.
    fn merge_config(&mut self, session: &Session, other: Config) -> Result<(), Error> {
        match (&mut self.config, other) {
            (_, Config::Empty) | (Config::Builtin, Config::Builtin) => {}
            (own @ Config::Empty, other) => *own = other,
            (Config::Own(own), Config::Builtin) => own.merge(&session.builtin)?,
            (Config::Own(own), Config::Own(other)) => own.merge(&other)?,
            (own @ Config::Builtin, Config::Own(other)) => {
                let mut merged = session.builtin.clone();
                merged.merge(&other)?;
                *own = Config::Own(Box::new(merged));
            }
        }
        Ok(())
    }

    fn merge(&mut self, session: &Session, other: Self) -> Result<(), Error> {
        if self.resources.len() == 0 {
            self.resources = other.resources;
        } else {
            self.resources.append_all(other.resources)?;
        }
        self.merge_config(session, other.config)
    }
}

/// One kustomization and where it was found.
pub(super) struct Target<'t, 'a> {
    pub(super) session: &'t Session,
    pub(super) loader: &'t Loader<'a>,
    pub(super) kustomization: &'t Kustomization,
    /// The name of its file.
    pub(super) file: &'t str,
}

impl Target<'_, '_> {
    /// Adds this kustomization's resources to what is there and transforms the whole.
    pub(super) fn accumulate(&self, start: Accumulator) -> Result<Accumulator, Error> {
        self.loader.context.visit(self.loader.depth())?;
        // The first schema met counts for the whole build.
        if !self.kustomization.openapi.is_empty() && self.session.schemas.get().is_none() {
            let schemas = schemas(self.loader, self.kustomization)?;
            // It was just seen to be unset.
            let _ = self.session.schemas.set(schemas);
        }
        self.refuse_unsupported()?;
        let k = self.kustomization;
        let mut sum = start;
        for path in &k.resources {
            sum = self
                .resource(sum, path)
                .map_err(|e| e.context("accumulating resources"))?;
            self.loader.context.check_count(sum.resources.len())?;
        }
        let mut own = TransformerConfig::default();
        for path in &k.configurations {
            let text = self.loader.text(path)?;
            let value = windlass_yaml::to_value(&text)
                .map_err(|error| Error::invalid(error.to_string()))?;
            let config = TransformerConfig::decode(&value)
                .map_err(|error| error.context("error unmarshaling JSON: while decoding JSON"))?;
            own.merge(&config)?;
        }
        if k.configurations.is_empty() {
            sum.merge_config(self.session, Config::Builtin)?;
        } else {
            own.merge(&self.session.builtin)?;
            sum.merge_config(self.session, Config::Own(Box::new(own)))?;
        }
        self.generate(&mut sum)?;
        for path in &k.components {
            sum = self.component(sum, path).map_err(|error| {
                error.map_message(|text| {
                    format!("accumulating components: accumulateDirectory: {text:?}")
                })
            })?;
        }
        self.transform(&mut sum)?;
        if !k.vars.is_empty() {
            return Err(Error::unsupported(&self.loader.resolve(self.file)?, "vars"));
        }
        Ok(sum)
    }

    fn refuse_unsupported(&self) -> Result<(), Error> {
        let k = self.kustomization;
        if let Some(chart) = k.helm_charts.first() {
            let error = Error::invalid("must specify --enable-helm");
            return Err(configuring(error, "HelmChartInflationGenerator", chart));
        }
        let fields = [
            (!k.crds.is_empty(), "crds"),
            (!k.generators.is_empty(), "generators"),
            (!k.transformers.is_empty(), "transformers"),
            (!k.validators.is_empty(), "validators"),
        ];
        match fields.iter().find(|(used, _)| *used) {
            Some((_, field)) => {
                let file = self.loader.resolve(self.file)?;
                Err(Error::unsupported(&file, field))
            }
            None => Ok(()),
        }
    }

    /// A file of resources, or else a base.
    fn resource(&self, mut sum: Accumulator, path: &str) -> Result<Accumulator, Error> {
        let as_file = match self.file_of_resources(&mut sum, path) {
            Ok(()) => return Ok(sum),
            Err(error) if error.is_final() => return Err(error),
            Err(error) => error,
        };
        // The text is that of a file: there is no use in trying it as a base.
        if as_file.to_string().contains("MalformedYAMLError: ") {
            return Err(as_file);
        }
        let both = |error: Error| {
            if error.is_final() {
                return error;
            }
            error.context(format_args!("accumulation err='{as_file}'"))
        };
        let loader = self.loader.directory(path).map_err(both)?;
        self.directory(sum, &loader, false).map_err(both)
    }

    fn file_of_resources(&self, sum: &mut Accumulator, path: &str) -> Result<(), Error> {
        let wrap =
            |error: Error| error.context(format_args!("accumulating resources from '{path}'"));
        let text = self.loader.text(path).map_err(wrap)?;
        let found = load::resources(&text).map_err(|error| {
            wrap(error.map_message(|text| {
                if text.starts_with("MalformedYAMLError") {
                    format!("{text} in File: {path}")
                } else {
                    text.to_owned()
                }
            }))
        })?;
        let origin = Origin::file(self.loader, path);
        // All or nothing: the path is tried as a base afterwards.
        let mut own = ResMap::default();
        for mut resource in found {
            resource.origin = Some(origin.clone());
            own.append(resource).map_err(wrap)?;
        }
        sum.resources
            .append_all(own)
            .map_err(|error| error.context(format_args!("merging resources from '{path}'")))
    }

    fn component(&self, sum: Accumulator, path: &str) -> Result<Accumulator, Error> {
        let loader = self.loader.directory(path)?;
        self.directory(sum, &loader, true)
    }

    fn directory(
        &self,
        mut sum: Accumulator,
        loader: &Loader<'_>,
        as_component: bool,
    ) -> Result<Accumulator, Error> {
        let root = loader.context.shown(&loader.root);
        let (kustomization, file) = kustomization::load(loader).map_err(|error| {
            error.context(format_args!("couldn't make target for path '{root}'"))
        })?;
        match (as_component, kustomization.is_component) {
            (true, false) => {
                return Err(Error::invalid(format!(
                    "expected kind 'Component' for path '{root}' but got 'Kustomization'"
                )));
            }
            (false, true) => {
                return Err(Error::invalid(format!(
                    "expected kind != 'Component' for path '{root}'"
                )));
            }
            _ => {}
        }
        let target = Target {
            session: self.session,
            loader,
            kustomization: &kustomization,
            file,
        };
        let recursed =
            |error: Error| error.context(format_args!("recursed accumulation of path '{root}'"));
        if as_component {
            return target.accumulate(sum).map_err(recursed);
        }
        let below = target
            .accumulate(Accumulator::default())
            .map_err(recursed)?;
        sum.merge(self.session, below)
            .map_err(|error| error.context(format_args!("recursed merging from path '{root}'")))?;
        Ok(sum)
    }

    fn generate(&self, sum: &mut Accumulator) -> Result<(), Error> {
        let k = self.kustomization;
        let config_maps = k.config_maps.iter().map(|args| (Kind::ConfigMap, args));
        let secrets = k.secrets.iter().map(|args| (Kind::Secret, args));
        for (kind, args) in config_maps.chain(secrets) {
            let plugin = match kind {
                Kind::ConfigMap => "ConfigMapGenerator",
                Kind::Secret => "SecretGenerator",
            };
            let mut made = generator::generate(self.loader, kind, args, &k.generator_options)?;
            made.origin = Some(Origin::builtin(self.loader, self.file, plugin));
            sum.resources
                .absorb(made)
                .map_err(|error| error.context("merging from generator &{0x0 <nil>}"))?;
        }
        Ok(())
    }
}

/// The schemas the `openapi` field asks for.
fn schemas(loader: &Loader<'_>, k: &Kustomization) -> Result<Schemas, Error> {
    let get = |key: &str| {
        k.openapi
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    };
    match (get("version"), get("path")) {
        (None, None) => Ok(Schemas::Builtin),
        (Some(_), Some(_)) => Err(Error::invalid(
            "builtin version and custom schema provided, cannot use both",
        )),
        (Some(version), None) if version == "v1.21.2" => Ok(Schemas::Builtin),
        (Some(_), None) => Err(Error::invalid(
            "the specified OpenAPI version is not built in",
        )),
        (None, Some(path)) => {
            let text = loader.text(path)?;
            let value = windlass_yaml::to_value(&text)
                .map_err(|error| Error::invalid(error.to_string()))?;
            Ok(Schemas::Custom(Rc::new(Definitions::new(&value))))
        }
    }
}
