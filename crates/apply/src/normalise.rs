//! Brings objects into the form in which Flux sends them (Flux: spec §10.1).
//!
//! Flux decodes the kinds it was compiled with into Go types and encodes them again. What users can
//! tell of it is reproduced here on the JSON: fields that the kind does not have disappear, ports
//! get their protocol, `stringData` becomes `data`. Values are left as they are written, so that no
//! field is owned that the manifest does not name.

mod fields;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Map, Value};

use crate::object;

/// Normalises one object in place.
pub(crate) fn normalise(object: &mut Value) {
    let api_version = object::api_version(object).to_owned();
    let kind = object::kind(object).to_owned();
    if api_version == "rbac.authorization.k8s.io/v1" && matches!(&*kind, "Role" | "ClusterRole") {
        return;
    }
    if let Some(shape) = fields::of_kind(&api_version, &kind) {
        fields::keep_known(object, shape);
        set_protocols(object, &api_version, &kind);
        match (&*api_version, &*kind) {
            ("v1", "Secret") => fold_string_data(object),
            ("v1", "Service") => {
                drop_empty(object, "/spec", "clusterIP");
                each(object, "/spec/ports", |port| {
                    drop_empty(port, "", "nodePort");
                });
            }
            ("v1", "PersistentVolumeClaim") => drop_empty(object, "/spec", "volumeName"),
            _ => {}
        }
    }
    let is_crd = kind == "CustomResourceDefinition"
        && object::group_version(object).0 == "apiextensions.k8s.io";
    if is_crd {
        drop_bad_ca_bundle(object);
    }
    if let Some(fields) = object.as_object_mut()
        && !is_crd
    {
        fields.remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("creationTimestamp");
    }
}

fn each(object: &mut Value, pointer: &str, change: impl FnMut(&mut Value)) {
    if let Some(items) = object.pointer_mut(pointer).and_then(Value::as_array_mut) {
        items.iter_mut().for_each(change);
    }
}

/// Port lists are keyed by port and protocol, and apply does not know the default.
fn set_protocols(object: &mut Value, api_version: &str, kind: &str) {
    let pod = match (api_version, kind) {
        ("v1", "Service") => {
            each(object, "/spec/ports", set_protocol);
            return;
        }
        ("v1", "Pod") => "/spec",
        ("apps/v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch/v1", "Job") => "/spec/template/spec",
        ("batch/v1", "CronJob") => "/spec/jobTemplate/spec/template/spec",
        _ => return,
    };
    each(object, &format!("{pod}/containers"), |container| {
        each(container, "/ports", set_protocol);
    });
}

fn set_protocol(port: &mut Value) {
    if let Some(port) = port.as_object_mut() {
        let protocol = port.entry("protocol").or_insert_with(|| Value::from(""));
        if protocol == "" {
            *protocol = Value::from("TCP");
        }
    }
}

/// The API server does the same on a write, but only `data` can be compared and owned. When a value
/// is no string the object is left to be refused by the server, as it would be by Flux's decoder.
fn fold_string_data(object: &mut Value) {
    let Some(secret) = object.as_object_mut() else {
        return;
    };
    let Some(Value::Object(plain)) = secret.get("stringData") else {
        return;
    };
    let encoded = plain.iter().map(|(key, value)| {
        let value = value.as_str()?;
        Some((key.clone(), Value::from(STANDARD.encode(value))))
    });
    let Some(encoded) = encoded.collect::<Option<Map<String, Value>>>() else {
        return;
    };
    let data = secret
        .entry("data")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(data) = data.as_object_mut() {
        data.extend(encoded);
        secret.remove("stringData");
    }
}

/// Fields that the API server fills in and that must not be sent empty: an update from the value that
/// it chose to an empty one is refused or means the same. A Go encoder leaves them out.
fn drop_empty(object: &mut Value, parent: &str, field: &str) {
    let Some(map) = object.pointer_mut(parent).and_then(Value::as_object_mut) else {
        return;
    };
    let empty = |value: &Value| *value == "" || *value == 0 || value.is_null();
    if map.get(field).is_some_and(empty) {
        map.remove(field);
    }
}

/// Placeholders such as `Cg==` that tools write for a certificate to be injected later are refused
/// by the API server.
fn drop_bad_ca_bundle(object: &mut Value) {
    let Some(config) = object.pointer_mut("/spec/conversion/webhook/clientConfig") else {
        return;
    };
    let is_certificate = |text: &str| {
        STANDARD.decode(text).is_ok_and(|pem| {
            CertificateDer::pem_slice_iter(&pem)
                .next()
                .is_some_and(|c| c.is_ok())
        })
    };
    let bad = match config.get("caBundle") {
        None => false,
        Some(bundle) => !bundle.as_str().is_some_and(is_certificate),
    };
    if bad && let Some(config) = config.as_object_mut() {
        config.remove("caBundle");
    }
}

#[cfg(test)]
mod tests;
