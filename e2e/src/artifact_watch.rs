//! A consumer that downloads an advertised artifact all the time and checks what it gets.

use std::{sync::Arc, time::Duration};

use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject},
    core::GroupVersionKind,
};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;
use windlass_testkit::http_get;

use crate::objects::Objects;

/// Between two downloads.
const PAUSE: Duration = Duration::from_millis(15);
/// A download that takes longer was interrupted.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the consumer has seen.
#[derive(Debug, Clone, Default)]
pub struct Served {
    /// Artifacts that came whole and with the digest that the status names.
    pub whole: u64,
    /// Downloads that broke off, or found nobody listening.
    pub interrupted: u64,
    /// Answers that no consumer must ever get.
    pub faults: Vec<String>,
}

/// Downloads until it is stopped or dropped.
#[derive(Debug)]
pub struct ArtifactWatch {
    served: Arc<Mutex<Served>>,
    task: JoinHandle<()>,
}

impl ArtifactWatch {
    /// Follows the artifact of a `GitRepository`.
    pub fn start(client: &Client, objects: &Objects, name: &str) -> Self {
        let gvk = GroupVersionKind::gvk("source.toolkit.fluxcd.io", "v1", "GitRepository");
        let resource = ApiResource::from_gvk(&gvk);
        let api = Api::namespaced_with(client.clone(), objects.namespace(), &resource);
        let served = Arc::<Mutex<Served>>::default();
        let (shared, name) = (Arc::clone(&served), name.to_owned());
        let task = tokio::spawn(async move {
            loop {
                look(&api, &name, &shared).await;
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { served, task }
    }

    /// What has been seen so far.
    pub fn seen(&self) -> Served {
        self.served.lock().clone()
    }

    /// The faults so far, which are then forgotten.
    pub fn take_faults(&self) -> Vec<String> {
        std::mem::take(&mut self.served.lock().faults)
    }
}

impl Drop for ArtifactWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// URL and digest of the artifact that the status advertises.
async fn advertised(api: &Api<DynamicObject>, name: &str) -> Option<(String, String)> {
    // The API server may be away.
    let object = api.get_opt(name).await.ok()??;
    let artifact = object.data.get("status")?.get("artifact")?;
    let text = |key| Some(artifact.get(key)?.as_str()?.to_owned());
    Some((text("url")?, text("digest")?))
}

async fn look(api: &Api<DynamicObject>, name: &str, served: &Mutex<Served>) {
    let Some((url, digest)) = advertised(api, name).await else {
        return;
    };
    let answer = tokio::time::timeout(PATIENCE, http_get(&url)).await;
    let Ok(Ok((status, body))) = answer else {
        served.lock().interrupted += 1;
        return;
    };
    if status == 200 {
        let found = format!("sha256:{}", hex::encode(Sha256::digest(&body)));
        let mut served = served.lock();
        if found == digest {
            served.whole += 1;
        } else {
            let size = body.len();
            let fault = format!("{url}: {size} bytes of {found}, advertised is {digest}");
            served.faults.push(fault);
        }
    } else if advertised(api, name).await == Some((url.clone(), digest)) {
        // It was advertised before the answer and is so after it.
        served.lock().faults.push(format!("{url}: {status}"));
    }
}
