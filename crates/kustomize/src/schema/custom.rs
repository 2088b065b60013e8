//! Schemas from the `OpenAPI` document a kustomization names.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use windlass_yaml::Value;

use super::{Builtins, ListMerge, Schema, Scopes, Type};

/// An `OpenAPI` document.
#[derive(Debug)]
pub(crate) struct Definitions {
    document: Value,
    /// Definition names by `apiVersion` and kind.
    by_kind: HashMap<(String, String), String>,
    scopes: Option<Rc<Scopes>>,
    builtins: Builtins,
}

const TYPE: &str = "x-kubernetes-group-version-kind";

/// `apiVersion` and kind of an entry of the extension for types.
fn of_entry(entry: &Value) -> Option<(String, String)> {
    let part = |key: &str| entry.get(key).and_then(Value::as_str);
    let version = part("version")?;
    let api_version = match part("group") {
        None | Some("") => version.to_owned(),
        Some(group) => format!("{group}/{version}"),
    };
    Some((api_version, part("kind")?.to_owned()))
}

impl Definitions {
    pub(crate) fn new(document: Value, builtins: Builtins) -> Self {
        let mut by_kind = HashMap::new();
        let definitions = document.get("definitions").and_then(Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            let kinds = definition.get(TYPE).and_then(Value::as_array);
            for key in kinds.into_iter().flatten().filter_map(of_entry) {
                by_kind.insert(key, name.clone());
            }
        }
        let scopes = scopes(&document).map(Rc::new);
        Self {
            document,
            by_kind,
            scopes,
            builtins,
        }
    }

    pub(crate) fn scopes(&self) -> Option<Rc<Scopes>> {
        self.scopes.clone()
    }

    fn definition(&self, name: &str) -> Option<&Value> {
        self.document.get("definitions")?.get(name)
    }

    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<Schema<'_>> {
        let builtin = Type::of_kind(api_version, kind).map(Schema::Builtin);
        let own = || {
            let key = (api_version.to_owned(), kind.to_owned());
            let definition = self.definition(self.by_kind.get(&key)?)?;
            Some(Schema::Custom(self, definition))
        };
        self.either(builtin, own)
    }

    /// What is built in or of this document's own, as far as both count.
    fn either<T>(&self, builtin: Option<T>, own: impl FnOnce() -> Option<T>) -> Option<T> {
        match self.builtins {
            Builtins::None => own(),
            Builtins::First => builtin.or_else(own),
            Builtins::Last => own().or(builtin),
        }
    }

    /// Follows references; a chain that does not end is given up.
    fn resolve<'s>(&'s self, mut schema: &'s Value) -> Option<Schema<'s>> {
        for _ in 0..32 {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                return Some(Schema::Custom(self, schema));
            };
            let name = reference.strip_prefix("#/definitions/")?;
            let builtin = Type::of_definition(name).map(Schema::Builtin);
            let own = || self.definition(name).map(|own| Schema::Custom(self, own));
            match self.either(builtin, own)? {
                Schema::Custom(_, own) => schema = own,
                builtin @ Schema::Builtin(_) => return Some(builtin),
            }
        }
        None
    }

    pub(crate) fn field<'s>(&'s self, schema: &'s Value, name: &str) -> Option<Schema<'s>> {
        let field = schema
            .get("properties")
            .and_then(|properties| properties.get(name))
            .or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()))?;
        self.resolve(field)
    }

    pub(crate) fn elements<'s>(&'s self, schema: &'s Value) -> Option<Schema<'s>> {
        if schema.get("type").and_then(Value::as_str) != Some("array") {
            return None;
        }
        self.resolve(schema.get("items")?)
    }

    pub(super) fn list_merge(schema: &Value) -> ListMerge {
        let strategy = schema.get("x-kubernetes-patch-strategy");
        let strategy = strategy.and_then(Value::as_str).unwrap_or_default();
        if !strategy.split(',').any(|strategy| strategy == "merge") {
            return ListMerge::Replace;
        }
        let listed = schema.get("x-kubernetes-list-map-keys");
        let keys: Vec<String> = match listed.and_then(Value::as_array) {
            Some(list) => list
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            None => schema
                .get("x-kubernetes-patch-merge-key")
                .and_then(Value::as_str)
                .map(str::to_owned)
                .into_iter()
                .collect(),
        };
        if keys.is_empty() {
            ListMerge::Union
        } else {
            ListMerge::ByKeys(keys)
        }
    }
}

/// The types that can be got, but not in a namespace.
fn scopes(document: &Value) -> Option<Scopes> {
    let paths = document.get("paths").and_then(Value::as_object)?;
    let (mut cluster, mut namespaced) = (HashSet::new(), HashSet::new());
    for (path, item) in paths {
        let entry = item.get("get").and_then(|get| get.get(TYPE));
        if let Some(key) = entry.and_then(of_entry) {
            if path.contains("namespaces/{namespace}") {
                namespaced.insert(key);
            } else {
                cluster.insert(key);
            }
        }
    }
    cluster.retain(|key| !namespaced.contains(key));
    (!cluster.is_empty()).then_some(Scopes(cluster))
}
