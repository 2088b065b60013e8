//! `windlass helm`: the Helm engine without a cluster.

mod chart_source;
mod kustomization_charts;
mod output_dir;
mod rendering;
mod show;
mod template;
mod value_flags;

use clap::Subcommand;

pub(crate) use kustomization_charts::LocalCharts;

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
