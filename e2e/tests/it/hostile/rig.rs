//! The systems that the cases share, and what they have in common.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use windlass_e2e::{Controller, Objects, Stack, StackOptions, condition};
use windlass_testkit::Repo;

/// Bounds that are far below the defaults, so that it costs little to go beyond them.
pub(crate) const MAX_TREE: usize = 20_000;
pub(crate) const MAX_FILE: usize = 16 << 20;
pub(crate) const MAX_TOTAL: usize = 32 << 20;
pub(crate) const MAX_PACK: usize = 8 << 20;
pub(crate) const MAX_REFS: usize = 4 << 20;
pub(crate) const MAX_OBJECTS: usize = 3_000;
pub(crate) const MAX_VISITS: usize = 300;
pub(crate) const MAX_READ: usize = 24 << 20;
pub(crate) const MAX_MANIFESTS: usize = 12 << 20;
pub(crate) const MAX_INVENTORY: usize = 64 << 10;

fn flags(more: &[&str]) -> Vec<String> {
    let mut flags = vec![
        "--concurrent=8".to_owned(),
        "--min-retry-delay=200ms".to_owned(),
        "--max-retry-delay=1s".to_owned(),
        "--requeue-dependency=1s".to_owned(),
        format!("--max-artifact-files={MAX_TREE}"),
        format!("--max-artifact-file-size={MAX_FILE}"),
        format!("--max-artifact-size={MAX_TOTAL}"),
    ];
    flags.extend(more.iter().map(|flag| (*flag).to_owned()));
    flags
}

async fn start(source: &[&str], kustomize: &[&str]) -> Stack {
    let mut kustomize_flags = flags(kustomize);
    kustomize_flags.extend([
        "--http-retry=1".to_owned(),
        format!("--max-build-directories={MAX_VISITS}"),
        format!("--max-build-objects={MAX_OBJECTS}"),
        format!("--max-build-size={MAX_READ}"),
        format!("--max-manifests-size={MAX_MANIFESTS}"),
        format!("--max-inventory-size={MAX_INVENTORY}"),
    ]);
    let mut source_flags = flags(source);
    source_flags.push(format!("--max-git-pack-size={MAX_PACK}"));
    source_flags.push(format!("--max-git-refs-size={MAX_REFS}"));
    Stack::start(StackOptions {
        audit: true,
        source_flags,
        kustomize_flags,
        ..StackOptions::default()
    })
    .await
}

/// The system for everything that needs no flags of its own. In its cluster there have been
/// objects that cannot be read since before the controllers started.
pub(crate) async fn open() -> &'static Stack {
    static OPEN: OnceCell<Stack> = OnceCell::const_new();
    OPEN.get_or_init(async || {
        let mut stack = start(&[], &[]).await;
        let poisoned = Objects::new(&stack.client, &stack.plane.namespace("poisoned").await);
        poison(&poisoned).await;
        for controller in [Controller::Source, Controller::Kustomize] {
            stack.kill9(controller);
            stack.start_controller(controller);
        }
        stack
    })
    .await
}

/// The system as it is set up for tenants who share a cluster.
pub(crate) async fn locked() -> &'static Stack {
    static LOCKED: OnceCell<Stack> = OnceCell::const_new();
    LOCKED
        .get_or_init(async || {
            start(
                &["--no-cross-namespace-refs"],
                &[
                    "--no-cross-namespace-refs",
                    "--no-remote-bases",
                    "--default-service-account=tenant",
                ],
            )
            .await
        })
        .await
}

/// Durations that pass the schema and are none: more than Go can count.
pub(crate) async fn poison(objects: &Objects) {
    let url = "http://127.0.0.1:1/none.git";
    let interval = json!({"interval": "9999999999h"});
    objects
        .git_repository("poison", url, interval.clone())
        .await;
    objects.kustomization("poison", interval).await;
}

/// A namespace of a stack, with a repository.
pub(crate) struct Case {
    pub(crate) stack: &'static Stack,
    pub(crate) objects: Objects,
    pub(crate) repo: Repo,
}

