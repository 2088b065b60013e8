//! Derives the table from the types of `k8s-openapi` and compares it with the file. Run with
//! `WINDLASS_UPDATE_FIELDS=1` to write the file after an upgrade of that crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use k8s_openapi::api::{
    admissionregistration::v1 as admission, apps::v1 as apps, autoscaling::v1 as autoscaling1,
    autoscaling::v2 as autoscaling2, batch::v1 as batch, certificates::v1 as certificates,
    coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery,
    networking::v1 as networking, node::v1 as node, policy::v1 as policy, rbac::v1 as rbac,
    scheduling::v1 as scheduling, storage::v1 as storage,
};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::SOURCE;

struct Deriving {
    generator: SchemaGenerator,
    /// (apiVersion, kind, type)
    kinds: BTreeSet<(String, String, String)>,
}

impl Deriving {
    fn add<K: k8s_openapi::Resource + schemars::JsonSchema>(&mut self) {
        let schema = self.generator.subschema_for::<K>();
        let target = schema.as_value()["$ref"].as_str().unwrap();
        let name = target.rsplit('/').next().unwrap().to_owned();
        self.kinds
            .insert((K::API_VERSION.to_owned(), K::KIND.to_owned(), name));
    }
}

macro_rules! add {
    ($to:ident: $($kind:ty),+ $(,)?) => { $($to.add::<$kind>();)+ };
}

fn derive() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut all = Deriving {
        generator,
        kinds: BTreeSet::new(),
    };
    add!(all: core::ConfigMap, core::Endpoints, core::LimitRange, core::Namespace, core::Node,
        core::PersistentVolume, core::PersistentVolumeClaim, core::Pod, core::PodTemplate,
        core::ReplicationController, core::ResourceQuota, core::Secret, core::Service,
        core::ServiceAccount);
    add!(all: apps::ControllerRevision, apps::DaemonSet, apps::Deployment, apps::ReplicaSet,
        apps::StatefulSet);
    add!(all: batch::CronJob, batch::Job);
    add!(all: autoscaling1::HorizontalPodAutoscaler, autoscaling2::HorizontalPodAutoscaler);
    add!(all: networking::Ingress, networking::IngressClass, networking::NetworkPolicy);
    add!(all: policy::PodDisruptionBudget);
    add!(all: rbac::ClusterRoleBinding, rbac::RoleBinding);
    add!(all: storage::CSIDriver, storage::CSINode, storage::StorageClass, storage::VolumeAttachment);
    add!(all: scheduling::PriorityClass, node::RuntimeClass, coordination::Lease);
    add!(all: discovery::EndpointSlice, certificates::CertificateSigningRequest);
    add!(all: admission::MutatingWebhookConfiguration, admission::ValidatingWebhookConfiguration,
        admission::ValidatingAdmissionPolicy, admission::ValidatingAdmissionPolicyBinding);

    let definitions: BTreeMap<String, Value> =
        all.generator.take_definitions(true).into_iter().collect();
    let mut text = String::new();
    let mut wanted: Vec<String> = Vec::new();
    for (api_version, kind, name) in &all.kinds {
        writeln!(text, "@ {api_version} {kind} {}", short(name)).unwrap();
        wanted.push(name.clone());
    }
    let roots: BTreeSet<String> = wanted.iter().cloned().collect();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if types.contains_key(&name) {
            continue;
        }
        let mut block = String::new();
        for (field, schema) in properties(&definitions[&name]).unwrap() {
            // What happened to the status is decided elsewhere; its types would double the table.
            let shape = if roots.contains(&name) && field == "status" {
                "*".to_owned()
            } else {
                shape(schema, &definitions, &mut wanted)
            };
            writeln!(block, "{field} {shape}").unwrap();
        }
        types.insert(name, block);
    }
    for (name, block) in types {
        write!(text, "# {}\n{block}", short(&name)).unwrap();
    }
    text
}

fn short(name: &str) -> &str {
    let name = name.strip_prefix("io.k8s.").unwrap_or(name);
    let name = name.strip_prefix("api.").unwrap_or(name);
    name.strip_prefix("apimachinery.pkg.apis.").unwrap_or(name)
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn reference<'a>(schema: &'a Value, definitions: &BTreeMap<String, Value>) -> Option<&'a str> {
    let target = schema.get("$ref")?.as_str()?.rsplit('/').next()?;
    properties(&definitions[target]).map(|_| target)
}

fn shape(
    schema: &Value,
    definitions: &BTreeMap<String, Value>,
    wanted: &mut Vec<String>,
) -> String {
    if let Some(name) = reference(schema, definitions) {
        wanted.push(name.to_owned());
        return short(name).to_owned();
    }
    for (key, prefix) in [("items", "[]"), ("additionalProperties", "{}")] {
        let Some(item) = schema.get(key) else {
            continue;
        };
        if let Some(name) = reference(item, definitions) {
            wanted.push(name.to_owned());
            return format!("{prefix}{}", short(name));
        }
        // Values with a format, such as bytes, are strings in JSON too.
        if key == "additionalProperties" && item.get("type") == Some(&Value::from("string")) {
            return "{}s".to_owned();
        }
    }
    "*".to_owned()
}

#[test]
fn the_table_is_that_of_the_api_types() {
    let derived = derive();
    if std::env::var_os("WINDLASS_UPDATE_FIELDS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/normalise/fields.txt");
        std::fs::write(path, &derived).unwrap();
        return;
    }
    assert_eq!(derived.lines().count(), SOURCE.lines().count());
    for (derived, stored) in derived.lines().zip(SOURCE.lines()) {
        assert_eq!(derived, stored);
    }
}
