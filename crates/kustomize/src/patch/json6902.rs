//! JSON6902 patches, with the texts and allowances of the library kustomize uses.

use windlass_yaml::Value;

use crate::Error;
use crate::growth::{Growth, size_of_value};
use crate::manifest::Manifest;
use crate::node::from_value;
use crate::time_limit;
use windlass_yaml::go_quoted as quoted;

/// A decoded list of operations.
#[derive(Debug, Clone)]
pub(crate) struct JsonPatch(Vec<Operation>);

#[derive(Debug, Clone)]
struct Operation {
    kind: Kind,
    /// The operation as written.
    name: String,
    path: Option<String>,
    from: Option<String>,
    value: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
    /// Only found out when applied, as in the original.
    Unknown,
}

impl JsonPatch {
    /// Reads a patch: strict JSON if it starts with a bracket, else YAML.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::invalid("empty json patch operations"));
        }
        let value = if text.starts_with('[') {
            serde_json::from_str(text).map_err(|error| Error::invalid(error.to_string()))?
        } else {
            windlass_yaml::to_value(text).map_err(|error| Error::invalid(error.to_string()))?
        };
        let list = match value {
            Value::Null => Vec::new(),
            Value::Array(list) => list,
            _ => return Err(Error::invalid("a JSON patch must be a list of operations")),
        };
        list.iter().map(decode).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Applies all operations in order. After an error, the document is half done.
    pub(crate) fn apply(&self, document: &mut Value, growth: &Growth) -> Result<(), Error> {
        self.0.iter().try_for_each(|operation| {
            time_limit::check()?;
            operation.apply(document, growth)
        })
    }

    /// Applies all operations to a resource. It goes through JSON on the way, in which nothing is
    /// left of how it was written; annotations are strings afterwards.
    pub(crate) fn apply_to(&self, target: &mut Manifest, growth: &Growth) -> Result<(), Error> {
        if target.has_records() {
            target.make_annotations();
        }
        let mut value = target.node.to_value()?;
        self.apply(&mut value, growth)?;
        if !value.is_object() {
            return Err(Error::invalid(
                "json: cannot unmarshal array into Go value of type map[string]interface {}",
            ));
        }
        target.node = from_value(&value);
        target.normalise("annotations");
        Ok(())
    }
}

fn decode(value: &Value) -> Result<Operation, Error> {
    if !value.is_object() {
        return Err(Error::invalid("a JSON patch must be a list of operations"));
    }
    let text = |key: &str| match value.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Error::invalid(format!(
            "'{key}' of a JSON patch must be a string"
        ))),
    };
    let name = text("op")?.unwrap_or_else(|| "unknown".to_owned());
    let kind = match name.as_str() {
        "add" => Kind::Add,
        "remove" => Kind::Remove,
        "replace" => Kind::Replace,
        "move" => Kind::Move,
        "copy" => Kind::Copy,
        "test" => Kind::Test,
        _ => Kind::Unknown,
    };
    Ok(Operation {
        kind,
        name,
        path: text("path")?,
        from: text("from")?,
        value: value.get("value").cloned().unwrap_or_default(),
    })
}

fn fail<T>(text: impl Into<String>) -> Result<T, Error> {
    Err(Error::invalid(text))
}

impl Operation {
    fn path(&self) -> Result<&str, Error> {
        match &self.path {
            Some(path) => Ok(path),
            None => fail(format!(
                "{} operation failed to decode path: missing value",
                self.name
            )),
        }
    }

