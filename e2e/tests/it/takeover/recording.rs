//! The state that the original controllers left, as files: written by them once, and put back into
//! a cluster for each test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
    core::GroupVersionKind,
};
use serde_json::{Map, Value, json};
use windlass_e2e::Stack;

/// The only namespace of the recording.
pub(super) const NAMESPACE: &str = "takeover";
/// What stands for addresses that are others in every run.
const STORAGE: &str = "@STORAGE@";
const GIT: &str = "@GIT@";

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/takeover")
}

/// The recorded objects, with the addresses of this run.
pub(super) fn objects(stack: &Stack) -> Vec<Value> {
    let text = fs::read_to_string(folder().join("objects.yaml")).unwrap();
    let text = text
        .replace(STORAGE, &stack.storage_address())
        .replace(GIT, &stack.git.base_url());
    windlass_yaml::documents(&text).unwrap()
}

/// Writes the objects and the volume down.
pub(super) fn write(stack: &Stack, objects: &[Value]) {
    let documents: Vec<String> = objects
        .iter()
        .map(|object| {
            let mut object = object.clone();
            let metadata = object["metadata"].as_object_mut().unwrap();
            for key in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
                metadata.remove(key);
            }
            windlass_yaml::json_to_yaml(&object)
        })
        .collect();
    let text = documents
        .join("---\n")
        .replace(&stack.storage_address(), STORAGE)
        .replace(&stack.git.base_url(), GIT);
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("objects.yaml"), text).unwrap();
    let _ = fs::remove_dir_all(folder.join("volume"));
    copy(&stack.storage(), &folder.join("volume"));
}

/// Puts the recorded volume where the source-controller looks for it.
pub(super) fn restore_volume(stack: &Stack) {
    copy(&folder().join("volume"), &stack.storage());
}

/// The files of a volume, but for what is hidden.
pub(super) fn files(root: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if entry.file_type().unwrap().is_dir() {
                dirs.push(entry.path());
            } else {
                assert!(entry.file_type().unwrap().is_file(), "{entry:?}");
                let path = entry.path();
                files.insert(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    files
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(&file);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(from.join(&file), target).unwrap();
    }
}

/// Puts a recorded object into the cluster, each field by the manager that it was written by.
pub(super) async fn restore(client: &Client, object: &Value) {
    let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    let api = Api::<DynamicObject>::namespaced_with(client.clone(), NAMESPACE, &resource);
    let name = text(&object["metadata"]["name"]);
    for entry in object["metadata"]["managedFields"].as_array().unwrap() {
        let of_status = entry["subresource"] == "status";
        // The status of what Kubernetes itself looks after is its own affair.
        if of_status && !group.ends_with(".toolkit.fluxcd.io") {
            continue;
        }
        let mut part = project(object, &entry["fieldsV1"]);
        part["apiVersion"] = object["apiVersion"].clone();
        part["kind"] = object["kind"].clone();
        part["metadata"]["name"] = object["metadata"]["name"].clone();
        let manager = text(&entry["manager"]);
        let update = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let written = if entry["operation"] == "Apply" {
            let apply = PatchParams::apply(manager).force();
            api.patch(name, &apply, &Patch::Apply(&part)).await
        } else if of_status {
            let part = json!({"status": part["status"]});
            api.patch_status(name, &update, &Patch::Merge(&part)).await
        } else {
            api.patch(name, &update, &Patch::Merge(&part)).await
        };
        written.unwrap_or_else(|error| panic!("{kind}/{name} by {manager}: {error}"));
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The part of a value that a `fieldsV1` names.
fn project(value: &Value, fields: &Value) -> Value {
    let fields = fields.as_object().unwrap();
    let members: Vec<_> = fields.iter().filter(|(key, _)| *key != ".").collect();
    // Nothing below it is named: all of it.
    if members.is_empty() {
        return value.clone();
    }
    if let Value::Array(items) = value {
        let named = items.iter().filter_map(|item| {
            let (_, fields) = members.iter().find(|(key, _)| match key.split_at(2) {
                ("v:", set) => serde_json::from_str::<Value>(set).is_ok_and(|v| v == *item),
                (_, keys) => {
                    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                    !keys.is_empty() && keys.iter().all(|(key, value)| item[key] == *value)
                }
            })?;
            Some(project(item, fields))
        });
        return named.collect();
    }
    let mut part = Map::new();
    for (key, fields) in members {
        let name = key.strip_prefix("f:").unwrap_or(key);
        // It was applied empty; what it holds are defaults.
        let empty = name == "strategy" && fields.as_object().is_some_and(Map::is_empty);
        let member = if empty {
            json!({})
        } else {
            project(&value[name], fields)
        };
        part.insert(name.to_owned(), member);
    }
    Value::Object(part)
}

/// Who has written an object, and which fields: all of `managedFields` but the times. Without the
/// status of what Kubernetes itself looks after.
pub(super) fn managers(object: &Value) -> BTreeSet<String> {
    let fluxcd = text(&object["apiVersion"]).contains(".toolkit.fluxcd.io/");
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let kept = entries
        .iter()
        .filter(|entry| fluxcd || entry["subresource"] != "status");
    kept.map(|entry| {
        let of = ["manager", "operation", "subresource"].map(|key| text(&entry[key]));
        format!("{} {}", of.join(" "), entry["fieldsV1"])
    })
    .collect()
}
