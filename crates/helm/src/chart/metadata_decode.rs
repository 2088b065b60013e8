//! Decoding `Chart.yaml`, `requirements.yaml` and the lock file as Go decodes them into structs:
//! names in any case, numbers and booleans accepted as text, the first mismatch named in the end.

use serde_json::Value as Json;
use windlass_gotemplate::strconv::{FloatSize, format_float};

use super::load::Nulls;
use super::metadata::{Dependency, ImportValues, Lock, Maintainer, Metadata};
use crate::values::Value;

/// Collects the first value of a wrong type.
#[derive(Default)]
pub(super) struct Decoder {
    /// The Go struct that is being read, which errors name.
    structure: &'static str,
    path: Vec<&'static str>,
    fault: Option<String>,
    nulls: Nulls,
}

impl Decoder {
    /// The first fault, in Go's words.
    pub(super) fn finish(self) -> Result<(), String> {
        match self.fault {
            None => Ok(()),
            Some(fault) => Err(format!(
                "error unmarshaling JSON: while decoding JSON: json: {fault}"
            )),
        }
    }

    /// Which lists had empty items.
    pub(super) fn nulls(&self) -> Nulls {
        self.nulls
    }

    /// What Helm looks at first, to tell which kind of chart it is.
    pub(super) fn version_only(&mut self, json: &Json, into: &mut Metadata) {
        self.object(json, "loader.chartBase", |this, key, value| {
            if key == "apiversion" {
                this.text("apiVersion", value, &mut into.api_version);
            }
        });
    }

    pub(super) fn metadata(&mut self, json: &Json, into: &mut Metadata) {
        self.object(json, "v2.Metadata", |this, key, value| match key {
            "name" => this.text("name", value, &mut into.name),
            "home" => this.text("home", value, &mut into.home),
            "sources" => this.texts("sources", value, &mut into.sources),
            "version" => this.text("version", value, &mut into.version),
            "description" => this.text("description", value, &mut into.description),
            "keywords" => this.texts("keywords", value, &mut into.keywords),
            "maintainers" => {
                this.list(
                    "maintainers",
                    "[]*v2.Maintainer",
                    value,
                    &mut into.maintainers,
                    Self::maintainer,
                );
            }
            "icon" => this.text("icon", value, &mut into.icon),
            "apiversion" => this.text("apiVersion", value, &mut into.api_version),
            "condition" => this.text("condition", value, &mut into.condition),
            "tags" => this.text("tags", value, &mut into.tags),
            "appversion" => this.text("appVersion", value, &mut into.app_version),
            "deprecated" => this.flag("deprecated", value, &mut into.deprecated),
            "annotations" => this.annotations(value, into),
            "kubeversion" => this.text("kubeVersion", value, &mut into.kube_version),
            "dependencies" => this.dependencies(value, &mut into.dependencies),
            "type" => this.text("type", value, &mut into.kind),
            _ => {}
        });
    }

    pub(super) fn lock(&mut self, json: &Json, into: &mut Lock) {
        self.object(json, "v2.Lock", |this, key, value| match key {
            // A time; what is none would be refused, but nothing depends on it.
            "generated" => this.text("generated", value, &mut into.generated),
            "digest" => this.text("digest", value, &mut into.digest),
            "dependencies" => this.dependencies(value, &mut into.dependencies),
            _ => {}
        });
    }

    fn dependencies(&mut self, value: &Json, into: &mut Option<Vec<Dependency>>) {
        self.list(
            "dependencies",
            "[]*v2.Dependency",
            value,
            into,
            Self::dependency,
        );
    }

    fn dependency(&mut self, json: &Json) -> Dependency {
        let mut into = Dependency::default();
        self.nulls.dependencies |= json.is_null();
        self.object(json, "v2.Dependency", |this, key, value| match key {
            "name" => this.text("name", value, &mut into.name),
            "version" => this.text("version", value, &mut into.version),
            "repository" => this.text("repository", value, &mut into.repository),
            "condition" => this.text("condition", value, &mut into.condition),
            "tags" => this.texts("tags", value, &mut into.tags),
            "enabled" => this.flag("enabled", value, &mut into.enabled),
            "import-values" => this.list(
                "import-values",
                "[]interface {}",
                value,
                &mut into.import_values,
                |_, item| ImportValues::Written(Value::from_json(item)),
            ),
            "alias" => this.text("alias", value, &mut into.alias),
            _ => {}
        });
        into
    }

