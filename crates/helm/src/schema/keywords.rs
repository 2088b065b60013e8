//! The keywords, in the order in which Helm's library looks at them.

use std::collections::HashMap;
use std::rc::Rc;

use regex::Regex;
use serde_json::{Map, Number, Value as Json};

use super::draft::Draft;
use super::fault::{Fault, quote, quote_all};
use super::number::{equal, grouped, identity, is_multiple, is_whole, shown};
use super::validator::{Site, Validator};

/// Types in the order in which messages list them.
const TYPES: [&str; 7] = [
    "null", "boolean", "number", "integer", "string", "array", "object",
];

fn type_name(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// `type`, `const` and `enum`: where one fails, nothing else is looked at.
pub(super) fn any(schema: &Map<String, Json>, value: &Json) -> Option<String> {
    if let Some(wanted) = schema.get("type") {
        let wanted: Vec<&str> = match wanted {
            Json::String(name) => vec![name],
            Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        let found = type_name(value);
        let whole = matches!(value, Json::Number(number) if is_whole(number));
        let matches = wanted.contains(&found) || whole && wanted.contains(&"integer");
        if !wanted.is_empty() && !matches {
            let wanted: Vec<&str> = TYPES
                .into_iter()
                .filter(|name| wanted.contains(name))
                .collect();
            return Some(format!("got {found}, want {}", wanted.join(" or ")));
        }
    }
    if let Some(wanted) = schema.get("const")
        && !equal(value, wanted)
    {
        return Some(if is_primitive(wanted) {
            format!("value must be {}", display(wanted))
        } else {
            "'const' failed".to_owned()
        });
    }
    if let Some(wanted) = schema.get("enum").and_then(Json::as_array)
        && !wanted.iter().any(|wanted| equal(value, wanted))
    {
        return Some(match wanted.as_slice() {
            wanted if !wanted.iter().all(is_primitive) => "'enum' failed".to_owned(),
            [wanted] => format!("value must be {}", display(wanted)),
            wanted => {
                let wanted: Vec<String> = wanted.iter().map(display).collect();
                format!("value must be one of {}", wanted.join(", "))
            }
        });
    }
    None
}

fn is_primitive(value: &Json) -> bool {
    !matches!(value, Json::Array(_) | Json::Object(_))
}

fn display(value: &Json) -> String {
    match value {
        Json::String(text) => quote(text),
        Json::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// A keyword whose value is a count.
fn count(site: &Site<'_, '_>, key: &str) -> Option<usize> {
    let number = site.schema.get(key)?;
    let whole = number.as_u64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
        format!("{float:.0}").parse().ok()
    })?;
    usize::try_from(whole).ok()
}

/// Checks a size against the keywords of a minimum and a maximum.
fn bounds(validator: &Validator<'_>, site: &mut Site<'_, '_>, keys: [&str; 2], got: usize) {
    let [least, most] = keys;
    if let Some(want) = count(site, least).filter(|want| got < *want) {
        site.faults.push(validator.fault(sizes(least, got, want)));
    }
    if let Some(want) = count(site, most).filter(|want| got > *want) {
        site.faults.push(validator.fault(sizes(most, got, want)));
    }
}

fn sizes(key: &str, got: usize, want: usize) -> String {
    format!(
        "{key}: got {}, want {}",
        grouped(&got.to_string()),
        grouped(&want.to_string())
    )
}

fn missing<'a>(members: &Map<String, Json>, required: &'a Json) -> Vec<&'a str> {
    required
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .filter(|name| !members.contains_key(*name))
        .collect()
}

/// Members of a keyword whose value is an object, for those that the value has too.
fn concerning<'a>(
    site: &Site<'a, '_>,
    key: &str,
    members: &Map<String, Json>,
) -> Vec<(&'a String, &'a Json)> {
    let schema = site.schema;
    let entries = schema.get(key).and_then(Json::as_object);
    entries
        .into_iter()
        .flatten()
        .filter(|(name, _)| members.contains_key(*name))
        .collect()
}

fn push(validator: &Validator<'_>, site: &mut Site<'_, '_>, result: Result<(), Fault>) {
    validator.keep(&mut site.faults, result);
}

