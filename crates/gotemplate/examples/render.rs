//! Renders a template with functions, limits and an object of its own:
//! `cargo run -p windlass-gotemplate --example render`.

use std::error::Error;
use std::io::Write;

use windlass_gotemplate::{
    Functions, Kind, Limits, Map, Method, Object, ObjectType, Templates, Text, Type, Value,
};

/// `type Version struct { Major, Minor int }` with `String` and `AtLeast`.
struct Version {
    major: i64,
    minor: i64,
}

static VERSION: ObjectType = ObjectType {
    name: "main.Version",
    kind: Kind::Struct,
    methods: &[Method::new(
        "AtLeast",
        &[Type::INT, Type::INT],
        |_, receiver, args| {
            let version = receiver.downcast::<Version>().ok_or("not a version")?;
            let wanted = (args.int(0), args.int(1));
            Ok(Value::Bool((version.major, version.minor) >= wanted))
        },
    )],
};

impl Object for Version {
    fn ty(&self) -> &'static ObjectType {
        &VERSION
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Major" => Some(Value::int(self.major)),
            "Minor" => Some(Value::int(self.minor)),
            _ => None,
        }
    }

    fn text(&self) -> Option<Text> {
        Some(format!("v{}.{}", self.major, self.minor).into())
    }
}

const TEMPLATE: &str = r#"
{{- define "greeting" }}Hello, {{ . | upper }}!{{ end -}}
{{ include "greeting" .name }}
{{ range $i, $port := .ports -}}
{{ $i }}: {{ printf "%05d" $port }}
{{ end -}}
{{ if .version.AtLeast 1 20 }}{{ .version }} will do{{ end }}
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let mut functions = Functions::new();
    functions.add("upper", &[Type::String], |_, args| {
        Ok(args.text(0).to_str().to_uppercase().into())
    });
    functions.add("include", &[Type::String, Type::Any], |scope, args| {
        let out = scope.render(&args.text(0).to_str(), args.value(1))?;
        Ok(out.into())
    });

    let mut templates = Templates::new("example", functions);
    templates.parse("main", TEMPLATE.as_bytes())?;

    let data = Map::new();
    data.insert("name", "world");
    data.insert("ports", vec![Value::int(80), Value::int(8443)]);
    let version = Version {
        major: 1,
        minor: 36,
    };
    data.insert("version", Value::object(version));

    let limits = Limits {
        steps: 10_000,
        bytes: 1 << 20,
        ..Limits::default()
    };
    let out = templates
        .execution()
        .limits(limits)
        .render("main", &Value::Map(data))?;
    std::io::stdout().write_all(&out)?;
    Ok(())
}
