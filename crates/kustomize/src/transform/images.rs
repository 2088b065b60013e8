//! Image names, tags and digests.

use regex::Regex;
use windlass_yaml::Value;

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::kustomization::Image;
use crate::resmap::ResMap;

/// Applies one entry of `images` to every container of every resource.
pub(crate) fn set(resources: &mut ResMap, image: &Image, specs: &[FieldSpec]) -> Result<(), Error> {
    // A name that is no pattern matches nothing.
    let Some(update) = Update::new(image) else {
        return Ok(());
    };
    for resource in resources.items_mut() {
        if resource.kind() != "CustomResourceDefinition" {
            update.containers(&mut resource.object);
        }
        for spec in specs {
            // The field itself is never made.
            spec.without_create()
                .apply(resource, Create::Scalar, &mut |value| {
                    update.apply(value);
                    Ok(())
                })?;
        }
    }
    Ok(())
}

struct Update<'i> {
    image: &'i Image,
    pattern: Regex,
}

impl<'i> Update<'i> {
    fn new(image: &'i Image) -> Option<Self> {
        // The name is a pattern: users rely on it.
        let pattern = format!(
            r"^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$",
            image.name
        );
        Regex::new(&pattern)
            .ok()
            .map(|pattern| Self { image, pattern })
    }

    /// The `image` of the elements of every `containers` and `initContainers`, wherever they are.
    fn containers(&self, node: &mut Value) {
        match node {
            Value::Array(items) => items.iter_mut().for_each(|item| self.containers(item)),
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    if let ("containers" | "initContainers", Value::Array(list)) =
                        (key.as_str(), &mut *value)
                    {
                        for container in list {
                            if let Some(image) = container.get_mut("image") {
                                self.apply(image);
                            }
                        }
                    }
                    self.containers(value);
                }
            }
            _ => {}
        }
    }

    fn apply(&self, value: &mut Value) {
        let Some(text) = value.as_str().filter(|text| self.pattern.is_match(text)) else {
            return;
        };
        let (mut name, mut tag, mut digest) = split(text);
        let image = self.image;
        if !image.new_name.is_empty() {
            name = &image.new_name;
        }
        if !image.new_tag.is_empty() || !image.digest.is_empty() {
            tag = &image.new_tag;
            digest = &image.digest;
        }
        if !image.tag_suffix.is_empty() {
            digest = "";
        }
        let mut new = name.to_owned();
        if !tag.is_empty() || !image.tag_suffix.is_empty() {
            new = format!("{new}:{tag}{}", image.tag_suffix);
        }
        if !digest.is_empty() {
            new = format!("{new}@{digest}");
        }
        *value = Value::String(new);
    }
}

/// Name, tag and digest of an image reference.
fn split(reference: &str) -> (&str, &str, &str) {
    let (rest, digest) = reference.split_once('@').unwrap_or((reference, ""));
    let path = rest.rfind('/').map_or(0, |at| at + 1);
    match rest[path..].rfind(':') {
        Some(at) => (&rest[..path + at], &rest[path + at + 1..], digest),
        None => (rest, "", digest),
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
        ];
        for (given, image, expected) in table {
            let mut value = Value::String(given.into());
            Update::new(&image).unwrap().apply(&mut value);
            assert_eq!(value, Value::String(expected.into()), "{given}");
        }
    }
}
