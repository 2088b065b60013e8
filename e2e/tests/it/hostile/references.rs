//! The references that objects of these kinds have, to their own namespace, to another, and to
//! what is not there, with and without `--no-cross-namespace-refs`.

use std::time::Duration;

use serde_json::{Value, json};
use windlass_e2e::{Objects, Stack};
use windlass_testkit::wait_until;

use super::rig::{Case, config_map, locked, message, namespace, open, reason, secret, tenant};

/// Makes what a tenant would like to get at.
async fn fill(objects: &Objects, url: &str) {
    objects
        .apply(secret(
            objects,
            "theirs",
            &[
                ("username", "u"),
                ("password", "p"),
                ("value", "{}"),
                ("address", "http://127.0.0.1:1"),
            ],
        ))
        .await;
    objects
        .apply(json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"secret_word": "treasure"},
            "metadata": {"name": "theirs", "namespace": objects.namespace()},
        }))
        .await;
    tenant(objects, "tenant").await;
    tenant(objects, "theirs").await;
    objects.git_repository("theirs", url, json!({})).await;
    objects
        .until_condition("GitRepository", "theirs", "Ready", "True")
        .await;
    let variables = json!({"substitute": {"secret_word": "treasure"}});
    let spec = json!({
        "sourceRef": {"kind": "GitRepository", "name": "theirs"}, "postBuild": variables,
        "serviceAccountName": "tenant",
    });
    objects.kustomization("theirs", spec).await;
    objects
        .until_condition("Kustomization", "theirs", "Ready", "True")
        .await;
}

/// Name, spec, and the words and reason of the refusal, if it is refused.
type Row<'a> = (&'a str, Value, Option<(&'a str, &'a str)>);

/// No request of the controllers is about a Secret or `ConfigMap` of this namespace by name, but
/// for the objects that its own Kustomization applies.
fn was_left_alone(stack: &Stack, namespace: &str, since: usize) {
    for event in stack.plane.audit_events().iter().skip(since) {
        let ours = ["kustomize-controller/", "source-controller/"]
            .iter()
            .any(|agent| event.user_agent.starts_with(agent));
        let secret = event
            .request_uri
            .contains(&format!("/namespaces/{namespace}/secrets/"));
        let config = event
            .request_uri
            .contains(&format!("/namespaces/{namespace}/configmaps/theirs"));
        assert!(
            !ours || !(secret || config),
            "{} {}",
            event.verb,
            event.request_uri
        );
    }
}

async fn matrix(stack: &'static Stack, flag: bool) {
    let victim = namespace(stack, "victim").await;
    let case = Case::with(stack, &[("cm.yaml", &config_map("made"))]).await;
    fill(&victim, case.repo.url()).await;
    let since = stack.plane.audit_events().len();
    let own = &case.objects;
    tenant(own, "tenant").await;
    own.apply(secret(
        own,
        "own",
        &[
            ("username", "u"),
            ("password", "p"),
            ("value", "{}"),
            ("word", "w"),
        ],
    ))
    .await;
    own.apply(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"word": "w"},
        "metadata": {"name": "own", "namespace": own.namespace()},
    }))
    .await;
    own.kustomization("base", json!({"serviceAccountName": "tenant"}))
        .await;
    own.until_condition("Kustomization", "base", "Ready", "True")
        .await;
    kustomizations(&case, &victim, flag).await;
    git_repositories(&case).await;
    // The requests are in the log before their answers are seen.
    was_left_alone(stack, victim.namespace(), since);
    impersonated(&case).await;
}

/// The object without its nulls, which the schema does not take.
fn set(mut object: Value) -> Value {
    let fields = object.as_object_mut().expect("an object");
    fields.retain(|_, value| !value.is_null());
    object
}

