//! A control plane, a Git server and the two controllers.

use std::{fmt, path::PathBuf, process::Command, thread, time::Duration};

use kube::Client;
use windlass_testkit::{
    ControlPlane, EventSink, GitServer, GitServerOptions, Options, Process, free_port, http_get,
};

use crate::{
    binaries::{binaries, workspace_root},
    objects::Objects,
};

/// Lines of a controller's log that a failed test shows.
const SHOWN_LINES: usize = 40;

/// How a [`Stack`] is set up.
#[derive(Debug, Default)]
pub struct StackOptions {
    /// A Node by which Pods become ready.
    pub nodes: bool,
    /// An audit log of the API server.
    pub audit: bool,
    /// Further flags of the source-controller.
    pub source_flags: Vec<String>,
    /// Further flags of the kustomize-controller.
    pub kustomize_flags: Vec<String>,
    /// Where the controllers' binaries are, if not [`binaries`].
    pub binaries: Option<PathBuf>,
    /// A directory with further definitions, which other controllers need.
    pub crds: Option<PathBuf>,
}

/// Which controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// source-controller
    Source,
    /// kustomize-controller
    Kustomize,
}

impl Controller {
    /// The name of its binary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source-controller",
            Self::Kustomize => "kustomize-controller",
        }
    }
}

/// A running system. Everything ends when it is dropped; `WINDLASS_KEEP=1` keeps its logs.
pub struct Stack {
    // Dropped in this order: the controllers before what they work with.
    source: Option<Process>,
    kustomize: Option<Process>,
    /// The Git server.
    pub git: GitServer,
    /// The cluster.
    pub plane: ControlPlane,
    /// What receives the controllers' notifications.
    pub sink: EventSink,
    /// The administrator's client.
    pub client: Client,
    options: StackOptions,
    /// Listen addresses: artifacts, and metrics and health of both.
    ports: [u16; 5],
    dir: PathBuf,
    starts: u32,
}

impl Drop for Stack {
    /// A failed test shows what the controllers last said.
    #[expect(clippy::print_stderr, reason = "it is part of a test's report")]
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        for process in [&self.source, &self.kustomize].into_iter().flatten() {
            let log = process.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
            eprintln!("{process:?}, ended: {:?}\n{last}", process.exit_status());
        }
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

impl Stack {
    /// Starts everything and installs the CRDs.
    pub async fn start(options: StackOptions) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let plane = ControlPlane::start(Options {
            nodes: options.nodes,
            audit: options.audit,
        })
        .await;
        if let Some(crds) = &options.crds {
            plane.apply_crds(crds).await;
        }
        plane.apply_crds(&workspace_root().join("config/crd")).await;
        let client = plane.client().await;
        // Below the control plane's: that one goes, or is kept, whatever becomes of this process.
        let dir = plane.dir().join("stack");
        std::fs::create_dir_all(dir.join("artifacts")).expect("the storage is made");
        std::fs::create_dir(dir.join("git")).expect("the directory is made");
        let mut stack = Self {
            plane,
            git: GitServer::start(GitServerOptions {
                dir: Some(dir.join("git")),
                ..GitServerOptions::default()
            }),
            sink: EventSink::start(),
            client,
            source: None,
            kustomize: None,
            options,
            ports: std::array::from_fn(|_| free_port()),
            dir,
            starts: 0,
        };
        Objects::new(&stack.client, "")
            .apply_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n")
            .await;
        stack.start_controller(Controller::Source);
        stack.start_controller(Controller::Kustomize);
        stack
    }

    /// Starts a controller that is not running.
    pub fn start_controller(&mut self, controller: Controller) {
        let process = self.spawn(controller, self.ports);
        *self.slot(controller) = Some(process);
    }

    /// Starts another process of a controller, for leader election: with ports of its own, but for
    /// that of the artifacts, which only a leader binds and which stands for their Service.
    pub fn start_replica(&mut self, controller: Controller) -> Process {
        let mut ports: [u16; 5] = std::array::from_fn(|_| free_port());
        ports[0] = self.ports[0];
        self.spawn(controller, ports)
    }

