//! Random Kubernetes objects, and parts of them for patches.

use super::rng::Rng;
use super::yaml::{Yaml, list, map, raw};

pub(crate) const NAMES: [&str; 6] = ["web", "db", "cache", "a", "b-1", "job.x"];
pub(crate) const CONFIGS: [&str; 3] = ["cfg", "settings", "web"];
const NAMESPACES: [&str; 4] = ["default", "one", "two", "kube-system"];
const IMAGES: [&str; 8] = [
    "nginx",
    "nginx:1.2",
    "repo/app:v1@sha256:0123",
    "host:5000/team/app",
    "busybox:latest",
    "app@sha256:abcd",
    "nginx2",
    "host:5000/app:2",
];

/// Scalars that are read, changed or written in ways of their own.
pub(crate) const ODD: [&str; 54] = [
    "1",
    "\"1\"",
    "'1'",
    "0x1F",
    "0o17",
    "017",
    "08",
    "1_000",
    "1.0",
    "1.50",
    "1e3",
    ".5",
    "true",
    "\"true\"",
    "True",
    "yes",
    "\"yes\"",
    "on",
    "off",
    "~",
    "null",
    "\"\"",
    "''",
    "'it''s'",
    "\"a: b\"",
    "2001-01-01",
    "\"2001-01-01\"",
    "12:30:45",
    "text",
    "a-b",
    "\"line1\\nline2\"",
    "|-\n  block\n  text",
    "|\n  with end\n",
    "\"\\ttab\"",
    "é",
    "\"\\U0001F600\"",
    "'@x'",
    "\" lead\"",
    "\"trail \"",
    "=",
    "'#x'",
    "!!str 5",
    "+1",
    "-1",
    "9007199254740993",
    "1e21",
    "0.1",
    "-0",
    "1234567",
    "100000",
    "y",
    "\"n\"",
    "a=b",
    "$(VAR)",
];

const LONG: &str = "a text that is longer than eighty columns so that it has to be folded when it \
                    is written out again";

pub(crate) fn scalar(rng: &mut Rng) -> Yaml {
    match rng.below(100) {
        0..=2 => raw(LONG),
        3 => raw(""),
        4 => raw("18446744073709551615"),
        _ => raw(rng.pick(&ODD)),
    }
}

fn word(rng: &mut Rng) -> Yaml {
    if rng.chance(12) {
        scalar(rng)
    } else {
        raw(rng.pick(&NAMES))
    }
}

pub(crate) fn pairs(rng: &mut Rng, keys: &[&str]) -> Yaml {
    let mut pairs = Vec::new();
    for key in keys {
        if rng.chance(50) {
            pairs.push(((*key).to_owned(), text(rng)));
        }
    }
    Yaml::Map(pairs)
}

/// A string most of the time.
fn text(rng: &mut Rng) -> Yaml {
    if rng.chance(10) {
        scalar(rng)
    } else {
        raw(rng.pick(&["x", "y1", "\"1\"", "v-1", "'true'"]))
    }
}

fn metadata(rng: &mut Rng, name: &str, namespaced: bool) -> Yaml {
    let mut metadata = map(vec![("name", raw(name))]);
    if namespaced && rng.chance(25) {
        metadata.push("namespace", raw(rng.pick(&NAMESPACES)));
    }
    if rng.chance(35) {
        metadata.push("labels", pairs(rng, &["app", "tier", "env"]));
    }
    if rng.chance(25) {
        metadata.push("annotations", pairs(rng, &["note", "example.com/x", "n"]));
    }
    if rng.chance(4) {
        metadata.push("finalizers", list(vec![raw("a"), raw("b")]));
    }
    metadata
}

pub(crate) fn container(rng: &mut Rng) -> Yaml {
    let mut container = map(vec![("name", raw(rng.pick(&["main", "side", "x"])))]);
    if rng.chance(85) {
        container.push("image", raw(rng.pick(&IMAGES)));
    }
    if rng.chance(40) {
        let env = (0..=rng.below(3)).map(|_| {
            let mut env = map(vec![("name", raw(rng.pick(&["A", "B", "C"])))]);
            if rng.chance(50) {
                env.push("value", scalar(rng));
            } else {
                let kind = rng.pick(&["configMapKeyRef", "secretKeyRef"]);
                let key = map(vec![("name", raw(rng.pick(&CONFIGS))), ("key", raw("k"))]);
                env.push("valueFrom", map(vec![(kind, key)]));
            }
            env
        });
        let env = env.collect();
        container.push("env", list(env));
    }
    if rng.chance(30) {
        let ports = (0..=rng.below(2)).map(|_| {
            let mut port = map(vec![(
                "containerPort",
                raw(rng.pick(&["80", "443", "8080"])),
            )]);
            if rng.chance(40) {
                port.push("protocol", raw(rng.pick(&["TCP", "UDP"])));
            }
            if rng.chance(30) {
                port.push("name", raw(rng.pick(&["http", "x"])));
            }
            port
        });
        let ports = ports.collect();
        container.push("ports", list(ports));
    }
    if rng.chance(25) {
        container.push(
            "args",
            list(
                (0..rng.below(4))
                    .map(|_| scalar(rng))
                    .filter(|s| !matches!(s, Yaml::Raw(t) if t.contains('\n')))
                    .collect(),
            ),
        );
    }
    if rng.chance(20) {
        let kind = rng.pick(&["configMapRef", "secretRef"]);
        let name = map(vec![("name", raw(rng.pick(&CONFIGS)))]);
        container.push("envFrom", list(vec![map(vec![(kind, name)])]));
    }
    container
}

