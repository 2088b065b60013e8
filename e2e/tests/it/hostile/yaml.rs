//! Texts that are out to exhaust whoever reads them.

use std::fmt::Write as _;

use serde_json::json;

use windlass_e2e::{Stack, StackOptions};

use super::{
    archives::{Archive, deliver},
    rig::{Case, config_map, config_maps, message, open},
};

/// So many levels of ten aliases each.
fn bomb(levels: usize) -> String {
    let mut text =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\na0: &a0 x\n");
    for level in 1..=levels {
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
    let within = |depth: usize| {
        let (left, right) = ("[".repeat(depth), "]".repeat(depth));
        format!("\n  a: &a {left}{right}\n  b: {left}*a{right}\n")
    };
    // The name of the case, its text, and what the message has to say.
    let refused = [
        ("aliases", bomb(9), "excessive aliasing"),
        // Neither is too deep; the one within the other is.
        ("deep-aliases", object(&within(300)), "excessive aliasing"),
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
        (
            "nested",
            object(&format!("{}{}", "[".repeat(600), "]".repeat(600))),
            "nested deeper than 500 levels",
        ),
        ("nul", object("\"a\u{0}b\""), "control characters"),
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
    let kustomization = "resources: [../honest/cm.yaml]\n".to_owned();
    files.push((
        "as-configuration/kustomization.yaml".to_owned(),
        kustomization.clone() + "configurations: [x.yaml]\n",
    ));
    files.push(("as-configuration/x.yaml".to_owned(), bomb(9)));
    // As a kustomization, in fields that are nobody's: of nothing but aliases, though of few; of few
    // aliases, each of much; deep.
    let much = format!(
        "x: &x {}\ny: [{}]\n",
        "x".repeat(1 << 20),
        "*x, ".repeat(200)
    );
    for (name, text) in [
        ("as-kustomization", bomb(9)),
        ("ratio", bomb(5)),
        ("much", much),
        ("depth", format!("x:{}", within(900))),
    ] {
        let file = format!("{name}/kustomization.yaml");
        files.push((file, kustomization.clone() + &text));
    }
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
    for name in [
        "as-configuration",
        "as-kustomization",
        "ratio",
        "much",
        "depth",
        "huge",
    ] {
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
    for name in ["as-configuration", "as-kustomization", "ratio", "much"] {
        case.until_refused(name, "excessive aliasing").await;
    }
    case.until_refused("depth", "exceeded max depth of 1000")
        .await;
    // However long a number is, it is one.
    case.objects
        .until_condition("Kustomization", "huge", "Ready", "True")
        .await;
    let mut made = case.config_maps().await;
    made.sort();
    assert_eq!(made, ["honest", "x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kus_7_a_text_is_at_most_64_mib_long() {
    const MORE: usize = (64 << 20) + 1;
    // By default a file of an artifact may be larger, and so may all that a build reads.
    let stack = Stack::start(StackOptions::default()).await;
    let objects = stack.namespace("yaml").await;
    let mut long = config_map("long") + "#";
    long.push_str(&"x".repeat(MORE - long.len()));
    let archives = [("long", long), ("honest", config_map("honest"))]
        .map(|(name, text)| (name, Archive::default().file("cm.yaml", &text).gz()));
    let _wire = deliver(&objects, &archives).await;
    objects
        .until_condition("Kustomization", "honest", "Ready", "True")
        .await;
    let words = format!("text of {MORE} bytes exceeds the limit of {}", MORE - 1);
    objects.until_refused("Kustomization", "long", &words).await;
    assert_eq!(config_maps(&objects).await, ["honest"]);
}
