//! What wakes Kustomizations: the watches on them, on their sources and on their configuration,
//! and the tracker of applied objects.

use std::sync::{Arc, OnceLock};

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Resource, ResourceExt, core::PartialObjectMeta};
use tokio::time::Instant;
use windlass_api::kustomize::{
    Kustomization, PRUNE_CONFIRM, PRUNE_LIMIT, SourceKind, SubstituteKind,
};
use windlass_artifact::{Fetcher, FetcherOptions, HostOverrides};
use windlass_health::{Change, Takeover, Tracker};
use windlass_runtime::{
    CancellationToken, ObjectKey,
    clients::Clients,
    events::Recorder,
    flags::FeatureGates,
    mapper::RestMapper,
    memory::Memories,
    metrics::Metrics,
    outcome::Reporter,
    queue::Queue,
    watch::{self, Event, Store, WatchScope},
};

use crate::{
    NAME, WRITER,
    context::{Context, Waiting},
    counters::Counters,
    flags::{Flags, gate},
    memory::Memory,
    memory::requested_at,
    sources::{SourceEvent, Sources, source_of},
    trigger::Trigger,
    wait_status::Turns,
};

/// The store that the callbacks of earlier watches look Kustomizations up in; it is made last.
type Later = Arc<OnceLock<Store<Kustomization>>>;

/// Starts all watches and answers what runs need.
pub(crate) fn start(
    flags: Flags,
    gates: FeatureGates,
    clients: Clients,
    metrics: Metrics,
    shutdown: &CancellationToken,
) -> anyhow::Result<Arc<Context>> {
    let queue = Queue::new(flags.common.queue_options("kustomization"), &metrics);
    let mapper = RestMapper::new(clients.own());
    let wake = queue.clone();
    let tracker = Tracker::new(
        clients.own(),
        mapper.clone(),
        Takeover::new(flags.override_manager.clone()),
        move |owner, change| {
            let trigger = match change {
                Change::Health => Trigger::HEALTH,
                Change::Shared => Trigger::RIVALS,
                Change::Drift(id) => {
                    tracing::debug!(owner = %owner, object = %id, "drift");
                    Trigger::DRIFT
                }
            };
            wake.enqueue(&owner, trigger);
        },
        shutdown,
    );
    let later: Later = Arc::default();
    let scope = WatchScope {
        namespace: flags.common.watch_scope().namespace,
        label_selector: None,
    };
    let sources = watch_sources(&clients, &scope, &gates, &later, &queue);
    if !gates.enabled(gate::DISABLE_CONFIG_WATCHERS) {
        let selector = &flags.common.watch_configs_label_selector;
        let scope = WatchScope {
            label_selector: Some(selector.clone()),
            ..scope
        };
        watch_configuration::<ConfigMap>(&clients, &scope, &later, &queue, reads_config_map);
        watch_configuration::<Secret>(&clients, &scope, &later, &queue, reads_secret);
    }
    let waiting = Waiting::default();
    let memories = Memories::default();
    let kustomizations =
        watch_kustomizations(&clients, &flags, &memories, &waiting, &later, &queue);
    let recorder = Recorder::new(clients.own(), NAME, &flags.common.events_addr)?;
    let fetcher = Arc::new(Fetcher::new(FetcherOptions {
        retries: flags.http_retry,
        max_cache_bytes: flags.artifact_cache_size,
        hosts: HostOverrides::from_env(),
        limits: flags.tree.limits(),
        ..FetcherOptions::default()
    })?);
    let counters = Counters::default();
    metrics.register(|registry| counters.register(registry, &fetcher));
    let reporter = Reporter {
        client: clients.own(),
        recorder,
        metrics,
        writer: WRITER,
        kind: "Kustomization",
    };
    Ok(Arc::new(Context {
        flags,
        gates,
        clients,
        mapper,
        tracker,
        fetcher,
        reporter,
        queue,
        kustomizations,
        sources,
        memories,
        waiting,
        turns: Turns::default(),
        counters,
        started: Instant::now(),
    }))
}

fn watch_kustomizations(
    clients: &Clients,
    flags: &Flags,
    memories: &Memories<Memory>,
    waiting: &Waiting,
    later: &Later,
    queue: &Queue<Trigger>,
) -> Store<Kustomization> {
    let (waiting, wake, stores) = (waiting.clone(), queue.clone(), later.clone());
    let memories = memories.clone();
    let (store, run) =
        watch::watch::<Kustomization>(clients.own(), flags.common.watch_scope(), move |event| {
            match event {
                Event::Applied { old, new } => {
                    let key = ObjectKey::of(&*new);
                    memories.change(&key, |memory| memory.catch_up(&new));
                    if old.as_deref().is_none_or(|old| asks_for_a_run(old, &new)) {
                        wake.enqueue(&key, Trigger::OBJECT);
                    }
                    if old.as_deref().is_none_or(|old| old.status != new.status)
                        && let Some(store) = stores.get()
                    {
                        for dependant in waiting.dependants(store, &key) {
                            wake.enqueue(&dependant, Trigger::DEPENDENCY);
                        }
                    }
                }
                // The run that finds it gone clears up.
                Event::Deleted(object) => wake.enqueue(&ObjectKey::of(&*object), Trigger::OBJECT),
                Event::Synced => {}
            }
        });
    // Set before the watch runs, so every callback finds it.
    let _ = later.set(store.clone());
    tokio::spawn(run);
    store
}

