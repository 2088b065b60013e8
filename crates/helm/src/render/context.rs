//! Dot: what templates of each chart see.

use windlass_gotemplate::{Map, Value};

use crate::capabilities::Capabilities;
use crate::chart::{Chart, subchart_path};
use crate::objects::{VALUES, capabilities, chart_map, files_map, template_map, values_map};
use crate::values::Map as Values;

use super::renderer::ReleaseOptions;

/// The contexts of a chart and its subcharts, in the order of [`walk`](super::compiled::walk).
pub(super) struct Contexts(Vec<Context>);

struct Context {
    dot: Map,
    base_path: String,
}

/// What all charts share.
struct SharedObjects {
    release: Value,
    capabilities: Value,
}

impl Contexts {
    pub(super) fn new(
        chart: &Chart,
        values: &Values,
        release: &ReleaseOptions,
        kube: &Capabilities,
    ) -> Self {
        let shared = SharedObjects {
            release: release_map(release).into(),
            capabilities: capabilities(kube),
        };
        let mut contexts = Self(Vec::new());
        let values = template_map(values).retyped(&VALUES);
        contexts.add(chart, chart.name(), &values, true, &shared);
        contexts
    }

    fn add(
        &mut self,
        chart: &Chart,
        path: &str,
        values: &Map,
        is_root: bool,
        shared: &SharedObjects,
    ) -> Map {
        let dot = Map::new();
        let subcharts = Map::new();
        dot.insert("Chart", chart_map(chart.metadata(), is_root));
        dot.insert("Files", files_map(&chart.files));
        dot.insert("Release", shared.release.clone());
        dot.insert("Capabilities", shared.capabilities.clone());
        dot.insert("Values", values.clone());
        dot.insert("Subcharts", subcharts.clone());
        self.0.push(Context {
            dot: dot.clone(),
            base_path: format!("{path}/templates"),
        });
        for subchart in chart.dependencies() {
            let name = subchart.name();
            // The table itself, not a copy: what a subchart sets, its parent sees.
            let below = match values.get(name) {
                Some(Value::Map(table)) => table.retyped(&VALUES),
                _ => Map::of(&VALUES),
            };
            let path = subchart_path(path, name);
            let inner = self.add(subchart, &path, &below, false, shared);
            subcharts.insert(name, inner);
        }
        dot
    }

    /// Dot for a template of the chart with the number.
    pub(super) fn dot(&self, chart: usize, template: &str) -> Value {
        let Some(context) = self.0.get(chart) else {
            return Value::Nil;
        };
        let about = Map::of(&VALUES);
        about.insert("Name", template);
        about.insert("BasePath", context.base_path.as_str());
        context.dot.insert("Template", about);
        values_map(&context.dot)
    }
}

fn release_map(release: &ReleaseOptions) -> Map {
    let map = Map::new();
    map.insert("Name", release.name.as_str());
    map.insert("Namespace", release.namespace.as_str());
    map.insert("IsUpgrade", release.is_upgrade);
    map.insert("IsInstall", release.is_install);
    map.insert("Revision", Value::int(release.revision));
    map.insert("Service", "Helm");
    map
}
