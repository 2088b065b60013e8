//! What is secret is shown nowhere.

use std::time::Duration;

use serde_json::{Value, json};
use windlass_e2e::{Controller, Objects, Stack};

use super::{
    rig::{Case, config_map, message, open, secret},
    wire::{Wire, get},
};

/// Everything that the controllers have told anybody so far, but for the specs of objects.
async fn told(stack: &Stack, objects: &Objects) -> String {
    let mut told = String::new();
    for controller in [Controller::Source, Controller::Kustomize] {
        told.push_str(&stack.process(controller).log());
        told.push_str(&get(stack.metrics_port(controller), "/metrics").1);
    }
    let posted = stack.sink.events();
    told.push_str(&Value::from(posted).to_string());
    told.push_str(&Value::from(objects.list("Event").await).to_string());
    for kind in ["GitRepository", "Kustomization"] {
        for object in objects.list(kind).await {
            told.push_str(&object["status"].to_string());
        }
    }
    told
}

/// Waits until the failure of each of these objects has been posted: what is not told yet cannot be
/// seen to hold a secret.
async fn posted(case: &Case, kind: &str, names: &[&str]) {
    let space = case.objects.namespace();
    for name in names {
        let of_it = |event: &Value| {
            let object = &event["involvedObject"];
            event["severity"] == "error"
                && object["kind"] == kind
                && object["name"] == *name
                && object["namespace"] == space
        };
        let what = format!("the event of {kind}/{name}");
        let patience = Duration::from_mins(1);
        case.stack.sink.wait_for_event(&what, patience, of_it).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_16_values_of_secrets_are_told_to_nobody() {
    let bad_secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: bad}\ndata: {password: not-base64-sentinel-1}\n";
    let typed = "apiVersion: v1\nkind: Secret\nmetadata: {name: typed}\nstringData: {password: {in: sentinel-2-in-a-map}}\n";
    let echoed = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: echoed}\nspec:\n  replicas: ${password}\n  selector: {matchLabels: {a: b}}\n  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: x}]}}\n";
    let name = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"${password}_is no name\"}\n";
    let broken = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken}\ndata: {a: ${brace}}\n";
    let tested = "apiVersion: v1\nkind: Secret\nmetadata: {name: tested}\nstringData: {password: sentinel-4-patched}\n";
    let patches = "resources: [s.yaml]\npatches: [{target: {kind: Secret}, patch: '[{\"op\":\"test\",\"path\":\"/stringData/password\",\"value\":\"other\"}]'}]\n";
    let case = Case::with(
        open().await,
        &[
            ("bad/s.yaml", bad_secret),
            ("typed/s.yaml", typed),
            ("echoed/d.yaml", echoed),
            ("name/cm.yaml", name),
            ("broken/cm.yaml", broken),
            ("tested/s.yaml", tested),
            ("tested/kustomization.yaml", patches),
        ],
    )
    .await;
    let variables = secret(
        &case.objects,
        "variables",
        &[
            ("password", "sentinel-3-variable"),
            ("brace", "{sentinel-5-brace"),
        ],
    );
    case.objects.apply(variables).await;
    let from = json!({"substituteFrom": [{"kind": "Secret", "name": "variables"}]});
    let paths = ["bad", "typed", "echoed", "name", "broken", "tested"];
    for name in paths {
        let mut spec = json!({"path": name});
        if !["bad", "typed", "tested"].contains(&name) {
            spec["postBuild"] = from.clone();
        }
        let refused = case.refused(name, spec, "").await;
        let text = message(&refused, "Ready");
        assert!(!text.contains("sentinel-"), "{name}: {text}");
    }
    posted(&case, "Kustomization", &paths).await;
    let told = told(case.stack, &case.objects).await;
    for sentinel in [
        "sentinel-1",
        "sentinel-2-in",
        "sentinel-3-variable",
        "sentinel-4-patched",
        "sentinel-5-brace",
    ] {
        let at = told.find(sentinel);
        assert!(
            at.is_none(),
            "…{}…",
            &told[at.unwrap_or(0).saturating_sub(300)..at.unwrap_or(0) + 60]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_13_tokens_are_told_to_nobody() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    // A server that says what it was sent.
    let echo = Wire::start(|request, stream| {
        use std::io::Write as _;
        let sent = request.header("authorization").unwrap_or_default();
        let body = format!("no entry for {sent} at {}", request.target);
        write!(
            stream,
            "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    });
    let with_user = echo.url.replace("://", "://me:hushed-url-password@");
    for (name, pairs) in [
        (
            "basic",
            vec![("username", "me"), ("password", "hushed-password")],
        ),
        ("bearer", vec![("bearerToken", "hushed-bearer")]),
        (
            "key",
            vec![
                ("identity", "hushed-identity"),
                ("known_hosts", "hushed-hosts x y"),
            ],
        ),
        (
            "pair",
            vec![("tls.crt", "hushed-cert"), ("tls.key", "hushed-key")],
        ),
        (
            "proxy",
            vec![("address", "http://me:hushed-proxy@127.0.0.1:1")],
        ),
        (
            "bad-proxy",
            vec![("address", "gopher://me:hushed-gopher@127.0.0.1:1")],
        ),
    ] {
        case.objects
            .apply(secret(&case.objects, name, &pairs))
            .await;
    }
    let ssh = echo.url.replace("http://", "ssh://git@");
    for (name, url, more) in [
        ("in-url", format!("{with_user}/x.git"), json!({})),
        (
            "query",
            format!("{}/x.git?sig=hushed-query#hushed-fragment", echo.url),
            json!({}),
        ),
        (
            "basic",
            format!("{}/x.git", echo.url),
            json!({"secretRef": {"name": "basic"}}),
        ),
        (
            "bearer",
            format!("{}/x.git", echo.url),
            json!({"secretRef": {"name": "bearer"}}),
        ),
        (
            "key",
            format!("{ssh}/x.git"),
            json!({"secretRef": {"name": "key"}}),
        ),
        (
            "pair",
            echo.url.replace("http", "https"),
            json!({"secretRef": {"name": "pair"}}),
        ),
        (
            "proxy",
            format!("{}/x.git", echo.url),
            json!({"proxySecretRef": {"name": "proxy"}}),
        ),
        (
            "bad-proxy",
            format!("{}/x.git", echo.url),
            json!({"proxySecretRef": {"name": "bad-proxy"}}),
        ),
        (
            "broken",
            "https://me:hushed-broken@[broken/x?sig=hushed-broken-query".to_owned(),
            json!({}),
        ),
        (
            "token",
            "https://[broken/x?sig=hushed-broken-token".to_owned(),
            json!({}),
        ),
        (
            "scheme",
            "http://me:hushed-port@127.0.0.1:99999/x".to_owned(),
            json!({}),
        ),
    ] {
        case.objects.git_repository(name, &url, more).await;
    }
    let names = [
        "in-url",
        "query",
        "basic",
        "bearer",
        "key",
        "pair",
        "proxy",
        "bad-proxy",
        "broken",
        "token",
        "scheme",
    ];
    for name in names {
        case.objects
            .until_condition("GitRepository", name, "Ready", "False")
            .await;
    }
    posted(&case, "GitRepository", &names).await;
    let told = told(case.stack, &case.objects).await;
    let encoded = "bWU6aHVzaGVkL"; // me:hushed-
    for sentinel in ["hushed-", encoded] {
        if let Some(at) = told.find(sentinel) {
            let shown = String::from_utf8_lossy(
                &told.as_bytes()[at.saturating_sub(300)..(at + 60).min(told.len())],
            );
            panic!("…{shown}…");
        }
    }
}
