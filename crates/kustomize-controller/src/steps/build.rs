//! From an artifact to the objects it declares.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use windlass_api::{
    duration,
    kustomize::{Kustomization, SUBSTITUTE, Selector},
    meta::reason,
    source::Artifact,
};
use windlass_archive::{Entry, Tree};
use windlass_artifact::FetchError;
use windlass_kustomize::{BuildOptions, FileSystem, LoadRestrictor, flux};
use windlass_runtime::outcome::StepError;

use super::{failed, variables::Variables, waiting};
use crate::{context::Context, flags::gate};

/// The name that the root of an artifact has in messages. The original shows a temporary
/// directory there, another one at every run; a fixed name keeps equal failures equal.
pub(crate) const ROOT: &str = "/tmp/kustomization-0";

/// What a build read of its artifact: another revision that agrees on it builds the same.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    paths: Arc<BTreeSet<String>>,
    hash: [u8; 32],
}

impl Trace {
    fn of(tree: &Tree, paths: BTreeSet<String>) -> Self {
        let hash = fingerprint(tree, &paths);
        Self {
            paths: Arc::new(paths),
            hash,
        }
    }

    /// Whether a build of `tree` would read the same.
    pub(crate) fn holds_for(&self, tree: &Tree) -> bool {
        fingerprint(tree, &self.paths) == self.hash
    }
}

fn fingerprint(tree: &Tree, paths: &BTreeSet<String>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for path in paths {
        hasher.update(path.as_bytes());
        hasher.update([0]);
        if let Some(dir) = path.strip_suffix('/') {
            for (name, _) in tree.dir(dir) {
                hasher.update(name.as_bytes());
                hasher.update([1]);
            }
        } else if let Some(file) = tree.get(path) {
            hasher.update((file.bytes.len() as u64).to_le_bytes());
            hasher.update(&file.bytes);
        } else {
            hasher.update([2, u8::from(tree.is_dir(path))]);
        }
    }
    hasher.finalize().into()
}

/// The outcome of a build.
pub(crate) struct Manifests {
    pub(crate) objects: Vec<Value>,
    /// `sha256:…` of the objects as YAML, as the history shows it.
    pub(crate) digest: String,
    pub(crate) trace: Trace,
}

/// Fetches and unpacks the artifact, or takes it from the cache.
pub(crate) async fn fetch(context: &Context, artifact: &Artifact) -> Result<Tree, StepError> {
    context
        .fetcher
        .fetch(artifact)
        .await
        .map_err(|error| match error {
            FetchError::NotFound => {
                let delay = context.flags.common.requeue_dependency;
                waiting(
                    reason::ARTIFACT_FAILED,
                    format!(
                        "Source is not ready, artifact not found, retrying in {}",
                        duration::format(delay)
                    ),
                    delay,
                )
            }
            other => failed(reason::ARTIFACT_FAILED, other.to_string()),
        })
}

/// The directory to build, which must exist. A path cannot leave the artifact: as in the
/// original, `..` at the root stays at the root.
pub(crate) fn directory(tree: &Tree, object: &Kustomization) -> Result<String, StepError> {
    let mut parts: Vec<&str> = Vec::new();
    for part in object.spec.path.as_deref().unwrap_or_default().split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let path = parts.join("/");
    if path.is_empty() || tree.exists(&path) {
        return Ok(path);
    }
    Err(failed(
        reason::ARTIFACT_FAILED,
        format!("kustomization path not found: stat {ROOT}/{path}: no such file or directory"),
    ))
}

/// What this version cannot do is refused before anything is built.
pub(crate) fn refuse_unsupported(object: &Kustomization) -> Result<(), StepError> {
    if object.spec.decryption.is_some() {
        return Err(failed(
            reason::BUILD_FAILED,
            "spec.decryption is not supported by this version: nothing was applied",
        ));
    }
    Ok(())
}

/// Builds the directory of the tree with the settings and variables of the object.
pub(crate) async fn build(
    context: &Context,
    object: Arc<Kustomization>,
    tree: Tree,
    path: String,
    variables: Option<Variables>,
) -> Result<Manifests, StepError> {
    let bounds = Bounds {
        strict: context.gates.enabled(gate::STRICT_POST_BUILD_SUBSTITUTIONS),
        build: windlass_kustomize::Limits {
            max_resources: context.flags.max_build_objects,
            max_visits: context.flags.max_build_directories,
            max_bytes: context.flags.max_build_size,
            max_added: context.flags.max_manifests_size as u64,
            max_duration: context.flags.max_build_time,
            ..windlass_kustomize::Limits::default()
        },
        manifests: context.flags.max_manifests_size,
    };
    // A run that is given up, as on shutdown, stops its build too.
    let cancelled = Arc::new(AtomicBool::new(false));
    let guard = CancelOnDrop(cancelled.clone());
    let built = tokio::task::spawn_blocking(move || {
        build_now(
            &object,
            &tree,
            &path,
            variables.as_ref(),
            &bounds,
            &cancelled,
        )
    })
    .await;
    drop(guard);
    match built {
        Ok(result) => result.map_err(|message| failed(reason::BUILD_FAILED, message)),
        Err(panic) => Err(failed(
            reason::BUILD_FAILED,
            format!("recovered from kustomize build panic: {panic}"),
        )),
    }
}

/// What a build may do and cost.
struct Bounds {
    /// Whether a variable without a value is an error.
    strict: bool,
    build: windlass_kustomize::Limits,
    /// Bytes of all manifests after substitution.
    manifests: usize,
}

struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn build_now(
    object: &Kustomization,
    tree: &Tree,
    path: &str,
    variables: Option<&Variables>,
    bounds: &Bounds,
    cancelled: &Arc<AtomicBool>,
) -> Result<Manifests, String> {
    let files = FileSystem::Confined(ROOT);
    let prepared =
        flux::prepare(tree, path, &overrides(object), files).map_err(|error| error.to_string())?;
    let options = BuildOptions {
        files,
        load_restrictor: LoadRestrictor::None,
        limits: bounds.build,
        cancel: Some(cancelled),
        ..BuildOptions::default()
    };
    let build = windlass_kustomize::build(&prepared, path, &options)
        .map_err(|error| format!("kustomize build failed: {error}"))?;
    let mut files = build.files_read;
    files.extend(probed(object, tree, path));
    let mut hasher = Sha256::new();
    let mut objects = Vec::with_capacity(build.resources.len());
    let mut left = bounds.manifests;
    for resource in build.resources {
        let mut object = resource.object;
        let mut text = windlass_yaml::json_to_yaml(&object);
        if let Some(variables) = variables {
            let substituted =
                substitute(&object, &text, variables, bounds, left).map_err(|error| {
                    format!("post build failed for '{}': {error}", subject(&object))
                })?;
            if let Some(value) = substituted {
                text = windlass_yaml::json_to_yaml(&value);
                object = value;
            }
        }
        left = left
            .checked_sub(text.len())
            .ok_or_else(|| too_large(bounds))?;
        if !objects.is_empty() {
            hasher.update(b"---\n");
        }
        hasher.update(text.as_bytes());
        objects.push(object);
    }
    let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
    Ok(Manifests {
        objects,
        digest,
        trace: Trace::of(tree, files),
    })
}

fn too_large(bounds: &Bounds) -> String {
    let limit = bounds.manifests;
    format!("the manifests are larger than {limit} bytes (--max-manifests-size)")
}

/// What the preparation looked at, beyond what the build reads: every directory below the path
/// where the kustomization file had to be generated, and components that may be missing.
fn probed(object: &Kustomization, tree: &Tree, path: &str) -> Vec<String> {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        }
    };
    let mut paths: Vec<String> = ["kustomization.yaml", "kustomization.yml", "Kustomization"]
        .map(below)
        .into();
    if !paths.iter().any(|file| tree.get(file).is_some()) {
        paths.push(format!("{path}/"));
        if let Some(subtree) = tree.subtree(path) {
            let dirs = subtree
                .walk()
                .filter(|(_, entry)| matches!(entry, Entry::Dir));
            paths.extend(dirs.map(|(dir, _)| format!("{}/", below(&dir))));
        }
    }
    if object.spec.ignore_missing_components {
        let components = object.spec.components.iter();
        paths.extend(components.filter_map(|c| windlass_archive::join(path, c).ok()));
    }
    paths
}

/// The object after substitution, or `None` where nothing changed.
fn substitute(
    object: &Value,
    text: &str,
    variables: &Variables,
    bounds: &Bounds,
    left: usize,
) -> Result<Option<Value>, String> {
    let disabled = ["labels", "annotations"]
        .iter()
        .any(|field| object["metadata"][field][SUBSTITUTE] == "disabled");
    if disabled {
        return Ok(None);
    }
    let values = variables.values.as_ref().map_err(Clone::clone)?;
    if !variables.evaluate {
        return Ok(None);
    }
    windlass_substitute::validate_names(values).map_err(|error| error.to_string())?;
    if !text.contains('$') {
        return Ok(None);
    }
    let output = windlass_substitute::substitute_within(text, values, bounds.strict, left)
        .map_err(|error| match error {
            // What is left for this object is not the limit that somebody set.
            windlass_substitute::Error::TooLarge(_) => too_large(bounds),
            error => format!("envsubst error: variable substitution failed: {error}"),
        })?;
    if output == text {
        return Ok(None);
    }
    windlass_yaml::to_value(&output)
        .map(Some)
        .map_err(|error| format!("YAMLToJSON: {error}"))
}

/// The object as kustomize names it in errors: `Kind.version.group/name`.
fn subject(object: &Value) -> String {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version
        .split_once('/')
        .unwrap_or(("[noGrp]", api_version));
    let kind = object["kind"].as_str().unwrap_or_default();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    format!("{kind}.{version}.{group}/{name}")
}

fn overrides(object: &Kustomization) -> flux::Overrides {
    let spec = &object.spec;
    flux::Overrides {
        target_namespace: spec.target_namespace.clone(),
        name_prefix: spec.name_prefix.clone(),
        name_suffix: spec.name_suffix.clone(),
        patches: spec
            .patches
            .iter()
            .map(|patch| flux::Patch {
                patch: patch.patch.clone(),
                target: patch.target.as_ref().map(selector),
            })
            .collect(),
        images: spec
            .images
            .iter()
            .map(|image| flux::Image {
                name: image.name.clone(),
                new_name: image.new_name.clone().unwrap_or_default(),
                new_tag: image.new_tag.clone().unwrap_or_default(),
                digest: image.digest.clone().unwrap_or_default(),
            })
            .collect(),
        components: spec.components.clone(),
        ignore_missing_components: spec.ignore_missing_components,
        build_metadata: spec
            .build_metadata
            .iter()
            .map(|m| m.as_str().to_owned())
            .collect(),
    }
}

fn selector(selector: &Selector) -> flux::Selector {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    flux::Selector {
        group: text(&selector.group),
        version: text(&selector.version),
        kind: text(&selector.kind),
        name: text(&selector.name),
        namespace: text(&selector.namespace),
        annotation_selector: text(&selector.annotation_selector),
        label_selector: text(&selector.label_selector),
    }
}
