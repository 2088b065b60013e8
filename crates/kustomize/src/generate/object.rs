//! What config maps and secrets have in common.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key_values;
use crate::Error;
use crate::kustomization::GeneratorArgs;
use crate::loader::Loader;
use crate::manifest::{Behavior, Manifest};
use crate::node::{Mapping, Node, Scalar, Style, Tag};

/// An object with type and name, to be filled.
pub(super) fn base(kind: &str, args: &GeneratorArgs) -> Result<Mapping, Error> {
    if args.name.is_empty() {
        return Err(Error::invalid("a configmap must have a name"));
    }
    let mut metadata = Mapping::default();
    metadata.push("name", Node::string(args.name.as_str()));
    if !args.namespace.is_empty() {
        metadata.push("namespace", Node::string(args.namespace.as_str()));
    }
    let mut object = Mapping::default();
    object.push("apiVersion", Node::string("v1"));
    object.push("kind", Node::string(kind));
    object.push("metadata", Node::Mapping(metadata));
    Ok(object)
}

/// All pairs of the sources, sorted by key.
pub(super) fn data(
    loader: &Loader<'_>,
    args: &GeneratorArgs,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut pairs =
        key_values::pairs(loader, args).map_err(|error| error.context("loading KV pairs"))?;
    let mut seen = std::collections::HashSet::with_capacity(pairs.len());
    if let Some((key, _)) = pairs.iter().find(|(key, _)| !seen.insert(key.as_str())) {
        return Err(Error::invalid(format!(
            "configmap {} illegally repeats the key `{key}`",
            args.name
        )));
    }
    pairs.sort();
    Ok(pairs)
}

/// The object with what the options add.
///
/// # Errors
/// For a label or annotation of a config map without a name.
pub(super) fn finish(mut object: Mapping, args: &GeneratorArgs) -> Result<Manifest, Error> {
    let options = args.options.clone().unwrap_or_default();
    let is_secret = object
        .get("kind")
        .is_some_and(|kind| kind.text() == "Secret");
    if let Some(Node::Mapping(metadata)) = object.get_mut("metadata") {
        for (section, pairs) in [
            ("labels", &options.labels),
            ("annotations", &options.annotations),
        ] {
            for (key, text) in pairs {
                let scalar = Scalar {
                    style: Style::SingleQuoted,
                    ..Scalar::string(text.as_str())
                };
                let pairs = metadata.entry(section, Node::mapping);
                match pairs {
                    // To the original a field without a name is the node itself. What comes of
                    // that it tells of config maps only.
                    Node::Mapping(_) if key.is_empty() && is_secret => {}
                    Node::Mapping(_) if key.is_empty() => {
                        return Err(pairs.wrong_kind("ScalarNode"));
                    }
                    Node::Mapping(map) => map.set(key, scalar),
                    _ => {}
                }
            }
        }
    }
    if options.immutable {
        object.push("immutable", Node::Scalar(Scalar::new("true", Tag::Bool)));
    }
    let mut manifest = Manifest::new(Node::Mapping(object));
    manifest.needs_hash = !options.disable_name_suffix_hash;
    manifest.behavior = Some(Behavior::parse(&args.behavior));
    Ok(manifest)
}

/// A string value; those of several lines are written as blocks.
pub(super) fn value(text: String) -> Scalar {
    let style = if text.contains('\n') {
        Style::Literal
    } else {
        Style::Plain
    };
    Scalar {
        style,
        ..Scalar::string(text)
    }
}

/// Base64, broken into lines when long.
pub(super) fn encoded(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
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
