//! One resource of a build: the object, and what the build remembers about it.

mod metadata;

use std::rc::Rc;

use crate::Error;
use crate::id::{GvkRef, Id};
use crate::node::{Node, Scalar, follow};
use crate::schema::Scopes;

/// A resource. What the original keeps in annotations of its own stands beside the object here.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for an annotation of the original"
)]
pub(crate) struct Manifest {
    pub(crate) node: Node,
    /// What it was called before, oldest first.
    pub(crate) previous: Vec<Previous>,
    /// Prefixes and suffixes given to it (or to what it stands next to), innermost first.
    pub(crate) prefixes: Vec<Rc<str>>,
    pub(crate) suffixes: Vec<Rc<str>>,
    pub(crate) needs_hash: bool,
    /// Set for what generators made.
    pub(crate) behavior: Option<Behavior>,
    /// Made from a chart, so that namespaces are left alone.
    pub(crate) of_chart: bool,
    /// For patches: whether the patch may rename or re-kind its target.
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    /// The ids of those that refer to it, as often as they were found to; only errors show them.
    pub(crate) referrers: Vec<Rc<str>>,
    /// The vars that take a value from it.
    pub(crate) vars: Vec<Rc<str>>,
    /// The last number given to scalars that change together.
    aliases: u32,
    /// What a schema of the build's own says about types outside of namespaces.
    pub(crate) scopes: Option<Rc<Scopes>>,
}

/// A name a resource had. The namespace is the effective one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Previous {
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

impl Manifest {
    pub(crate) fn new(node: Node) -> Self {
        Self {
            node,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            needs_hash: false,
            behavior: None,
            of_chart: false,
            allow_name_change: false,
            allow_kind_change: false,
            referrers: Vec::new(),
            vars: Vec::new(),
            aliases: 0,
            scopes: None,
        }
    }

    /// A number for scalars that change together.
    pub(crate) fn new_alias(&mut self) -> u32 {
        self.aliases += 1;
        self.aliases
    }

    /// Lets scalars follow the change of one they are connected with.
    pub(crate) fn follow(&mut self) {
        if self.aliases > 0 {
            follow(&mut self.node);
        }
    }

    fn field(&self, key: &str) -> &str {
        self.node.get(key).map_or("", Node::text)
    }

    fn metadata(&self, key: &str) -> &str {
        let value = self
            .node
            .get("metadata")
            .and_then(|metadata| metadata.get(key));
        match value {
            Some(Node::Scalar(scalar)) if !scalar.is_null() => &scalar.text,
            _ => "",
        }
    }

    pub(crate) fn api_version(&self) -> &str {
        self.field("apiVersion")
    }

    pub(crate) fn kind(&self) -> &str {
        self.field("kind")
    }

    pub(crate) fn name(&self) -> &str {
        self.metadata("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    pub(crate) fn gvk(&self) -> GvkRef<'_> {
        GvkRef::from_api_version(self.api_version(), self.kind())
    }

    fn is_cluster_scoped(&self, gvk: &GvkRef<'_>) -> bool {
        gvk.is_cluster_scoped()
            || self
                .scopes
                .as_ref()
                .is_some_and(|scopes| scopes.is_cluster_scoped(self.api_version(), gvk.kind))
    }

    /// The current id.
    pub(crate) fn id(&self) -> Id<'_> {
        let gvk = self.gvk();
        Id {
            gvk,
            name: self.name(),
            namespace: self.namespace(),
            cluster: self.is_cluster_scoped(&gvk),
        }
    }

    /// Earlier ids, oldest first; group and version are the current ones. Types outside of
    /// namespaces are not known as such here, their namespace says it.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = Id<'_>> {
        let gvk = self.gvk();
        // Without any name, the original finds no record.
        let named = self.previous.iter().any(|p| !p.name.is_empty());
        let previous = if named { &self.previous[..] } else { &[] };
        previous.iter().map(move |previous| Id {
            gvk: GvkRef {
                kind: &previous.kind,
                ..gvk
            },
            name: &previous.name,
            namespace: &previous.namespace,
            cluster: false,
        })
    }

    /// Fails where the original cannot read its records: empty names get lost in its lists.
    pub(crate) fn check_records(&self) -> Result<(), Error> {
        let complete = |previous: &Previous| {
            previous.name.is_empty() == previous.kind.is_empty() && !previous.name.is_empty()
        };
        if self.previous.iter().all(complete) || self.previous.iter().all(|p| p.name.is_empty()) {
            return Ok(());
        }
        Err(Error::invalid(
            "number of previous names, number of previous namespaces, number of previous kinds not \
             equal",
        ))
    }

    /// The id it was loaded with.
    pub(crate) fn original_id(&self) -> Id<'_> {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// Whether the current or an earlier id satisfies `test`.
    pub(crate) fn any_id(&self, test: impl Fn(&Id<'_>) -> bool) -> bool {
        self.previous_ids().any(|id| test(&id)) || test(&self.id())
    }

    /// Records the current name, so that references to it are still found after a change.
    pub(crate) fn remember_name(&mut self) {
        let id = self.id();
        let previous = Previous {
            kind: id.gvk.kind.to_owned(),
            name: id.name.to_owned(),
            namespace: id.effective_namespace().to_owned(),
        };
        self.previous.push(previous);
    }

    /// Whether a transformer or patch has emptied it.
    pub(crate) fn is_empty(&self) -> bool {
        self.node.is_blank()
    }

    /// Whether the original would have written records into the annotations by now.
    pub(crate) fn has_records(&self) -> bool {
        !self.previous.is_empty()
            || !self.prefixes.is_empty()
            || !self.suffixes.is_empty()
            || self.needs_hash
            || self.behavior.is_some()
            || self.of_chart
            || self.allow_name_change
            || self.allow_kind_change
    }

    /// Forgets what the original loses with its annotations.
    pub(crate) fn forget_records(&mut self) {
        let node = std::mem::replace(&mut self.node, Node::mapping());
        let forgetful = Self::new(node);
        let vars = std::mem::take(&mut self.vars);
        let scopes = self.scopes.take();
        *self = Self {
            vars,
            scopes,
            aliases: self.aliases,
            ..forgetful
        };
    }

    /// Sets `metadata.name` to a text that means what it looks like, in the style of the old one.
    pub(crate) fn set_name(&mut self, name: &str) {
        self.set_metadata("name", name);
    }

    /// Sets `metadata.namespace`, or removes it if empty.
    pub(crate) fn set_namespace(&mut self, namespace: &str) {
        if !namespace.is_empty() {
            self.set_metadata("namespace", namespace);
        } else if let Some(Node::Mapping(metadata)) = self.node.get_mut("metadata") {
            metadata.remove("namespace");
        }
    }

    fn set_metadata(&mut self, key: &str, value: &str) {
        if let Some(object) = self.node.as_mapping_mut()
            && let Some(metadata) = object.entry("metadata", Node::mapping).as_mapping_mut()
        {
            metadata.set(key, Scalar::untyped(value));
        }
    }

    /// Sets a field at the top (`kind`, `apiVersion`), in the style of the old one.
    pub(crate) fn set_field(&mut self, key: &str, value: &str) {
        if let Some(object) = self.node.as_mapping_mut() {
            object.set(key, Scalar::untyped(value));
        }
    }
}