impl Case {
    /// An empty one. Its client is the caller's own: those of the stack end with the test that
    /// started it.
    pub(crate) async fn new(stack: &'static Stack) -> Self {
        let objects = namespace(stack, "case").await;
        let repo = stack.git.repo(objects.namespace());
        Self {
            stack,
            objects,
            repo,
        }
    }

    /// One with a commit of these files and the `GitRepository` `src` of it.
    pub(crate) async fn with(stack: &'static Stack, files: &[(&str, &str)]) -> Self {
        let case = Self::new(stack).await;
        case.commit(files);
        case.source(json!({})).await;
        case
    }

    /// Commits the files.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> String {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (*path, Some(*text)))
            .collect();
        self.repo.commit(&files, "files")
    }

    /// Makes the `GitRepository` `src`.
    pub(crate) async fn source(&self, spec: Value) {
        let url = self.repo.url();
        self.objects.git_repository("src", url, spec).await;
    }

    /// Makes a `Kustomization` and waits until it is refused with these words; nothing may have
    /// been applied for it.
    pub(crate) async fn refused(&self, name: &str, spec: Value, words: &str) -> Value {
        self.objects.kustomization(name, spec).await;
        self.until_refused(name, words).await
    }

    /// Waits until the `Kustomization` is refused with these words.
    pub(crate) async fn until_refused(&self, name: &str, words: &str) -> Value {
        let refused = self
            .objects
            .until_refused("Kustomization", name, words)
            .await;
        assert!(
            refused["status"]["inventory"].is_null(),
            "{name}: {}",
            refused["status"]
        );
        refused
    }

    /// The `ConfigMaps` that somebody has made.
    pub(crate) async fn config_maps(&self) -> Vec<String> {
        config_maps(&self.objects).await
    }

    /// A `Kustomization` of the directory `path` becomes ready: nothing of what goes on beside it
    /// keeps it.
    pub(crate) async fn still_works(&self, path: &str) {
        self.objects
            .kustomization("honest", json!({"path": path}))
            .await;
        self.objects
            .until_condition("Kustomization", "honest", "Ready", "True")
            .await;
    }
}

/// The names of the `ConfigMaps` of a namespace, that of the cluster's authority aside.
pub(crate) async fn config_maps(objects: &Objects) -> Vec<String> {
    let list = objects.list("ConfigMap").await;
    let names = list.iter().filter_map(|o| o["metadata"]["name"].as_str());
    names
        .filter(|name| *name != "kube-root-ca.crt")
        .map(str::to_owned)
        .collect()
}

/// A fresh namespace, with a client of the caller's runtime.
pub(crate) async fn namespace(stack: &Stack, prefix: &str) -> Objects {
    let name = stack.plane.namespace(prefix).await;
    Objects::new(&stack.plane.client().await, &name)
}

/// A `ConfigMap` as a manifest.
pub(crate) fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: b}}\n")
}

/// A Secret as an object.
pub(crate) fn secret(objects: &Objects, name: &str, pairs: &[(&str, &str)]) -> Value {
    let data: BTreeMap<_, _> = pairs.iter().copied().collect();
    json!({
        "apiVersion": "v1", "kind": "Secret", "stringData": data,
        "metadata": {"name": name, "namespace": objects.namespace()},
    })
}

/// The message of a condition.
pub(crate) fn message(object: &Value, type_: &str) -> String {
    let found = condition(object, type_).expect("the condition is there");
    found["message"].as_str().unwrap_or_default().to_owned()
}

/// The reason of a condition.
pub(crate) fn reason<'a>(object: &'a Value, type_: &str) -> &'a str {
    condition(object, type_)
        .and_then(|c| c["reason"].as_str())
        .unwrap_or_default()
}

/// A service account that may do everything to the `ConfigMaps` of its namespace, and nothing else.
pub(crate) async fn tenant(objects: &Objects, name: &str) {
    let namespace = objects.namespace();
    let mut text = String::new();
    let _ = write!(
        text,
        "apiVersion: v1
kind: ServiceAccount
metadata: {{name: {name}, namespace: {namespace}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {name}, namespace: {namespace}}}
rules:
- {{apiGroups: [\"\"], resources: [configmaps], verbs: [\"*\"]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {name}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}
subjects: [{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}]
"
    );
    objects.apply_text(&text).await;
}
