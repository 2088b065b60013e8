//! Name prefixes and suffixes.

use windlass_yaml::Value;

use crate::Error;
use crate::fieldspec::{Create, FieldSpec};
use crate::id::Gvk;
use crate::resmap::ResMap;
use crate::resource::scalar_text;

/// Which end of a name is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Prefix,
    Suffix,
}

/// Adds `text` to the names of all resources that may be renamed.
pub(crate) fn rename(
    resources: &mut ResMap,
    end: End,
    text: &str,
    specs: &[FieldSpec],
) -> Result<(), Error> {
    for resource in resources.items_mut() {
        let original = resource.original_id();
        if keeps_its_name(&original.gvk) {
            continue;
        }
        for spec in specs {
            if !original.gvk.is_selected_by(&spec.gvk) {
                continue;
            }
            if spec.path == "metadata/name" {
                match end {
                    End::Prefix => resource.prefixes.push(text.to_owned()),
                    End::Suffix => resource.suffixes.push(text.to_owned()),
                }
                resource.remember_name();
            }
            spec.apply(resource, Create::Scalar, &mut |value| {
                let old = scalar_text(Some(value));
                *value = Value::String(match end {
                    End::Prefix => format!("{text}{old}"),
                    End::Suffix => format!("{old}{text}"),
                });
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Types whose names mean something outside the build.
fn keeps_its_name(gvk: &Gvk) -> bool {
    match gvk.kind.as_str() {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}
