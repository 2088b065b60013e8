//! `images` and the plugin `ImageTagTransformer`: names, tags and digests.

use regex::Regex;
use windlass_yaml::Value;

use super::Transformer;
use crate::Error;
use crate::decode::At;
use crate::fieldspec::{Create, FieldSpec};
use crate::growth::Growth;
use crate::kustomization::Image;
use crate::loader::Loader;
use crate::node::{Node, Tag};
use crate::pattern::{Fault, compile};
use crate::resmap::ResMap;
use crate::schema::Schemas;

/// Changes images.
pub(crate) struct ImageTagTransformer {
    image: Image,
    /// None for a name that is no pattern, which matches nothing.
    pattern: Option<Regex>,
    specs: Vec<FieldSpec>,
}

impl ImageTagTransformer {
    pub(crate) fn new(image: Image, specs: Vec<FieldSpec>, growth: &Growth) -> Result<Self, Error> {
        // The name is a pattern: users rely on it.
        let pattern = format!(
            r"^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
            image.name
        );
        let pattern = match compile(&pattern, growth) {
            Ok(pattern) => Some(pattern),
            Err(Fault::Syntax(_)) => None,
            Err(Fault::Limit(error)) => return Err(error),
        };
        Ok(Self {
            image,
            pattern,
            specs,
        })
    }

    pub(crate) fn of_plugin(loader: &Loader<'_>, config: &Value) -> Result<Self, Error> {
        let (mut image, mut specs) = (Image::default(), Vec::new());
        At::lenient(config, |value, at| {
            let known = ["imageTag", "fieldSpecs"];
            let structure = "ImageTagTransformerPlugin";
            at.fields(value, structure, &known, |name, value, at| {
                match name {
                    "imageTag" => image = Image::decode(value, at)?,
                    _ => specs = FieldSpec::decode_list(value, at)?,
                }
                Ok(())
            })
        })?;
        Self::new(image, specs, &loader.context.growth)
    }

    /// The `image` of the elements of every `containers` and `initContainers`, wherever they are.
    fn containers(&self, node: &mut Node) -> Result<(), Error> {
        match node {
            Node::Sequence(sequence) => sequence
                .items
                .iter_mut()
                .try_for_each(|item| self.containers(item)),
            Node::Mapping(mapping) => {
                for entry in &mut mapping.entries {
                    self.containers(&mut entry.value)?;
                    if let ("containers" | "initContainers", Node::Sequence(list)) =
                        (entry.key.text.as_str(), &mut entry.value)
                    {
                        for container in &mut list.items {
                            self.container(container)?;
                        }
                    }
                }
                Ok(())
            }
            Node::Scalar(_) => Ok(()),
        }
    }

    fn container(&self, container: &mut Node) -> Result<(), Error> {
        if container.is_null() {
            return Ok(());
        }
        let Some(container) = container.as_mapping_mut() else {
            return Err(container.wrong_kind("MappingNode"));
        };
        container
            .get_mut("image")
            .map_or(Ok(()), |image| self.update(image))
    }

    fn update(&self, node: &mut Node) -> Result<(), Error> {
        let Node::Scalar(scalar) = node else {
            return Err(node.wrong_kind("ScalarNode"));
        };
        let matches = |pattern: &Regex| pattern.is_match(&scalar.text);
        if !self.pattern.as_ref().is_some_and(matches) {
            return Ok(());
        }
        scalar.text = self.updated(&scalar.text).into();
        scalar.tag = Tag::None;
        scalar.touch();
        Ok(())
    }

    fn updated(&self, reference: &str) -> String {
        let image = &self.image;
        let (mut name, mut tag, mut digest) = split(reference);
        let suffixed;
        if !image.new_name.is_empty() {
            name = &image.new_name;
        }
        if !image.new_tag.is_empty() || !image.digest.is_empty() {
            tag = &image.new_tag;
            digest = &image.digest;
        } else if !image.tag_suffix.is_empty() {
            suffixed = format!("{tag}{}", image.tag_suffix);
            tag = &suffixed;
            digest = "";
        }
        let mut new = name.to_owned();
        for (mark, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                new.push(mark);
                new.push_str(part);
            }
        }
        new
    }
}

impl Transformer for ImageTagTransformer {
    fn transform(&self, resources: &mut ResMap, _: &Schemas) -> Result<(), Error> {
        let is_definition = |kind: &str| kind == "CustomResourceDefinition";
        for manifest in resources.contents_mut() {
            if !is_definition(manifest.kind()) {
                self.containers(&mut manifest.node)?;
            }
        }
        for manifest in resources.contents_mut() {
            if is_definition(manifest.kind()) {
                continue;
            }
            for spec in &self.specs {
                // The field itself is never made.
                spec.apply(manifest, Create::Never, &mut |node| self.update(node))?;
            }
        }
        Ok(())
    }
}

/// Name, tag and digest of an image reference.
fn split(reference: &str) -> (&str, &str, &str) {
    let path = reference.find('/').filter(|&at| at > 0).unwrap_or(0);
    let colon = reference[path..].find(':').map(|at| path + at);
    let at = reference[path..].find('@').map(|at| path + at);
    match (colon, at) {
        (None, None) => (reference, "", ""),
        (Some(colon), Some(at)) if colon < at => (
            &reference[..colon],
            &reference[colon + 1..at],
            &reference[at + 1..],
        ),
        (_, Some(at)) => (&reference[..at], "", &reference[at + 1..]),
        (Some(colon), None) => (&reference[..colon], &reference[colon + 1..], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str, new_name: &str, new_tag: &str, digest: &str, suffix: &str) -> Image {
        Image {
            name: name.into(),
            new_name: new_name.into(),
            new_tag: new_tag.into(),
            digest: digest.into(),
            tag_suffix: suffix.into(),
        }
    }

    #[test]
    fn references_are_rewritten_in_parts() {
        let table = [
            ("nginx:1", image("nginx", "", "2", "", ""), "nginx:2"),
            ("nginx", image("nginx", "my", "", "", ""), "my"),
            (
                "nginx:1@sha256:aa",
                image("nginx", "", "2", "", ""),
                "nginx:2",
            ),
            (
                "nginx:1",
                image("nginx", "", "", "sha256:bb", ""),
                "nginx@sha256:bb",
            ),
            ("nginx:1", image("nginx", "", "", "", "-x"), "nginx:1-x"),
            (
                "host:5/nginx:1",
                image("host:5/nginx", "a/b", "", "", ""),
                "a/b:1",
            ),
            ("nginx2:1", image("nginx", "", "2", "", ""), "nginx2:1"),
            ("nginx:1", image("ngin.", "", "2", "", ""), "nginx:2"),
            ("nginx:1", image("(", "", "2", "", ""), "nginx:1"),
        ];
        for (given, image, expected) in table {
            let mut node = Node::string(given);
            ImageTagTransformer::new(image, Vec::new(), &Growth::new(0))
                .unwrap()
                .update(&mut node)
                .unwrap();
            assert_eq!(node.text(), expected, "{given}");
        }
    }
}
