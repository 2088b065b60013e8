//! `windlass kustomize`: the Kustomize engine without a cluster.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, Subcommand, ValueEnum};
use windlass_kustomize::{BuildOptions, FileSystem, LoadRestrictor, Reorder};

use crate::local_tree::LocalTree;

/// Build kustomizations.
#[derive(Subcommand)]
pub(crate) enum Command {
    Build(Build),
}

/// Print the resources that a directory with a kustomization file declares.
#[derive(Args)]
pub(crate) struct Build {
    /// The directory.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Which files a kustomization may load.
    #[arg(long, value_enum, default_value_t = Restrictor::LoadRestrictionsRootOnly)]
    load_restrictor: Restrictor,
    /// Write to this file instead of standard output.
    #[arg(long, short)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Restrictor {
    #[value(name = "LoadRestrictionsRootOnly")]
    LoadRestrictionsRootOnly,
    #[value(name = "LoadRestrictionsNone")]
    LoadRestrictionsNone,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Build(arguments) = command;
    let local = LocalTree::around(&arguments.dir)?;
    let options = BuildOptions {
        files: FileSystem::Disk(&local.root),
        load_restrictor: match arguments.load_restrictor {
            Restrictor::LoadRestrictionsRootOnly => LoadRestrictor::RootOnly,
            Restrictor::LoadRestrictionsNone => LoadRestrictor::None,
        },
        reorder: Reorder::Legacy,
        ..BuildOptions::default()
    };
    let build = windlass_kustomize::build(&local.tree, &local.dir, &options)?;
    let mut stderr = io::stderr().lock();
    for warning in &build.warnings {
        writeln!(stderr, "{warning}")?;
    }
    let text = build.to_yaml();
    match &arguments.output {
        Some(file) => std::fs::write(file, text)
            .map_err(|error| anyhow::anyhow!("{}: {error}", file.display())),
        None => Ok(io::stdout().lock().write_all(text.as_bytes())?),
    }
}
