//! The templates of a chart, parsed.

use std::sync::Arc;

use windlass_gotemplate::{MissingKey, Templates};

use super::error::RenderError;
use crate::chart::{Chart, subchart_path};
use crate::functions::functions;

/// The templates of a chart and its subcharts, parsed once for any number of renders, on any
/// thread.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub(super) templates: Templates,
    /// Templates that are rendered, in the order in which this is done.
    pub(super) order: Vec<Entry>,
}

/// A template that is rendered.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its name: `chart/charts/sub/templates/file.yaml`.
    pub(super) name: Arc<str>,
    /// Which chart's it is, counted as [`walk`] does.
    pub(super) chart: usize,
}

impl Compiled {
    /// Parses the templates of a chart whose dependencies were processed.
    ///
    /// # Errors
    /// The first template that cannot be parsed, in Helm's words.
    pub fn new(chart: &Chart) -> Result<Self, RenderError> {
        let mut found = Vec::new();
        let mut number = 0;
        walk(chart, chart.name(), &mut |chart, path| {
            for file in chart.templates() {
                if !chart.is_library() || is_partial(&file.name) {
                    let name: Arc<str> = format!("{path}/{}", file.name).into();
                    found.push((name, number, file.data()));
                }
            }
            number += 1;
        });
        // Of two files of one name the later counts.
        found.reverse();
        found.sort_by(|a, b| order_key(&b.0).cmp(&order_key(&a.0)));
        found.dedup_by(|a, b| a.0 == b.0);
        let mut templates = Templates::new("gotpl", functions()).with_missing_key(MissingKey::Zero);
        let mut order = Vec::new();
        templates
            .parse_all(found.iter().map(|(name, _, text)| (&**name, text)))
            .map_err(|error| RenderError::parse(&error))?;
        for (name, chart, _) in found {
            if !is_partial(&name) {
                order.push(Entry { name, chart });
            }
        }
        Ok(Self { templates, order })
    }
}

/// Deep files come before those above them, so that a parent's definitions replace its
/// subcharts'; among equals the order is reversed.
fn order_key(name: &str) -> (usize, &str) {
    (name.bytes().filter(|&byte| byte == b'/').count(), name)
}

fn is_partial(name: &str) -> bool {
    name.rsplit('/').next().unwrap_or(name).starts_with('_')
}

/// Visits the chart and its subcharts, each before those in it, with their paths.
pub(super) fn walk<'a>(chart: &'a Chart, path: &str, visit: &mut impl FnMut(&'a Chart, &str)) {
    visit(chart, path);
    for subchart in chart.dependencies() {
        walk(subchart, &subchart_path(path, subchart.name()), visit);
    }
}
