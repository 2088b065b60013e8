//! A chart ready to be rendered with any values.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use windlass_gotemplate::Limits;

use super::compiled::{Compiled, walk};
use super::context::Contexts;
use super::error::RenderError;
use super::release::Rendered;
use crate::capabilities::Capabilities;
use crate::chart::{Chart, is_compatible, process_dependencies};
use crate::functions::{Host, Lookup};
use crate::hidden::Names;
use crate::manifest::{install_order, sort_manifests};
use crate::post_render::{PostRenderStrategy, PostRenderer, post_render};
use crate::schema::validate_chart;
use crate::values::{Map, coalesce_values};

/// How many sets of compiled templates a renderer keeps: one for each choice of subcharts.
const MAX_COMPILED: usize = 16;
/// The name of the file that tells the user what to do next.
const NOTES: &str = "NOTES.txt";

/// What a chart is told of the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseOptions {
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// The revision.
    pub revision: i64,
    /// Whether this is an install.
    pub is_install: bool,
    /// Whether this is an upgrade.
    pub is_upgrade: bool,
}

impl Default for ReleaseOptions {
    fn default() -> Self {
        Self {
            name: "release-name".to_owned(),
            namespace: "default".to_owned(),
            revision: 1,
            is_install: true,
            is_upgrade: false,
        }
    }
}

/// How to render.
#[derive(Clone, Default)]
pub struct RenderOptions<'a> {
    /// What the chart is told of the release.
    pub release: ReleaseOptions,
    /// What it is told of the cluster.
    pub capabilities: Capabilities,
    /// What rendering may use up, for each template.
    pub limits: Limits,
    /// Whether values are not checked against the chart's schemas.
    pub skip_schema_validation: bool,
    /// Whether the notes of subcharts are part of the notes.
    pub sub_notes: bool,
    /// Where `lookup` finds objects; without, it finds none.
    pub lookup: Option<Arc<dyn Lookup>>,
    /// What changes the manifests before they are sorted.
    pub post_renderer: Option<&'a dyn PostRenderer>,
    /// What of hooks and manifests it gets.
    pub post_render_strategy: PostRenderStrategy,
}

impl std::fmt::Debug for RenderOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderOptions")
            .field("release", &self.release)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What the templates of a chart give.
#[derive(Clone)]
pub struct Files {
    /// The chart as it was used: aliases applied, disabled subcharts removed.
    pub chart: Chart,
    /// The text of every template that is not a partial, by its name.
    pub files: BTreeMap<String, String>,
    /// What Helm would warn of.
    pub warnings: Vec<String>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            chart,
            files,
            warnings,
        } = self;
        f.debug_struct("Files")
            .field("chart", chart)
            .field("files", &Names(files.keys()))
            // They quote values.
            .field("warnings", &warnings.len())
            .finish()
    }
}

/// A chart whose templates are parsed once and rendered with any values, from any thread.
#[derive(Debug)]
pub struct Renderer {
    chart: Chart,
    compiled: Mutex<Vec<(Vec<String>, Arc<Compiled>)>>,
}

impl Renderer {
    /// A renderer for a chart as it was loaded.
    pub fn new(chart: Chart) -> Self {
        Self {
            chart,
            compiled: Mutex::default(),
        }
    }

    /// The chart as it was loaded.
    pub fn chart(&self) -> &Chart {
        &self.chart
    }

    /// Renders the chart with the user's `values`.
    ///
    /// # Errors
    /// [`RenderError`], with Helm's texts.
    pub fn render(
        &self,
        values: &Map,
        options: &RenderOptions<'_>,
    ) -> Result<Rendered, RenderError> {
        let Files {
            chart,
            mut files,
            warnings,
        } = self.files(values, options)?;
        let notes = take_notes(&mut files, chart.name(), options.sub_notes);
        if let Some(post_renderer) = options.post_renderer {
            files = post_render(&files, post_renderer, options.post_render_strategy)?;
        }
        let sorted = sort_manifests(&files, install_order).map_err(RenderError::Manifest)?;
        Ok(Rendered {
            chart,
            hooks: sorted.hooks,
            manifests: sorted.manifests,
            notes,
            warnings,
        })
    }

    /// Renders the templates with the user's `values`, and leaves what they give as it is.
    ///
    /// # Errors
    /// [`RenderError`], with Helm's texts.
    pub fn files(&self, values: &Map, options: &RenderOptions<'_>) -> Result<Files, RenderError> {
        let mut warnings = Vec::new();
        let mut chart = self.chart.clone();
        process_dependencies(&mut chart, values, &mut warnings)
            .map_err(RenderError::Dependencies)?;
        let coalesced =
            coalesce_values(&chart, values, &mut warnings).map_err(RenderError::Values)?;
        if !options.skip_schema_validation {
            validate_chart(&chart, &coalesced).map_err(RenderError::Schema)?;
        }
        check_kube_version(&chart, &options.capabilities)?;
        let compiled = self.compiled(&chart)?;
        let files = execute(&compiled, &chart, &coalesced, options)?;
        Ok(Files {
            chart,
            files,
            warnings,
        })
    }

    /// The templates of the chart with the subcharts it has now.
    fn compiled(&self, chart: &Chart) -> Result<Arc<Compiled>, RenderError> {
        let mut paths = Vec::new();
        walk(chart, chart.name(), &mut |_, path| {
            paths.push(path.to_owned());
        });
        let lock = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, compiled)) = lock().iter().find(|(known, _)| *known == paths) {
            return Ok(Arc::clone(compiled));
        }
        let compiled = Arc::new(Compiled::new(chart)?);
        let mut known = lock();
        if known.len() >= MAX_COMPILED {
            known.remove(0);
        }
        known.push((paths, Arc::clone(&compiled)));
        Ok(compiled)
    }
}

fn check_kube_version(chart: &Chart, capabilities: &Capabilities) -> Result<(), RenderError> {
    let wanted = &chart.metadata().kube_version;
    let present = &capabilities.kube_version;
    if wanted.is_empty() || is_compatible(wanted, &present.normalized) {
        return Ok(());
    }
    Err(RenderError::KubeVersion {
        wanted: wanted.clone(),
        present: present.version.clone(),
    })
}

/// Renders every template that is not a partial.
fn execute(
    compiled: &Compiled,
    chart: &Chart,
    values: &Map,
    options: &RenderOptions<'_>,
) -> Result<BTreeMap<String, String>, RenderError> {
    let contexts = Contexts::new(chart, values, &options.release, &options.capabilities);
    let host = Host::new(options.lookup.clone());
    let mut files = BTreeMap::new();
    let mut out = Vec::new();
    for entry in &compiled.order {
        let dot = contexts.dot(entry.chart, &entry.name);
        out.clear();
        compiled
            .templates
            .execution()
            .limits(options.limits)
            .host(&host)
            .append(&mut out, &entry.name, &dot)
            .map_err(|failure| RenderError::exec(&failure))?;
        let text = match super::delete_no_value(&out) {
            Some(text) => String::from_utf8_lossy(&text).into_owned(),
            None => String::from_utf8_lossy(&out).into_owned(),
        };
        files.insert(entry.name.to_string(), text);
    }
    Ok(files)
}

/// Takes the notes out of the files and gives those of the chart, or of all charts.
fn take_notes(files: &mut BTreeMap<String, String>, chart: &str, all: bool) -> String {
    let own = format!("{chart}/templates/{NOTES}");
    let mut notes = String::new();
    files.retain(|name, text| {
        if !name.ends_with(NOTES) {
            return true;
        }
        if all || *name == own {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(text);
        }
        false
    });
    notes
}
