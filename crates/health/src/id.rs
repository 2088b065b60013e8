use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

/// Names one object of any kind.
///
/// Equality, order and hash leave the version out: `apps/v1beta1` and `apps/v1` name the same
/// object (inventory contract, spec §9). Clones are cheap.
#[derive(Debug, Clone)]
pub struct ObjectId {
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// API group, empty for the core group.
    pub group: Arc<str>,
    /// Kind.
    pub kind: Arc<str>,
    /// API version without the group; only says how to address the object.
    pub version: Arc<str>,
}

/// An inventory id that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid inventory id {id:?}: expected <namespace>_<name>_<group>_<kind>")]
pub struct InvalidId {
    /// The text as found.
    pub id: String,
}

/// RBAC names may hold `:`, which the inventory writes as `__`.
const COLON: &str = "__";

fn may_hold_colons(group: &str, kind: &str) -> bool {
    group == "rbac.authorization.k8s.io"
        && matches!(
            kind,
            "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding"
        )
}

impl ObjectId {
    /// An id from its parts; `""` for the core group and for no namespace.
    pub fn new(group: &str, version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            group: group.into(),
            kind: kind.into(),
            version: version.into(),
        }
    }

    /// The id of an object in JSON form; missing parts become empty strings.
    pub fn from_object(object: &Value) -> Self {
        let text = |pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or("")
        };
        let (group, version) = split_api_version(text("/apiVersion"));
        Self::new(
            group,
            version,
            text("/kind"),
            text("/metadata/namespace"),
            text("/metadata/name"),
        )
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The id as the inventory in a status stores it: `<namespace>_<name>_<group>_<kind>`.
    pub fn to_inventory(&self) -> String {
        let Self {
            namespace,
            name,
            group,
            kind,
            ..
        } = self;
        if may_hold_colons(group, kind) && name.contains(':') {
            let name = name.replace(':', COLON);
            format!("{namespace}_{name}_{group}_{kind}")
        } else {
            format!("{namespace}_{name}_{group}_{kind}")
        }
    }

    /// Parses an inventory entry: its `id` and its `v` (the API version).
    ///
    /// # Errors
    /// [`InvalidId`] when `id` has fewer than four parts.
    pub fn from_inventory(id: &str, version: &str) -> Result<Self, InvalidId> {
        let parse = || {
            let (namespace, rest) = id.split_once('_')?;
            let (rest, kind) = rest.rsplit_once('_')?;
            let (name, group) = rest.rsplit_once('_')?;
            Some(Self::new(
                group,
                version,
                kind,
                namespace,
                &name.replace(COLON, ":"),
            ))
        };
        parse()
            .filter(|id| !id.name.is_empty() && !id.kind.is_empty())
            .ok_or_else(|| InvalidId { id: id.to_owned() })
    }

    fn identity(&self) -> (&str, &str, &str, &str) {
        (&self.namespace, &self.name, &self.group, &self.kind)
    }
}

/// Group and version of an `apiVersion`; the group is empty when it has none.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// `Kind/namespace/name`, or `Kind/name` without a namespace.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind, self.name)
        } else {
            write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}

impl PartialEq for ObjectId {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for ObjectId {}

impl Hash for ObjectId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::ObjectId;

    #[test]
    fn inventory_ids_round_trip() {
        for (id, text) in [
            (
                ObjectId::new("apps", "v1", "Deployment", "web", "front"),
                "web_front_apps_Deployment",
            ),
            (
                ObjectId::new("", "v1", "ConfigMap", "web", "a-b.c"),
                "web_a-b.c__ConfigMap",
            ),
            (
                ObjectId::new("", "v1", "Namespace", "", "web"),
                "_web__Namespace",
            ),
            (
                ObjectId::new(
                    "rbac.authorization.k8s.io",
                    "v1",
                    "ClusterRole",
                    "",
                    "system:a:b",
                ),
                "_system__a__b_rbac.authorization.k8s.io_ClusterRole",
            ),
        ] {
            assert_eq!(id.to_inventory(), text);
            let back = ObjectId::from_inventory(text, &id.version).unwrap();
            assert_eq!(back, id);
            assert_eq!(back.version, id.version);
        }
    }

    #[test]
    fn refuses_what_is_not_an_inventory_id() {
        for text in ["", "a", "a_b", "a_b_c", "_", "___", "ns__g_Kind"] {
            let error = ObjectId::from_inventory(text, "v1").unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn the_version_is_no_part_of_the_identity() {
        let old = ObjectId::new("apps", "v1beta1", "Deployment", "web", "front");
        let new = ObjectId::new("apps", "v1", "Deployment", "web", "front");
        assert_eq!(old, new);
        assert_eq!(old.api_version(), "apps/v1beta1");
    }

    #[test]
    fn displays_with_and_without_namespace() {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}});
        assert_eq!(ObjectId::from_object(&object).to_string(), "Namespace/web");
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "front", "namespace": "web"}});
        let id = ObjectId::from_object(&object);
        assert_eq!(id.to_string(), "Deployment/web/front");
        assert_eq!((&*id.group, &*id.version), ("apps", "v1"));
    }
}
