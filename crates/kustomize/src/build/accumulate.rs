//! Accumulating the resources of one kustomization directory, depth first.

use std::sync::Arc;

use crate::config::TransformerConfig;
use crate::kustomization::{self, Kustomization};
use crate::loader::Loader;
use crate::origin::Origin;
use crate::resmap::ResMap;
use crate::vars::VarSet;
use crate::{Error, Location, load};
use windlass_yaml::go_quoted as quoted;

use super::set_schemas;

/// What has been accumulated so far.
#[derive(Default)]
pub(super) struct Accumulator {
    pub(super) resources: ResMap,
    /// The transformer configuration of all that; none as long as there is nothing.
    pub(super) config: Option<Arc<TransformerConfig>>,
    pub(super) vars: VarSet,
}

impl Accumulator {
    /// What was there first counts more.
    fn merge_config(&mut self, other: &Arc<TransformerConfig>) -> Result<(), Error> {
        match &mut self.config {
            None if Arc::ptr_eq(other, TransformerConfig::builtin()) => {
                self.config = Some(Arc::clone(other));
            }
            // Even into nothing it is merged: wide specifications give way to narrow ones.
            None => {
                let mut own = TransformerConfig::default();
                own.merge(other)?;
                self.config = Some(Arc::new(own));
            }
            Some(own) if Arc::ptr_eq(own, other) => {}
            Some(own) => Arc::make_mut(own).merge(other)?,
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.resources.append_all(other.resources)?;
        if let Some(config) = &other.config {
            self.merge_config(config)?;
        }
        self.vars.merge(other.vars)
    }
}

/// One kustomization and where it was found.
pub(super) struct Target<'t> {
    pub(super) loader: &'t Loader<'t>,
    pub(super) kustomization: &'t Kustomization,
    /// The name of its file.
    pub(super) file: &'t str,
    /// Where the directory is, when build metadata is wanted.
    pub(super) origin: Option<Origin>,
    /// The namespace of charts that have none.
    pub(super) chart_namespace: &'t str,
}

