//! As whom things are done.

use serde_json::json;
use windlass_e2e::{Objects, condition};
use windlass_testkit::wait_until;

use super::rig::{Case, config_map, config_maps, locked, message, namespace, open, tenant};

/// Waits until the audit log has what the controller wrote to the objects of a kind in a namespace,
/// and answers as whom.
async fn writers(case: &Case, namespace: &str, resource: &str) -> Vec<String> {
    let path = format!("/namespaces/{namespace}/{resource}/");
    let mut users = Vec::new();
    wait_until(
        "the audit log",
        std::time::Duration::from_secs(30),
        async || {
            users = case
                .stack
                .plane
                .audit_events()
                .into_iter()
                .filter(|event| {
                    event.user_agent.starts_with("kustomize-controller/")
                        && event.request_uri.contains(&path)
                        && ["create", "update", "patch", "delete"].contains(&event.verb.as_str())
                })
                .map(|event| {
                    event
                        .impersonated_user
                        .map(|u| u.username)
                        .unwrap_or_default()
                })
                .collect();
            !users.is_empty()
        },
    )
    .await;
    users
}

fn cluster_admin(name: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: {name}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: mallory}}]
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_10_a_tenant_stays_in_its_namespace() {
    let stack = open().await;
    let victim = namespace(stack, "victim").await;
    let foreign = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: planted, namespace: {}}}\n",
        victim.namespace()
    );
    let binding = cluster_admin(&format!("hostile-{}", victim.namespace()));
    let indented = |text: &str| text.replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n- {}\n",
        indented(foreign.trim_end()),
        indented(binding.trim_end())
    );
    let case = Case::with(
        stack,
        &[
            ("own/cm.yaml", &config_map("own")),
            ("foreign/cm.yaml", &foreign),
            ("cluster/crb.yaml", &binding),
            ("list/list.yaml", &list),
        ],
    )
    .await;
    tenant(&case.objects, "tenant").await;
    let account = json!({"serviceAccountName": "tenant"});
    let with = |path: &str, more: serde_json::Value| {
        let mut spec = account.clone();
        spec["path"] = json!(path);
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        spec
    };
    case.objects
        .kustomization("own", with("own", json!({})))
        .await;
    for (name, spec) in [
        ("foreign", with("foreign", json!({"targetNamespace": null}))),
        (
            "target",
            with("own", json!({"targetNamespace": victim.namespace()})),
        ),
        ("cluster", with("cluster", json!({}))),
        ("list", with("list", json!({"targetNamespace": null}))),
    ] {
        let refused = case.refused(name, spec, "forbidden").await;
        let who = format!("system:serviceaccount:{}:tenant", case.objects.namespace());
        assert!(message(&refused, "Ready").contains(&who), "{name}");
    }
    case.objects
        .until_condition("Kustomization", "own", "Ready", "True")
        .await;
    assert_eq!(config_maps(&victim).await, Vec::<String>::new());
    let bindings = case.objects.list("ClusterRoleBinding").await;
    assert!(
        bindings
            .iter()
            .all(|o| o["subjects"][0]["name"] != "mallory")
    );
    // Not one of the writes was the controller's own.
    let account = format!("system:serviceaccount:{}:tenant", case.objects.namespace());
    for space in [case.objects.namespace(), victim.namespace()] {
        let users = writers(&case, space, "configmaps").await;
        assert!(users.iter().all(|user| *user == account), "{users:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_10_deletions_are_made_as_the_account() {
    let stack = open().await;
    let lender = namespace(stack, "lender").await;
    let lent = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: lent, namespace: {}}}\n",
        lender.namespace()
    );
    let case = Case::with(stack, &[("cm.yaml", &lent)]).await;
    tenant(&case.objects, "tenant").await;
    let rights = format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: guest, namespace: {}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}}
