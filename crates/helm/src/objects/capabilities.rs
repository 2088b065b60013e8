//! `.Capabilities`.
#![expect(clippy::unnecessary_wraps, reason = "methods of templates may fail")]

use windlass_gotemplate::{
    Args, Kind, List, ListType, Method, Object, ObjectType, Outcome, Scope, Text, Type, Value,
};

use crate::capabilities::{Capabilities, HelmVersion, KubeVersion};

/// `.Capabilities` for templates.
pub(crate) fn capabilities(capabilities: &Capabilities) -> Value {
    let api_versions = capabilities
        .api_versions
        .iter()
        .map(|version| Value::string(version.as_str()))
        .collect();
    Value::object(CapabilitiesObject {
        kube_version: Value::object(KubeVersionObject(capabilities.kube_version.clone())),
        api_versions: Value::List(List::of(&VERSION_SET, api_versions)),
        helm_version: Value::object(HelmVersionObject(capabilities.helm_version.clone())),
    })
}

static VERSION_SET: ListType = ListType {
    name: "common.VersionSet",
    elem: Type::String,
    named: true,
    methods: &[Method::new("Has", &[Type::String], has)],
};

static CAPABILITIES: ObjectType = ObjectType {
    name: "*common.Capabilities",
    kind: Kind::Pointer,
    methods: &[Method::new("Copy", &[], copy)],
};

static KUBE_VERSION: ObjectType = ObjectType {
    name: "common.KubeVersion",
    kind: Kind::Struct,
    methods: &[
        Method::new("GitVersion", &[], git_version),
        Method::new("String", &[], normalized),
    ],
};

static HELM_VERSION: ObjectType = ObjectType {
    name: "version.BuildInfo",
    kind: Kind::Struct,
    methods: &[],
};

struct CapabilitiesObject {
    kube_version: Value,
    api_versions: Value,
    helm_version: Value,
}

impl Object for CapabilitiesObject {
    fn ty(&self) -> &'static ObjectType {
        &CAPABILITIES
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(self.kube_version.clone()),
            "APIVersions" => Some(self.api_versions.clone()),
            "HelmVersion" => Some(self.helm_version.clone()),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("KubeVersion", self.kube_version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", self.helm_version.clone()),
        ]
    }
}

struct KubeVersionObject(KubeVersion);

impl KubeVersionObject {
    fn exported(&self) -> [(&'static str, &str); 3] {
        let KubeVersion {
            version,
            major,
            minor,
            ..
        } = &self.0;
        [("Version", version), ("Major", major), ("Minor", minor)]
    }
}

impl Object for KubeVersionObject {
    fn ty(&self) -> &'static ObjectType {
        &KUBE_VERSION
    }

    fn field(&self, name: &str) -> Option<Value> {
        let fields = self.exported();
        let (_, value) = fields.iter().find(|(field, _)| *field == name)?;
        Some(Value::string(*value))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let KubeVersion {
            version,
            normalized,
            major,
            minor,
        } = &self.0;
        vec![
            ("Version", Value::string(version.as_str())),
            ("normalizedVersion", Value::string(normalized.as_str())),
            ("Major", Value::string(major.as_str())),
            ("Minor", Value::string(minor.as_str())),
        ]
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        let fields = self.exported().into_iter();
        Some(
            fields
                .map(|(name, text)| (name, Value::string(text)))
                .collect(),
        )
    }

    fn addressable_text(&self) -> Option<Text> {
        Some(Text::from(self.0.normalized.as_str()))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.0 == other.0)
    }
}

struct HelmVersionObject(HelmVersion);

impl Object for HelmVersionObject {
    fn ty(&self) -> &'static ObjectType {
        &HELM_VERSION
    }

    fn field(&self, name: &str) -> Option<Value> {
        let mut fields = self.fields().into_iter();
        fields
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let HelmVersion {
            version,
            git_commit,
            git_tree_state,
            go_version,
            kube_client_version,
        } = &self.0;
        vec![
            ("Version", Value::string(version.as_str())),
            ("GitCommit", Value::string(git_commit.as_str())),
            ("GitTreeState", Value::string(git_tree_state.as_str())),
            ("GoVersion", Value::string(go_version.as_str())),
            (
                "KubeClientVersion",
                Value::string(kube_client_version.as_str()),
            ),
        ]
    }

    fn json_fields(&self) -> Option<Vec<(&'static str, Value)>> {
        let names = [
            "version",
            "git_commit",
            "git_tree_state",
            "go_version",
            "kube_client_version",
        ];
        let fields = self.fields().into_iter().zip(names);
        Some(
            fields
                .map(|((_, value), name)| (name, value))
                .filter(|(name, value)| *name == "kube_client_version" || value.is_true())
                .collect(),
        )
    }

    fn equals(&self, other: &dyn Object) -> bool {
        let other: &dyn std::any::Any = other;
        other
            .downcast_ref::<Self>()
            .is_some_and(|other| self.0 == other.0)
    }
}

fn has(_: &mut Scope<'_>, value: &Value, args: Args<'_>) -> Outcome {
    let wanted = args.text(0);
    let Value::List(list) = value else {
        return Ok(Value::Bool(false));
    };
    let found = list
        .iter()
        .any(|version| version.as_text() == Some(&wanted));
    Ok(Value::Bool(found))
}

fn copy(_: &mut Scope<'_>, value: &Value, _: Args<'_>) -> Outcome {
    Ok(value.clone())
}

fn git_version(_: &mut Scope<'_>, value: &Value, _: Args<'_>) -> Outcome {
    Ok(kube_text(value, |version| &version.version))
}

fn normalized(_: &mut Scope<'_>, value: &Value, _: Args<'_>) -> Outcome {
    Ok(kube_text(value, |version| &version.normalized))
}

fn kube_text(value: &Value, text: impl Fn(&KubeVersion) -> &str) -> Value {
    let object = value.downcast::<KubeVersionObject>();
    object.map_or_else(
        || Value::String(Text::empty()),
        |object| Value::string(text(&object.0)),
    )
}
