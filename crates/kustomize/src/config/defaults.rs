//! kustomize's own transformer configuration, written compactly: most fields belong to pods, which
//! stand at a known place in every kind of workload. The order within a list is the original's, as
//! it decides which of several faults is found first.

use super::{NameReference, TransformerConfig};
use crate::fieldspec::FieldSpec;
use crate::id::Gvk;

/// Where the pod specification stands, by kind.
const POD_SPECS: [(&str, &str); 9] = [
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("ReplicationController", "spec/template/spec"),
];

const APPS: &str = "apps";
const BATCH: &str = "batch";
const RBAC: &str = "rbac.authorization.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

pub(super) fn config() -> TransformerConfig {
    let metadata_labels = metadata_labels();
    let mut common_labels = selectors();
    common_labels.extend(metadata_labels.clone());
    TransformerConfig {
        name_prefix: vec![spec("", "", "", "metadata/name", false)],
        name_suffix: vec![spec("", "", "", "metadata/name", false)],
        namespace: vec![
            spec("", "", "Namespace", "metadata/name", true),
            spec(
                "apiregistration.k8s.io",
                "",
                "APIService",
                "spec/service/namespace",
                true,
            ),
            spec(
                "apiextensions.k8s.io",
                "",
                "CustomResourceDefinition",
                "spec/conversion/webhook/clientConfig/service/namespace",
                false,
            ),
        ],
        common_labels,
        labels: Vec::new(),
        template_labels: metadata_labels,
        common_annotations: annotations(),
        images: images(),
        replicas: [
            "Deployment",
            "ReplicationController",
            "ReplicaSet",
            "StatefulSet",
        ]
        .map(|kind| spec("", "", kind, "spec/replicas", true))
        .into(),
        var_references: var_references(),
        name_references: name_references(),
    }
}

fn spec(group: &str, version: &str, kind: &str, path: &str, create: bool) -> FieldSpec {
    FieldSpec::new(Gvk::new(group, version, kind), path, create)
}

fn metadata_labels() -> Vec<FieldSpec> {
    vec![
        spec("", "", "", "metadata/labels", true),
        spec(
            "",
            "v1",
            "ReplicationController",
            "spec/template/metadata/labels",
            true,
        ),
        spec("", "", "Deployment", "spec/template/metadata/labels", true),
        spec("", "", "ReplicaSet", "spec/template/metadata/labels", true),
        spec("", "", "DaemonSet", "spec/template/metadata/labels", true),
        spec(
            APPS,
            "",
            "StatefulSet",
            "spec/template/metadata/labels",
            true,
        ),
        spec(
            APPS,
            "",
            "StatefulSet",
            "spec/volumeClaimTemplates[]/metadata/labels",
            true,
        ),
        spec(BATCH, "", "Job", "spec/template/metadata/labels", true),
        spec(
            BATCH,
            "",
            "CronJob",
            "spec/jobTemplate/metadata/labels",
            true,
        ),
        spec(
            BATCH,
            "",
            "CronJob",
            "spec/jobTemplate/spec/template/metadata/labels",
            true,
        ),
    ]
}

fn selectors() -> Vec<FieldSpec> {
    let match_labels = "spec/selector/matchLabels";
    let mut specs = vec![
        spec("", "v1", "Service", "spec/selector", true),
        spec("", "v1", "ReplicationController", "spec/selector", true),
        spec("", "", "Deployment", match_labels, true),
    ];
    specs.extend(pod_selectors("Deployment"));
    specs.extend([
        spec("", "", "ReplicaSet", match_labels, true),
        spec("", "", "DaemonSet", match_labels, true),
        spec(APPS, "", "StatefulSet", match_labels, true),
    ]);
    specs.extend(pod_selectors("StatefulSet"));
    let job = "spec/jobTemplate/spec/selector/matchLabels";
    specs.extend([
        spec(BATCH, "", "Job", match_labels, false),
        spec(BATCH, "", "CronJob", job, false),
        spec("policy", "", "PodDisruptionBudget", match_labels, false),
    ]);
    for peers in ["", "ingress/from/", "egress/to/"] {
        let path = format!("spec/{peers}podSelector/matchLabels");
        specs.push(spec(NETWORKING, "", "NetworkPolicy", &path, false));
    }
    specs
}

/// How the pods of a workload say which others they want to be near to, or not.
fn pod_selectors(kind: &str) -> Vec<FieldSpec> {
    let mut terms = Vec::new();
    for side in ["podAffinity", "podAntiAffinity"] {
        for strength in [
            "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
            "requiredDuringSchedulingIgnoredDuringExecution",
        ] {
            terms.push(format!("affinity/{side}/{strength}"));
        }
    }
    terms.push("topologySpreadConstraints".to_owned());
    let terms = terms.into_iter();
    let paths = terms.map(|term| format!("spec/template/spec/{term}/labelSelector/matchLabels"));
    paths
        .map(|path| spec(APPS, "", kind, &path, false))
        .collect()
}