impl Target<'_> {
    /// Adds this kustomization's resources to what is there and transforms the whole.
    pub(super) fn accumulate(&self, start: Accumulator) -> Result<Accumulator, Error> {
        let k = self.kustomization;
        let mut sum = self
            .resources(start, "resources", &k.resources)
            .map_err(|error| error.context("accumulating resources"))?;
        if k.configurations.is_empty() {
            sum.merge_config(TransformerConfig::builtin())?;
        } else {
            let own = TransformerConfig::load(self.loader, &k.configurations)
                .map_err(|error| error.at(|| self.place("configurations", None)))?;
            sum.merge_config(&Arc::new(own))?;
        }
        if !k.crds.is_empty() {
            let own = TransformerConfig::of_crds(self.loader, &k.crds).map_err(|error| {
                error
                    .context(format_args!("loading CRDs [{}]", k.crds.join(" ")))
                    .at(|| self.place("crds", None))
            })?;
            sum.merge_config(&Arc::new(own))?;
        }
        self.generate(&mut sum)?;
        for (at, path) in k.components.iter().enumerate() {
            sum = self.component(sum, path).map_err(|error| {
                error
                    .context("accumulating components")
                    .at(|| self.place("components", Some(at)))
            })?;
        }
        self.transform(&mut sum)?;
        self.validate(&mut sum)?;
        sum.vars.add(&mut sum.resources, &k.vars).map_err(|error| {
            let shown: Vec<String> = k.vars.iter().map(ToString::to_string).collect();
            error
                .context(format_args!("merging vars [{}]", shown.join(" ")))
                .at(|| self.place("vars", None))
        })?;
        Ok(sum)
    }

    /// The place of a field, or an entry of its list, for errors.
    pub(super) fn place(&self, field: &str, entry: Option<usize>) -> Location {
        kustomization::location(self.loader, self.file, field, entry)
    }

    /// Adds files of resources and bases.
    pub(super) fn resources(
        &self,
        mut sum: Accumulator,
        field: &'static str,
        paths: &[String],
    ) -> Result<Accumulator, Error> {
        for (at, path) in paths.iter().enumerate() {
            sum = self
                .resource(sum, path)
                .map_err(|error| error.at(|| self.place(field, Some(at))))?;
            self.loader.context.check_count(sum.resources.len())?;
        }
        Ok(sum)
    }

    /// A file of resources, or else a base.
    fn resource(&self, mut sum: Accumulator, path: &str) -> Result<Accumulator, Error> {
        let as_file = match self.file_of_resources(&mut sum, path) {
            Ok(()) => return Ok(sum),
            Err(error) if error.is_final() => return Err(error),
            Err(error) => error,
        };
        let text = as_file.to_string();
        if text.contains("HTTP Error: ") {
            return Err(as_file);
        }
        let both = |error: Error| {
            if error.is_final() {
                return error;
            }
            let error = error.context(format_args!("accumulation err='{as_file}'"));
            match as_file.location() {
                Some(location) => error.at(|| location.clone()),
                None => error,
            }
        };
        let loader = match self.loader.directory(path) {
            Ok(loader) => loader,
            // It is a file: there is no use in telling that it is no base.
            Err(error) if text.contains("MalformedYAMLError") && !error.is_timeout() => {
                return Err(as_file);
            }
            Err(error) => return Err(both(error)),
        };
        self.directory(sum, &loader, path, false).map_err(both)
    }

    fn file_of_resources(&self, sum: &mut Accumulator, path: &str) -> Result<(), Error> {
        let wrap =
            |error: Error| error.context(format_args!("accumulating resources from '{path}'"));
        let text = self.loader.text(path).map_err(wrap)?;
        let found = self
            .loader
            .manifests(&text)
            .map_err(|error| wrap(load::in_file(error, self.loader, path)))?;
        let located = |error: Error| error.in_file(&self.loader.located(path));
        // All or nothing: the path is tried as a base afterwards.
        let mut own = ResMap::default();
        for manifest in found {
            own.append(manifest).map_err(|error| located(wrap(error)))?;
        }
        if let Some(origin) = &self.origin {
            let origin = origin.append(path);
            for manifest in own.items_mut() {
                manifest.annotate(crate::origin::ORIGIN, &origin.to_yaml());
            }
        }
        sum.resources.append_all(own).map_err(|error| {
            located(error.context(format_args!("merging resources from '{path}'")))
        })
    }

    fn component(&self, sum: Accumulator, path: &str) -> Result<Accumulator, Error> {
        let rewrite = |error: Error, what: &str, colon: &str| {
            if error.is_final() {
                return error;
            }
            error.map_message(|text| format!("{what}{colon} {}", quoted(text)))
        };
        let loader = self
            .loader
            .directory(path)
            .map_err(|error| rewrite(error, "loader.New", ""))?;
        self.directory(sum, &loader, path, true)
            .map_err(|error| rewrite(error, "accumulateDirectory", ":"))
    }

    /// A base, or a component, which starts from what is there.
    fn directory(
        &self,
        mut sum: Accumulator,
        loader: &Loader<'_>,
        path: &str,
        as_component: bool,
    ) -> Result<Accumulator, Error> {
        let root = loader.shown_root();
        let (kustomization, file) = kustomization::load(loader).map_err(|error| {
            error.context(format_args!("couldn't make target for path '{root}'"))
        })?;
        set_schemas(loader, &kustomization, false)?;
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
        let own = self.kustomization.namespace.as_str();
        let target = Target {
            loader,
            kustomization: &kustomization,
            file,
            origin: self.origin.as_ref().map(|origin| origin.append(path)),
            chart_namespace: if own.is_empty() {
                self.chart_namespace
            } else {
                own
            },
        };
        let recursed =
            |error: Error| error.context(format_args!("recursed accumulation of path '{root}'"));
        // A component adds to what is there, and the whole is merged into nothing.
        let start = if as_component {
            std::mem::take(&mut sum)
        } else {
            Accumulator::default()
        };
        let below = target.accumulate(start).map_err(recursed)?;
        sum.merge(below)
            .map_err(|error| error.context(format_args!("recursed merging from path '{root}'")))?;
        Ok(sum)
    }
}