pub(super) fn object<'a>(
    validator: &mut Validator<'a>,
    site: &mut Site<'a, '_>,
    members: &Map<String, Json>,
) {
    bounds(
        validator,
        site,
        ["minProperties", "maxProperties"],
        members.len(),
    );
    if let Some(required) = site.schema.get("required") {
        match missing(members, required).as_slice() {
            [] => {}
            [name] => {
                let message = format!("missing property {}", quote(name));
                site.faults.push(validator.fault(message));
            }
            names => {
                let message = format!("missing properties {}", quote_all(names.iter().copied()));
                site.faults.push(validator.fault(message));
            }
        }
    }
    for (name, dependency) in concerning(site, "dependencies", members) {
        if dependency.is_array() {
            depends(validator, site, members, name, dependency);
        } else {
            let result = validator.same(site, dependency);
            push(validator, site, result);
        }
    }
    parts(validator, site, members);
    if validator.draft() == Draft::D4 {
        return;
    }
    if let Some(names) = site.schema.get("propertyNames") {
        for name in members.keys() {
            let result = validator.alone(names, &Json::String(name.clone()));
            let result = result.map_err(|fault| {
                let message = format!("invalid propertyName {}", quote(name));
                Fault::under(&[], message, fault)
            });
            push(validator, site, result);
        }
    }
    if validator.draft() < Draft::D2019 {
        return;
    }
    for (_, schema) in concerning(site, "dependentSchemas", members) {
        let result = validator.same(site, schema);
        push(validator, site, result);
    }
    for (name, required) in concerning(site, "dependentRequired", members) {
        depends(validator, site, members, name, required);
    }
}

fn depends(
    validator: &Validator<'_>,
    site: &mut Site<'_, '_>,
    members: &Map<String, Json>,
    name: &str,
    required: &Json,
) {
    let missing = missing(members, required);
    if !missing.is_empty() {
        site.faults.push(validator.fault(format!(
            "properties {} required, if {} exists",
            quote_all(missing),
            quote(name)
        )));
    }
}

/// `properties`, `patternProperties` and `additionalProperties`.
fn parts<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>, members: &Map<String, Json>) {
    let schema = site.schema;
    let properties = schema.get("properties").and_then(Json::as_object);
    let patterns: Vec<(Rc<Regex>, &Json)> = schema
        .get("patternProperties")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(pattern, schema)| Some((validator.pattern(pattern)?, schema)))
        .collect();
    let additional = schema.get("additionalProperties");
    let mut refused = Vec::new();
    for (name, value) in members {
        let mut evaluated = false;
        if let Some(schema) = properties.and_then(|properties| properties.get(name)) {
            evaluated = true;
            let result = validator.part(schema, value, name);
            push(validator, site, result);
        }
        for (pattern, schema) in &patterns {
            if pattern.is_match(name) {
                evaluated = true;
                let result = validator.part(schema, value, name);
                push(validator, site, result);
            }
        }
        if !evaluated && let Some(additional) = additional {
            evaluated = true;
            match additional {
                Json::Bool(false) => refused.push(name.as_str()),
                Json::Object(_) => {
                    let result = validator.part(additional, value, name);
                    push(validator, site, result);
                }
                _ => {}
            }
        }
        if evaluated {
            site.unevaluated.members.remove(name);
        }
    }
    if !refused.is_empty() {
        let message = format!("additional properties {} not allowed", quote_all(refused));
        site.faults.push(validator.fault(message));
    }
}