pub(crate) fn pod_spec(rng: &mut Rng) -> Yaml {
    let containers = (0..=rng.below(2)).map(|_| container(rng)).collect();
    let mut spec = map(vec![("containers", list(containers))]);
    if rng.chance(15) {
        spec.push("initContainers", list(vec![container(rng)]));
    }
    if rng.chance(35) {
        let volumes = (0..=rng.below(1)).map(|_| {
            let name = raw(rng.pick(&["v", "w"]));
            let source = match rng.below(4) {
                0 => ("configMap", map(vec![("name", raw(rng.pick(&CONFIGS)))])),
                1 => ("secret", map(vec![("secretName", raw(rng.pick(&CONFIGS)))])),
                2 => (
                    "persistentVolumeClaim",
                    map(vec![("claimName", raw(rng.pick(&NAMES)))]),
                ),
                _ => ("emptyDir", map(vec![])),
            };
            map(vec![("name", name), source])
        });
        let volumes = volumes.collect();
        spec.push("volumes", list(volumes));
    }
    if rng.chance(20) {
        spec.push("serviceAccountName", raw(rng.pick(&NAMES)));
    }
    if rng.chance(10) {
        spec.push("tolerations", list(vec![map(vec![("key", word(rng))])]));
    }
    if rng.chance(8) {
        spec.push("nodeSelector", pairs(rng, &["disk", "zone"]));
    }
    spec
}

fn workload(rng: &mut Rng) -> Yaml {
    let mut template = map(vec![]);
    if rng.chance(70) {
        template.push(
            "metadata",
            map(vec![("labels", pairs(rng, &["app", "tier"]))]),
        );
    }
    template.push("spec", pod_spec(rng));
    let mut spec = map(vec![]);
    if rng.chance(50) {
        spec.push("replicas", scalar_number(rng));
    }
    if rng.chance(60) {
        spec.push("selector", map(vec![("matchLabels", pairs(rng, &["app"]))]));
    }
    spec.push("template", template);
    spec
}

fn scalar_number(rng: &mut Rng) -> Yaml {
    raw(rng.pick(&["1", "2", "3", "\"3\"", "null", "0"]))
}

/// Type of object: apiVersion, kind, whether it lives in a namespace.
pub(crate) const KINDS: [(&str, &str, bool); 24] = [
    ("apps/v1", "Deployment", true),
    ("apps/v1", "Deployment", true),
    ("apps/v1", "Deployment", true),
    ("apps/v1", "StatefulSet", true),
    ("apps/v1", "DaemonSet", true),
    ("batch/v1", "Job", true),
    ("batch/v1", "CronJob", true),
    ("v1", "Pod", true),
    ("v1", "Service", true),
    ("v1", "Service", true),
    ("v1", "ConfigMap", true),
    ("v1", "ConfigMap", true),
    ("v1", "Secret", true),
    ("v1", "ServiceAccount", true),
    ("rbac.authorization.k8s.io/v1", "Role", true),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", true),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", false),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", false),
    ("networking.k8s.io/v1", "Ingress", true),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", true),
    ("v1", "PersistentVolumeClaim", true),
    ("v1", "Namespace", false),
    ("example.com/v1", "Widget", true),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", false),
];

pub(crate) fn object(rng: &mut Rng) -> (Yaml, &'static str, &'static str, String) {
    let (api, kind, namespaced) = KINDS[rng.below(KINDS.len())];
    let name = match kind {
        "ConfigMap" | "Secret" => rng.pick(&CONFIGS),
        _ => rng.pick(&NAMES),
    };
    let mut object = map(vec![("apiVersion", raw(api)), ("kind", raw(kind))]);
    object.push("metadata", metadata(rng, name, namespaced));
    body(rng, kind, &mut object);
    (object, api, kind, name.to_owned())
}