    fn maintainer(&mut self, json: &Json) -> Maintainer {
        let mut into = Maintainer::default();
        self.nulls.maintainers |= json.is_null();
        self.object(json, "v2.Maintainer", |this, key, value| match key {
            "name" => this.text("name", value, &mut into.name),
            "email" => this.text("email", value, &mut into.email),
            "url" => this.text("url", value, &mut into.url),
            _ => {}
        });
        into
    }

    fn annotations(&mut self, value: &Json, into: &mut Metadata) {
        self.path.push("annotations");
        match value {
            Json::Null => into.annotations = None,
            Json::Object(map) => {
                let annotations = into.annotations.get_or_insert_default();
                for (key, value) in map {
                    let mut text = String::new();
                    self.scalar(value, &mut text);
                    annotations.insert(key.clone(), text);
                }
            }
            other => self.mismatch(other, "map[string]string"),
        }
        self.path.pop();
    }

    /// Calls `member` with every member, its name in lower case.
    fn object(
        &mut self,
        json: &Json,
        ty: &'static str,
        mut member: impl FnMut(&mut Self, &str, &Json),
    ) {
        match json {
            Json::Null => {}
            Json::Object(map) => {
                let name = ty.rsplit('.').next().unwrap_or(ty);
                let outer = std::mem::replace(&mut self.structure, name);
                for (key, value) in map {
                    member(self, &key.to_ascii_lowercase(), value);
                }
                self.structure = outer;
            }
            other => self.mismatch(other, ty),
        }
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        ty: &str,
        value: &Json,
        into: &mut Option<Vec<T>>,
        mut item: impl FnMut(&mut Self, &Json) -> T,
    ) {
        self.path.push(name);
        match value {
            Json::Null => *into = None,
            Json::Array(items) => {
                *into = Some(items.iter().map(|value| item(self, value)).collect());
            }
            other => self.mismatch(other, ty),
        }
        self.path.pop();
    }

    fn texts(&mut self, name: &'static str, value: &Json, into: &mut Option<Vec<String>>) {
        self.list(name, "[]string", value, into, |this, item| {
            let mut text = String::new();
            this.scalar(item, &mut text);
            text
        });
    }

    fn text(&mut self, name: &'static str, value: &Json, into: &mut String) {
        self.path.push(name);
        self.scalar(value, into);
        self.path.pop();
    }

    fn scalar(&mut self, value: &Json, into: &mut String) {
        match value {
            Json::Null => {}
            Json::String(text) => into.clone_from(text),
            Json::Bool(bool) => *into = bool.to_string(),
            Json::Number(number) => *into = number_text(number),
            other => self.mismatch(other, "string"),
        }
    }

    fn flag(&mut self, name: &'static str, value: &Json, into: &mut bool) {
        self.path.push(name);
        match value {
            Json::Null => {}
            Json::Bool(bool) => *into = *bool,
            other => self.mismatch(other, "bool"),
        }
        self.path.pop();
    }

    fn mismatch(&mut self, found: &Json, wanted: &str) {
        let found = kind(found);
        let path = self.path.join(".");
        let text = if path.is_empty() {
            format!("cannot unmarshal {found} into Go value of type {wanted}")
        } else {
            format!(
                "cannot unmarshal {found} into Go struct field {}.{path} of type {wanted}",
                self.structure
            )
        };
        self.fault.get_or_insert(text);
    }
}

/// Go's word for what a JSON value is.
pub(crate) fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// The text a number becomes where text is wanted. Go takes it through 32 bits.
fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => format_float(float, b'g', None, FloatSize::Bits32),
        _ => number.to_string(),
    }
}

/// The text a number or boolean becomes where text is wanted.
pub(crate) fn scalar_text(json: &Json) -> String {
    match json {
        Json::Number(number) => number_text(number),
        other => other.to_string(),
    }
}

impl Metadata {
    /// Reads what Helm stored; what is of a wrong type is left out.
    pub(crate) fn read_json(&mut self, json: &Json) {
        Decoder::default().metadata(json, self);
    }
}

impl Lock {
    /// Reads what Helm stored; what is of a wrong type is left out.
    pub(crate) fn read_json(&mut self, json: &Json) {
        Decoder::default().lock(json, self);
    }
}
