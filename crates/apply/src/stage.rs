use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::{object, order};

/// Objects that are dry-run and then applied together, in order.
#[derive(Clone, Default, PartialEq)]
pub struct Stage {
    /// The objects in apply order.
    pub objects: Vec<Value>,
    /// Whether the next stage may only start when all of these are ready.
    pub wait: bool,
}

/// Names the objects only: there may be Secrets among them.
impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects: Vec<String> = self.objects.iter().map(object::subject).collect();
        f.debug_struct("Stage")
            .field("objects", &objects)
            .field("wait", &self.wait)
            .finish()
    }
}

/// A kind that gets a stage of its own (`--custom-apply-stage-kinds`), written `group/Kind`, or
/// `Kind` alone for the core group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageKind {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
}

impl FromStr for StageKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (group, kind) = text.trim().split_once('/').unwrap_or(("", text.trim()));
        if kind.is_empty() || kind.contains('/') {
            return Err(format!("invalid kind {text:?}, expected group/Kind"));
        }
        Ok(Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
        })
    }
}

impl fmt::Display for StageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.kind)
        } else {
            write!(f, "{}/{}", self.group, self.kind)
        }
    }
}

/// Splits objects into stages (Flux: spec §10.4) and sorts each: definitions (CRDs, namespaces,
/// cluster roles), classes, the `custom` kinds, everything else. Stages without objects are left out.
pub fn stages(objects: Vec<Value>, custom: &[StageKind]) -> Vec<Stage> {
    let mut split: [Vec<Value>; 4] = Default::default();
    for object in objects {
        split[index(&object, custom)].push(object);
    }
    let waits = [true, true, false, false];
    let stages = split.into_iter().zip(waits).map(|(mut objects, wait)| {
        objects.sort_by(order::compare);
        Stage { objects, wait }
    });
    stages.filter(|stage| !stage.objects.is_empty()).collect()
}

fn index(object: &Value, custom: &[StageKind]) -> usize {
    let ((group, _), kind) = (object::group_version(object), object::kind(object));
    if is_definition(group, kind) {
        0
    } else if kind.ends_with("Class") {
        1
    } else if custom.iter().any(|c| c.group == group && c.kind == kind) {
        2
    } else {
        3
    }
}

fn is_definition(group: &str, kind: &str) -> bool {
    is_crd(group, kind)
        || (group.is_empty() && kind == "Namespace")
        || (group == "rbac.authorization.k8s.io" && kind == "ClusterRole")
}

/// Whether an object of this kind makes the server serve new kinds.
pub(crate) fn is_crd(group: &str, kind: &str) -> bool {
    group == "apiextensions.k8s.io" && kind == "CustomResourceDefinition"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{StageKind, stages};

    fn object(api_version: &str, kind: &str, name: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}})
    }

    #[test]
    fn definitions_classes_custom_and_rest_follow_each_other() {
        let objects = vec![
            object("v1", "ConfigMap", "cm"),
            object("external-secrets.io/v1", "SecretStore", "store"),
            object("storage.k8s.io/v1", "StorageClass", "fast"),
            object("v1", "ServiceAccount", "sa"),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", "reader"),
            object("v1", "Namespace", "ns"),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "x"),
        ];
        let custom: Vec<StageKind> = vec!["external-secrets.io/SecretStore".parse().unwrap()];
        let names: Vec<(bool, Vec<String>)> = stages(objects, &custom)
            .iter()
            .map(|stage| {
                let names = stage
                    .objects
                    .iter()
                    .map(|o| crate::object::name(o).to_owned());
                (stage.wait, names.collect())
            })
            .collect();
        let expected = [
            (true, vec!["x", "ns", "reader"]),
            (true, vec!["fast"]),
            (false, vec!["store"]),
            (false, vec!["sa", "cm"]),
        ];
        let expected = expected.map(|(wait, n)| (wait, n.into_iter().map(str::to_owned).collect()));
        assert_eq!(names, expected.to_vec());
    }

    #[test]
    fn a_namespace_kind_of_another_group_is_no_definition() {
        let stages = stages(vec![object("example.com/v1", "Namespace", "x")], &[]);
        assert_eq!(stages.len(), 1);
        assert!(!stages[0].wait);
    }

    #[test]
    fn stage_kinds_parse() {
        let core: StageKind = "Secret".parse().unwrap();
        assert_eq!(
            (core.group.as_str(), core.to_string().as_str()),
            ("", "Secret")
        );
        assert!("a/b/c".parse::<StageKind>().is_err());
        assert!("".parse::<StageKind>().is_err());
    }
}
