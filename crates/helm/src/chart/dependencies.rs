//! Which subcharts of a chart are used, and under which names.

use std::collections::{BTreeSet, HashMap};

use windlass_semver_range::{Constraint, parse_version};

use super::import_values::import_values;
use super::metadata::Dependency;
use super::{Chart, Identity};
use crate::values::{Map, Value, coalesce_values, path_value, table};

/// Most charts that a chart and its subcharts may become: two names for one, level by level, make
/// a billion of thirty.
const MAX_CHARTS: usize = 5_000;

/// Whether `version` is a version in the range `constraint`.
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    let Some(version) = parse_version(version) else {
        return false;
    };
    Constraint::parse(constraint).is_ok_and(|range| range.matches(&version))
}

/// Makes `chart` what it is for `values`: subcharts renamed to their aliases, those that are
/// disabled by their condition or tags removed, and values imported from the others.
///
/// # Errors
/// When values of a subchart are no table, or there are far too many subcharts.
pub fn process_dependencies(
    chart: &mut Chart,
    values: &Map,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let mut shared = Shared::new();
    process_enabled(
        chart,
        values,
        "",
        &mut shared,
        &mut { MAX_CHARTS },
        warnings,
    )?;
    process_imports(chart, &mut shared, warnings)
}

/// What has become of dependencies by whose metadata they are in.
type Shared = HashMap<usize, Option<Vec<Dependency>>>;

/// Takes the dependencies of a chart as they are by now.
fn take_listed(chart: &mut Chart, shared: &Shared) -> Option<Vec<Dependency>> {
    let own = chart.metadata.dependencies.take();
    match shared.get(&chart.identity.key()) {
        Some(changed) => changed.clone(),
        None => own,
    }
}

/// Names the dependencies that `Chart.yaml` lists and `charts/` does not have.
///
/// # Errors
/// Helm's text, if there are any.
pub fn check_dependencies(chart: &Chart) -> Result<(), String> {
    let missing: Vec<&str> = chart
        .metadata
        .dependencies
        .iter()
        .flatten()
        .map(|dependency| dependency.name.as_str())
        .filter(|name| !chart.dependencies.iter().any(|chart| chart.name() == *name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "found in Chart.yaml, but missing in charts/ directory: {}",
        missing.join(", ")
    ))
}

fn process_enabled(
    chart: &mut Chart,
    values: &Map,
    path: &str,
    shared: &mut Shared,
    left: &mut usize,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    let Some(mut listed) = take_listed(chart, shared) else {
        return Ok(());
    };
    let meant = |dependency: &Dependency, chart: &Chart| {
        chart.name() == dependency.name
            && is_compatible(&dependency.version, &chart.metadata.version)
    };
    *left = left
        .checked_sub(listed.len())
        .ok_or_else(|| format!("chart becomes more than {MAX_CHARTS} charts"))?;
    let present = std::mem::take(&mut chart.dependencies);
    let mut kept: Vec<Chart> = present
        .iter()
        .filter(|chart| !listed.iter().any(|dependency| meant(dependency, chart)))
        .cloned()
        .collect();
    for dependency in &mut listed {
        if let Some(found) = present.iter().find(|chart| meant(dependency, chart)) {
            let mut found = found.clone();
            found.metadata.dependencies = take_listed(&mut found, shared);
            found.identity = Identity::default();
            if !dependency.alias.is_empty() {
                found.metadata.name.clone_from(&dependency.alias);
            }
            kept.push(found);
        }
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
    }
    chart.dependencies = kept;

    let coalesced = coalesce_values(chart, values, warnings)?;
    apply_tags(&mut listed, &coalesced);
    apply_conditions(&mut listed, &coalesced, path);
    let disabled: BTreeSet<String> = listed
        .iter()
        .filter(|dependency| !dependency.enabled)
        .map(|dependency| dependency.name.clone())
        .collect();
    chart
        .dependencies
        .retain(|chart| !disabled.contains(chart.name()));
    listed.retain(|dependency| !disabled.contains(&dependency.name));

    for subchart in &mut chart.dependencies {
        let path = format!("{path}{}.", subchart.name());
        process_enabled(subchart, &coalesced, &path, shared, left, warnings)?;
    }
    let listed = Some(listed).filter(|listed| !listed.is_empty());
    shared.insert(chart.identity.key(), listed.clone());
    chart.metadata.dependencies = listed;
    Ok(())
}

/// Any tag that is true enables; otherwise any that is false disables.
fn apply_tags(dependencies: &mut [Dependency], values: &Map) {
    let Some(tags) = table(values, "tags") else {
        return;
    };
    for dependency in dependencies {
        let states =
            dependency
                .tags
                .iter()
                .flatten()
                .filter_map(|tag| match tags.get(tag.as_str()) {
                    Some(Value::Bool(state)) => Some(*state),
                    _ => None,
                });
        let (mut on, mut off) = (false, false);
        for state in states {
            on |= state;
            off |= !state;
        }
        dependency.enabled = on || !off;
    }
}

/// The first path of the condition that leads to a boolean decides.
fn apply_conditions(dependencies: &mut [Dependency], values: &Map, path: &str) {
    for dependency in dependencies {
        let decision = dependency
            .condition
            .trim()
            .split(',')
            .filter(|condition| !condition.is_empty())
            .find_map(
                |condition| match path_value(values, &format!("{path}{condition}")) {
                    Some(Value::Bool(state)) => Some(*state),
                    _ => None,
                },
            );
        if let Some(state) = decision {
            dependency.enabled = state;
        }
    }
}

fn process_imports(
    chart: &mut Chart,
    shared: &mut Shared,
    warnings: &mut Vec<String>,
) -> Result<(), String> {
    for subchart in &mut chart.dependencies {
        process_imports(subchart, shared, warnings)?;
    }
    chart.metadata.dependencies = take_listed(chart, shared);
    import_values(chart, warnings)?;
    if let Some(listed) = &chart.metadata.dependencies {
        shared.insert(chart.identity.key(), Some(listed.clone()));
    }
    Ok(())
}
