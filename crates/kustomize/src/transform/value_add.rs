//! The plugin `ValueAddTransformer`: one value put into, or added to, fields.

use windlass_yaml::Value;

use super::Transformer;
use super::namespace::NamespaceTransformer;
use crate::Error;
use crate::decode::At;
use crate::growth::Growth;
use crate::kustomization::Selector;
use crate::loader::Loader;
use crate::manifest::Manifest;
use crate::node::{Node, Tag};
use crate::resmap::ResMap;
use crate::schema::Schemas;
use crate::selector::Matcher;

/// Puts a value into fields.
pub(crate) struct ValueAddTransformer {
    value: String,
    targets: Vec<Target>,
    growth: Growth,
}

#[derive(Default)]
struct Target {
    selector: Option<Selector>,
    field_path: String,
    /// Where in a path the value becomes a part; zero for the whole.
    position: i64,
}

impl ValueAddTransformer {
    pub(crate) fn of_plugin(loader: &Loader<'_>, config: &Value) -> Result<Self, Error> {
        let mut made = Self {
            value: String::new(),
            targets: Vec::new(),
            growth: loader.context.growth.clone(),
        };
        let mut file = String::new();
        At::lenient(config, |value, at| {
            let known = ["value", "targets", "targetFilePath"];
            let structure = "ValueAddTransformerPlugin";
            at.fields(value, structure, &known, |name, value, at| {
                match name {
                    "value" => at.string(value)?.trim().clone_into(&mut made.value),
                    "targets" => made.targets = targets(value, at)?,
                    _ => file = at.string(value)?,
                }
                Ok(())
            })
        })?;
        if made.value.is_empty() {
            let root = loader.shown_root();
            let name = root.rsplit('/').next().unwrap_or_default();
            name.clone_into(&mut made.value);
        }
        if !file.is_empty() {
            let value = windlass_yaml::to_value(&loader.text(&file)?)
                .map_err(|error| Error::invalid(error.to_string()))?;
            At::lenient(&value, |value, at| {
                at.fields(value, "", &["targets"], |_, value, at| {
                    made.targets.append(&mut targets(value, at)?);
                    Ok(())
                })
            })?;
        }
        if made.targets.is_empty() {
            return Err(Error::invalid("must specify at least one target"));
        }
        for target in &made.targets {
            if target.field_path.is_empty() {
                return Err(Error::invalid("fieldPath cannot be empty"));
            }
            if target.position < 0 {
                return Err(Error::invalid(format!(
                    "value of FilePathPosition ({}) cannot be negative",
                    target.position
                )));
            }
        }
        Ok(made)
    }

    fn apply(&self, target: &Target, manifest: &mut Manifest) -> Result<(), Error> {
        if target.field_path == "metadata/namespace" {
            return NamespaceTransformer::new(&self.value, &[]).apply(manifest);
        }
        let path = crate::path::split(&target.field_path, '/');
        let field = crate::path::make(&mut manifest.node, &path)?;
        let Node::Scalar(scalar) = &*field else {
            return Err(field.wrong_kind("ScalarNode"));
        };
        let text = match usize::try_from(target.position) {
            Ok(position) if position > 0 => inserted(&scalar.text, position - 1, &self.value),
            _ => self.value.clone(),
        };
        field.set_scalar(&text, Tag::None)
    }
}

fn targets(value: &Value, at: &At) -> Result<Vec<Target>, Error> {
    at.list(value, "[]builtins.Target", |value, at| {
        let mut target = Target::default();
        let known = ["selector", "fieldPath", "filePathPosition"];
        at.fields(value, "Target", &known, |name, value, at| {
            match name {
                "selector" => target.selector = Some(Selector::decode(value, at)?),
                "fieldPath" => target.field_path = at.string(value)?,
                _ => target.position = at.integer(value, "int")?,
            }
            Ok(())
        })?;
        Ok(target)
    })
}

/// The path with a part put in.
fn inserted(path: &str, position: usize, part: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if path.is_empty() {
        parts.clear();
    }
    let absolute = usize::from(path.starts_with('/'));
    parts.insert((position + absolute).min(parts.len()), part);
    parts.join("/")
}

impl Transformer for ValueAddTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        for target in &self.targets {
            let selected = match &target.selector {
                None => (0..resources.len()).collect(),
                Some(selector) => {
                    Matcher::new(selector, &self.growth)?.select(resources.items())?
                }
            };
            for at in selected {
                resources.modify(at, |manifest| self.apply(target, manifest))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::inserted;

    #[test]
    fn parts_go_into_paths() {
        assert_eq!(inserted("/a/b", 0, "x"), "/x/a/b");
        assert_eq!(inserted("a/b", 1, "x"), "a/x/b");
        assert_eq!(inserted("a/b", 9, "x"), "a/b/x");
        assert_eq!(inserted("", 0, "x"), "x");
    }
}