fn annotations() -> Vec<FieldSpec> {
    let template = "spec/template/metadata/annotations";
    vec![
        spec("", "", "", "metadata/annotations", true),
        spec("", "v1", "ReplicationController", template, true),
        spec("", "", "Deployment", template, true),
        spec("", "", "ReplicaSet", template, true),
        spec("", "", "DaemonSet", template, true),
        spec("", "", "StatefulSet", template, true),
        spec(BATCH, "", "Job", template, true),
        spec(
            BATCH,
            "",
            "CronJob",
            "spec/jobTemplate/metadata/annotations",
            true,
        ),
        spec(
            BATCH,
            "",
            "CronJob",
            "spec/jobTemplate/spec/template/metadata/annotations",
            true,
        ),
    ]
}

fn images() -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for pod in ["spec", "spec/template/spec"] {
        for field in [
            "containers[]/image",
            "initContainers[]/image",
            "volumes[]/image/reference",
        ] {
            specs.push(spec("", "", "", &format!("{pod}/{field}"), true));
        }
    }
    specs
}

fn var_references() -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for (kind, pod) in POD_SPECS {
        if matches!(kind, "PodTemplate" | "ReplicationController") {
            continue;
        }
        for list in ["containers", "initContainers"] {
            for field in ["args", "command", "env/value", "volumeMounts/mountPath"] {
                specs.push(spec("", "", kind, &format!("{pod}/{list}/{field}"), false));
            }
        }
        // In the original, these two kinds have the volumes at odd places.
        let server = match kind {
            "CronJob" => "spec/jobTemplate/spec/template/volumes/nfs/server".to_owned(),
            "StatefulSet" => "spec/volumeClaimTemplates/spec/nfs/server".to_owned(),
            _ => format!("{pod}/volumes/nfs/server"),
        };
        specs.push(spec("", "", kind, &server, false));
    }
    specs.extend([
        spec(
            "",
            "",
            "Deployment",
            "spec/template/metadata/annotations",
            false,
        ),
        spec("", "", "Ingress", "spec/rules/host", false),
        spec("", "", "Ingress", "spec/tls/hosts", false),
        spec("", "", "Ingress", "spec/tls/secretName", false),
        spec("", "", "Service", "spec/ports/port", false),
        spec("", "", "Service", "spec/ports/targetPort", false),
    ]);
    specs.sort_by(|a, b| a.gvk.kind.cmp(&b.gvk.kind));
    specs.extend([
        spec("", "", "PersistentVolume", "spec/nfs/server", false),
        spec("", "", "", "metadata/labels", false),
        spec("", "", "", "metadata/annotations", false),
    ]);
    specs
}

/// `fields` of the pod specification in every kind but those listed in `without`.
fn in_pods(fields: &[&str], without: &[&str]) -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for (kind, pod) in POD_SPECS
        .into_iter()
        .filter(|(kind, _)| !without.contains(kind))
    {
        for field in fields {
            specs.push(spec("", "", kind, &format!("{pod}/{field}"), false));
        }
    }
    specs
}

/// The fields that name a config map or a secret, that of projected volumes last. The original has
/// pods of `v1` only, and in cron jobs projected volumes in second place.
fn in_pods_by_name(fields: &[&str]) -> Vec<FieldSpec> {
    let mut specs = in_pods(fields, &["ReplicationController"]);
    for spec in specs.iter_mut().filter(|spec| spec.gvk.kind == "Pod") {
        "v1".clone_into(&mut spec.gvk.version);
    }
    let jobs = specs.chunk_by_mut(|a, b| a.gvk.kind == b.gvk.kind);
    for jobs in jobs.filter(|specs| specs[0].gvk.kind == "CronJob") {
        jobs[1..].rotate_right(1);
    }
    specs
}

