//! Texts that are out to exhaust whoever reads them.

use std::fmt::Write as _;

use serde_json::json;

use super::rig::{Case, config_map, message, open};

/// Nine levels of ten aliases each.
fn bomb() -> String {
    let mut text =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\na0: &a0 x\n");
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_7_no_yaml_is_too_hostile() {
    let object = |data: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\ndata: {data}\n")
    };
    // The name of the case, its text, and what the message has to say.
    let refused = [
        ("aliases", bomb(), "excessive aliasing"),
        ("deep", object(&"[".repeat(10_000)), "max depth"),
        (
            "deep-block",
            object(&format!(
                "\n{}",
                (1..5_000).fold(String::new(), |text, n| text + &" ".repeat(n) + "a:\n")
            )),
            "depth",
        ),
        ("recursive", object("&a {b: *a}"), "unknown anchor"),
        ("unknown", object("{a: *nobody}"), "unknown anchor"),
        ("nul", object("\"a\u{0}b\""), ""),
        ("infinite", object("{a: .inf}"), "unsupported value: +Inf"),
        ("merge", object("{<<: [1]}"), "map merge"),
        ("twice", object("{a: b, a: c}"), "already"),
        (
            "tags",
            object("{a: !!binary 'not base64!'}"),
            "invalid base64 data",
        ),
        (
            "scalar",
            object(&format!("{{a: '{}'}}", "s".repeat(10 << 20))),
            "",
        ),
        (
            "documents",
            "---\n".repeat(1_000_000),
            "documents in one text",
        ),
    ];
    let mut files: Vec<(String, String)> = refused
        .iter()
        .map(|(name, text, _)| (format!("{name}/x.yaml"), text.clone()))
        .collect();
    files.push(("honest/cm.yaml".to_owned(), config_map("honest")));
    files.push((
        "huge/cm.yaml".to_owned(),
        object("{a: \"1\"}") + &format!("n: {}\n", "9".repeat(10_000)),
    ));
    let kustomization = "resources: [../honest/cm.yaml]\nconfigurations: [x.yaml]\n".to_string();
    files.push((
        "as-configuration/kustomization.yaml".to_owned(),
        kustomization,
    ));
    files.push(("as-configuration/x.yaml".to_owned(), bomb()));
    files.push(("as-kustomization/kustomization.yaml".to_owned(), bomb()));
    let texts: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let case = Case::with(open().await, &texts).await;
    for (name, _, _) in &refused {
        case.objects
            .kustomization(name, json!({"path": name}))
            .await;
    }
    for name in ["as-configuration", "as-kustomization", "huge"] {
        case.objects
            .kustomization(name, json!({"path": name}))
            .await;
    }
    case.still_works("honest").await;
    for (name, _, words) in &refused {
        let failed = case
            .objects
            .until_refused("Kustomization", name, words)
            .await;
        assert!(message(&failed, "Ready").len() < 4000, "{name}");
    }
    for name in ["as-configuration", "as-kustomization"] {
        case.until_refused(name, "excessive aliasing").await;
    }
    // However long a number is, it is one.
    case.objects
        .until_condition("Kustomization", "huge", "Ready", "True")
        .await;
    let mut made = case.config_maps().await;
    made.sort();
    assert_eq!(made, ["honest", "x"]);
}
