//! What charts ask of a cluster: its version, its kinds, its objects.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use futures::future::join_all;
use http::Request;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use windlass_helm::{Capabilities, KubeVersion, Lookup};

/// Which cluster.
#[derive(Args)]
pub(crate) struct Access {
    /// The kubeconfig of the cluster, in place of `KUBECONFIG` and `~/.kube/config`.
    #[arg(long)]
    kubeconfig: Option<PathBuf>,
    /// The context in it.
    #[arg(long, env = "HELM_KUBECONTEXT")]
    kube_context: Option<String>,
}

impl Access {
    /// The namespace that the context names; `None` when it names none or there is no kubeconfig that
    /// can be read.
    pub(crate) fn namespace(&self) -> Option<String> {
        let known = self.kubeconfig().ok()?;
        let current = self.kube_context.clone().or(known.current_context)?;
        let named = known.contexts.into_iter().find(|c| c.name == current)?;
        named.context?.namespace.filter(|name| !name.is_empty())
    }

    fn kubeconfig(&self) -> Result<Kubeconfig, KubeconfigError> {
        match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        }
    }

    /// How to reach it: as the kubeconfig says or, when there is none, as a pod does.
    async fn configuration(&self) -> Result<Config, String> {
        if self.kubeconfig.is_none() && self.kube_context.is_none() {
            return Config::infer().await.map_err(|error| error.to_string());
        }
        let options = KubeConfigOptions {
            context: self.kube_context.clone(),
            ..KubeConfigOptions::default()
        };
        let config = match self.kubeconfig() {
            Ok(known) => Config::from_custom_kubeconfig(known, &options).await,
            Err(error) => Err(error),
        };
        config.map_err(|error| error.to_string())
    }
}

/// The cluster of a kubeconfig, read and never written to.
pub(crate) struct Cluster {
    runtime: Runtime,
    client: Client,
    /// What it says at `/version`.
    version: Value,
}

/// A kind as a cluster serves it.
struct Served {
    plural: String,
    namespaced: bool,
}

impl Cluster {
    /// Connects, and asks for a sign of life.
    ///
    /// # Errors
    /// When there is no such configuration, or the cluster does not answer.
    pub(crate) fn connect(access: &Access) -> Result<Self, String> {
        let unreachable = |problem: String| {
            format!("cluster reachability check failed: {UNREACHABLE}: {problem}")
        };
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unreachable(error.to_string()))?;
        let client = runtime
            .block_on(async {
                let config = access.configuration().await?;
                Client::try_from(config).map_err(|error| error.to_string())
            })
            .map_err(unreachable)?;
        let mut cluster = Self {
            runtime,
            client,
            version: Value::Null,
        };
        let version = cluster.get("/version");
        cluster.version = version.map_err(|error| unreachable(told(&error)))?;
        Ok(cluster)
    }

    /// What a chart is told of the cluster: its version, group versions and kinds. A group whose
    /// server does not answer is left out with a warning, as Helm does.
    ///
    /// # Errors
    /// When the cluster does not tell its groups.
    pub(crate) fn capabilities(&self) -> Result<Capabilities, String> {
        let text = |name: &str| self.version[name].as_str().unwrap_or_default().to_owned();
        Ok(Capabilities {
            kube_version: KubeVersion {
                version: text("gitVersion"),
                normalized: text("gitVersion"),
                major: text("major"),
                minor: text("minor"),
            },
            api_versions: self.api_versions()?.into(),
            ..Capabilities::default()
        })
    }

    /// `v1`, `v1/Pod`, `apps/v1`, `apps/v1/Deployment`…
    fn api_versions(&self) -> Result<Vec<String>, String> {
        let failed =
            |e: kube::Error| format!("could not get apiVersions from Kubernetes: {}", told(&e));
        let core = self.get("/api").map_err(failed)?;
        let groups = self.get("/apis").map_err(failed)?;
        let core = elements(&core["versions"]).filter_map(Value::as_str);
        let others = elements(&groups["groups"])
            .flat_map(|group| elements(&group["versions"]))
            .filter_map(|version| version["groupVersion"].as_str());
        let group_versions: Vec<&str> = core.chain(others).collect();
        let asked = group_versions.iter().map(|name| self.ask(path(name)));
        let answers = self.runtime.block_on(join_all(asked));
        let mut found: BTreeSet<String> = BTreeSet::new();
        for (name, answer) in group_versions.into_iter().zip(answers) {
            found.insert(name.to_owned());
            match answer {
                Ok(list) => found.extend(
                    elements(&list["resources"])
                        .filter_map(|resource| resource["kind"].as_str())
                        .map(|kind| format!("{name}/{kind}")),
                ),
                Err(error) => warn(name, &told(&error)),
            }
        }
        Ok(found.into_iter().collect())
    }

    fn get(&self, path: &str) -> Result<Value, kube::Error> {
        self.runtime.block_on(self.ask(path.to_owned()))
    }

    async fn ask(&self, path: String) -> Result<Value, kube::Error> {
        let request = Request::get(path).body(Vec::new());
        self.client
            .request(request.map_err(kube::Error::HttpError)?)
            .await
    }

    /// The kind in the group version, `None` when there is only the latter.
    fn served(&self, api_version: &str, kind: &str) -> Result<Option<Served>, kube::Error> {
        let list = self.get(&path(api_version))?;
        // What has a slash in its name is a part of another.
        Ok(elements(&list["resources"]).find_map(|resource| {
            let plural = resource["name"].as_str()?;
            (resource["kind"] == kind && !plural.contains('/')).then(|| Served {
                plural: plural.to_owned(),
                namespaced: resource["namespaced"] == true,
            })
        }))
    }
}

