//! Merging lists whose elements are known by the values of their merge keys.
//!
//! Users can see the order of the result and what becomes of elements with missing or repeated
//! keys, so the steps below follow the original's, including the ones nobody would choose.

use std::collections::{HashMap, HashSet};

use crate::node::{Node, Scalar};
use crate::time_limit;
use crate::{Error, ErrorKind};

/// Values of the merge keys, in the order of the keys; empty where missing.
type Row = Vec<String>;

/// Most elements of lists with several merge keys, or with faults: there the steps are quadratic.
const MAX_ROWS: usize = 10_000;

/// Merges `patch` into `target`, calling `merge` for every pair of elements with equal keys.
pub(super) fn merge_by_keys(
    mut target: Vec<Node>,
    patch: &[Node],
    keys: &[String],
    mut merge: impl FnMut(Option<Node>, Option<&Node>) -> Result<Option<Node>, Error>,
) -> Result<Vec<Node>, Error> {
    if (patch.is_empty() || keys.len() == 1)
        && let (Some(of_patch), Some(of_target)) = (distinct(patch, keys), distinct(&target, keys))
    {
        return merge_distinct(target, patch, &of_patch, &of_target, merge);
    }
    let mut rows = rows(patch, &target, keys);
    if rows.len() > MAX_ROWS {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("more than {MAX_ROWS} elements of a list to merge"),
        ));
    }
    if keys.len() > 1 {
        unify(&mut rows)?;
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
        time_limit::check()?;
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
        let Some(mut merged) = merged.filter(|node| !is_nothing(node)) else {
            set(&mut target, None, &valid_keys, &values)?;
            continue;
        };
        if let Some(map) = merged.as_mapping_mut() {
            for (key, value) in valid_keys.iter().zip(&values) {
                if !map.contains(key) && !value.is_empty() {
                    map.set(key, Scalar::untyped(*value));
                }
            }
        }
        // The original merges in place.
        if let Some(at) = at {
            target[at] = merged.clone();
        }
        set(&mut merged_list, Some(merged), &valid_keys, &values)?;
    }
    if rows.is_empty() {
        return Ok(target);
    }
    for item in target {
        let mut values = Vec::new();
        for key in &valid_keys {
            if item.is_null() {
                merged_list.push(item.clone());
                continue;
            }
            let Some(map) = item.as_mapping() else {
                return Err(item.wrong_kind("MappingNode"));
            };
            match map.get(key) {
                None => merged_list.push(item.clone()),
                Some(value) => values.push(value.text().to_owned()),
            }
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        if valid_keys.len() > 1 {
            set(&mut merged_list, None, &valid_keys, &values)?;
        }
        set(&mut merged_list, Some(item), &valid_keys, &values)?;
    }
    Ok(merged_list)
}

/// The steps where all elements have all keys, with values that do not repeat: those of the patch,
/// then the remaining ones.
fn merge_distinct(
    target: Vec<Node>,
    patch: &[Node],
    of_patch: &[Row],
    of_target: &[Row],
    mut merge: impl FnMut(Option<Node>, Option<&Node>) -> Result<Option<Node>, Error>,
) -> Result<Vec<Node>, Error> {
    let places: HashMap<&Row, usize> = of_target.iter().zip(0..).collect();
    let mut rest: Vec<Option<Node>> = target.into_iter().map(Some).collect();
    let mut merged = Vec::with_capacity(rest.len() + patch.len());
    let kept = |node: Option<Node>| node.filter(|node| !is_nothing(node));
    for (item, row) in patch.iter().zip(of_patch) {
        let old = places.get(row).and_then(|&at| rest[at].take());
        merged.extend(kept(merge(old, Some(item))?));
    }
    for item in rest.into_iter().flatten() {
        merged.extend(kept(merge(Some(item), None)?));
    }
    Ok(merged)
}

/// The rows of the elements if all are maps with all keys, and no two agree.
fn distinct(list: &[Node], keys: &[String]) -> Option<Vec<Row>> {
    let mut seen = HashSet::with_capacity(list.len());
    let rows: Vec<Row> = list.iter().map(|item| row(item, keys)).collect();
    let fine = rows.iter().zip(list).all(|(row, item)| {
        item.as_mapping().is_some() && row.iter().all(|value| !value.is_empty()) && seen.insert(row)
    });
    fine.then_some(rows)
}

/// The patch's scalars, then the target's others.
pub(super) fn union(target: Vec<Node>, patch: &[Node]) -> Vec<Node> {
    let mut seen = HashSet::new();
    let all = patch.iter().cloned().chain(target);
    all.filter(|item| !item.is_null() && seen.insert(item.text().to_owned()))
        .collect()
}

fn row(item: &Node, keys: &[String]) -> Row {
    let value = |key: &String| match item.get(key) {
        Some(value) if !value.is_blank() => value.text().to_owned(),
        _ => String::new(),
    };
    keys.iter().map(value).collect()
}

fn rows(patch: &[Node], target: &[Node], keys: &[String]) -> Vec<Row> {
    let mut seen = HashSet::new();
    patch
        .iter()
        .chain(target)
        .map(|item| row(item, keys))
        .filter(|row| seen.insert(row.clone()))
        .collect()
}

/// Rows that agree somewhere and differ only where one has no value mean the same element.
fn unify(rows: &mut [Row]) -> Result<(), Error> {
    for i in 0..rows.len() {
        time_limit::check()?;
        // The original compares with the row as it was when its turn came.
        let first = rows[i].clone();
        for j in 0..rows.len() {
            if let Some(both) = common(&first, &rows[j]) {
                rows[i].clone_from(&both);
                rows[j] = both;
            }
        }
    }
    Ok(())
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

fn has_values(item: &Node, keys: &[&str], values: &[&str]) -> bool {
    item.as_mapping().is_some_and(|map| {
        keys.iter()
            .zip(values)
            .all(|(key, value)| map.get(key).is_some_and(|own| own.text() == *value))
    })
}

fn is_nothing(item: &Node) -> bool {
    item.is_null() || item.is_empty_map()
}

/// Replaces the elements whose keys have the values by `element`, appending it if there is none;
/// without `element` they are removed. An empty value stands for any value. Without any values
/// nothing is kept.
fn set(
    list: &mut Vec<Node>,
    element: Option<Node>,
    keys: &[&str],
    values: &[&str],
) -> Result<(), Error> {
    let mut found = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    let of_maps = values.first().is_some_and(|value| !value.is_empty());
    for item in list.drain(..) {
        if is_nothing(&item) {
            continue;
        }
        let Some(map) = item.as_mapping() else {
            if of_maps {
                kept.push(item);
                continue;
            }
            if values.is_empty() {
                continue;
            }
            return Err(item.wrong_kind("MappingNode"));
        };
        // Keys beyond the values repeat the last comparison.
        let matches = !values.is_empty()
            && keys.iter().zip(values).all(|(key, value)| {
                map.get(key)
                    .is_some_and(|own| value.is_empty() || own.text() == *value)
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
        list.extend(element.filter(|element| !element.is_null()));
    }
    Ok(())
}
