//! Making config maps and secrets.

mod hash;
mod sources;

pub(crate) use hash::name_suffix;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Map;
use windlass_yaml::Value;

use crate::Error;
use crate::kustomization::{GeneratorArgs, GeneratorOptions};
use crate::loader::Loader;
use crate::resource::{Behavior, Resource, child_map};

/// Which of the two kinds is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ConfigMap,
    Secret,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }
}

/// Makes the object an entry of `configMapGenerator` or `secretGenerator` describes; `defaults` are
/// the kustomization's `generatorOptions`.
pub(crate) fn generate(
    loader: &Loader<'_>,
    kind: Kind,
    args: &GeneratorArgs,
    defaults: &GeneratorOptions,
) -> Result<Resource, Error> {
    let lower = kind.as_str().to_lowercase();
    if args.name.is_empty() {
        return Err(Error::invalid(format!("a {lower} must have a name")));
    }
    let mut entries: Map<String, Value> = Map::new();
    let mut binary: Map<String, Value> = Map::new();
    for (key, bytes) in sources::pairs(loader, args)? {
        if entries.contains_key(&key) || binary.contains_key(&key) {
            return Err(Error::invalid(format!(
                "{lower} {} illegally repeats the key `{key}`",
                args.name
            )));
        }
        match (kind, String::from_utf8(bytes)) {
            (Kind::ConfigMap, Ok(text)) => entries.insert(key, text.into()),
            (Kind::ConfigMap, Err(error)) => binary.insert(key, encoded(error.as_bytes()).into()),
            (Kind::Secret, Ok(text)) => entries.insert(key, encoded(text.as_bytes()).into()),
            (Kind::Secret, Err(error)) => entries.insert(key, encoded(error.as_bytes()).into()),
        };
    }
    let mut metadata = Map::new();
    metadata.insert("name".into(), args.name.clone().into());
    if !args.namespace.is_empty() {
        metadata.insert("namespace".into(), args.namespace.clone().into());
    }
    for (section, own, common) in [
        ("labels", &args.options.labels, &defaults.labels),
        (
            "annotations",
            &args.options.annotations,
            &defaults.annotations,
        ),
    ] {
        let pairs = common.iter().chain(own);
        let map: Map<_, _> = pairs.map(|(k, v)| (k.clone(), v.clone().into())).collect();
        if !map.is_empty() {
            metadata.insert(section.into(), map.into());
        }
    }
    let mut object = Map::new();
    object.insert("apiVersion".into(), "v1".into());
    object.insert("kind".into(), kind.as_str().into());
    object.insert("metadata".into(), metadata.into());
    if !entries.is_empty() {
        object.insert("data".into(), entries.into());
    }
    if !binary.is_empty() {
        object.insert("binaryData".into(), binary.into());
    }
    if kind == Kind::Secret {
        let given = &args.secret_type;
        let secret_type = if given.is_empty() { "Opaque" } else { given };
        object.insert("type".into(), secret_type.into());
    }
    if args.options.immutable || defaults.immutable {
        object.insert("immutable".into(), true.into());
    }
    let no_hash = args.options.disable_name_suffix_hash || defaults.disable_name_suffix_hash;
    let mut resource = Resource::new(object.into());
    resource.behavior = Behavior::parse(&args.behavior);
    resource.needs_hash = !no_hash;
    Ok(resource)
}

/// Base64, broken into lines when long.
fn encoded(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() <= LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    for (index, c) in text.char_indices() {
        lines.push(c);
        if (index + 1) % LINE == 0 {
            lines.push('\n');
        }
    }
    if !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}

/// Lets `new`, which asks to merge with or replace `old`, take its place.
pub(crate) fn join(old: &mut Resource, new: Resource) {
    let merges = new.behavior == Behavior::Merge;
    let mut result = new;
    let (name, namespace) = (old.name().to_owned(), old.namespace().to_owned());
    result.set_metadata("name", &name);
    if !namespace.is_empty() {
        result.set_metadata("namespace", &namespace);
    }
    for section in ["labels", "annotations"] {
        union_into(
            old.object
                .get("metadata")
                .and_then(|metadata| metadata.get(section)),
            result.object.get_mut("metadata"),
            section,
        );
    }
    if merges {
        for section in ["data", "binaryData"] {
            union_into(old.object.get(section), Some(&mut result.object), section);
        }
        result.origin.clone_from(&old.origin);
    }
    // The hash stays only if both want one.
    result.needs_hash &= old.needs_hash;
    result.previous = std::mem::take(&mut old.previous);
    result.prefixes = std::mem::take(&mut old.prefixes);
    result.suffixes = std::mem::take(&mut old.suffixes);
    result.behavior = old.behavior;
    result.transformations = std::mem::take(&mut old.transformations);
    *old = result;
}

/// Adds the entries of `from` that `into.<section>` lacks.
fn union_into(from: Option<&Value>, into: Option<&mut Value>, section: &str) {
    let (Some(from), Some(into)) = (from.and_then(Value::as_object), into) else {
        return;
    };
    if from.is_empty() {
        return;
    }
    if let Some(map) = child_map(into, section) {
        for (key, value) in from {
            map.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}
