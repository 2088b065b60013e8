//! Schemas from the `OpenAPI` document a kustomization names.

use std::collections::HashMap;

use windlass_yaml::Value;

use super::{ListMerge, Schema, Type};
use crate::id::Gvk;

/// The `definitions` of an `OpenAPI` document.
#[derive(Debug)]
pub(crate) struct Definitions {
    definitions: Value,
    /// Definition names by `apiVersion` and kind.
    by_kind: HashMap<(String, String), String>,
}

impl Definitions {
    pub(crate) fn new(document: &Value) -> Self {
        let definitions = document.get("definitions").cloned().unwrap_or_default();
        let mut by_kind = HashMap::new();
        for (name, definition) in definitions.as_object().into_iter().flatten() {
            let kinds = definition
                .get("x-kubernetes-group-version-kind")
                .and_then(Value::as_array);
            for gvk in kinds.into_iter().flatten() {
                let part = |key: &str| gvk.get(key).and_then(Value::as_str).unwrap_or_default();
                let gvk = Gvk::new(part("group"), part("version"), part("kind"));
                by_kind.insert((gvk.api_version(), gvk.kind), name.clone());
            }
        }
        Self {
            definitions,
            by_kind,
        }
    }

    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Schema<'_>> {
        let name = self
            .by_kind
            .get(&(api_version.to_owned(), kind.to_owned()))?;
        Some(Schema::Custom(self, self.definitions.get(name)?))
    }

    /// Follows references; a chain that does not end is given up.
    fn resolve<'s>(&'s self, mut schema: &'s Value) -> Option<&'s Value> {
        for _ in 0..32 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                return Some(schema);
            };
            schema = self
                .definitions
                .get(reference.strip_prefix("#/definitions/")?)?;
        }
        None
    }

    /// The built-in type a reference means that the document itself does not define.
    fn builtin(&self, schema: &Value) -> Option<Type> {
        let name = schema
            .get("$ref")?
            .as_str()?
            .strip_prefix("#/definitions/")?;
        if self.definitions.get(name).is_some() {
            return None;
        }
        Some(match name {
            "io.k8s.api.core.v1.PodTemplateSpec" => Type::Pod,
            "io.k8s.api.core.v1.PodSpec" => Type::PodSpec,
            "io.k8s.api.core.v1.ServiceSpec" => Type::ServiceSpec,
            "io.k8s.api.batch.v1.JobTemplateSpec" => Type::Workload,
            "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" => Type::Metadata,
            _ => return None,
        })
    }

    pub(crate) fn field<'s>(&'s self, schema: &'s Value, name: &str) -> Option<Schema<'s>> {
        let schema = self.resolve(schema)?;
        let field = schema
            .get("properties")
            .and_then(|properties| properties.get(name))
            .or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()))?;
        if let Some(builtin) = self.builtin(field) {
            return Some(Schema::Builtin(builtin));
        }
        // Merge keys stand beside a reference, so it is followed only on the way further down.
        Some(Schema::Custom(self, field))
    }

    pub(crate) fn elements<'s>(&'s self, schema: &'s Value) -> Option<Schema<'s>> {
        let schema = self.resolve(schema)?;
        let items = schema.get("items")?;
        Some(Schema::Custom(self, items))
    }

    pub(super) fn list_merge(schema: &Value) -> ListMerge {
        let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut keys: Vec<String> = Vec::new();
        if let Some(list) = schema
            .get("x-kubernetes-list-map-keys")
            .and_then(Value::as_array)
        {
            keys.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        let merges = text("x-kubernetes-patch-strategy")
            .split(',')
            .any(|strategy| strategy == "merge");
        if keys.is_empty() && !text("x-kubernetes-patch-merge-key").is_empty() {
            keys.push(text("x-kubernetes-patch-merge-key").to_owned());
        }
        match (keys.is_empty(), merges) {
            (false, _) => ListMerge::ByKeys(keys),
            (true, true) => ListMerge::Union,
            (true, false) => ListMerge::Replace,
        }
    }
}
