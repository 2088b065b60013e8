//! JSON6902 patches, with the texts and allowances of the library kustomize uses.

use windlass_yaml::Value;

use crate::Error;
use crate::manifest::Manifest;
use crate::node::from_value;

/// A decoded list of operations.
#[derive(Debug, Clone)]
pub(crate) struct JsonPatch(Vec<Operation>);

#[derive(Debug, Clone)]
struct Operation {
    kind: Kind,
    /// The operation as written.
    name: String,
    path: String,
    from: String,
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
    pub(crate) fn apply(&self, document: &mut Value) -> Result<(), Error> {
        self.0
            .iter()
            .try_for_each(|operation| operation.apply(document))
    }

    /// Applies all operations to a resource. It goes through JSON on the way, in which nothing is
    /// left of how it was written; annotations are strings afterwards.
    pub(crate) fn apply_to(&self, target: &mut Manifest) -> Result<(), Error> {
        if target.has_records() {
            target.make_annotations();
        }
        let mut value = target.node.to_value()?;
        self.apply(&mut value)?;
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
    let text = |key: &str| match value.get(key) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(Error::invalid(format!(
            "'{key}' of a JSON patch must be a string"
        ))),
    };
    let kind = match text("op")?.as_str() {
        "add" => Kind::Add,
        "remove" => Kind::Remove,
        "replace" => Kind::Replace,
        "move" => Kind::Move,
        "copy" => Kind::Copy,
        "test" => Kind::Test,
        _ => Kind::Unknown,
    };
    if !value.is_object() {
        return Err(Error::invalid("a JSON patch must be a list of operations"));
    }
    Ok(Operation {
        kind,
        name: text("op")?,
        path: text("path")?,
        from: text("from")?,
        value: value.get("value").cloned().unwrap_or_default(),
    })
}

fn fail<T>(text: String) -> Result<T, Error> {
    Err(Error::invalid(text))
}

impl Operation {
    fn apply(&self, document: &mut Value) -> Result<(), Error> {
        let path = &self.path;
        let in_operation = |name: &str, error: Error| {
            error.context(format_args!("error in {name} for path: '{path}'"))
        };
        match self.kind {
            Kind::Add => {
                let Some((parent, key)) = parent(document, path) else {
                    return fail(format!(
                        "add operation does not apply: doc is missing path: \"{path}\": missing value"
                    ));
                };
                add(parent, &key, self.value.clone()).map_err(|e| in_operation("add", e))
            }
            Kind::Remove => {
                let Some((parent, key)) = parent(document, path) else {
                    return fail(format!(
                        "remove operation does not apply: doc is missing path: \"{path}\": missing value"
                    ));
                };
                remove(parent, &key)
                    .map(drop)
                    .map_err(|e| in_operation("remove", e))
            }
            Kind::Replace if path.is_empty() => {
                *document = self.value.clone();
                Ok(())
            }
            Kind::Replace => {
                let Some((parent, key)) = parent(document, path) else {
                    return fail(format!(
                        "replace operation does not apply: doc is missing path: {path}: missing value"
                    ));
                };
                match get_mut(parent, &key) {
                    Some(place) => {
                        *place = self.value.clone();
                        Ok(())
                    }
                    None => fail(format!(
                        "replace operation does not apply: doc is missing key: {path}: missing value"
                    )),
                }
            }
            Kind::Move => {
                let value = self.taken(document, true)?;
                let Some((parent, key)) = parent(document, path) else {
                    return fail(format!(
                        "move operation does not apply: doc is missing destination path: {path}: missing value"
                    ));
                };
                add(parent, &key, value).map_err(|e| in_operation("move", e))
            }
            Kind::Copy => {
                let value = self.taken(document, false)?;
                let Some((parent, key)) = parent(document, path) else {
                    return fail(format!(
                        "copy operation does not apply: doc is missing destination path: {path}: missing value"
                    ));
                };
                add(parent, &key, value).map_err(|e| in_operation("copy", e))
            }
            Kind::Test => self.test(document),
            Kind::Unknown => fail(format!("Unexpected kind: {}", self.name)),
        }
    }

    fn taken(&self, document: &mut Value, and_removed: bool) -> Result<Value, Error> {
        let name = if and_removed { "move" } else { "copy" };
        let from = &self.from;
        let Some((parent, key)) = parent(document, from) else {
            return fail(format!(
                "{name} operation does not apply: doc is missing from path: {from}: missing value"
            ));
        };
        let Some(value) = get_mut(parent, &key).map(|value| value.clone()) else {
            return fail(format!(
                "error in {name} for path: '{key}': unable to get nonexistent key: {key}: missing value"
            ));
        };
        if and_removed {
            remove(parent, &key)?;
        }
        Ok(value)
    }

    fn test(&self, document: &mut Value) -> Result<(), Error> {
        let path = &self.path;
        let found = if path.is_empty() {
            Some(document.clone())
        } else {
            let Some((parent, key)) = parent(document, path) else {
                return fail(format!(
                    "test operation does not apply: is missing path: {path}: missing value"
                ));
            };
            get_mut(parent, &key).map(|value| value.clone())
        };
        if found.unwrap_or_default() == self.value {
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
        node = get_mut(node, &unescape(part))?;
    }
    (node.is_object() || node.is_array()).then(|| (node, unescape(key)))
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

fn get_mut<'d>(parent: &'d mut Value, key: &str) -> Option<&'d mut Value> {
    match parent {
        Value::Object(map) => map.get_mut(key),
        Value::Array(list) => {
            let at = index(key, list.len())?;
            list.get_mut(at)
        }
        _ => None,
    }
}

/// An index into a list of `length` elements; negative ones count from the end.
fn index(key: &str, length: usize) -> Option<usize> {
    let at: i64 = key.parse().ok()?;
    if at < 0 {
        length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?)
    } else {
        usize::try_from(at).ok()
    }
}

fn bad_index(key: &str) -> Error {
    Error::invalid(format!(
        "Unable to access invalid index: {key}: invalid index referenced"
    ))
}

fn add(parent: &mut Value, key: &str, value: Value) -> Result<(), Error> {
    match parent {
        Value::Object(map) => {
            map.insert(key.to_owned(), value);
        }
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => {
            // `-1` is the end of the list, so negative indexes count from one beyond.
            let at = index(key, list.len() + 1)
                .filter(|&at| at <= list.len())
                .ok_or_else(|| bad_index(key))?;
            list.insert(at, value);
        }
        _ => {}
    }
    Ok(())
}

fn remove(parent: &mut Value, key: &str) -> Result<Value, Error> {
    match parent {
        Value::Object(map) => map.remove(key).ok_or_else(|| {
            Error::invalid(format!(
                "unable to remove nonexistent key: {key}: missing value"
            ))
        }),
        Value::Array(list) => {
            let at = index(key, list.len())
                .filter(|&at| at < list.len())
                .ok_or_else(|| bad_index(key))?;
            Ok(list.remove(at))
        }
        _ => Ok(Value::Null),
    }
}

#[cfg(test)]
mod tests;
