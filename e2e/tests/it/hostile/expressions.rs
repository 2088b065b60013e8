//! Expressions that are out to keep the controller busy.

use serde_json::json;
use windlass_e2e::condition;

use super::rig::{Case, config_map, message, open, reason};

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_18_expressions_have_a_price_limit() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("honest"))]).await;
    case.still_works("./").await;
    let ten = "[0,1,2,3,4,5,6,7,8,9]";
    let mut loops = "true".to_owned();
    for variable in 'a'..='j' {
        loops = format!("{ten}.all({variable}, {loops})");
    }
    // Ninety times itself, twice.
    let sum = vec!["s"; 90].join(" + ");
    let text = "x".repeat(4500);
    let doubling = format!("[['{text}'].map(s, {sum})[0]].map(s, {sum})[0]");
    let expressions = [
        ("loops", loops, "cost limit exceeded"),
        (
            "doubling",
            format!("size({doubling}) > 0"),
            "cost limit exceeded",
        ),
        (
            "patterns",
            format!(r"{ten}.all(i, !'x'.matches('(\\w{{0,99}}){{0,99}}'))"),
            "cost limit exceeded",
        ),
        (
            "deep",
            format!("{}true{}", "(".repeat(5000), ")".repeat(5000)),
            "nested too deep",
        ),
        (
            "nots",
            format!("{}true", "!".repeat(10_000)),
            "nested too deep",
        ),
        (
            "long",
            format!("'{}' == 'x'", "y".repeat(20_000)),
            "longer than 16384 bytes",
        ),
    ];
    for (name, expression, _) in &expressions {
        let depends = json!([{"name": "honest", "readyExpr": expression}]);
        case.objects
            .kustomization(
                name,
                json!({"dependsOn": depends, "nameSuffix": format!("-{name}")}),
            )
            .await;
        let check = json!([{"apiVersion": "v1", "kind": "ConfigMap", "current": expression}]);
        let spec = json!({"wait": true, "timeout": "30s", "healthCheckExprs": check, "nameSuffix": format!("-{name}-h")});
        case.objects
            .kustomization(&format!("{name}-health"), spec)
            .await;
    }
    for (name, _, words) in &expressions {
        let refused = case.until_refused(name, words).await;
        let why = reason(&refused, "Ready");
        assert!(
            ["DependencyNotReady", "InvalidCELExpression"].contains(&why),
            "{name}: {}",
            message(&refused, "Ready")
        );
        // What does not compile is refused before anything is applied; what costs too much is not
        // evaluated, and never passes for healthy.
        let health = case
            .objects
            .until(
                "Kustomization",
                &format!("{name}-health"),
                "looked at",
                |o| {
                    condition(o, "Ready").is_some_and(|c| c["status"] != "Unknown")
                        || o["status"]["inventory"].is_object()
                },
            )
            .await;
        let ready = condition(&health, "Ready").map(|c| c["status"].clone());
        assert_ne!(ready, Some(json!("True")), "{name}");
    }
}