async fn kustomizations(case: &Case, victim: &Objects, flag: bool) {
    let own = &case.objects;
    let source = |name: &str, namespace: Option<&str>| {
        let reference = json!({"kind": "GitRepository", "name": name, "namespace": namespace});
        json!({"sourceRef": set(reference)})
    };
    let depends = |name: &str, namespace: Option<&str>, expr: Option<&str>| {
        let reference = json!({"name": name, "namespace": namespace, "readyExpr": expr});
        json!({"dependsOn": [set(reference)]})
    };
    let from = |kind: &str, name: &str| json!({"postBuild": {"substituteFrom": [{"kind": kind, "name": name}]}});
    let config = |field: &str, name: &str| json!({"kubeConfig": {field: {"name": name}}});
    let theirs = Some(victim.namespace());
    let peek = "dep.spec.postBuild.substitute.secret_word == 'treasure'";
    let blocked = "cross-namespace references have been blocked";
    // Name, spec, the words of the refusal, and its reason; no words for what is allowed.
    let rows: Vec<Row<'_>> = vec![
        ("source-own", source("src", None), None),
        ("source-named", source("src", Some(own.namespace())), None),
        (
            "source-other",
            source("theirs", theirs),
            flag.then_some((blocked, "AccessDenied")),
        ),
        (
            "source-missing",
            source("nobody", None),
            Some(("not found", "ArtifactFailed")),
        ),
        (
            "source-nowhere",
            source("nobody", theirs),
            Some(if flag {
                (blocked, "AccessDenied")
            } else {
                ("not found", "ArtifactFailed")
            }),
        ),
        ("depends-own", depends("base", None, None), None),
        // That it is ready is all that is told, as in the original.
        (
            "depends-other",
            depends("theirs", theirs, Some("true")),
            flag.then_some((blocked, "AccessDenied")),
        ),
        (
            "depends-missing",
            depends("nobody", None, None),
            Some(("not found", "DependencyNotReady")),
        ),
        (
            "depends-peek",
            depends("theirs", theirs, Some(peek)),
            flag.then_some((blocked, "AccessDenied")),
        ),
        (
            "depends-guess",
            depends("nobody", theirs, Some(peek)),
            Some(if flag {
                (blocked, "AccessDenied")
            } else {
                ("not found", "DependencyNotReady")
            }),
        ),
        ("secret-own", from("Secret", "own"), None),
        (
            "secret-other",
            from("Secret", "theirs"),
            Some(("not found", "BuildFailed")),
        ),
        (
            "secret-missing",
            from("Secret", "nobody"),
            Some(("not found", "BuildFailed")),
        ),
        ("config-own", from("ConfigMap", "own"), None),
        (
            "config-other",
            from("ConfigMap", "theirs"),
            Some(("not found", "BuildFailed")),
        ),
        (
            "config-missing",
            from("ConfigMap", "nobody"),
            Some(("not found", "BuildFailed")),
        ),
        (
            "remote-own",
            config("secretRef", "own"),
            Some(("not supported", "ReconciliationFailed")),
        ),
        (
            "remote-other",
            config("secretRef", "theirs"),
            Some(("not found", "ReconciliationFailed")),
        ),
        (
            "remote-missing",
            config("secretRef", "nobody"),
            Some(("not found", "ReconciliationFailed")),
        ),
        (
            "remote-map-own",
            config("configMapRef", "own"),
            Some(("not supported", "ReconciliationFailed")),
        ),
        (
            "remote-map-other",
            config("configMapRef", "theirs"),
            Some(("not found", "ReconciliationFailed")),
        ),
        (
            "remote-map-missing",
            config("configMapRef", "nobody"),
            Some(("not found", "ReconciliationFailed")),
        ),
        (
            "keys-own",
            json!({"decryption": {"provider": "sops", "secretRef": {"name": "own"}}}),
            Some(("decryption", "BuildFailed")),
        ),
        (
            "keys-missing",
            json!({"decryption": {"provider": "sops", "secretRef": {"name": "nobody"}}}),
            Some(("decryption", "BuildFailed")),
        ),
        (
            "keys-other",
            json!({"decryption": {"provider": "sops", "secretRef": {"name": "theirs"}}}),
            Some(("decryption", "BuildFailed")),
        ),
        ("account-own", json!({"serviceAccountName": "tenant"}), None),
        (
            "account-other",
            json!({"serviceAccountName": "theirs"}),
            Some(("forbidden", "ReconciliationFailed")),
        ),
        (
            "account-missing",
            json!({"serviceAccountName": "nobody"}),
            Some(("forbidden", "ReconciliationFailed")),
        ),
        (
            "artifact",
            json!({"sourceRef": {"kind": "ExternalArtifact", "name": "x"}}),
            Some(("feature gate is disabled", "AccessDenied")),
        ),
    ];
    for (name, spec, _) in &rows {
        let mut full = json!({"serviceAccountName": "tenant", "nameSuffix": format!("-{name}")});
        full.as_object_mut()
            .unwrap()
            .extend(spec.as_object().unwrap().clone());
        own.kustomization(name, full).await;
    }
    for (name, _, refusal) in &rows {
        match refusal {
            None => {
                own.until_condition("Kustomization", name, "Ready", "True")
                    .await;
            }
            Some((words, why)) => {
                let refused = case.until_refused(name, words).await;
                assert_eq!(reason(&refused, "Ready"), *why, "{name}");
                assert!(!message(&refused, "Ready").contains("treasure"), "{name}");
            }
        }
    }
    // Without an expression, a dependency elsewhere is allowed with the flag too.
    let plain = json!({"dependsOn": [{"name": "theirs", "namespace": theirs}], "serviceAccountName": "tenant", "nameSuffix": "-plain"});
    own.kustomization("depends-plain", plain).await;
    own.until_condition("Kustomization", "depends-plain", "Ready", "True")
        .await;
}