/// The fields of an object beyond its identity.
pub(crate) fn body(rng: &mut Rng, kind: &str, object: &mut Yaml) {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => object.push("spec", workload(rng)),
        "CronJob" => {
            let job = map(vec![("spec", workload(rng))]);
            object.push(
                "spec",
                map(vec![("schedule", raw("'* * * * *'")), ("jobTemplate", job)]),
            );
        }
        "Pod" => object.push("spec", pod_spec(rng)),
        "Service" => {
            let ports = (0..=rng.below(2)).map(|_| {
                let mut port = map(vec![("port", raw(rng.pick(&["80", "443", "81"])))]);
                if rng.chance(40) {
                    port.push("protocol", raw(rng.pick(&["TCP", "UDP"])));
                }
                if rng.chance(40) {
                    port.push("targetPort", scalar(rng));
                }
                port
            });
            let ports = ports.collect();
            let mut spec = map(vec![("ports", list(ports))]);
            if rng.chance(60) {
                spec.push("selector", pairs(rng, &["app", "tier"]));
            }
            object.push("spec", spec);
        }
        "ConfigMap" | "Secret" => {
            let mut data = map(vec![]);
            for key in ["k", "conf.yaml", "conf.json", "n"] {
                if rng.chance(40) {
                    data.push(
                        key,
                        match key {
                            "conf.yaml" => raw("|\n  a: 1\n  b:\n    c: text\n"),
                            "conf.json" => raw("'{\"a\": {\"b\": 1}, \"c\": \"x\"}'"),
                            _ => scalar(rng),
                        },
                    );
                }
            }
            object.push("data", data);
        }
        "ServiceAccount" if rng.chance(40) => {
            let secret = map(vec![("name", raw(rng.pick(&CONFIGS)))]);
            object.push(
                rng.pick(&["imagePullSecrets", "secrets"]),
                list(vec![secret]),
            );
        }
        "Role" | "ClusterRole" => {
            let mut rule = map(vec![
                ("apiGroups", list(vec![raw("\"\"")])),
                ("resources", list(vec![raw("configmaps")])),
                ("verbs", list(vec![raw("get")])),
            ]);
            if rng.chance(50) {
                rule.push("resourceNames", list(vec![raw(rng.pick(&CONFIGS))]));
            }
            object.push("rules", list(vec![rule]));
        }
        "RoleBinding" | "ClusterRoleBinding" => {
            object.push(
                "roleRef",
                map(vec![
                    ("apiGroup", raw("rbac.authorization.k8s.io")),
                    ("kind", raw(rng.pick(&["Role", "ClusterRole"]))),
                    ("name", raw(rng.pick(&NAMES))),
                ]),
            );
            let mut subject = map(vec![
                ("kind", raw(rng.pick(&["ServiceAccount", "User"]))),
                ("name", raw(rng.pick(&["default", "web", "db"]))),
            ]);
            if rng.chance(60) {
                subject.push("namespace", raw(rng.pick(&NAMESPACES)));
            }
            object.push("subjects", list(vec![subject]));
        }
        "Ingress" => {
            let service = map(vec![
                ("name", raw(rng.pick(&NAMES))),
                ("port", map(vec![("number", raw("80"))])),
            ]);
            let path = map(vec![
                ("path", raw("/")),
                ("backend", map(vec![("service", service)])),
            ]);
            let rule = map(vec![
                ("host", word(rng)),
                ("http", map(vec![("paths", list(vec![path]))])),
            ]);
            let mut spec = map(vec![("rules", list(vec![rule]))]);
            if rng.chance(40) {
                spec.push(
                    "tls",
                    list(vec![map(vec![
                        ("hosts", list(vec![raw("h")])),
                        ("secretName", raw(rng.pick(&CONFIGS))),
                    ])]),
                );
            }
            object.push("spec", spec);
        }
        "HorizontalPodAutoscaler" => {
            let target = map(vec![
                ("apiVersion", raw("apps/v1")),
                ("kind", raw("Deployment")),
                ("name", raw(rng.pick(&NAMES))),
            ]);
            object.push(
                "spec",
                map(vec![
                    ("scaleTargetRef", target),
                    ("maxReplicas", scalar(rng)),
                ]),
            );
        }
        "Widget" => {
            let items = (0..rng.below(4))
                .map(|_| map(vec![("name", raw(rng.pick(&NAMES))), ("size", scalar(rng))]));
            let items = items.collect();
            let mut spec = map(vec![("items", list(items)), ("value", scalar(rng))]);
            if rng.chance(30) {
                spec.push("template", map(vec![("spec", pod_spec(rng))]));
            }
            if rng.chance(30) {
                spec.push(
                    "nested",
                    map(vec![
                        ("a", map(vec![("b", scalar(rng))])),
                        ("l", list(vec![raw("1"), raw("x")])),
                    ]),
                );
            }
            object.push("spec", spec);
        }
        "PersistentVolumeClaim" => {
            object.push("spec", map(vec![("storageClassName", word(rng))]));
        }
        _ => {}
    }
}
