//! The result of a build, and its texts.

use std::collections::{BTreeSet, HashSet};

use windlass_yaml::Value;

use crate::id::{GvkRef, Id};

/// One built resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The Kubernetes object.
    pub object: Value,
}

/// The result of a build.
#[derive(Debug, Clone, Default)]
pub struct Build {
    /// The resources in output order.
    pub resources: Vec<Resource>,
    /// Deprecation notices and the like, one line each.
    pub warnings: Vec<String>,
    /// Every path of the tree that was read or probed (whether or not it exists). A later tree that
    /// agrees on all of these builds the same.
    pub files_read: BTreeSet<String>,
}

impl Resource {
    fn id(&self) -> Id<'_> {
        let text = |pointer: &str| {
            let text = self.object.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default()
        };
        let gvk = GvkRef::from_api_version(text("/apiVersion"), text("/kind"));
        Id {
            gvk,
            name: text("/metadata/name"),
            namespace: text("/metadata/namespace"),
            cluster: gvk.is_cluster_scoped(),
        }
    }
}

impl Build {
    /// The resources as one YAML stream, as `kustomize build` prints them.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        for (at, resource) in self.resources.iter().enumerate() {
            if at > 0 {
                out.push_str("---\n");
            }
            out.push_str(&windlass_yaml::json_to_yaml(&resource.object));
        }
        out
    }

    /// The resources as files, as `kustomize build -o` writes them into a directory: names are made
    /// of type and name, and of the namespace if there are several.
    pub fn to_files(&self) -> Vec<(String, String)> {
        let ids = self.resources.iter().map(Resource::id);
        let namespaces: HashSet<&str> = ids
            .filter(|id| !id.cluster)
            .map(|id| id.effective_namespace())
            .collect();
        let file = |resource: &Resource| {
            let id = resource.id();
            let mut parts = vec![id.gvk.group, id.gvk.version, id.gvk.kind];
            parts.retain(|part| !part.is_empty());
            parts.push(id.name);
            if namespaces.len() > 1 && !id.cluster {
                parts.insert(0, id.effective_namespace());
            }
            let name = format!("{}.yaml", parts.join("_").to_lowercase());
            // A name must not lead elsewhere.
            let name = name.replace('/', "_");
            (name, windlass_yaml::json_to_yaml(&resource.object))
        };
        self.resources.iter().map(file).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_are_named_by_type_and_name() {
        let resource = |kind: &str, namespace: &str| Resource {
            object: json!({"apiVersion": if kind == "Namespace" { "v1" } else { "apps/v1" },
                           "kind": kind, "metadata": {"name": "A", "namespace": namespace}}),
        };
        let build = |resources| Build {
            resources,
            ..Build::default()
        };
        let names = |build: Build| -> Vec<String> {
            build.to_files().into_iter().map(|(name, _)| name).collect()
        };
        let one = build(vec![resource("Deployment", "x"), resource("Namespace", "")]);
        assert_eq!(
            names(one),
            ["apps_v1_deployment_a.yaml", "v1_namespace_a.yaml"]
        );
        let two = build(vec![
            resource("Deployment", "x"),
            resource("Deployment", ""),
        ]);
        assert_eq!(
            names(two),
            [
                "x_apps_v1_deployment_a.yaml",
                "default_apps_v1_deployment_a.yaml"
            ]
        );
    }
}
