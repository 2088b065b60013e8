//! What Flux does to a kustomization before it is built: a kustomization file is generated where
//! none exists, and the settings of the Flux object are merged into it.

mod generate;
mod lenient;

use serde_json::{Map, json};
use windlass_archive::Tree;
use windlass_yaml::Value;

use crate::kustomization::NAMES;
use crate::{Error, ErrorKind, FileSystem};

/// The settings of a Flux Kustomization that end up in the kustomization file. Empty strings and
/// lists leave the file's own settings alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Replaces `namespace`.
    pub target_namespace: Option<String>,
    /// Replaces `namePrefix`.
    pub name_prefix: Option<String>,
    /// Replaces `nameSuffix`.
    pub name_suffix: Option<String>,
    /// Appended to `patches`.
    pub patches: Vec<Patch>,
    /// Merged into `images` by name.
    pub images: Vec<Image>,
    /// Appended to `components`: paths relative to the kustomization's directory.
    pub components: Vec<String>,
    /// Skip components that are not in the tree.
    pub ignore_missing_components: bool,
    /// Replaces `buildMetadata`.
    pub build_metadata: Vec<String>,
}

/// An inline patch of either kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// A strategic merge patch or a list of JSON6902 operations, as YAML or JSON text.
    pub patch: String,
    /// Which resources to patch; needed for JSON6902.
    pub target: Option<Selector>,
}

/// Selects resources; every field that is not empty must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// API group, an anchored regular expression.
    pub group: String,
    /// API version, an anchored regular expression.
    pub version: String,
    /// Kind, an anchored regular expression.
    pub kind: String,
    /// Name, an anchored regular expression.
    pub name: String,
    /// Namespace, an anchored regular expression.
    pub namespace: String,
    /// A Kubernetes selector over annotations.
    pub annotation_selector: String,
    /// A Kubernetes selector over labels.
    pub label_selector: String,
}

/// An image override.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// The image name to match, without tag.
    pub name: String,
    /// Replaces the name.
    pub new_name: String,
    /// Replaces the tag.
    pub new_tag: String,
    /// Replaces tag and digest.
    pub digest: String,
}

/// Returns `tree` with the kustomization file of directory `path` generated or rewritten so that
/// building it gives what Flux would build. The given tree is not changed. `files` is how errors
/// speak of its files.
///
/// # Errors
/// [`Error`] when the file cannot be decoded, when a manifest found while generating is not a
/// Kubernetes object, or when a component path is remote or absolute.
pub fn prepare(
    tree: &Tree,
    path: &str,
    overrides: &Overrides,
    files: FileSystem<'_>,
) -> Result<Tree, Error> {
    let root = windlass_archive::normalise(path.trim_start_matches('/'))
        .map_err(|error| Error::invalid(error.to_string()))?;
    if !tree.is_dir(&root) {
        return Err(Error::new(ErrorKind::NotFound, files.missing(&root, tree)));
    }
    let existing = NAMES
        .into_iter()
        .find(|name| tree.get(&below(&root, name)).is_some());
    let mut fields = match existing {
        Some(name) => read(tree, &below(&root, name))?,
        None => generate::kustomization(files, tree, &root)?,
    };
    merge(tree, &root, overrides, &mut fields)?;
    fields
        .entry("apiVersion")
        .or_insert_with(|| "kustomize.config.k8s.io/v1beta1".into());
    fields
        .entry("kind")
        .or_insert_with(|| "Kustomization".into());
    let file = below(&root, existing.unwrap_or(NAMES[0]));
    let text = windlass_yaml::json_to_yaml(&Value::Object(fields));
    tree.with_file(&file, text.into_bytes())
        .map_err(|error| Error::invalid(error.to_string()))
}

