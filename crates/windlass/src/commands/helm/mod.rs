//! `windlass helm`: the Helm engine without a cluster.

mod chart_source;
mod output_dir;
mod show;
mod template;
mod value_flags;

use clap::Subcommand;

/// Render charts.
#[derive(Subcommand)]
pub(crate) enum Command {
    Template(Box<template::Template>),
    #[command(subcommand)]
    Show(show::Show),
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Template(arguments) => template::run(arguments),
        Command::Show(command) => show::run(command),
    }
}
