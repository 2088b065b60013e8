//! `windlass helm show`: what a chart says of itself.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use windlass_helm::chart::{Chart, crd_files, readme};

use super::chart_source::load;

/// Show parts of a chart.
#[derive(Subcommand)]
pub(crate) enum Show {
    /// All of them.
    All(Subject),
    /// The chart's definition.
    Chart(Subject),
    /// The chart's default values.
    Values(Subject),
    /// The chart's README.
    Readme(Subject),
    /// The chart's `CustomResourceDefinitions`.
    Crds(Subject),
}

/// Which chart.
#[derive(Args)]
pub(crate) struct Subject {
    /// The directory or archive of a chart.
    chart: String,
}

pub(super) fn run(command: &Show) -> anyhow::Result<()> {
    let mut out = Vec::new();
    match command {
        Show::Chart(subject) => definition(&load(&subject.chart)?, &mut out)?,
        Show::Values(subject) => values(&load(&subject.chart)?, &mut out)?,
        Show::Readme(subject) => describe(&load(&subject.chart)?, &mut out)?,
        Show::Crds(subject) => crds(&load(&subject.chart)?, &mut out)?,
        Show::All(subject) => {
            let chart = load(&subject.chart)?;
            definition(&chart, &mut out)?;
            if chart.raw_values().is_some() {
                writeln!(out, "---")?;
                values(&chart, &mut out)?;
            }
            if readme(&chart).is_some() {
                writeln!(out, "---")?;
                describe(&chart, &mut out)?;
            }
            crds(&chart, &mut out)?;
        }
    }
    Ok(io::stdout().lock().write_all(&out)?)
}

fn definition(chart: &Chart, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, "{}", chart.metadata().to_yaml())
}

fn values(chart: &Chart, out: &mut Vec<u8>) -> io::Result<()> {
    match chart.raw_values() {
        Some(values) => line(values, out),
        None => Ok(()),
    }
}

fn describe(chart: &Chart, out: &mut Vec<u8>) -> io::Result<()> {
    match readme(chart) {
        Some(file) => line(&file.data(), out),
        None => Ok(()),
    }
}

fn crds(chart: &Chart, out: &mut Vec<u8>) -> io::Result<()> {
    for (_, file) in crd_files(chart) {
        if !file.data().starts_with(b"---") {
            writeln!(out, "---")?;
        }
        line(&file.data(), out)?;
    }
    Ok(())
}

fn line(bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    out.write_all(bytes)?;
    writeln!(out)
}