fn below(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// The fields of an existing file. Flux decodes it leniently: what kustomize does not know is
/// dropped.
fn read(tree: &Tree, file: &str) -> Result<Map<String, Value>, Error> {
    let bytes = tree
        .get(file)
        .map(|file| file.bytes.clone())
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let value =
        windlass_yaml::to_value(&text).map_err(|error| Error::invalid(error.to_string()))?;
    let mut fields = match value {
        Value::Null => Map::new(),
        Value::Object(map) => lenient::known_fields(map),
        _ => {
            return Err(Error::invalid(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal value into \
                 Go value of type types.Kustomization",
            ));
        }
    };
    // kustomize refuses a file without content; this gives it some.
    if fields
        .get("resources")
        .and_then(Value::as_array)
        .is_none_or(Vec::is_empty)
    {
        fields.insert("buildMetadata".into(), json!(["originAnnotations"]));
    }
    Ok(fields)
}

fn merge(
    tree: &Tree,
    root: &str,
    overrides: &Overrides,
    fields: &mut Map<String, Value>,
) -> Result<(), Error> {
    for (key, value) in [
        ("namespace", &overrides.target_namespace),
        ("namePrefix", &overrides.name_prefix),
        ("nameSuffix", &overrides.name_suffix),
    ] {
        if let Some(value) = value {
            fields.insert(key.to_owned(), value.clone().into());
        }
    }
    let patches = overrides.patches.iter().map(Patch::to_value).collect();
    append(fields, "patches", patches);
    let mut components = Vec::new();
    for component in &overrides.components {
        if !is_local(component) {
            return Err(Error::invalid(format!(
                "component path '{component}' must be local and relative"
            )));
        }
        let there = windlass_archive::join(root, component).is_ok_and(|path| tree.exists(&path));
        if there || !overrides.ignore_missing_components {
            components.push(component.clone().into());
        }
    }
    append(fields, "components", components);
    for image in &overrides.images {
        image.merge_into(fields);
    }
    if !overrides.build_metadata.is_empty() {
        fields.insert("buildMetadata".into(), json!(overrides.build_metadata));
    }
    Ok(())
}

fn append(fields: &mut Map<String, Value>, key: &str, values: Vec<Value>) {
    if values.is_empty() {
        return;
    }
    let list = fields.entry(key).or_insert_with(|| json!([]));
    if list.is_null() {
        *list = json!([]);
    }
    if let Some(list) = list.as_array_mut() {
        list.extend(values);
    }
}

fn is_local(path: &str) -> bool {
    const REMOTE: [&str; 9] = [
        "/",
        "file://",
        "git::",
        "gh:",
        "ssh://",
        "https://",
        "http://",
        "git@",
        "github.com",
    ];
    !REMOTE
        .iter()
        .any(|prefix| match (path.strip_prefix(prefix), *prefix) {
            (Some(rest), "github.com") => rest.starts_with([':', '/']),
            (Some(rest), "file://") => rest.starts_with('/'),
            (rest, _) => rest.is_some(),
        })
}

/// The pairs whose value is not empty.
fn set(pairs: &[(&str, &String)]) -> Map<String, Value> {
    let set = pairs.iter().filter(|(_, value)| !value.is_empty());
    set.map(|(key, value)| ((*key).to_owned(), (*value).clone().into()))
        .collect()
}

impl Patch {
    fn to_value(&self) -> Value {
        let mut map = set(&[("patch", &self.patch)]);
        if let Some(target) = &self.target {
            let target = set(&[
                ("group", &target.group),
                ("version", &target.version),
                ("kind", &target.kind),
                ("name", &target.name),
                ("namespace", &target.namespace),
                ("annotationSelector", &target.annotation_selector),
                ("labelSelector", &target.label_selector),
            ]);
            map.insert("target".into(), target.into());
        }
        map.into()
    }
}

impl Image {
    /// Tag and digest are one setting: giving either clears the other.
    fn merge_into(&self, fields: &mut Map<String, Value>) {
        let list = fields.get_mut("images").and_then(Value::as_array_mut);
        let known = list.into_iter().flatten().find(|entry| {
            entry
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                == self.name
        });
        let Some(Value::Object(known)) = known else {
            let new = set(&[
                ("name", &self.name),
                ("newName", &self.new_name),
                ("newTag", &self.new_tag),
                ("digest", &self.digest),
            ]);
            append(fields, "images", vec![new.into()]);
            return;
        };
        if !self.new_tag.is_empty() || !self.digest.is_empty() {
            known.remove("newTag");
            known.remove("digest");
        }
        known.extend(set(&[
            ("newName", &self.new_name),
            ("newTag", &self.new_tag),
            ("digest", &self.digest),
        ]));
    }
}
