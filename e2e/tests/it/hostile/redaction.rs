//! What is secret is shown nowhere.

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
    for name in ["bad", "typed", "echoed", "name", "broken", "tested"] {
        let mut spec = json!({"path": name});
        if !["bad", "typed", "tested"].contains(&name) {
            spec["postBuild"] = from.clone();
        }
        let refused = case.refused(name, spec, "").await;
        let text = message(&refused, "Ready");
        assert!(!text.contains("sentinel-"), "{name}: {text}");
    }
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
    let with_user = echo.url.replace("://", "://me:sentinel-url-password@");
    for (name, pairs) in [
        (
            "basic",
            vec![("username", "me"), ("password", "sentinel-password")],
        ),
        ("bearer", vec![("bearerToken", "sentinel-bearer")]),
        (
            "key",
            vec![
                ("identity", "sentinel-identity"),
                ("known_hosts", "sentinel-hosts x y"),
            ],
        ),
        (
            "pair",
            vec![("tls.crt", "sentinel-cert"), ("tls.key", "sentinel-key")],
        ),
        (
            "proxy",
            vec![("address", "http://me:sentinel-proxy@127.0.0.1:1")],
        ),
        (
            "bad-proxy",
            vec![("address", "gopher://me:sentinel-gopher@127.0.0.1:1")],
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
            format!("{}/x.git?sig=sentinel-query#sentinel-fragment", echo.url),
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
            "https://me:sentinel-broken@[broken/x?sig=sentinel-broken-query".to_owned(),
            json!({}),
        ),
        (
            "token",
            "https://[broken/x?sig=sentinel-broken-token".to_owned(),
            json!({}),
        ),
        (
            "scheme",
            "http://me:sentinel-port@127.0.0.1:99999/x".to_owned(),
            json!({}),
        ),
    ] {
        case.objects.git_repository(name, &url, more).await;
    }
    for name in [
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
    ] {
        case.objects
            .until_condition("GitRepository", name, "Ready", "False")
            .await;
    }
    let told = told(case.stack, &case.objects).await;
    let encoded = "bWU6c2VudGluZWwt"; // me:sentinel-
    for sentinel in ["sentinel-", encoded] {
        let at = told.find(sentinel);
        let from = at.unwrap_or(0).saturating_sub(300);
        let shown = told.get(from..at.unwrap_or(0) + 60).unwrap_or_default();
        // Those of the other case are its own affair.
        assert!(at.is_none() || shown.contains("sentinel-1"), "…{shown}…");
    }
}