fn name_references() -> Vec<NameReference> {
    let mut references = Vec::new();
    let mut refer = |group: &str, version: &str, kind: &str, referrers: Vec<FieldSpec>| {
        references.push(NameReference {
            target: Gvk::new(group, version, kind),
            referrers,
        });
    };
    for kind in [
        "Deployment",
        "ReplicationController",
        "ReplicaSet",
        "StatefulSet",
    ] {
        let path = "spec/scaleTargetRef/name";
        refer(
            "",
            "",
            kind,
            vec![spec("", "", "HorizontalPodAutoscaler", path, false)],
        );
    }

    let mut config_maps = in_pods_by_name(&[
        "volumes/configMap/name",
        "containers/env/valueFrom/configMapKeyRef/name",
        "initContainers/env/valueFrom/configMapKeyRef/name",
        "containers/envFrom/configMapRef/name",
        "initContainers/envFrom/configMapRef/name",
        "volumes/projected/sources/configMap/name",
    ]);
    let annotation = |name: &str| format!("metadata/annotations/{}", name.replace('/', "\\/"));
    config_maps.extend([
        spec("", "", "Node", "spec/configSource/configMap", false),
        spec("", "", "Role", "rules/resourceNames", false),
        spec("", "", "ClusterRole", "rules/resourceNames", false),
        spec(
            "",
            "",
            "Ingress",
            &annotation("nginx.ingress.kubernetes.io/fastcgi-params-configmap"),
            false,
        ),
    ]);
    refer("", "v1", "ConfigMap", config_maps);

    let mut secrets = in_pods_by_name(&[
        "volumes/secret/secretName",
        "containers/env/valueFrom/secretKeyRef/name",
        "initContainers/env/valueFrom/secretKeyRef/name",
        "containers/envFrom/secretRef/name",
        "initContainers/envFrom/secretRef/name",
        "imagePullSecrets/name",
        "volumes/projected/sources/secret/name",
    ]);
    for (kind, path) in [
        ("Ingress", "spec/tls/secretName"),
        ("ServiceAccount", "imagePullSecrets/name"),
        ("StorageClass", "parameters/secretName"),
        ("StorageClass", "parameters/adminSecretName"),
        ("StorageClass", "parameters/userSecretName"),
        ("StorageClass", "parameters/secretRef"),
        ("Role", "rules/resourceNames"),
        ("ClusterRole", "rules/resourceNames"),
        ("PersistentVolume", "spec/azureFile/secretName"),
    ] {
        secrets.push(spec("", "", kind, path, false));
    }
    for name in [
        "ingress.kubernetes.io/auth-secret",
        "nginx.ingress.kubernetes.io/auth-secret",
        "nginx.ingress.kubernetes.io/auth-tls-secret",
    ] {
        secrets.push(spec("", "", "Ingress", &annotation(name), false));
    }
    // The original has it twice, so that a name that has just been changed may be looked up again.
    secrets.push(spec("", "", "Ingress", "spec/tls/secretName", false));
    let knative = "spec/template/spec/containers/env/valueFrom/secretKeyRef/name";
    secrets.push(spec("serving.knative.dev", "v1", "Service", knative, false));
    refer("", "v1", "Secret", secrets);

    let mut services = vec![
        spec(APPS, "", "StatefulSet", "spec/serviceName", false),
        spec(
            "apiregistration.k8s.io",
            "",
            "APIService",
            "spec/service/name",
            false,
        ),
    ];
    for path in [
        "spec/rules/http/paths/backend/serviceName",
        "spec/backend/serviceName",
        "spec/rules/http/paths/backend/service/name",
        "spec/defaultBackend/service/name",
    ] {
        services.push(spec("", "", "Ingress", path, false));
    }
    for kind in [
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
    ] {
        services.push(spec(
            ADMISSION,
            "",
            kind,
            "webhooks/clientConfig/service",
            false,
        ));
    }
    refer("", "v1", "Service", services);

    let role_ref = |kind: &str| spec(RBAC, "", kind, "roleRef/name", false);
    refer(RBAC, "", "Role", vec![role_ref("RoleBinding")]);
    refer(
        RBAC,
        "",
        "ClusterRole",
        vec![role_ref("RoleBinding"), role_ref("ClusterRoleBinding")],
    );

    let fewer = ["PodTemplate", "ReplicaSet"];
    let mut accounts = in_pods(&["serviceAccountName"], &fewer);
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        accounts.push(spec(RBAC, "", kind, "subjects", false));
    }
    refer("", "v1", "ServiceAccount", accounts);
    let claims = in_pods(&["volumes/persistentVolumeClaim/claimName"], &fewer);
    refer("", "v1", "PersistentVolumeClaim", claims);
    refer(
        "",
        "v1",
        "PersistentVolume",
        vec![
            spec("", "", "PersistentVolumeClaim", "spec/volumeName", false),
            spec("", "", "ClusterRole", "rules/resourceNames", false),
        ],
    );
    refer(
        "storage.k8s.io",
        "v1",
        "StorageClass",
        vec![
            spec("", "", "PersistentVolume", "spec/storageClassName", false),
            spec(
                "",
                "",
                "PersistentVolumeClaim",
                "spec/storageClassName",
                false,
            ),
            spec(
                "",
                "",
                "StatefulSet",
                "spec/volumeClaimTemplates/spec/storageClassName",
                false,
            ),
        ],
    );
    let priorities = in_pods(&["priorityClassName"], &fewer);
    refer("scheduling.k8s.io", "v1", "PriorityClass", priorities);
    // The group is a mistake of the original that users' output depends on: nothing matches it.
    refer(
        "networking.k8s.io/v1",
        "v1",
        "IngressClass",
        vec![spec("", "", "Ingress", "spec/ingressClassName", false)],
    );
    refer(
        ADMISSION,
        "",
        "ValidatingAdmissionPolicy",
        vec![spec(
            ADMISSION,
            "",
            "ValidatingAdmissionPolicyBinding",
            "spec/policyName",
            false,
        )],
    );
    references
}