subjects: [{{kind: ServiceAccount, name: tenant, namespace: {}}}]
",
        lender.namespace(),
        case.objects.namespace()
    );
    lender.apply_text(&rights).await;
    let spec = json!({"serviceAccountName": "tenant", "targetNamespace": null});
    case.objects.kustomization("app", spec).await;
    case.objects
        .until_condition("Kustomization", "app", "Ready", "True")
        .await;
    assert_eq!(config_maps(&lender).await, ["lent"]);

    // Without the right, the deletion fails and is not made in another's name.
    lender.delete("RoleBinding", "guest").await;
    lender.until_gone("RoleBinding", "guest").await;
    case.objects.delete("Kustomization", "app").await;
    let account = format!("system:serviceaccount:{}:tenant", case.objects.namespace());
    wait_until(
        "a request that is refused",
        std::time::Duration::from_mins(1),
        async || {
            let events = case.stack.plane.audit_events();
            events.iter().any(|event| {
                let user = event.impersonated_user.as_ref();
                let code = event
                    .response_status
                    .as_ref()
                    .map_or(0, |status| status.code);
                code == 403
                    && event.resource() == "configmaps"
                    && event.namespace() == lender.namespace()
                    && user.is_some_and(|user| user.username == account)
            })
        },
    )
    .await;
    assert_eq!(config_maps(&lender).await, ["lent"]);
    lender.apply_text(&rights).await;
    lender.until_gone("ConfigMap", "lent").await;
    case.objects.until_gone("Kustomization", "app").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_13_whoever_names_no_account_gets_the_default_one() {
    let case = Case::with(
        locked().await,
        &[
            ("own/cm.yaml", &config_map("own")),
            ("cluster/crb.yaml", &cluster_admin("hostile-default")),
        ],
    )
    .await;
    // The account does not exist yet: it is impersonated all the same, and has no rights.
    case.refused("own", json!({"path": "own"}), "forbidden")
        .await;
    case.refused(
        "empty",
        json!({"path": "own", "serviceAccountName": ""}),
        "forbidden",
    )
    .await;
    for (name, account) in [
        ("group", "system:masters"),
        ("user", "x:admin"),
        ("break", "a\nImpersonate-Group: system:masters"),
    ] {
        let spec = json!({"path": "cluster", "serviceAccountName": account});
        case.objects.kustomization(name, spec).await;
        case.until_refused(name, "cannot be sent in a header").await;
    }
    tenant(&case.objects, "tenant").await;
    case.objects
        .until_condition("Kustomization", "own", "Ready", "True")
        .await;
    case.refused("cluster", json!({"path": "cluster"}), "forbidden")
        .await;
    let account = format!("system:serviceaccount:{}:tenant", case.objects.namespace());
    let users = writers(&case, case.objects.namespace(), "configmaps").await;
    assert!(users.iter().all(|user| *user == account), "{users:?}");
    let bindings = case.objects.list("ClusterRoleBinding").await;
    assert!(
        bindings
            .iter()
            .all(|o| o["subjects"][0]["name"] != "mallory")
    );
}

const KINDS: [(&str, &str); 4] = [
    (
        "crd",
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: traps.hostile.test}
spec:
  group: hostile.test
  scope: Namespaced
  names: {kind: Trap, plural: traps}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
",
    ),
    (
        "webhook",
        "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hostile-tenant}
webhooks: []
",
    ),
    (
        "namespace",
        "apiVersion: v1
kind: Namespace
metadata: {name: kube-hostile}
",
    ),
    (
        "role",
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: hostile-tenant}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_19_a_tenant_changes_nothing_of_the_cluster_and_holds_nothing_up() {
    let stack = open().await;
    let mut files: Vec<(String, String)> = KINDS
        .iter()
        .map(|(name, text)| (format!("{name}/x.yaml"), (*text).to_owned()))
        .collect();
    let unfinished = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stuck, finalizers: [hostile.test/never]}\n";
    files.push(("stuck/cm.yaml".to_owned(), unfinished.to_owned()));
    files.push(("honest/cm.yaml".to_owned(), config_map("honest")));
    let texts: Vec<_> = files
        .iter()
        .map(|(p, t)| (p.as_str(), t.as_str()))
        .collect();
    let case = Case::with(stack, &texts).await;
    tenant(&case.objects, "tenant").await;
    for (name, _) in KINDS {
        let spec = json!({"path": name, "serviceAccountName": "tenant", "targetNamespace": null});
        case.refused(name, spec, "forbidden").await;
    }
    // An object that never ends keeps neither its Kustomization nor others.
    // Longer than this test waits for anything.
    let spec = json!({"path": "stuck", "serviceAccountName": "tenant", "timeout": "10m"});
    case.objects.kustomization("stuck", spec).await;
    case.objects
        .until_condition("Kustomization", "stuck", "Ready", "True")
        .await;
    case.objects.delete("Kustomization", "stuck").await;
    case.objects.until_gone("Kustomization", "stuck").await;
    let left = case.objects.get("ConfigMap", "stuck").await;
    assert!(left.is_some_and(|o| o["metadata"]["deletionTimestamp"].is_string()));
    // Nor does an account that is gone: nothing is deleted in its place by the controller itself.
    let spec = json!({"path": "honest", "serviceAccountName": "tenant"});
    case.objects.kustomization("honest", spec).await;
    case.objects
        .until_condition("Kustomization", "honest", "Ready", "True")
        .await;
    case.objects.delete("ServiceAccount", "tenant").await;
    case.objects.delete("Kustomization", "honest").await;
    case.objects.until_gone("Kustomization", "honest").await;
    assert!(case.objects.get("ConfigMap", "honest").await.is_some());
    release(&case.objects).await;
}

/// Lets the namespace go when its time comes.
async fn release(objects: &Objects) {
    let none = json!({"metadata": {"finalizers": null}});
    objects.patch("ConfigMap", "stuck", none).await;
    objects.until_gone("ConfigMap", "stuck").await;
    assert!(condition(&json!({}), "Ready").is_none());
}
