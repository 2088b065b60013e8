//! Helm's own template functions.

mod include;
mod json;
mod lookup;
mod required;
mod toml;
mod yaml;
mod yaml_pretty;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use windlass_gotemplate::{Functions, Text, Type, Value};

pub use lookup::Lookup;
pub(crate) use required::{ERROR_END, ERROR_START};
pub(crate) use yaml::yaml_text;

/// What the functions of one render work on.
pub(crate) struct Host {
    /// How many calls of `include` for a name are open.
    included: RefCell<HashMap<Text, usize>>,
    /// How many calls of `tpl` are open in each other.
    tpl_depth: Cell<usize>,
    lookup: Option<Arc<dyn Lookup>>,
}

impl Host {
    pub(crate) fn new(lookup: Option<Arc<dyn Lookup>>) -> Self {
        Self {
            included: RefCell::default(),
            tpl_depth: Cell::new(0),
            lookup,
        }
    }
}

/// All functions a chart may call: Go's, sprig's but for those that reach out of the chart, and
/// Helm's.
pub(crate) fn functions() -> Functions {
    static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
    FUNCTIONS.get_or_init(make).clone()
}

fn make() -> Functions {
    let system: Arc<dyn windlass_sprig::Environment> = Arc::new(windlass_sprig::System);
    let mut functions = windlass_sprig::functions(&system);
    for name in ["env", "expandenv"] {
        functions.remove(name);
    }
    let any: &[Type] = &[Type::Any];
    let text: &[Type] = &[Type::String];
    functions.add("toYaml", any, yaml::to_yaml);
    functions.add("mustToYaml", any, yaml::must_to_yaml);
    functions.add("toYamlPretty", any, yaml::to_yaml_pretty);
    functions.add("fromYaml", text, yaml::from_yaml);
    functions.add("fromYamlArray", text, yaml::from_yaml_array);
    functions.add("toJson", any, json::to_json);
    functions.add("mustToJson", any, json::must_to_json);
    functions.add("fromJson", text, json::from_json);
    functions.add("fromJsonArray", text, json::from_json_array);
    functions.add("toToml", any, toml::to_toml);
    functions.add("mustToToml", any, toml::must_to_toml);
    functions.add("fromToml", text, toml::from_toml);
    functions.add("include", &[Type::String, Type::Any], include::include);
    functions.add("tpl", &[Type::String, Type::Any], include::tpl);
    functions.add("required", &[Type::String, Type::Any], required::required);
    functions.add("fail", text, required::fail);
    functions.add("lookup", &[Type::String; 4], lookup::lookup);
    // Names are never resolved: a render does not depend on the network.
    functions.add("getHostByName", text, |_, _| {
        Ok(Value::String(Text::empty()))
    });
    functions
}