    fn spawn(&mut self, controller: Controller, ports: [u16; 5]) -> Process {
        let [storage, source_metrics, source_health, metrics, health] = ports;
        let dir = self
            .options
            .binaries
            .clone()
            .unwrap_or_else(|| binaries().to_owned());
        let mut command = Command::new(dir.join(controller.name()));
        command
            .env("RUNTIME_NAMESPACE", "flux-system")
            .env("KUBECONFIG", self.plane.kubeconfig())
            .arg(format!("--events-addr={}", self.sink.url()));
        match controller {
            Controller::Source => command
                .arg(format!("--storage-path={}", self.storage().display()))
                .arg(format!("--storage-addr=127.0.0.1:{storage}"))
                .arg(format!("--storage-adv-addr=127.0.0.1:{storage}"))
                .arg(format!("--metrics-addr=127.0.0.1:{source_metrics}"))
                .arg(format!("--health-addr=127.0.0.1:{source_health}"))
                .args(&self.options.source_flags),
            Controller::Kustomize => command
                .arg(format!("--metrics-addr=127.0.0.1:{metrics}"))
                .arg(format!("--health-addr=127.0.0.1:{health}"))
                .args(&self.options.kustomize_flags),
        };
        self.starts += 1;
        let log = self
            .dir
            .join(format!("{}-{}.log", controller.name(), self.starts));
        Process::spawn(&command, &log)
    }

    /// Takes the running process of a controller over from the stack.
    ///
    /// # Panics
    /// When it is not running.
    pub fn take(&mut self, controller: Controller) -> Process {
        self.slot(controller).take().expect("the controller runs")
    }

    /// The sum of all series of a metric, as a controller serves it now; 0 without any.
    ///
    /// # Panics
    /// When the controller does not serve its metrics.
    pub async fn metric(&self, controller: Controller, name: &str) -> f64 {
        let metric = self.try_metric(controller, name).await;
        metric.expect("the controller serves its metrics")
    }

    /// Like [`Stack::metric`]; `None` when the controller does not serve its metrics.
    pub async fn try_metric(&self, controller: Controller, name: &str) -> Option<f64> {
        let port = self.metrics_port(controller);
        let page = http_get(&format!("http://127.0.0.1:{port}/metrics")).await;
        let (_, body) = page.ok()?;
        let text = String::from_utf8_lossy(&body);
        let samples = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            let own = rest.starts_with('{') || rest.starts_with(' ');
            own.then(|| rest.rsplit_once(' ')?.1.parse::<f64>().ok())?
        });
        Some(samples.sum())
    }

    /// Kills a controller without warning.
    pub fn kill9(&mut self, controller: Controller) {
        if let Some(process) = self.slot(controller).take() {
            process.kill9();
        }
    }

    /// Stops a controller as a kubelet would.
    pub fn stop(&mut self, controller: Controller) {
        if let Some(process) = self.slot(controller).take() {
            process.terminate(Duration::from_secs(30));
        }
    }

    /// The running process of a controller.
    ///
    /// # Panics
    /// When it is not running.
    pub fn process(&self, controller: Controller) -> &Process {
        match controller {
            Controller::Source => self.source.as_ref(),
            Controller::Kustomize => self.kustomize.as_ref(),
        }
        .expect("the controller runs")
    }

    fn slot(&mut self, controller: Controller) -> &mut Option<Process> {
        match controller {
            Controller::Source => &mut self.source,
            Controller::Kustomize => &mut self.kustomize,
        }
    }

    /// From now on starts the controllers' binaries in this directory; `None` for those under test.
    pub fn use_binaries(&mut self, dir: Option<PathBuf>) {
        self.options.binaries = dir;
    }

    /// Host and port that artifact URLs name.
    pub fn storage_address(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    /// The volume of the source-controller.
    pub fn storage(&self) -> PathBuf {
        self.dir.join("artifacts")
    }

    /// Where artifacts are served.
    pub fn artifacts_port(&self) -> u16 {
        self.ports[0]
    }

    /// Port of the metrics page of a controller.
    pub fn metrics_port(&self, controller: Controller) -> u16 {
        match controller {
            Controller::Source => self.ports[1],
            Controller::Kustomize => self.ports[3],
        }
    }

    /// The objects of a fresh namespace.
    pub async fn namespace(&self, prefix: &str) -> Objects {
        Objects::new(&self.client, &self.plane.namespace(prefix).await)
    }
}