impl Lookup for Cluster {
    fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, String> {
        let served = self.served(api_version, kind).map_err(|error| {
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            format!(
                "unable to get apiresource from unstructured: {group}/{version}, Kind={kind}: {}",
                told(&error)
            )
        })?;
        let Some(served) = served else {
            return Ok(json!({}));
        };
        let mut path = path(api_version);
        // Writing to a string cannot fail.
        if served.namespaced && !namespace.is_empty() {
            let _ = write!(path, "/namespaces/{}", segment("namespace", namespace)?);
        }
        let _ = write!(path, "/{}", served.plural);
        if !name.is_empty() {
            let _ = write!(path, "/{}", segment("resource name", name)?);
        }
        match self.get(&path) {
            Ok(mut found) => {
                if name.is_empty() {
                    name_items(&mut found);
                }
                Ok(found)
            }
            Err(error) if is_not_found(&error) => Ok(json!({})),
            Err(error) => Err(told(&error)),
        }
    }
}

const UNREACHABLE: &str = "kubernetes cluster unreachable";

/// Where the resources of a group version are.
fn path(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// `text` as one part of a path, unless it would lead elsewhere; the words are client-go's.
fn segment(what: &str, text: &str) -> Result<String, String> {
    let faults: Vec<String> = if matches!(text, "." | "..") {
        vec![format!("may not be '{text}'")]
    } else {
        ["/", "%"]
            .iter()
            .filter(|mark| text.contains(**mark))
            .map(|mark| format!("may not contain '{mark}'"))
            .collect()
    };
    if !faults.is_empty() {
        return Err(format!("invalid {what} {text:?}: [{}]", faults.join(" ")));
    }
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    Ok(encoded.replace('+', "%20"))
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Kind and version of the objects of a list, which the server leaves out and clients fill in.
fn name_items(list: &mut Value) {
    let api_version = list["apiVersion"].clone();
    let kind = list["kind"].as_str().unwrap_or_default();
    let kind = Value::from(kind.strip_suffix("List").unwrap_or(kind));
    for item in list["items"].as_array_mut().into_iter().flatten() {
        if item.get("kind").is_none() && item.get("apiVersion").is_none() {
            item["kind"] = kind.clone();
            item["apiVersion"] = api_version.clone();
        }
    }
}

fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// The server's own words where it said something.
fn told(error: &kube::Error) -> String {
    match error {
        // An answer without a status: there is nothing at this path.
        kube::Error::Api(status) if status.code == 404 && status.reason != "NotFound" => {
            "the server could not find the requested resource".to_owned()
        }
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}

fn warn(group_version: &str, problem: &str) {
    // A warning is for people to read; there is nothing to be done if it cannot be written.
    let _ = writeln!(
        io::stderr(),
        "level=WARN msg=\"the kubernetes server has an orphaned API service\" error=\"{group_version}: {problem}\""
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_a_list_are_named() {
        let mut list =
            json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [{"a": 1}]});
        name_items(&mut list);
        let item = json!({"a": 1, "kind": "Deployment", "apiVersion": "apps/v1"});
        assert_eq!(list["items"][0], item);
    }

    #[test]
    fn names_cannot_lead_to_other_paths() {
        let name = |text| segment("resource name", text);
        assert_eq!(name("a b?c").as_deref(), Ok("a%20b%3Fc"));
        assert_eq!(
            name("../a%").expect_err("leads elsewhere"),
            r#"invalid resource name "../a%": [may not contain '/' may not contain '%']"#
        );
        assert!(name("..").is_err());
        assert_eq!(path("apps/v1"), "/apis/apps/v1");
        assert_eq!(path("v1"), "/api/v1");
    }
}
