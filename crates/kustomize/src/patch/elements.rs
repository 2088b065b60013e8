//! Merging lists whose elements are known by the values of their merge keys.
//!
//! Users can see the order of the result and what becomes of elements with missing or repeated
//! keys, so the steps below follow the original's, including the ones nobody would choose.

use std::collections::HashSet;

use windlass_yaml::Value;

use crate::Error;
use crate::resource::scalar_text;

/// Values of the merge keys, in the order of the keys; empty where missing.
type Row = Vec<String>;

/// Merges `patch` into `target`, calling `merge` for every pair of elements with equal keys.
pub(super) fn merge_by_keys(
    mut target: Vec<Value>,
    patch: &[Value],
    keys: &[String],
    mut merge: impl FnMut(Option<Value>, Option<&Value>) -> Result<Option<Value>, Error>,
) -> Result<Vec<Value>, Error> {
    if patch.is_empty() && has_distinct_keys(&target, keys) {
        return target
            .into_iter()
            .filter_map(|item| merge(Some(item), None).transpose())
            .collect();
    }
    let mut rows = rows(patch, &target, keys);
    if keys.len() > 1 {
        unify(&mut rows);
    }
    // Keys that no element has are left out of all comparisons.
    let mut valid: Vec<usize> = (0..keys.len())
        .filter(|&at| rows.iter().any(|row| !row[at].is_empty()))
        .collect();
    if valid.is_empty() {
        valid = (0..keys.len()).collect();
    }
    let valid_keys: Vec<&str> = valid.iter().map(|&at| keys[at].as_str()).collect();
    let mut merged_list = Vec::new();
    for row in &rows {
        let values: Vec<&str> = valid.iter().map(|&at| row[at].as_str()).collect();
        let (own_keys, own_values): (Vec<&str>, Vec<&str>) =
            if values.iter().all(|value| value.is_empty()) {
                (valid_keys.clone(), values.clone())
            } else {
                valid_keys
                    .iter()
                    .zip(&values)
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(&key, &value)| (key, value))
                    .unzip()
            };
        let at = target
            .iter()
            .position(|item| has_values(item, &own_keys, &own_values));
        let new = patch
            .iter()
            .find(|item| has_values(item, &own_keys, &own_values));
        let old = at.map(|at| target[at].clone());
        let merged = merge(old, new)?;
        let Some(mut merged) = merged.filter(|value| !is_blank(value)) else {
            set(&mut target, None, &valid_keys, &values);
            continue;
        };
        if let Value::Object(map) = &mut merged {
            for (key, value) in valid_keys.iter().zip(&values) {
                if !map.contains_key(*key) && !value.is_empty() {
                    map.insert((*key).to_owned(), plain_scalar(value));
                }
            }
        }
        // The original merges in place.
        if let Some(at) = at {
            target[at] = merged.clone();
        }
        set(&mut merged_list, Some(merged), &valid_keys, &values);
    }
    if rows.is_empty() {
        return Ok(target);
    }
    for item in target {
        let mut values = Vec::new();
        for key in &valid_keys {
            match item.get(*key) {
                None => merged_list.push(item.clone()),
                value => values.push(scalar_text(value)),
            }
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if valid_keys.len() > 1 {
            set(&mut merged_list, None, &valid_keys, &values);
        }
        set(&mut merged_list, Some(item), &valid_keys, &values);
    }
    Ok(merged_list)
}

/// The patch's scalars, then the target's others.
pub(super) fn union(target: Vec<Value>, patch: &[Value]) -> Vec<Value> {
    let mut seen = HashSet::new();
    patch
        .iter()
        .cloned()
        .chain(target)
        .filter(|item| !item.is_null() && seen.insert(scalar_text(Some(item))))
        .collect()
}

/// Whether merging the list with nothing leaves all elements where they are.
fn has_distinct_keys(list: &[Value], keys: &[String]) -> bool {
    let mut seen = HashSet::new();
    list.iter().all(|item| {
        let row = row(item, keys);
        !is_blank(item) && row.iter().all(|value| !value.is_empty()) && seen.insert(row)
    })
}

fn row(item: &Value, keys: &[String]) -> Row {
    keys.iter().map(|key| scalar_text(item.get(key))).collect()
}

fn rows(patch: &[Value], target: &[Value], keys: &[String]) -> Vec<Row> {
    let mut seen = HashSet::new();
    patch
        .iter()
        .chain(target)
        .map(|item| row(item, keys))
        .filter(|row| seen.insert(row.clone()))
        .collect()
}

/// Rows that agree somewhere and differ only where one has no value mean the same element.
fn unify(rows: &mut [Row]) {
    for i in 0..rows.len() {
        // The original compares with the row as it was when its turn came.
        let first = rows[i].clone();
        for j in 0..rows.len() {
            if let Some(both) = common(&first, &rows[j]) {
                rows[i].clone_from(&both);
                rows[j] = both;
            }
        }
    }
}

fn common(a: &Row, b: &Row) -> Option<Row> {
    let agree = a.iter().zip(b).any(|(a, b)| a == b);
    let compatible = a
        .iter()
        .zip(b)
        .all(|(a, b)| a == b || a.is_empty() || b.is_empty());
    (agree && compatible).then(|| {
        a.iter()
            .zip(b)
            .map(|(a, b)| if a.is_empty() { b } else { a }.clone())
            .collect()
    })
}

fn has_values(item: &Value, keys: &[&str], values: &[&str]) -> bool {
    item.is_object()
        && keys.iter().zip(values).all(|(key, value)| {
            item.get(*key)
                .is_some_and(|v| scalar_text(Some(v)) == *value)
        })
}

fn is_blank(item: &Value) -> bool {
    item.is_null() || item.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Replaces the elements whose keys have the values by `element`, appending it if there is none;
/// without `element` they are removed. An empty value stands for any value. Without any values
/// nothing is kept.
fn set(list: &mut Vec<Value>, element: Option<Value>, keys: &[&str], values: &[&str]) {
    let mut found = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    for item in list.drain(..) {
        if is_blank(&item) {
            continue;
        }
        if !item.is_object() && element.as_ref().is_some_and(Value::is_object) {
            kept.push(item);
            continue;
        }
        // Keys beyond the values repeat the last comparison.
        let matches = !values.is_empty()
            && keys.iter().zip(values).all(|(key, value)| {
                item.get(*key)
                    .is_some_and(|own| value.is_empty() || scalar_text(Some(own)) == *value)
            });
        if matches {
            found = true;
            kept.extend(element.clone());
        } else if !values.is_empty() {
            kept.push(item);
        }
    }
    *list = kept;
    if !found {
        list.extend(element);
    }
}

/// A key's text as the value it would be read as.
fn plain_scalar(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| Value::String(text.to_owned()), Value::from)
}
