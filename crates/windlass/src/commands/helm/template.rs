//! `windlass helm template`.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::mem::ManuallyDrop;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};
use rayon::ThreadPoolBuilder;
use windlass_helm::chart::{Chart, crd_files, path_match};
use windlass_helm::manifest::{HookEvent, split_manifests};
use windlass_helm::{Capabilities, Lookup, Rendered, Renderer, template_name};

use super::chart_source::load;
use super::output_dir::OutputDir;
use super::rendering::{Parts, Release, kube_version, said};
use super::value_flags::ValueFlags;
use crate::cluster::{Access, Cluster};

/// Render a chart and print its manifests.
#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Template {
    /// The name of the release, and the directory or archive of a chart.
    #[arg(required = true, num_args = 1..=2, value_names = ["NAME", "CHART"])]
    arguments: Vec<String>,
    /// The namespace of the release; otherwise that of the kubeconfig's context, or `default`.
    #[arg(long, short, env = "HELM_NAMESPACE")]
    namespace: Option<String>,
    #[command(flatten)]
    values: ValueFlags,
    /// The version of Kubernetes that the chart is told.
    #[arg(long)]
    kube_version: Option<String>,
    /// API versions that the chart is told of, beside the usual ones.
    #[arg(long, short, value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Print the files in `crds/` too.
    #[arg(long)]
    include_crds: bool,
    /// Accepted as Helm accepts it; without a cluster no CRDs are installed.
    #[arg(long)]
    skip_crds: bool,
    /// Only print manifests of these templates.
    #[arg(long, short)]
    show_only: Vec<String>,
    /// Leave tests out.
    #[arg(long)]
    skip_tests: bool,
    /// Leave hooks out.
    #[arg(long)]
    no_hooks: bool,
    /// Say that this is an upgrade rather than an install.
    #[arg(long)]
    is_upgrade: bool,
    /// Do not check values against the chart's schemas.
    #[arg(long)]
    skip_schema_validation: bool,
    /// Write to files in this directory instead of standard output.
    #[arg(long)]
    output_dir: Option<PathBuf>,
    /// Put the release's name into the path below the output directory.
    #[arg(long)]
    release_name: bool,
    /// A template that gives the name of the release.
    #[arg(long)]
    name_template: Option<String>,
    /// Make up the name of the release.
    #[arg(long, short)]
    generate_name: bool,
    /// `server`: lookups find objects of a cluster, and the chart is told its version and kinds.
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "client")]
    dry_run: Option<DryRun>,
    #[command(flatten)]
    access: Access,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DryRun {
    Client,
    Server,
}

pub(super) fn run(arguments: &Template) -> anyhow::Result<()> {
    let kube_version = kube_version(arguments.kube_version.as_deref())?;
    let (name, chart) = name_and_chart(arguments)?;
    let values = arguments.values.merge()?;
    start_threads();
    let chart = load(&chart)?;
    let (capabilities, lookup) = match arguments.dry_run {
        Some(DryRun::Server) => surroundings(arguments, &chart)?,
        _ => (said(kube_version, &arguments.api_versions), None),
    };
    let namespace = arguments
        .namespace
        .clone()
        .filter(|name| !name.is_empty())
        .or_else(|| arguments.access.namespace())
        .unwrap_or_else(|| "default".to_owned());
    let release = Release {
        name: &name,
        namespace: &namespace,
        capabilities,
        lookup,
        is_upgrade: arguments.is_upgrade,
        skip_schema_validation: arguments.skip_schema_validation,
    };
    // The process ends after this: to give all their parts back would only take time.
    let renderer = ManuallyDrop::new(Renderer::new(chart));
    let output = ManuallyDrop::new(release.render(&renderer, &values)?);
    let mut stdout = io::stdout().lock();
    if let Some(dir) = &arguments.output_dir {
        let log = write_files(arguments, &output, &name, OutputDir::new(dir))?;
        return Ok(stdout.write_all(&log)?);
    }
    let parts = Parts {
        crds: arguments.include_crds,
        hooks: !arguments.no_hooks,
        tests: !arguments.skip_tests,
    };
    if arguments.show_only.is_empty() {
        return Ok(parts.write(&output, &mut stdout)?);
    }
    let chosen = only(&arguments.show_only, &parts.text(&output))?;
    Ok(stdout.write_all(chosen.as_bytes())?)
}

