//! Kustomizations in number, each of one folder with one `ConfigMap`.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use windlass_e2e::{Controller, Objects, Stack, StackOptions, is_condition};
use windlass_testkit::{AuditEvent, Repo, wait_until};

/// How many.
pub(crate) const COUNT: usize = 200;
const DEADLINE: Duration = Duration::from_mins(3);

/// A system with the Kustomizations `app-0`…
pub(crate) struct Many {
    pub(crate) stack: Stack,
    pub(crate) objects: Objects,
    pub(crate) repo: Repo,
}

/// The file of one folder.
pub(crate) fn file(i: usize, value: &str) -> (String, String) {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app-{i}}}\ndata: {{a: {value:?}}}\n"
    );
    (format!("app-{i}/cm.yaml"), text)
}

impl Many {
    /// Installs them, from one source or from as many, and waits until all are ready.
    pub(crate) async fn install(one_source: bool) -> Self {
        let flags = vec!["--concurrent=10".to_owned()];
        let stack = Stack::start(StackOptions {
            audit: true,
            source_flags: flags.clone(),
            kustomize_flags: flags,
            ..StackOptions::default()
        })
        .await;
        let objects = stack.namespace("many").await;
        let repo = stack.git.repo("many");
        let files: Vec<_> = (0..COUNT).map(|i| file(i, "1")).collect();
        let files: Vec<(&str, Option<&str>)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), Some(text.as_str())))
            .collect();
        let commit = repo.commit(&files, "all");
        let sources = if one_source { 1 } else { COUNT };
        let (url, made) = (repo.url(), &objects);
        stream::iter(0..sources)
            .for_each_concurrent(8, |i| async move {
                made.git_repository(&format!("src-{i}"), url, json!({}))
                    .await;
            })
            .await;
        stream::iter(0..COUNT)
            .for_each_concurrent(8, |i| async move {
                let source = format!("src-{}", i % sources);
                let spec = json!({
                    "path": format!("app-{i}"), "sourceRef": {"kind": "GitRepository", "name": source},
                });
                made.kustomization(&format!("app-{i}"), spec).await;
            })
            .await;
        let many = Self {
            stack,
            objects,
            repo,
        };
        many.until_all_applied(&commit).await;
        many
    }

    /// Waits until all have applied the commit and are ready.
    pub(crate) async fn until_all_applied(&self, commit: &str) -> Duration {
        let started = Instant::now();
        let what = format!("all have applied {commit}");
        wait_until(&what, DEADLINE, async || {
            let list = self.objects.list("Kustomization").await;
            let done = |o: &&Value| {
                let applied = o["status"]["lastAppliedRevision"].as_str();
                is_condition(o, "Ready", "True") && applied.is_some_and(|a| a.ends_with(commit))
            };
            list.iter().filter(done).count() == COUNT
        })
        .await;
        started.elapsed()
    }

    /// How many reconciles a controller has finished.
    pub(crate) async fn runs(&self, controller: Controller) -> f64 {
        let name = "controller_runtime_reconcile_total";
        self.stack.metric(controller, name).await
    }

    /// Whether a request is about an object of the Kustomizations, from their controller.
    pub(crate) fn is_apply(&self, event: &AuditEvent) -> bool {
        event.stage == "ResponseComplete"
            && event.verb == "patch"
            && event.resource() == "configmaps"
            && event.namespace() == self.objects.namespace()
            && event.user_agent.starts_with("kustomize-controller")
    }
}
