use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Api, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::audit::{self, AuditEvent, AuditTail};
use crate::deadline::{comes_true, wait_until};

/// What a control plane is made of, besides the API server and the controllers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// A scheduler and a Node, by which Pods become ready and Jobs complete.
    pub nodes: bool,
    /// A log of all requests, see [`ControlPlane::audit_events`].
    pub audit: bool,
}

/// A Kubernetes of its own: etcd, API server and controllers as processes on loopback.
///
/// It ends when the handle is dropped or the test process ends in whatever way. Set
/// `WINDLASS_KEEP=1` to keep its directory, with the logs of its programs.
pub struct ControlPlane {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    kubeconfig: String,
    audit: bool,
    kubectl: PathBuf,
    supervisor: Mutex<Supervisor>,
}

struct Supervisor {
    child: Child,
    /// Closed to end everything.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    programs: BTreeMap<String, u32>,
}

impl ControlPlane {
    /// Starts a control plane (some seconds), building its programs first (minutes) when no
    /// build of them is cached.
    pub async fn start(options: Options) -> Self {
        let started = tokio::task::spawn_blocking(move || Inner::start(options)).await;
        Self {
            inner: Arc::new(started.expect("the control plane starts")),
        }
    }

    /// The control plane with these options that all tests of the binary share, started by the
    /// first one that asks. Tests keep apart by [`ControlPlane::namespace`].
    pub async fn shared(options: Options) -> &'static Self {
        static SHARED: [OnceCell<ControlPlane>; 4] = [const { OnceCell::const_new() }; 4];
        let slot = usize::from(options.nodes) + 2 * usize::from(options.audit);
        SHARED[slot].get_or_init(|| Self::start(options)).await
    }

    /// The administrator's kubeconfig; it names no other file.
    pub fn kubeconfig(&self) -> PathBuf {
        self.inner.dir.join("kubeconfig")
    }

    /// The content of [`ControlPlane::kubeconfig`].
    pub fn kubeconfig_yaml(&self) -> &str {
        &self.inner.kubeconfig
    }

    /// The directory with the kubeconfig and, in `logs/`, what the programs write.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    /// A client with all rights. A new one for each call: it is bound to the caller's runtime.
    pub async fn client(&self) -> kube::Client {
        let kubeconfig = Kubeconfig::from_yaml(&self.inner.kubeconfig).expect("it is valid");
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .expect("it names a cluster and a user");
        kube::Client::try_from(config).expect("the configuration is usable")
    }

    /// Creates a namespace with a unique name, `prefix` and a suffix, whose default
    /// `ServiceAccount` exists.
    pub async fn namespace(&self, prefix: &str) -> String {
        let name = format!("{prefix}-{:08x}", rand::random::<u32>());
        let client = self.client().await;
        let metadata = ObjectMeta {
            name: Some(name.clone()),
            ..ObjectMeta::default()
        };
        let namespace = Namespace {
            metadata,
            ..Namespace::default()
        };
        Api::all(client.clone())
            .create(&PostParams::default(), &namespace)
            .await
            .expect("a namespace can be created");
        let accounts = Api::<ServiceAccount>::namespaced(client, &name);
        let deadline = Duration::from_mins(1);
        wait_until("the default service account", deadline, async || {
            accounts.get("default").await.is_ok()
        })
        .await;
        name
    }

    /// Runs kubectl as the administrator and returns its standard output; fails the test when
    /// kubectl fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> String {
        match self.try_kubectl(arguments).await {
            Ok(output) => output,
            Err(error) => panic!("kubectl {}: {error}", arguments.join(" ")),
        }
    }

    /// Like [`ControlPlane::kubectl`], with kubectl's standard error as the error.
    pub async fn try_kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        let output = tokio::process::Command::new(&self.inner.kubectl)
            .arg("--kubeconfig")
            .arg(self.kubeconfig())
            .arg("--cache-dir")
            .arg(self.inner.dir.join("kubectl"))
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .expect("kubectl runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// Applies the YAML files of a directory, which hold `CustomResourceDefinition`s alone, and
    /// waits until the API server serves them.
    pub async fn apply_crds(&self, dir: &Path) {
        let dir = dir.to_str().expect("the path is UTF-8");
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", dir])
            .await;
        self.kubectl(&[
            "wait",
            "--for=condition=Established",
            "--timeout=60s",
            "-f",
            dir,
        ])
        .await;
    }

    /// Kills the API server, starts it again on the same port and waits until it is ready.
    pub async fn restart_api_server(&self) {
        self.command("restart kube-apiserver").await;
    }

    /// Kills a program, for an outage: `kube-apiserver`, `etcd`, `kube-controller-manager`…
    pub async fn stop_program(&self, name: &str) {
        self.command(&format!("stop {name}")).await;
    }

    /// Starts a stopped program again and waits until the API server is ready.
    pub async fn start_program(&self, name: &str) {
        self.command(&format!("start {name}")).await;
    }

    /// The process ids of the programs by name (`etcd`, `kube-apiserver`…).
    pub fn programs(&self) -> BTreeMap<String, u32> {
        self.inner.supervisor.lock().programs.clone()
    }

    /// All process ids, the supervisor's first.
    pub fn pids(&self) -> Vec<u32> {
        let supervisor = self.inner.supervisor.lock();
        std::iter::once(supervisor.child.id())
            .chain(supervisor.programs.values().copied())
            .collect()
    }

    /// The audit log, one JSON document per line, when there is one.
    pub fn audit_log(&self) -> Option<PathBuf> {
        self.inner.audit.then(|| self.inner.dir.join("audit.log"))
    }

    /// The requests so far, each by the time it has been answered. Fails the test without
    /// [`Options::audit`].
    pub fn audit_events(&self) -> Vec<AuditEvent> {
        let path = self
            .audit_log()
            .expect("the control plane was started with an audit log");
        audit::parse(&fs::read_to_string(path).expect("the audit log can be read"))
    }

    /// A reader of the requests from now on, for looking often. Fails the test without
    /// [`Options::audit`].
    pub fn audit_tail(&self) -> AuditTail {
        let path = self.audit_log();
        AuditTail::new(path.expect("the control plane was started with an audit log"))
    }

    async fn command(&self, line: &str) {
        let inner = Arc::clone(&self.inner);
        let owned = line.to_owned();
        let outcome = tokio::task::spawn_blocking(move || inner.supervisor.lock().command(&owned));
        outcome.await.expect("the control plane obeys");
    }
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane")
            .field("dir", &self.inner.dir)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn start(options: Options) -> Self {
        let programs = build();
        let dir = TempDir::with_prefix("windlass-control-plane-").expect("a temporary directory");
        let keep = std::env::var_os("WINDLASS_KEEP").is_some();
        let mut command = Command::new(programs.join("control-plane"));
        command.arg("up").arg("--dir").arg(dir.path());
        for (wanted, flag) in [
            (options.nodes, "--with-nodes"),
            (options.audit, "--audit"),
            (!keep, "--remove"),
        ] {
            if wanted {
                command.arg(flag);
            }
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the control plane is executable");
        // From here on the directory is the supervisor's: this process may end without a chance
        // to remove anything.
        let dir = dir.keep();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut supervisor = Supervisor {
            child,
            stdin,
            stdout,
            programs: BTreeMap::new(),
        };
        supervisor.answer();
        let kubeconfig = fs::read_to_string(dir.join("kubeconfig")).expect("it was written");
        let kubectl = std::env::var_os("KUBEBUILDER_ASSETS")
            .map(|assets| PathBuf::from(assets).join("kubectl"))
            .filter(|path| path.exists())
            .unwrap_or_else(|| programs.join("kubectl"));
        let audit = options.audit;
        Self {
            dir,
            kubeconfig,
            audit,
            kubectl,
            supervisor: Mutex::new(supervisor),
        }
    }
}

impl Supervisor {
    fn command(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("it is open until the end");
        writeln!(stdin, "{line}").expect("the control plane is running");
        self.answer();
    }

    /// Reads the line that answers the start or a command.
    fn answer(&mut self) {
        let mut line = String::new();
        self.stdout
            .read_line(&mut line)
            .expect("its output can be read");
        let answer: Value = serde_json::from_str(&line)
            .expect("the control plane answers; otherwise its standard error tells why");
        assert!(answer["error"].is_null(), "control plane: {answer}");
        self.programs = BTreeMap::deserialize(&answer["pids"]).expect("an answer has process ids");
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stdin = None;
        let ended = comes_true(Duration::from_secs(20), || {
            self.child.try_wait().is_ok_and(|status| status.is_some())
        });
        if !ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The directory with the programs, from the cache or built now.
fn build() -> PathBuf {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../e2e/control-plane/build.sh"
    );
    let output = Command::new(script)
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("{script}: {error}"));
    assert!(output.status.success(), "{script}: {}", output.status);
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}
