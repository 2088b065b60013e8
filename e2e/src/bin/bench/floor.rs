//! The floor: a bare loader that dry-runs and applies the same objects at the same concurrency,
//! and waits for the Deployments.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use windlass_e2e::{Objects, workspace_root};
use windlass_testkit::{ControlPlane, Options, wait_until};

use crate::load::MANIFESTS;

pub(crate) async fn measure(count: usize, concurrent: usize) -> Duration {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let plane = ControlPlane::start(Options::default()).await;
    plane.apply_crds(&workspace_root().join("config/crd")).await;
    let objects = Objects::new(&plane.client().await, &plane.namespace("floor").await);
    let started = Instant::now();
    stream::iter(0..count)
        .for_each_concurrent(concurrent, |i| {
            let objects = objects.clone();
            async move {
                let text = MANIFESTS
                    .replace("${name}", &format!("app-{i}"))
                    .replace("${version}", "v1");
                for dry_run in [true, false] {
                    objects.send_text(&text, dry_run).await;
                }
            }
        })
        .await;
    wait_until(
        "the Deployments are available",
        Duration::from_mins(5),
        async || {
            let list = objects.list("Deployment").await;
            list.len() == count
                && list
                    .iter()
                    .all(|d| d["status"]["observedGeneration"] == d["metadata"]["generation"])
        },
    )
    .await;
    started.elapsed()
}