/// Whether a change asks for a run; those of the status, by whomever, do not.
fn asks_for_a_run(old: &Kustomization, new: &Kustomization) -> bool {
    old.metadata.generation != new.metadata.generation
        || requested_at(old) != requested_at(new)
        || [PRUNE_LIMIT, PRUNE_CONFIRM]
            .iter()
            .any(|name| old.annotations().get(*name) != new.annotations().get(*name))
        || old.metadata.deletion_timestamp != new.metadata.deletion_timestamp
        || old.uid() != new.uid()
}

fn watch_sources(
    clients: &Clients,
    scope: &WatchScope,
    gates: &FeatureGates,
    later: &Later,
    queue: &Queue<Trigger>,
) -> Sources {
    let mut kinds = vec![
        SourceKind::GitRepository,
        SourceKind::OCIRepository,
        SourceKind::Bucket,
    ];
    if gates.enabled(gate::EXTERNAL_ARTIFACT) {
        kinds.push(SourceKind::ExternalArtifact);
    }
    let (later, wake) = (later.clone(), queue.clone());
    Sources::watch(&clients.own(), scope, &kinds, move |event| {
        let Some(store) = later.get() else { return };
        for object in store.list() {
            let id = source_of(&object);
            let concerned = match &event {
                SourceEvent::Changed(changed) => id == *changed,
                SourceEvent::Listed(kind) => id.0 == *kind,
            };
            if concerned {
                wake.enqueue(&ObjectKey::of(&*object), Trigger::SOURCE);
            }
        }
    })
}

fn watch_configuration<K>(
    clients: &Clients,
    scope: &WatchScope,
    later: &Later,
    queue: &Queue<Trigger>,
    reads: fn(&Kustomization, &str) -> bool,
) where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + Sync + 'static,
{
    let (later, wake) = (later.clone(), queue.clone());
    let (_, run) =
        watch::watch::<PartialObjectMeta<K>>(clients.own(), scope.clone(), move |event| {
            // The first listing is no change: every Kustomization runs at the start anyway.
            let Event::Applied {
                old: Some(_),
                new: changed,
            } = event
            else {
                return;
            };
            let Some(store) = later.get() else { return };
            let key = ObjectKey::of(&*changed);
            for object in store.list() {
                if object.namespace().as_deref() == Some(&*key.namespace)
                    && reads(&object, &key.name)
                {
                    wake.enqueue(&ObjectKey::of(&*object), Trigger::CONFIG);
                }
            }
        });
    tokio::spawn(run);
}

fn substitutes_from(object: &Kustomization, kind: SubstituteKind, name: &str) -> bool {
    object
        .spec
        .post_build
        .iter()
        .flat_map(|post_build| &post_build.substitute_from)
        .any(|reference| reference.kind == kind && reference.name == name)
}

fn reads_config_map(object: &Kustomization, name: &str) -> bool {
    let kube_config = object
        .spec
        .kube_config
        .as_ref()
        .and_then(|k| k.config_map_ref.as_ref());
    kube_config.is_some_and(|reference| reference.name == name)
        || substitutes_from(object, SubstituteKind::ConfigMap, name)
}

fn reads_secret(object: &Kustomization, name: &str) -> bool {
    let spec = &object.spec;
    let kube_config = spec
        .kube_config
        .as_ref()
        .and_then(|k| k.secret_ref.as_ref());
    let decryption = spec.decryption.as_ref().and_then(|d| d.secret_ref.as_ref());
    kube_config.is_some_and(|reference| reference.name == name)
        || decryption.is_some_and(|reference| reference.name == name)
        || substitutes_from(object, SubstituteKind::Secret, name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use windlass_api::kustomize::KustomizationSpec;

    use super::*;

    fn object(change: impl FnOnce(&mut Kustomization)) -> Kustomization {
        let mut object = Kustomization::new("app", KustomizationSpec::default());
        object.metadata.generation = Some(1);
        change(&mut object);
        object
    }

    #[test]
    fn a_status_write_asks_for_no_run_but_a_request_does() {
        let before = object(|_| {});
        let status_only = object(|o| {
            o.status = serde_json::from_value(json!({"observedGeneration": 1})).unwrap();
        });
        assert!(!asks_for_a_run(&before, &status_only));
        let requested = object(|o| {
            o.annotations_mut().insert(
                "reconcile.fluxcd.io/requestedAt".to_owned(),
                "now".to_owned(),
            );
        });
        assert!(asks_for_a_run(&before, &requested));
        assert!(asks_for_a_run(
            &before,
            &object(|o| o.metadata.generation = Some(2))
        ));
    }
}
