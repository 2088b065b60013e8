//! The floor: a bare loader that dry-runs and applies the same objects at the same concurrency,
//! and waits for the Deployments.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::Value;
use windlass_e2e::{Objects, workspace_root};
use windlass_testkit::{ControlPlane, Options};

use crate::{load::Variant, process::Around};

/// What the objects cost without a controller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    pub(crate) seconds: f64,
    /// User and system seconds of [`crate::process::AROUND`].
    pub(crate) around: [f64; 4],
}

pub(crate) async fn measure(variant: Variant, concurrent: usize) -> Floor {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let plane = ControlPlane::start(Options {
        nodes: variant.replicas > 0,
        ..Options::default()
    })
    .await;
    plane.apply_crds(&workspace_root().join("config/crd")).await;
    let objects = Objects::new(&plane.client().await, &plane.namespace("floor").await);
    let mut watch = objects.watch("Deployment");
    let around = Around::start(&plane);
    let started = Instant::now();
    stream::iter(0..variant.count)
        .for_each_concurrent(concurrent, |i| {
            let objects = objects.clone();
            async move {
                let text = variant.manifests(i);
                for dry_run in [true, false] {
                    objects.send_text(&text, dry_run).await;
                }
            }
        })
        .await;
    if variant.wait {
        let done = |d: &Value| {
            d["status"]["observedGeneration"] == d["metadata"]["generation"]
                && d["status"]["availableReplicas"]
                    .as_u64()
                    .unwrap_or_default()
                    == u64::from(variant.replicas)
        };
        watch
            .until_all(
                "the Deployments are available",
                Duration::from_mins(5),
                variant.count,
                done,
            )
            .await;
    }
    Floor {
        seconds: started.elapsed().as_secs_f64(),
        around: around.seconds(),
    }
}
