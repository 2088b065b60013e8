//! The settings of vars.

use windlass_yaml::Value;

use super::names;
use crate::Error;
use crate::decode::At;
use crate::id::{Gvk, Id};

/// An entry of `vars`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Var {
    pub(crate) name: String,
    api_version: String,
    gvk: Gvk,
    object_name: String,
    object_namespace: String,
    field_path: String,
}

impl Var {
    pub(crate) fn decode(value: &Value, at: &At) -> Result<Self, Error> {
        let mut var = Self::default();
        at.fields(value, "Var", names::VAR, |name, value, at| match name {
            "name" => {
                var.name = at.string(value)?;
                Ok(())
            }
            "objref" => var.object(value, at),
            _ => at.fields(value, "FieldSelector", &["fieldPath"], |_, value, at| {
                var.field_path = at.string(value)?;
                Ok(())
            }),
        })?;
        Ok(var)
    }

    fn object(&mut self, value: &Value, at: &At) -> Result<(), Error> {
        let known = names::OBJECT_REFERENCE;
        at.fields(value, "Target", known, |name, value, at| {
            let text = at.string(value)?;
            match name {
                "apiVersion" => self.api_version = text,
                "group" => self.gvk.group = text,
                "version" => self.gvk.version = text,
                "kind" => self.gvk.kind = text,
                "name" => self.object_name = text,
                _ => self.object_namespace = text,
            }
            Ok(())
        })
    }

    /// The var with what is left out filled in: the field, and the type from `apiVersion`.
    pub(crate) fn completed(&self) -> Self {
        let mut var = self.typed();
        if var.field_path.is_empty() {
            super::replacement::NAME.clone_into(&mut var.field_path);
        }
        var
    }

    /// The var with its type taken from `apiVersion`.
    pub(crate) fn typed(&self) -> Self {
        let mut var = self.clone();
        match *self.api_version.split('/').collect::<Vec<_>>() {
            [group, version] => {
                group.clone_into(&mut var.gvk.group);
                version.clone_into(&mut var.gvk.version);
            }
            [version] if !version.is_empty() => version.clone_into(&mut var.gvk.version),
            _ => {}
        }
        var
    }

    pub(crate) fn field_path(&self) -> &str {
        &self.field_path
    }

    pub(crate) fn object_name(&self) -> &str {
        &self.object_name
    }

    /// Whether an id is that of the object: without a namespace, in any.
    pub(crate) fn means(&self, id: &Id<'_>) -> bool {
        let own = Id {
            gvk: self.gvk.as_ref(),
            name: &self.object_name,
            namespace: &self.object_namespace,
            cluster: false,
        };
        if own.namespace.is_empty() {
            own.name == id.name && own.gvk == id.gvk
        } else {
            own.equals(id)
        }
    }
}

impl std::fmt::Display for Var {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{{{} {} {{{}}}}}", self.name, self.gvk, self.field_path)
    }
}
