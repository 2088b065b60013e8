//! The plugin `IAMPolicyGenerator`: service accounts that stand for accounts of a cloud.

use windlass_yaml::Value;

use super::Generator;
use crate::Error;
use crate::decode::At;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::node::{Mapping, Node};

/// Makes a service account for workload identity.
#[derive(Default)]
pub(crate) struct IamPolicyGenerator {
    cloud: String,
    service_name: String,
    service_namespace: String,
    account_name: String,
    project: String,
}

impl IamPolicyGenerator {
    pub(crate) fn of_plugin(config: &Value) -> Result<Self, Error> {
        let mut made = Self::default();
        At::lenient(config, |value, at| {
            let known = ["cloud", "kubernetesService", "serviceAccount"];
            at.fields(
                value,
                "IAMPolicyGeneratorPlugin",
                &known,
                |name, value, at| {
                    match name {
                        "cloud" => made.cloud = at.named_string(value, "types.Cloud")?,
                        "kubernetesService" => {
                            let known = ["name", "namespace"];
                            at.fields(value, "KubernetesService", &known, |name, value, at| {
                                match name {
                                    "name" => made.service_name = at.string(value)?,
                                    _ => made.service_namespace = at.string(value)?,
                                }
                                Ok(())
                            })?;
                        }
                        _ => {
                            let known = ["name", "projectId"];
                            at.fields(value, "ServiceAccount", &known, |name, value, at| {
                                match name {
                                    "name" => made.account_name = at.string(value)?,
                                    _ => made.project = at.string(value)?,
                                }
                                Ok(())
                            })?;
                        }
                    }
                    Ok(())
                },
            )
        })?;
        Ok(made)
    }
}

impl Generator for IamPolicyGenerator {
    fn generate(&self, _: &Loader<'_>) -> Result<Vec<Manifest>, Error> {
        if self.cloud != "gke" {
            return Err(Error::invalid(format!(
                "cloud provider {} not supported yet",
                self.cloud
            )));
        }
        let account = format!(
            "{}@{}.iam.gserviceaccount.com",
            self.account_name, self.project
        );
        let mut annotations = Mapping::default();
        annotations.push("iam.gke.io/gcp-service-account", Node::untyped(account));
        let mut metadata = Mapping::default();
        metadata.push("annotations", Node::Mapping(annotations));
        metadata.push("name", Node::untyped(self.service_name.as_str()));
        if !self.service_namespace.is_empty() {
            metadata.push("namespace", Node::untyped(self.service_namespace.as_str()));
        }
        let mut object = Mapping::default();
        object.push("apiVersion", Node::string("v1"));
        object.push("kind", Node::string("ServiceAccount"));
        object.push("metadata", Node::Mapping(metadata));
        Ok(vec![Manifest::new(Node::Mapping(object))])
    }
}
