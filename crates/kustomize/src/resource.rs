//! One resource of a build: the object and what the build remembers about it.

use windlass_yaml::Value;

use crate::id::{Gvk, Id};
use crate::origin::Origin;

/// One built resource.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Resource {
    /// The Kubernetes object.
    pub object: Value,
    /// What it was called before, oldest first.
    pub(crate) previous: Vec<PreviousName>,
    /// Prefixes and suffixes given to it (or to what it stands next to), innermost first.
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) needs_hash: bool,
    pub(crate) behavior: Behavior,
    /// For patches: whether the patch may rename or re-kind its target.
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    pub(crate) origin: Option<Origin>,
    pub(crate) transformations: Vec<Origin>,
    /// Where the source has keys with nothing after them. Strategic merge drops those, but keeps
    /// nulls that are written out.
    pub(crate) blanks: Vec<Vec<Place>>,
    /// A fault of the source that only counts if the resource reaches the output (duplicate keys,
    /// values JSON cannot hold).
    pub(crate) fault: Option<String>,
}

/// A step to a value of the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Key(String),
    Index(usize),
}

/// A name a resource had. The namespace is the effective one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PreviousName {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// What a generated resource does to one of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

impl Behavior {
    /// Unknown words count as unspecified, as in the original.
    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "create" => Self::Create,
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            _ => Self::Unspecified,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Merge => "merge",
        }
    }
}

impl Resource {
    pub(crate) fn new(object: Value) -> Self {
        Self {
            object,
            ..Self::default()
        }
    }

    fn text(&self, pointer: &str) -> &str {
        self.object
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(crate) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::from_api_version(self.text("/apiVersion"), self.kind())
    }

    /// The current id.
    pub(crate) fn id(&self) -> Id {
        Id {
            gvk: self.gvk(),
            name: scalar_text(self.object.pointer("/metadata/name")),
            namespace: self.namespace().to_owned(),
        }
    }

    /// Earlier ids, oldest first; group and version are the current ones.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = Id> {
        let gvk = self.gvk();
        self.previous.iter().map(move |previous| Id {
            gvk: Gvk {
                kind: previous.kind.clone(),
                ..gvk.clone()
            },
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        })
    }

    /// The id it was loaded with.
    pub(crate) fn original_id(&self) -> Id {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// Whether the current or an earlier id satisfies `test`.
    pub(crate) fn any_id(&self, test: impl Fn(&Id) -> bool) -> bool {
        self.previous_ids().any(|id| test(&id)) || test(&self.id())
    }

    /// Records the current name, so that references to it are still found after a change.
    pub(crate) fn remember_name(&mut self) {
        let id = self.id();
        let namespace = id.effective_namespace().to_owned();
        self.previous.push(PreviousName {
            kind: id.gvk.kind,
            name: id.name,
            namespace,
        });
    }

    /// Whether a transformer or patch has emptied it.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.object {
            Value::Null => true,
            Value::Object(map) => map.is_empty(),
            _ => false,
        }
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.object
            .get("metadata")?
            .get("annotations")?
            .get(key)?
            .as_str()
    }

    /// Sets a string below `metadata` (`name`, `namespace`), making `metadata` if needed.
    pub(crate) fn set_metadata(&mut self, key: &str, value: &str) {
        if let Some(metadata) = child_map(&mut self.object, "metadata") {
            metadata.insert(key.to_owned(), Value::String(value.to_owned()));
        }
    }

    /// The map `metadata.<section>` (`labels`, `annotations`), made if absent.
    pub(crate) fn metadata_map(
        &mut self,
        section: &str,
    ) -> Option<&mut serde_json::Map<String, Value>> {
        child_map(&mut self.object, "metadata")?;
        child_map(self.object.get_mut("metadata")?, section)
    }
}

/// The map under `key` of `parent`, made if absent or null.
pub(crate) fn child_map<'v>(
    parent: &'v mut Value,
    key: &str,
) -> Option<&'v mut serde_json::Map<String, Value>> {
    let child = parent.as_object_mut()?.entry(key).or_insert(Value::Null);
    if child.is_null() {
        *child = Value::Object(serde_json::Map::new());
    }
    child.as_object_mut()
}

/// The text of a scalar as YAML would write it plainly; empty for the absent and for collections.
pub(crate) fn scalar_text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Bool(_) | Value::Number(_))) => value.to_string(),
        _ => String::new(),
    }
}
