//! `windlass kustomize`: the Kustomize engine without a cluster.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use windlass_kustomize::{
    BuildOptions, ChartRenderer, FileSystem, LoadRestrictor, Reorder, build, build_repository,
    repository,
};

use super::helm::LocalCharts;
use crate::local_files::LocalFiles;
use crate::remote_resources::RemoteResources;

/// Build kustomizations.
#[derive(Subcommand)]
pub(crate) enum Command {
    Build(Build),
}

/// Print the resources that a directory with a kustomization file declares, here or in a repository.
#[derive(Args)]
pub(crate) struct Build {
    /// The directory, or an address such as `https://example.com/org/repo//path?ref=v1`.
    #[arg(default_value = ".")]
    dir: String,
    /// Which files a kustomization may load.
    #[arg(long, value_enum, default_value_t = Restrictor::LoadRestrictionsRootOnly)]
    load_restrictor: Restrictor,
    /// The order of the resources when the kustomization has no `sortOptions`: by kind, unless
    /// said otherwise.
    #[arg(long, value_enum)]
    reorder: Option<Order>,
    /// Write to this file instead of standard output, or one file per resource into this
    /// directory.
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Render `helmCharts`. Charts are read from `chartHome`, none is pulled.
    #[arg(long)]
    enable_helm: bool,
    /// The version of Kubernetes for charts whose entry names none.
    #[arg(long)]
    helm_kube_version: Option<String>,
    /// API versions for charts whose entry names none.
    #[arg(long, value_delimiter = ',')]
    helm_api_versions: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Restrictor {
    #[value(name = "LoadRestrictionsRootOnly")]
    LoadRestrictionsRootOnly,
    #[value(name = "LoadRestrictionsNone")]
    LoadRestrictionsNone,
}

#[derive(Clone, Copy, ValueEnum)]
enum Order {
    None,
    Legacy,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Build(arguments) = command;
    let warn = |text: &str| {
        // Warnings are for people to read; there is nothing to be done if they cannot be written.
        let _ = writeln!(io::stderr(), "{text}");
    };
    let charts = LocalCharts {
        kube_version: arguments.helm_kube_version.clone(),
        api_versions: arguments.helm_api_versions.clone(),
    };
    let options = BuildOptions {
        files: FileSystem::Disk(""),
        load_restrictor: match arguments.load_restrictor {
            Restrictor::LoadRestrictionsRootOnly => LoadRestrictor::RootOnly,
            Restrictor::LoadRestrictionsNone => LoadRestrictor::None,
        },
        reorder: match arguments.reorder {
            None => Reorder::Unspecified,
            Some(Order::None) => Reorder::None,
            Some(Order::Legacy) => Reorder::Legacy,
        },
        remote: Some(&RemoteResources),
        charts: arguments
            .enable_helm
            .then_some(&charts as &dyn ChartRenderer),
        warn: Some(&warn),
        ..BuildOptions::default()
    };
    let outcome = if repository(&arguments.dir).is_some() {
        build_repository(&arguments.dir, &options)
    } else {
        let dir = std::path::absolute(&arguments.dir)?;
        build(&LocalFiles, &dir.to_string_lossy(), &options)
    };
    let build = outcome.map_err(|error| match error.location() {
        Some(place) => anyhow::anyhow!("{error}\n  at /{place}"),
        None => error.into(),
    })?;
    let written = |path: &Path, text: &str| {
        fs::write(path, text).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
    };
    match &arguments.output {
        Some(dir) if dir.is_dir() => build
            .to_files()
            .iter()
            .try_for_each(|(name, text)| written(&dir.join(name), text)),
        Some(file) => written(file, &build.to_yaml()),
        None => Ok(io::stdout().lock().write_all(build.to_yaml().as_bytes())?),
    }
}
