//! Whose controllers are measured.

use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use windlass_e2e::{Controller, Stack, StackOptions};

use crate::process::Usage;

/// Ours, or those of a directory of binaries.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    binaries: Option<PathBuf>,
    crds: Option<PathBuf>,
}

impl Subject {
    pub(crate) fn ours() -> Self {
        Self {
            name: "windlass",
            binaries: None,
            crds: None,
        }
    }

    /// The original controllers in the directory `PEERS`. Their definitions, some of which this
    /// project does not have, are taken from the recordings.
    pub(crate) fn peers() -> Option<Self> {
        let binaries = env::var_os("PEERS").filter(|dir| !dir.is_empty())?;
        let recordings = env::var_os("WINDLASS_CONFORMANCE").map(PathBuf::from);
        Some(Self {
            name: "peers",
            binaries: Some(PathBuf::from(binaries)),
            crds: recordings.map(|dir| dir.join("crds")),
        })
    }

    /// A fresh cluster with these controllers, idle.
    pub(crate) async fn start(&self, concurrent: usize, nodes: bool, audit: bool) -> Stack {
        let stack = Stack::start(StackOptions {
            nodes,
            audit,
            kustomize_flags: vec![format!("--concurrent={concurrent}")],
            source_flags: vec![format!("--concurrent={concurrent}")],
            binaries: self.binaries.clone(),
            crds: self.crds.clone(),
        })
        .await;
        // Their first lists are over.
        settled(&stack).await;
        stack
    }
}

/// So long they have to be quiet, and so little CPU is quiet: less than two ticks of its clock.
const QUIET: Duration = Duration::from_secs(1);
const QUIET_CPU_SECONDS: f64 = 0.02;
/// Controllers that never rest are measured all the same.
const LONGEST_SETTLING: Duration = Duration::from_mins(2);

/// Waits until the controllers use no more CPU, or says that they did not stop to.
pub(crate) async fn settled(stack: &Stack) {
    let cpu = || -> f64 { usage(stack).iter().map(|usage| usage.cpu_seconds).sum() };
    let deadline = Instant::now() + LONGEST_SETTLING;
    let mut before = cpu();
    while Instant::now() < deadline {
        tokio::time::sleep(QUIET).await;
        let now = cpu();
        if now > 0.0 && (0.0..QUIET_CPU_SECONDS).contains(&(now - before)) {
            return;
        }
        before = now;
    }
    println!("  controllers still at work after {LONGEST_SETTLING:?}");
}

/// What the source-controller and the kustomize-controller have used.
pub(crate) fn usage(stack: &Stack) -> [Usage; 2] {
    [Controller::Source, Controller::Kustomize]
        .map(|controller| Usage::of(stack.process(controller).pid()))
}
