//! `.Files`.
#![expect(clippy::unnecessary_wraps, reason = "methods of templates may fail")]

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use windlass_gotemplate::{
    Args, Failure, Map, MapSource, MapType, Method, Outcome, Scope, Text, Type, Value,
};

use super::glob::Glob;
use crate::chart::File;
use crate::functions::yaml_text;

static FILES: MapType = MapType {
    name: "engine.files",
    elem: Type::BYTES,
    named: true,
    methods: &[
        Method::new("AsConfig", &[], as_config),
        Method::new("AsSecrets", &[], as_secrets),
        Method::new("Get", &[Type::String], get),
        Method::new("GetBytes", &[Type::String], get_bytes),
        Method::new("Glob", &[Type::String], glob),
        Method::new("Lines", &[Type::String], lines),
    ],
};

/// `.Files` for templates.
pub(crate) fn files_map(files: &Arc<[File]>) -> Map {
    let source = Contents {
        files: Arc::clone(files),
        by_name: OnceCell::new(),
        read: RefCell::default(),
    };
    Map::from_source(&FILES, source)
}

/// Files as templates ask for them: most charts bring many and read few.
struct Contents {
    files: Arc<[File]>,
    /// The last file of each name.
    by_name: OnceCell<HashMap<Arc<str>, usize>>,
    /// What was asked for; to give it anew each time would cost memory each time.
    read: RefCell<HashMap<usize, Text>>,
}

impl Contents {
    fn by_name(&self) -> &HashMap<Arc<str>, usize> {
        self.by_name.get_or_init(|| {
            let names = self.files.iter().enumerate();
            names
                .map(|(at, file)| (Arc::clone(&file.name), at))
                .collect()
        })
    }
}

impl MapSource for Contents {
    fn keys(&self) -> Vec<Text> {
        let names = self.by_name().keys();
        names.map(|name| Text::from(Arc::clone(name))).collect()
    }

    fn get(&self, key: &[u8]) -> Option<Value> {
        let name = std::str::from_utf8(key).ok()?;
        let at = *self.by_name().get(name)?;
        let mut read = self.read.borrow_mut();
        let text = read
            .entry(at)
            .or_insert_with(|| Text::from(&*self.files[at].data()));
        Some(Value::Bytes(text.clone()))
    }
}

fn receiver(value: &Value) -> Map {
    value.as_map().cloned().unwrap_or_default()
}

fn content(value: &Value, args: Args<'_>) -> Option<Text> {
    match receiver(value).get(args.text(0)) {
        Some(Value::Bytes(bytes)) => Some(bytes),
        _ => None,
    }
}

fn get(_: &mut Scope<'_>, value: &Value, args: Args<'_>) -> Outcome {
    Ok(Value::String(content(value, args).unwrap_or_default()))
}

fn get_bytes(_: &mut Scope<'_>, value: &Value, args: Args<'_>) -> Outcome {
    Ok(Value::Bytes(content(value, args).unwrap_or_default()))
}

fn glob(_: &mut Scope<'_>, value: &Value, args: Args<'_>) -> Outcome {
    let pattern = args.text(0);
    let glob = Glob::new(&pattern.to_str());
    let found = Map::of(&FILES);
    let files = receiver(value);
    for name in files.keys() {
        if glob.matches(&name.to_str())
            && let Some(content) = files.get(&name)
        {
            found.insert(name, content);
        }
    }
    Ok(found.into())
}

fn lines(_: &mut Scope<'_>, value: &Value, args: Args<'_>) -> Outcome {
    let Some(text) = content(value, args) else {
        return Ok(Value::strings(Vec::<Text>::new()));
    };
    if text.is_empty() {
        // What Helm itself runs into.
        return Err(Failure::new("runtime error: index out of range [-1]"));
    }
    let text = text.strip_suffix(b"\n").unwrap_or(&text);
    Ok(Value::strings(text.split(|&byte| byte == b'\n')))
}

fn as_config(scope: &mut Scope<'_>, value: &Value, _: Args<'_>) -> Outcome {
    by_base_name(scope, value, |content| Value::String(content.clone()))
}

fn as_secrets(scope: &mut Scope<'_>, value: &Value, _: Args<'_>) -> Outcome {
    by_base_name(scope, value, |content| {
        Value::string(STANDARD.encode(content))
    })
}

/// YAML of the files under the last parts of their names.
fn by_base_name(scope: &mut Scope<'_>, value: &Value, convert: impl Fn(&Text) -> Value) -> Outcome {
    let map = Map::new();
    for (name, content) in receiver(value).entries() {
        let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or(&name);
        if let Value::Bytes(content) = &content {
            scope.charge(content.len())?;
            map.insert(base, convert(content));
        }
    }
    let mut text = yaml_text(scope, &map.into())?;
    if text.ends_with('\n') {
        text.pop();
    }
    Ok(text.into())
}