async fn git_repositories(case: &Case) {
    let own = &case.objects;
    let url = case.repo.url();
    let secret_ref = |field: &str, name: &str| json!({field: {"name": name}});
    let include = |name: &str| json!({"include": [{"repository": {"name": name}}]});
    let verify = |name: &str| json!({"verify": {"mode": "HEAD", "secretRef": {"name": name}}});
    let rows: Vec<Row<'_>> = vec![
        ("git-own", secret_ref("secretRef", "own"), None),
        (
            "git-other",
            secret_ref("secretRef", "theirs"),
            Some(("not found", "AuthenticationFailed")),
        ),
        (
            "git-missing",
            secret_ref("secretRef", "nobody"),
            Some(("not found", "AuthenticationFailed")),
        ),
        (
            "proxy-own",
            secret_ref("proxySecretRef", "own"),
            Some(("key 'address' is missing", "AuthenticationFailed")),
        ),
        (
            "proxy-other",
            secret_ref("proxySecretRef", "theirs"),
            Some(("not found", "AuthenticationFailed")),
        ),
        (
            "proxy-missing",
            secret_ref("proxySecretRef", "nobody"),
            Some(("not found", "AuthenticationFailed")),
        ),
        ("include-own", include("src"), None),
        (
            "include-other",
            include("theirs"),
            Some(("not found", "NotFound")),
        ),
        (
            "include-missing",
            include("nobody"),
            Some(("not found", "NotFound")),
        ),
        (
            "verify-own",
            verify("own"),
            Some(("not supported", "VerificationError")),
        ),
        (
            "verify-other",
            verify("theirs"),
            Some(("not supported", "VerificationError")),
        ),
        (
            "verify-missing",
            verify("nobody"),
            Some(("not supported", "VerificationError")),
        ),
    ];
    for (name, spec, _) in &rows {
        own.git_repository(name, url, spec.clone()).await;
    }
    for (name, _, refusal) in &rows {
        match refusal {
            None => {
                own.until_condition("GitRepository", name, "Ready", "True")
                    .await;
            }
            Some((words, why)) => {
                let refused = own.until_refused("GitRepository", name, words).await;
                assert_eq!(reason(&refused, "Ready"), *why, "{name}");
                assert!(refused["status"]["artifact"].is_null(), "{name}");
            }
        }
    }
}

/// What was applied was applied as the account, every time.
async fn impersonated(case: &Case) {
    let path = format!("/namespaces/{}/configmaps/", case.objects.namespace());
    let prefix = format!("system:serviceaccount:{}:", case.objects.namespace());
    let mut writes = 0;
    wait_until("the audit log", Duration::from_secs(30), async || {
        writes = 0;
        for event in case.stack.plane.audit_events() {
            let written = event.user_agent.starts_with("kustomize-controller/")
                && event.request_uri.contains(&path)
                && ["create", "update", "patch", "delete"].contains(&event.verb.as_str());
            if written {
                let user = event
                    .impersonated_user
                    .map(|u| u.username)
                    .unwrap_or_default();
                assert!(
                    user.starts_with(&prefix),
                    "{} as {user:?}",
                    event.request_uri
                );
                writes += 1;
            }
        }
        writes > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn references_of_tenants_where_namespaces_may_refer_to_each_other() {
    matrix(open().await, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_11_references_of_tenants_where_namespaces_are_closed() {
    matrix(locked().await, true).await;
}
