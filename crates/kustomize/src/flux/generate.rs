//! The kustomization Flux generates for a directory that has none.

use serde_json::{Map, json};
use windlass_archive::{Entry, Tree};
use windlass_yaml::Value;

use super::below;
use crate::growth::Growth;
use crate::kustomization::NAMES;
use crate::{Error, FileSystem, load};

/// A kustomization of all manifests below `root`. A directory with a kustomization of its own is
/// one resource.
pub(super) fn kustomization(
    files: FileSystem<'_>,
    tree: &Tree,
    root: &str,
) -> Result<Map<String, Value>, Error> {
    let mut resources = Vec::new();
    scan(files, tree, root, ".", &mut resources)?;
    let mut fields = Map::new();
    if resources.is_empty() {
        // kustomize refuses a file without content; this gives it some.
        fields.insert("namespace".into(), "_placeholder".into());
    } else {
        fields.insert("resources".into(), json!(resources));
    }
    Ok(fields)
}

/// `relative` is the directory's path from the kustomization.
fn scan(
    files: FileSystem<'_>,
    tree: &Tree,
    directory: &str,
    relative: &str,
    resources: &mut Vec<String>,
) -> Result<(), Error> {
    for (name, entry) in tree.dir(directory) {
        let path = below(directory, name);
        let shown_path = format!("{relative}/{name}");
        match entry {
            Entry::Dir
                if NAMES
                    .iter()
                    .any(|name| tree.get(&below(&path, name)).is_some()) =>
            {
                resources.push(shown_path);
            }
            // Trees are bounded in depth.
            Entry::Dir => scan(files, tree, &path, &shown_path, resources)?,
            Entry::File(file) if is_manifest(name) => {
                load::manifests(
                    &String::from_utf8_lossy(&file.bytes),
                    None,
                    &Growth::alone(),
                )
                .map_err(|error| {
                    error.context(format_args!(
                        "failed to decode Kubernetes YAML from {}",
                        files.shown(&path)
                    ))
                })?;
                resources.push(shown_path);
            }
            Entry::File(_) => {}
        }
    }
    Ok(())
}

fn is_manifest(name: &str) -> bool {
    // Case matters, as in the original.
    matches!(name.rsplit_once('.'), Some((_, "yaml" | "yml")))
}
