//! JSON pointers (RFC 6901) into objects.

use serde_json::Value;

/// Splits a pointer into its unescaped tokens; `None` when it is malformed or names the whole object.
pub(crate) fn parse(text: &str) -> Option<Vec<String>> {
    let tokens = text.strip_prefix('/')?.split('/');
    tokens.map(unescape).collect()
}

fn unescape(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        plain.push(match part.chars().next()? {
            '0' => '~',
            '1' => '/',
            _ => return None,
        });
        plain.push_str(&part[1..]);
    }
    Some(plain)
}

/// One token as it is written within a pointer.
pub(crate) fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

fn child<'a>(value: &'a Value, token: &str) -> Option<&'a Value> {
    match value {
        Value::Object(map) => map.get(token),
        Value::Array(items) => items.get(token.parse::<usize>().ok()?),
        _ => None,
    }
}

fn child_mut<'a>(value: &'a mut Value, token: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(map) => map.get_mut(token),
        Value::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
        _ => None,
    }
}

pub(crate) fn get<'a>(value: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter()
        .try_fold(value, |value, token| child(value, token))
}

/// Removes what is at `path`, if anything is.
pub(crate) fn remove(value: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let parent = parents
        .iter()
        .try_fold(value, |value, token| child_mut(value, token));
    match parent {
        Some(Value::Object(map)) => {
            map.remove(last);
        }
        Some(Value::Array(items)) => {
            if let Some(index) = last.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
}

/// Puts `new` at `path`: over what is there, or as a new key of a map that is there.
pub(crate) fn set(value: &mut Value, path: &[String], new: Value) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let parent = parents
        .iter()
        .try_fold(value, |value, token| child_mut(value, token));
    match parent {
        Some(Value::Object(map)) => {
            map.insert(last.clone(), new);
        }
        Some(parent) => {
            if let Some(slot) = child_mut(parent, last) {
                *slot = new;
            }
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{escape, get, parse, remove, set};

    #[test]
    fn tokens_are_unescaped() {
        let path = parse("/metadata/annotations/a~1b~0c").unwrap();
        assert_eq!(path, ["metadata", "annotations", "a/b~c"]);
        assert_eq!(escape("a/b~c"), "a~1b~0c");
        assert!(parse("spec/replicas").is_none());
        assert!(parse("").is_none());
        assert!(parse("/a~2").is_none());
        assert!(parse("/a~").is_none());
    }

    #[test]
    fn values_are_found_set_and_removed() {
        let mut value = json!({"a": [{"b": 1}, {"b": 2}], "c": 3});
        let path = |text: &str| parse(text).unwrap();
        assert_eq!(get(&value, &path("/a/1/b")), Some(&json!(2)));
        assert_eq!(get(&value, &path("/a/x")), None);
        set(&mut value, &path("/a/0/b"), json!(9));
        set(&mut value, &path("/a/0/new"), json!(true));
        set(&mut value, &path("/none/x"), json!(1));
        remove(&mut value, &path("/a/1"));
        remove(&mut value, &path("/a/7"));
        remove(&mut value, &path("/c"));
        assert_eq!(value, json!({"a": [{"b": 9, "new": true}]}));
    }
}