pub(super) fn array<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>, items: &[Json]) {
    bounds(validator, site, ["minItems", "maxItems"], items.len());
    if site.schema.get("uniqueItems") == Some(&Json::Bool(true))
        && let Some((i, j)) = first_pair(items)
    {
        let message = format!("items at {i} and {j} are equal");
        site.faults.push(validator.fault(message));
    }
    let schema = site.schema;
    let modern = validator.draft() >= Draft::D2020;
    let (first, rest) = match schema.get("items") {
        _ if modern => (schema.get("prefixItems"), schema.get("items")),
        Some(list @ Json::Array(_)) => (Some(list), schema.get("additionalItems")),
        other => (None, other),
    };
    let first: &[Json] = first.and_then(Json::as_array).map_or(&[], Vec::as_slice);
    for (index, (schema, item)) in first.iter().zip(items).enumerate() {
        let result = validator.part(schema, item, &index.to_string());
        push(validator, site, result);
        site.unevaluated.items.remove(&index);
    }
    let rest_items = items.get(first.len()..).unwrap_or_default();
    match rest {
        None => {}
        Some(Json::Bool(false)) if !modern && !rest_items.is_empty() => {
            let message = format!("last {} additionalItem(s) not allowed", rest_items.len());
            site.faults.push(validator.fault(message));
        }
        Some(schema) => {
            // Quirk: these are counted from zero again.
            for (index, item) in rest_items.iter().enumerate() {
                let result = validator.part(schema, item, &index.to_string());
                push(validator, site, result);
            }
            site.unevaluated.items.clear();
        }
    }
    contains(validator, site, items);
}

/// The first item that is equal to one before it, with that one before.
fn first_pair(items: &[Json]) -> Option<(usize, usize)> {
    let mut known = HashMap::new();
    items.iter().enumerate().find_map(|(j, item)| {
        let i = *known.entry(identity(item)).or_insert(j);
        (i != j).then_some((i, j))
    })
}

fn contains<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>, items: &[Json]) {
    let Some(schema) = site.schema.get("contains") else {
        return;
    };
    let (mut matched, mut faults) = (Vec::new(), Vec::new());
    for (index, item) in items.iter().enumerate() {
        match validator.part(schema, item, &index.to_string()) {
            Ok(()) => {
                matched.push(index.to_string());
                if validator.draft() >= Draft::D2020 {
                    site.unevaluated.items.remove(&index);
                }
            }
            result => validator.keep(&mut faults, result),
        }
    }
    let places = matched.join(" ");
    match count(site, "minContains") {
        Some(want) if matched.len() < want => {
            let message = if matched.is_empty() {
                format!("min {want} items required to match contains schema, but none matched")
            } else {
                format!(
                    "min {want} items required to match contains schema, but matched {} items at {places}",
                    matched.len()
                )
            };
            site.faults.push(validator.fault(message).because(faults));
        }
        None if matched.is_empty() => {
            let message = "no items match contains schema";
            site.faults.push(validator.fault(message).because(faults));
        }
        _ => {}
    }
    if let Some(want) = count(site, "maxContains").filter(|want| matched.len() > *want) {
        site.faults.push(validator.fault(format!(
            "max {want} items required to match contains schema, but matched {} items at {places}",
            matched.len()
        )));
    }
}

pub(super) fn string<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>, text: &str) {
    if site.schema.contains_key("minLength") || site.schema.contains_key("maxLength") {
        let length = text.chars().count();
        bounds(validator, site, ["minLength", "maxLength"], length);
    }
    if let Some(pattern) = site.schema.get("pattern").and_then(Json::as_str)
        && let Some(regex) = validator.pattern(pattern)
        && !regex.is_match(text)
    {
        let message = format!("{} does not match pattern {}", quote(text), quote(pattern));
        site.faults.push(validator.fault(message));
    }
}

/// Whether a number breaks the bound it is compared with.
type Fails = fn(f64, f64) -> bool;

pub(super) fn number(validator: &Validator<'_>, site: &mut Site<'_, '_>, number: &Number) {
    let got = number.as_f64().unwrap_or_default();
    let schema = site.schema;
    let draft4 = validator.draft() == Draft::D4;
    let flag = |key: &str| draft4 && schema.get(key) == Some(&Json::Bool(true));
    let checks: [(&str, &str, Fails); 4] = [
        ("minimum", "exclusiveMinimum", |got, want| got < want),
        ("maximum", "exclusiveMaximum", |got, want| got > want),
        ("exclusiveMinimum", "", |got, want| got <= want),
        ("exclusiveMaximum", "", |got, want| got >= want),
    ];
    for (key, exclusive, fails) in checks {
        // Draft 4 makes a bound exclusive by a flag.
        let (source, fails) = match (key, draft4) {
            ("exclusiveMinimum", true) if flag(key) => ("minimum", fails),
            ("exclusiveMaximum", true) if flag(key) => ("maximum", fails),
            (_, true) if flag(exclusive) => continue,
            _ => (key, fails),
        };
        if let Some(Json::Number(want)) = schema.get(source)
            && fails(got, want.as_f64().unwrap_or_default())
        {
            let message = format!("{key}: got {}, want {}", shown(number), shown(want));
            site.faults.push(validator.fault(message));
        }
    }
    if let Some(Json::Number(want)) = schema.get("multipleOf")
        && !is_multiple(number, want)
    {
        let message = format!("multipleOf: got {}, want {}", shown(number), shown(want));
        site.faults.push(validator.fault(message));
    }
}

