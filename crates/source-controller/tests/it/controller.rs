//! A controller process with a namespace, a volume and a Git server of its own.

use std::{path::Path, process::Command, time::Duration};

use kube::{
    Api, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use windlass_api::{
    meta,
    source::{Artifact, GitRepository, GitRepositoryStatus},
};
use windlass_testkit::{
    AuditEvent, ControlPlane, EventSink, GitServer, GitServerOptions, Options, Process, free_port,
    wait_for, wait_until,
};

pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// One controller that sees nothing but its own namespace.
pub(crate) struct Fixture {
    pub(crate) plane: &'static ControlPlane,
    pub(crate) namespace: String,
    pub(crate) volume: TempDir,
    pub(crate) git: GitServer,
    pub(crate) sink: EventSink,
    pub(crate) sources: Api<GitRepository>,
    process: Option<Process>,
    arguments: Vec<String>,
    health: String,
    metrics: String,
}

impl Fixture {
    pub(crate) async fn start(git: GitServerOptions) -> Self {
        let plane = ControlPlane::shared(Options {
            nodes: false,
            audit: true,
        })
        .await;
        install_crds(plane).await;
        let namespace = plane.namespace("source").await;
        let volume = TempDir::new().unwrap();
        let sink = EventSink::start();
        let health = format!("127.0.0.1:{}", free_port());
        let metrics = format!("127.0.0.1:{}", free_port());
        let arguments = vec![
            format!("--storage-path={}", volume.path().display()),
            format!("--storage-addr=127.0.0.1:{}", free_port()),
            format!("--metrics-addr={metrics}"),
            format!("--health-addr={health}"),
            format!("--events-addr={}", sink.url()),
            "--watch-all-namespaces=false".to_owned(),
            "--enable-leader-election".to_owned(),
            "--min-retry-delay=200ms".to_owned(),
            "--max-retry-delay=1s".to_owned(),
        ];
        let sources = Api::namespaced(plane.client().await, &namespace);
        let git = GitServer::start(git);
        let mut fixture = Self {
            plane,
            namespace,
            volume,
            git,
            sink,
            sources,
            process: None,
            arguments,
            health,
            metrics,
        };
        fixture.run().await;
        fixture
    }

    /// Starts the process and waits until it is ready.
    pub(crate) async fn run(&mut self) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_source-controller"));
        command
            .args(&self.arguments)
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("RUNTIME_NAMESPACE", &self.namespace);
        let log = self.volume.path().with_extension("log");
        self.process = Some(Process::spawn(&command, &log));
        let url = format!("http://{}/readyz", self.health);
        wait_until("readiness", DEADLINE, async || {
            get(&url).await.is_some_and(|(status, _)| status == 200)
        })
        .await;
    }

    /// Ends the process in good order.
    pub(crate) fn stop(&mut self) {
        let process = self.process.take().expect("it runs");
        assert!(process.terminate(DEADLINE).success(), "{}", process.log());
    }

    pub(crate) fn log(&self) -> String {
        self.process.as_ref().expect("it runs").log()
    }

    /// The page with the metrics.
    pub(crate) async fn metrics(&self) -> String {
        let page = get(&format!("http://{}/metrics", self.metrics)).await;
        String::from_utf8(page.expect("the server answers").1).unwrap()
    }

    pub(crate) async fn create(&self, name: &str, spec: Value) {
        let object: GitRepository = serde_json::from_value(json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }))
        .unwrap();
        self.sources
            .create(&PostParams::default(), &object)
            .await
            .unwrap();
    }

    pub(crate) async fn patch(&self, name: &str, patch: Value) -> GitRepository {
        self.sources
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap()
    }

    pub(crate) async fn delete(&self, name: &str) {
        self.sources
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }

    /// Requests a reconcile and waits until it was handled.
    pub(crate) async fn poke(&self, name: &str) -> GitRepositoryStatus {
        let token = format!("{:?}", std::time::Instant::now());
        let annotations = json!({"metadata": {"annotations": {meta::REQUESTED_AT: token}}});
        self.patch(name, annotations).await;
        self.await_status(name, "the request being handled", |status| {
            status.last_handled_reconcile_at.as_ref() == Some(&token)
        })
        .await
    }

    pub(crate) async fn status(&self, name: &str) -> GitRepositoryStatus {
        self.sources
            .get(name)
            .await
            .unwrap()
            .status
            .unwrap_or_default()
    }

    pub(crate) async fn await_status(
        &self,
        name: &str,
        what: &str,
        wanted: impl Fn(&GitRepositoryStatus) -> bool,
    ) -> GitRepositoryStatus {
        wait_for(&format!("{what} of {name}"), DEADLINE, async || {
            let status = self.status(name).await;
            wanted(&status).then_some(status)
        })
        .await
    }

    /// Waits until the current generation is ready; answers its artifact.
    pub(crate) async fn ready(&self, name: &str) -> Artifact {
        let status = wait_for(&format!("readiness of {name}"), DEADLINE, async || {
            let object = self.sources.get(name).await.unwrap();
            let generation = object.metadata.generation;
            let status = object.status.unwrap_or_default();
            let ready = condition(&status, "Ready").is_some_and(|(is, ..)| is == "True");
            (ready && status.observed_generation == generation).then_some(status)
        })
        .await;
        status.artifact.expect("what is ready has an artifact")
    }

    /// What the controller wrote to its namespace so far, its lease aside.
    pub(crate) fn writes(&self) -> Vec<AuditEvent> {
        let of_namespace = format!("/namespaces/{}/", self.namespace);
        let mut events = self.plane.audit_events();
        events.retain(|event| {
            event.user_agent.starts_with("source-controller/")
                && event.request_uri.contains(&of_namespace)
                && !event.request_uri.contains("/leases")
                && matches!(
                    event.verb.as_str(),
                    "create" | "update" | "patch" | "delete"
                )
                && event.stage == "ResponseComplete"
        });
        events
    }

    /// Paths below the volume of the object's files.
    pub(crate) fn files(&self, name: &str) -> Vec<String> {
        let directory = self
            .volume
            .path()
            .join("gitrepository")
            .join(&self.namespace)
            .join(name);
        let Ok(entries) = std::fs::read_dir(directory) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

/// Status, reason and message of a condition.
pub(crate) fn condition<'a>(
    status: &'a GitRepositoryStatus,
    type_: &str,
) -> Option<(&'a str, &'a str, &'a str)> {
    let found = status.conditions.iter().find(|c| c.type_ == type_)?;
    Some((&found.status, &found.reason, &found.message))
}

/// Whether Ready is False for this reason.
pub(crate) fn fails_with(status: &GitRepositoryStatus, reason: &str) -> bool {
    condition(status, "Ready").is_some_and(|(is, why, _)| is == "False" && why == reason)
}

/// Status and body of an answer.
pub(crate) async fn get(url: &str) -> Option<(u16, Vec<u8>)> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.ok()?;
    Some((
        answer.status().as_u16(),
        answer.bytes().await.ok()?.to_vec(),
    ))
}

async fn install_crds(plane: &ControlPlane) {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    INSTALLED
        .get_or_init(async || {
            let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/crd");
            plane.apply_crds(&dir).await;
        })
        .await;
}

/// The finalizers of an object, `None` when it is gone.
pub(crate) async fn finalizers(fixture: &Fixture, name: &str) -> Option<Vec<String>> {
    let object = fixture.sources.get_opt(name).await.unwrap()?;
    Some(object.finalizers().to_vec())
}