    /// The collection that the operation changes, and the key in it. `what` and `quote` are how the
    /// error tells of the path.
    fn place<'d>(
        &self,
        document: &'d mut Value,
        path: &str,
        what: &str,
        quote: &str,
    ) -> Result<(&'d mut Value, String), Error> {
        parent(document, path).ok_or_else(|| {
            Error::invalid(format!(
                "{} operation does not apply: {what}: {quote}{path}{quote}: missing value",
                self.name
            ))
        })
    }

    fn apply(&self, document: &mut Value, growth: &Growth) -> Result<(), Error> {
        if self.kind == Kind::Unknown {
            return fail(format!("Unexpected kind: {}", self.name));
        }
        if matches!(self.kind, Kind::Add | Kind::Replace) {
            growth.add(size_of_value(&self.value))?;
        }
        let path = self.path()?;
        let failed = |name: &str, path: &str, error: Error| {
            error.context(format_args!("error in {name} for path: '{path}'"))
        };
        match self.kind {
            Kind::Add => {
                let (parent, key) = self.place(document, path, "doc is missing path", "\"")?;
                add(parent, &key, self.value.clone()).map_err(|e| failed("add", path, e))
            }
            Kind::Remove => {
                let (parent, key) = self.place(document, path, "doc is missing path", "\"")?;
                remove(parent, &key).map_err(|e| failed("remove", path, e))
            }
            Kind::Replace if path.is_empty() => {
                if !self.value.is_object() && !self.value.is_array() {
                    return fail("replace operation value must be object or array: %!w(<nil>)");
                }
                *document = self.value.clone();
                Ok(())
            }
            Kind::Replace => {
                let (parent, key) = self.place(document, path, "doc is missing path", "")?;
                if get(parent, &key).is_err() {
                    return fail(format!(
                        "replace operation does not apply: doc is missing key: {path}: missing value"
                    ));
                }
                set(parent, &key, self.value.clone());
                Ok(())
            }
            Kind::Move => {
                let from = self.from()?;
                let (parent, key) = self.place(document, from, "doc is missing from path", "")?;
                let taken = get(parent, &key).cloned();
                let value = taken.map_err(|e| failed("move", &key, e))?;
                remove(parent, &key).map_err(|e| failed("move", &key, e))?;
                let what = "doc is missing destination path";
                let (parent, key) = self.place(document, path, what, "")?;
                add(parent, &key, value).map_err(|e| failed("move", path, e))
            }
            Kind::Copy => {
                let from = self.from()?;
                let (parent, key) = self.place(document, from, "doc is missing from path", "")?;
                let value = get(parent, &key).cloned().map_err(|error| {
                    error.context(format_args!("error in copy for from: '{from}'"))
                })?;
                growth.add(size_of_value(&value))?;
                let what = "doc is missing destination path";
                let (parent, key) = self.place(document, path, what, "")?;
                add(parent, &key, value)
                    .map_err(|error| error.context("error while adding value during copy"))
            }
            Kind::Test => self.test(document, path),
            Kind::Unknown => Ok(()),
        }
    }

    fn from(&self) -> Result<&str, Error> {
        match &self.from {
            Some(from) => Ok(from),
            None => fail(format!(
                "{} operation failed to decode from: operation, missing from field: missing value",
                self.name
            )),
        }
    }

    fn test(&self, document: &mut Value, path: &str) -> Result<(), Error> {
        let same = if path.is_empty() {
            *document == self.value
        } else {
            let (parent, key) = self.place(document, path, "is missing path", "")?;
            let found = get(parent, &key)
                .map_err(|error| error.context(format_args!("error in test for path: '{path}'")))?;
            *found == self.value
        };
        if same {
            return Ok(());
        }
        fail(format!("testing value {path} failed: test failed"))
    }
}

/// The collection that holds what `path` names, and its key there.
fn parent<'d>(document: &'d mut Value, path: &str) -> Option<(&'d mut Value, String)> {
    let (way, key) = path.rsplit_once('/')?;
    let mut node = document;
    for part in way.split('/').skip(1) {
        let key = unescape(part);
        get(node, &key).ok()?;
        node = match node {
            Value::Object(map) => map.get_mut(&key)?,
            Value::Array(list) => {
                let at = index(&key, list.len()).ok()?;
                list.get_mut(at)?
            }
            _ => return None,
        };
    }
    (node.is_object() || node.is_array()).then(|| (node, unescape(key)))
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// What stands under a key; what is missing in a map is null, in a list an error.
fn get<'d>(parent: &'d Value, key: &str) -> Result<&'d Value, Error> {
    const NULL: &Value = &Value::Null;
    match parent {
        Value::Object(map) => Ok(map.get(key).unwrap_or(NULL)),
        Value::Array(list) => {
            let at = index(key, list.len())?;
            list.get(at).ok_or_else(|| bad_index(key))
        }
        _ => Ok(NULL),
    }
}

fn set(parent: &mut Value, key: &str, value: Value) {
    match parent {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(list) => {
            let at = index(key, list.len()).ok();
            if let Some(place) = at.and_then(|at| list.get_mut(at)) {
                *place = value;
            }
        }
        _ => {}
    }
}

/// An index into a list of `length` elements; negative ones count from the end.
fn index(key: &str, length: usize) -> Result<usize, Error> {
    let at: i64 = key.parse().map_err(|_| {
        Error::invalid(format!(
            "strconv.Atoi: parsing {}: invalid syntax",
            quoted(key)
        ))
    })?;
    let from_end = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
    if at < 0 {
        length.checked_sub(from_end).ok_or_else(|| bad_index(key))
    } else {
        Ok(from_end)
    }
}

fn bad_index(key: &str) -> Error {
    let at = key
        .parse::<i64>()
        .map_or(key.to_owned(), |at| at.to_string());
    Error::invalid(format!(
        "Unable to access invalid index: {at}: invalid index referenced"
    ))
}

fn add(parent: &mut Value, key: &str, value: Value) -> Result<(), Error> {
    match parent {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => {
            if key.parse::<i64>().is_err() {
                return fail(format!(
                    "value was not a proper array index: '{key}': strconv.Atoi: parsing {}: \
                     invalid syntax",
                    quoted(key)
                ));
            }
            // `-1` is the end of the list, so negative indexes count from one beyond.
            let at = index(key, list.len() + 1)?;
            if at > list.len() {
                return Err(bad_index(key));
            }
            list.insert(at, value);
        }
        _ => {}
    }
    Ok(())
}

fn remove(parent: &mut Value, key: &str) -> Result<(), Error> {
    match parent {
        Value::Object(map) => match map.remove(key) {
            Some(_) => Ok(()),
            None => fail(format!(
                "Unable to remove nonexistent key: {key}: missing value"
            )),
        },
        Value::Array(list) => {
            let at = index(key, list.len())?;
            if at >= list.len() {
                return Err(bad_index(key));
            }
            list.remove(at);
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
