//! What `Chart.yaml` and the lock file say.

use std::collections::BTreeMap;

use serde_json::{Map as Json, Value as JsonValue, json};

use crate::values::Value;

/// A person or organisation that looks after a chart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// Name.
    pub name: String,
    /// Mail address.
    pub email: String,
    /// Address of a page.
    pub url: String,
}

/// `Chart.yaml`. A field that is not there is empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// The name; the alias once a parent chart gave one.
    pub name: String,
    /// Address of the project.
    pub home: String,
    /// Addresses of source code.
    pub sources: Option<Vec<String>>,
    /// The version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// Words to find it by.
    pub keywords: Option<Vec<String>>,
    /// Who looks after it.
    pub maintainers: Option<Vec<Maintainer>>,
    /// Address of a picture.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Legacy, unused.
    pub condition: String,
    /// Legacy, unused.
    pub tags: String,
    /// The version of what it deploys.
    pub app_version: String,
    /// Whether it should not be used any more.
    pub deprecated: bool,
    /// For others to interpret.
    pub annotations: Option<BTreeMap<String, String>>,
    /// The range of Kubernetes versions it is for.
    pub kube_version: String,
    /// The charts it depends on.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty.
    pub kind: String,
}

/// A chart that another depends on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// The range of versions.
    pub version: String,
    /// The repository that has it.
    pub repository: String,
    /// Paths of values, the first boolean of which enables or disables it.
    pub condition: String,
    /// Tags that enable or disable it.
    pub tags: Option<Vec<String>>,
    /// Whether it is enabled.
    pub enabled: bool,
    /// What the parent takes over from its values.
    pub import_values: Option<Vec<ImportValues>>,
    /// The name it is to have in the parent.
    pub alias: String,
}

/// One entry of `import-values`.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportValues {
    /// As it was written.
    Written(Value),
    /// What it stands for: a path in the subchart's values and one in the parent's.
    Paths {
        /// The path in the subchart's values.
        child: String,
        /// The path in the parent's values; `.` is the root.
        parent: String,
    },
}

/// A lock file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lock {
    /// When it was made, in RFC 3339.
    pub generated: String,
    /// A hash of the dependencies.
    pub digest: String,
    /// The dependencies with their exact versions.
    pub dependencies: Option<Vec<Dependency>>,
}

/// A JSON object that leaves empty members out, as Go's `omitempty` does.
#[derive(Default)]
struct Object(Json<String, JsonValue>);

impl Object {
    fn text(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.0.insert(key.to_owned(), value.into());
        }
        self
    }

    fn always(mut self, key: &str, value: impl Into<JsonValue>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn flag(self, key: &str, value: bool) -> Self {
        if value { self.always(key, true) } else { self }
    }

    fn list(self, key: &str, items: Option<Vec<JsonValue>>) -> Self {
        match items {
            Some(items) if !items.is_empty() => self.always(key, items),
            _ => self,
        }
    }

    fn build(self) -> JsonValue {
        JsonValue::Object(self.0)
    }
}

fn texts(items: Option<&Vec<String>>) -> Option<Vec<JsonValue>> {
    items.map(|items| items.iter().map(|item| item.as_str().into()).collect())
}

impl Metadata {
    /// The JSON Helm stores and shows, empty fields left out.
    pub fn to_json(&self) -> JsonValue {
        let maintainers = self.maintainers.as_ref().map(|maintainers| {
            let maintainer = |maintainer: &Maintainer| {
                Object::default()
                    .text("name", &maintainer.name)
                    .text("email", &maintainer.email)
                    .text("url", &maintainer.url)
                    .build()
            };
            maintainers.iter().map(maintainer).collect()
        });
        let dependencies = self.dependencies.as_ref();
        let mut object = Object::default()
            .text("name", &self.name)
            .text("home", &self.home)
            .list("sources", texts(self.sources.as_ref()))
            .text("version", &self.version)
            .text("description", &self.description)
            .list("keywords", texts(self.keywords.as_ref()))
            .list("maintainers", maintainers)
            .text("icon", &self.icon)
            .text("apiVersion", &self.api_version)
            .text("condition", &self.condition)
            .text("tags", &self.tags)
            .text("appVersion", &self.app_version)
            .flag("deprecated", self.deprecated);
        if let Some(annotations) = &self.annotations
            && !annotations.is_empty()
        {
            object = object.always("annotations", json!(annotations));
        }
        object
            .text("kubeVersion", &self.kube_version)
            .list(
                "dependencies",
                dependencies.map(|all| all.iter().map(Dependency::to_json).collect()),
            )
            .text("type", &self.kind)
            .build()
    }
}

impl Metadata {
    /// The YAML Helm shows.
    pub fn to_yaml(&self) -> String {
        windlass_yaml::json_to_yaml(&self.to_json())
    }
}

impl Dependency {
    /// The name it has in the parent.
    pub fn effective_name(&self) -> &str {
        if self.alias.is_empty() {
            &self.name
        } else {
            &self.alias
        }
    }

    /// The JSON Helm stores.
    pub fn to_json(&self) -> JsonValue {
        let imports = self
            .import_values
            .as_ref()
            .map(|imports| imports.iter().map(ImportValues::to_json).collect());
        Object::default()
            .always("name", self.name.as_str())
            .text("version", &self.version)
            .always("repository", self.repository.as_str())
            .text("condition", &self.condition)
            .list("tags", texts(self.tags.as_ref()))
            .flag("enabled", self.enabled)
            .list("import-values", imports)
            .text("alias", &self.alias)
            .build()
    }
}

impl ImportValues {
    fn to_json(&self) -> JsonValue {
        match self {
            Self::Written(value) => value.to_json(),
            Self::Paths { child, parent } => json!({ "child": child, "parent": parent }),
        }
    }
}

impl Lock {
    /// The JSON Helm stores.
    pub fn to_json(&self) -> JsonValue {
        let dependencies = self
            .dependencies
            .as_ref()
            .map(|all| all.iter().map(Dependency::to_json).collect::<Vec<_>>());
        Object::default()
            .always("generated", self.generated.as_str())
            .always("digest", self.digest.as_str())
            .always(
                "dependencies",
                dependencies.map_or(JsonValue::Null, Into::into),
            )
            .build()
    }
}
