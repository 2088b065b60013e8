//! The `CustomResourceDefinitions`, derived from the types.

use kube::CustomResourceExt;
use serde_json::{Value, json};

use crate::{
    kustomize::Kustomization,
    meta::SUBSTITUTE,
    source::{ExternalArtifact, GitRepository},
};

/// Every CRD as `(file name, document)`.
pub fn crds() -> Vec<(String, Value)> {
    [
        definition::<GitRepository>(true),
        // Other controllers write its status, so there is no generation to observe.
        definition::<ExternalArtifact>(false),
        definition::<Kustomization>(true),
    ]
    .into_iter()
    .map(|crd| {
        let names = &crd["spec"]["names"];
        let (group, plural) = (text(&crd["spec"]["group"]), text(&names["plural"]));
        (format!("{group}_{plural}.yaml"), crd)
    })
    .collect()
}

/// The release of Flux whose API the definitions are.
const FLUX: &str = "v2.9.0";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn definition<K: CustomResourceExt>(observes_generation: bool) -> Value {
    #[expect(
        clippy::expect_used,
        reason = "a schema made of plain types serializes"
    )]
    let mut crd = serde_json::to_value(K::crd()).expect("a CRD serializes");
    crd["metadata"]["annotations"] = json!({ SUBSTITUTE: "disabled" });
    // How the `flux` command finds what it works with: `check`, `version`, `logs`.
    crd["metadata"]["labels"] = json!({
        "app.kubernetes.io/part-of": "flux",
        "app.kubernetes.io/version": FLUX,
    });
    let names = &mut crd["spec"]["names"];
    names["listKind"] = format!("{}List", text(&names["kind"])).into();
    let Some(versions) = crd["spec"]["versions"].as_array_mut() else {
        return crd;
    };
    for version in versions {
        let schema = &mut version["schema"]["openAPIV3Schema"];
        plain(schema);
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("title");
            // Every part is checked for, so that an object may be made with metadata alone.
            schema.remove("required");
        }
        let properties = &mut schema["properties"];
        properties["apiVersion"] = json!({"type": "string"});
        properties["kind"] = json!({"type": "string"});
        properties["metadata"] = json!({"type": "object"});
        let about_spec = properties["spec"]["description"].clone();
        if observes_generation {
            properties["status"]["default"] = json!({"observedGeneration": -1});
        }
        schema["description"] = about_spec;
    }
    crd
}

/// Takes out what the derivation adds to an optional field and the API does not have: a field
/// is optional there when it is not required, and null is no value of it.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("nullable");
            if let Some(Value::Array(words)) = map.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            // The Kubernetes type keeps bounds as floats; the only one in use is zero.
            if map.get("minimum").and_then(Value::as_f64) == Some(0.0) {
                map.insert("minimum".to_owned(), 0.into());
            }
            map.values_mut().for_each(plain);
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        _ => {}
    }
}