/// `not`, `allOf`, `anyOf`, `oneOf` and `if`.
pub(super) fn conditions<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>) {
    let schema = site.schema;
    if let Some(not) = schema.get("not")
        && validator.same(site, not).is_ok()
    {
        site.faults.push(validator.fault("'not' failed"));
    }
    let list = |key: &str| {
        let list = schema.get(key).and_then(Json::as_array);
        list.map_or(&[][..], Vec::as_slice)
    };
    let mut faults = Vec::new();
    for schema in list("allOf") {
        let result = validator.same(site, schema);
        validator.keep(&mut faults, result);
    }
    if !faults.is_empty() {
        site.faults
            .push(validator.fault("'allOf' failed").because(faults));
    }
    any_of(validator, site, list("anyOf"));
    one_of(validator, site, list("oneOf"));
    if let Some(condition) = schema.get("if").filter(|_| validator.draft() >= Draft::D7) {
        let branch = match validator.same(site, condition) {
            Ok(()) => schema.get("then"),
            Err(_) => schema.get("else"),
        };
        if let Some(branch) = branch {
            let result = validator.same(site, branch);
            push(validator, site, result);
        }
    }
}

fn any_of<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>, schemas: &'a [Json]) {
    if schemas.is_empty() {
        return;
    }
    let mut faults = Vec::new();
    let mut matched = false;
    for schema in schemas {
        match validator.same(site, schema) {
            Ok(()) => {
                matched = true;
                let unevaluated = &site.unevaluated;
                if unevaluated.members.is_empty() && unevaluated.items.is_empty() {
                    break;
                }
            }
            result => validator.keep(&mut faults, result),
        }
    }
    if !matched {
        site.faults
            .push(validator.fault("'anyOf' failed").because(faults));
    }
}

fn one_of<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>, schemas: &'a [Json]) {
    if schemas.is_empty() {
        return;
    }
    let mut faults = Vec::new();
    let mut matched = None;
    for (index, schema) in schemas.iter().enumerate() {
        match (validator.same(site, schema), matched) {
            (Ok(()), None) => matched = Some(index),
            (Ok(()), Some(first)) => {
                let message = format!("'oneOf' failed, subschemas {first}, {index} matched");
                site.faults.push(validator.fault(message));
                return;
            }
            (result, None) => validator.keep(&mut faults, result),
            (Err(_), Some(_)) => {}
        }
    }
    if matched.is_none() {
        site.faults.push(
            validator
                .fault("'oneOf' failed, none matched")
                .because(faults),
        );
    }
}

/// `unevaluatedProperties` and `unevaluatedItems`.
pub(super) fn unevaluated<'a>(validator: &mut Validator<'a>, site: &mut Site<'a, '_>) {
    if let (Some(schema), Json::Object(members)) =
        (site.schema.get("unevaluatedProperties"), site.value)
    {
        for name in std::mem::take(&mut site.unevaluated.members) {
            if let Some(value) = members.get(&name) {
                let result = validator.part(schema, value, &name);
                push(validator, site, result);
            }
        }
    }
    if let (Some(schema), Json::Array(items)) = (site.schema.get("unevaluatedItems"), site.value) {
        for index in std::mem::take(&mut site.unevaluated.items) {
            if let Some(value) = items.get(index) {
                let result = validator.part(schema, value, &index.to_string());
                push(validator, site, result);
            }
        }
    }
}