/// Starts the threads that parse large charts, to be awake when the chart is read.
fn start_threads() {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    // It fails where they run already.
    let _ = ThreadPoolBuilder::new()
        .num_threads(threads.min(MAX_THREADS))
        .build_global();
}

/// More would take longer to start than they would save.
const MAX_THREADS: usize = 4;

/// What the cluster tells of itself; versions given by flags do not count then, as in Helm.
fn surroundings(
    arguments: &Template,
    chart: &Chart,
) -> anyhow::Result<(Capabilities, Option<Arc<dyn Lookup>>)> {
    let cluster = Cluster::connect(&arguments.access);
    let cluster = cluster.map_err(|problem| anyhow!("{problem}"))?;
    if !arguments.skip_crds && !crd_files(chart).is_empty() {
        writeln!(
            io::stderr(),
            "level=WARN msg=\"This chart or one of its subcharts contains CRDs. Rendering may fail or contain inaccuracies.\""
        )?;
    }
    let capabilities = cluster
        .capabilities()
        .map_err(|problem| anyhow!("{problem}"))?;
    Ok((capabilities, Some(Arc::new(cluster))))
}

fn name_and_chart(arguments: &Template) -> anyhow::Result<(String, String)> {
    match arguments.arguments.as_slice() {
        [_, _] if arguments.generate_name => {
            bail!("cannot set --generate-name and also specify a name")
        }
        [_, _] if arguments.name_template.is_some() => {
            bail!("cannot set --name-template and also specify a name")
        }
        [name, chart] => Ok((name.clone(), chart.clone())),
        [chart, ..] => {
            let name = match &arguments.name_template {
                Some(text) => template_name(text).map_err(|problem| anyhow!("{problem}"))?,
                None if arguments.generate_name => generated_name(chart),
                None => "release-name".to_owned(),
            };
            Ok((name, chart.clone()))
        }
        [] => bail!("a chart is needed"),
    }
}

/// A name made of the chart's and the time, as Helm makes one up.
pub(super) fn generated_name(chart: &str) -> String {
    let base = chart.trim_end_matches('/').rsplit('/').next();
    let base = base.unwrap_or_default().split('.').next();
    let base = base.filter(|base| !base.is_empty()).unwrap_or("chart");
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    format!("{base}-{}", now.unwrap_or_default().as_secs())
}

/// The documents of the templates that were asked for.
fn only(patterns: &[String], text: &str) -> anyhow::Result<String> {
    let documents = split_manifests(text);
    let mut chosen = String::new();
    for pattern in patterns {
        let mut missing = true;
        for document in &documents {
            if template_of(document).is_some_and(|name| path_match(pattern, name)) {
                write!(chosen, "---\n{document}\n")?;
                missing = false;
            }
        }
        if missing {
            bail!("could not find template {pattern} in chart");
        }
    }
    Ok(chosen)
}

/// The path in the chart of the template that a document names as its source.
fn template_of(document: &str) -> Option<&str> {
    document.lines().find_map(|line| {
        let (_, source) = line.split_once("# Source: ")?;
        let (chart, path) = source.split_once('/')?;
        (!chart.is_empty() && !path.is_empty()).then_some(path)
    })
}

fn write_files(
    arguments: &Template,
    rendered: &Rendered,
    name: &str,
    mut dir: OutputDir,
) -> anyhow::Result<Vec<u8>> {
    let below = if arguments.release_name { name } else { "" };
    if arguments.include_crds {
        for (path, file) in crd_files(&rendered.chart) {
            dir.write("", &path, &String::from_utf8_lossy(&file.data()))?;
        }
    }
    for manifest in &rendered.manifests {
        dir.write(below, &manifest.name, &manifest.content)?;
    }
    if !arguments.no_hooks {
        for hook in &rendered.hooks {
            if !(arguments.skip_tests && hook.events.contains(&HookEvent::Test)) {
                dir.write(below, &hook.path, &hook.manifest)?;
            }
        }
    }
    let mut out = dir.into_log();
    // What Helm prints where there are no manifests left to print.
    out.push(b'\n');
    Ok(out)
}
