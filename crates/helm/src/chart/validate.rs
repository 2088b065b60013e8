//! Whether `Chart.yaml` says what a chart needs, and says it in clean text.

use windlass_gotemplate::strconv::is_print;
use windlass_semver_range::parse_version;

use super::load::Nulls;
use super::metadata::{Dependency, Metadata};
use crate::go_text::quote;

/// Replaces blanks by spaces and drops what is not printable, then checks.
///
/// # Errors
/// Helm's texts, from `validation: ` on.
pub(super) fn validate(metadata: &mut Metadata, nulls: Nulls) -> Result<(), String> {
    sanitize_all(metadata);
    check(metadata, nulls).map_err(|problem| format!("validation: {problem}"))
}

fn sanitize_all(metadata: &mut Metadata) {
    let Metadata {
        name,
        home,
        sources,
        description,
        keywords,
        icon,
        condition,
        tags,
        app_version,
        kube_version,
        ..
    } = metadata;
    for text in [
        name,
        description,
        home,
        icon,
        condition,
        tags,
        app_version,
        kube_version,
    ] {
        sanitize(text);
    }
    sources.iter_mut().flatten().for_each(sanitize);
    keywords.iter_mut().flatten().for_each(sanitize);
}

fn check(metadata: &mut Metadata, nulls: Nulls) -> Result<(), String> {
    if metadata.api_version.is_empty() {
        return Err("chart.metadata.apiVersion is required".to_owned());
    }
    let name = &metadata.name;
    if name.is_empty() {
        return Err("chart.metadata.name is required".to_owned());
    }
    if name == "." || name == ".." {
        return Err(format!(
            "chart.metadata.name {} is not allowed",
            quote(name)
        ));
    }
    if name.contains('/') {
        return Err(format!("chart.metadata.name {} is invalid", quote(name)));
    }
    if metadata.version.is_empty() {
        return Err("chart.metadata.version is required".to_owned());
    }
    if parse_version(&metadata.version).is_none() {
        return Err(format!(
            "chart.metadata.version {} is invalid",
            quote(&metadata.version)
        ));
    }
    if !matches!(&*metadata.kind, "" | "application" | "library") {
        return Err("chart.metadata.type must be application or library".to_owned());
    }
    if nulls.maintainers {
        return Err("maintainers must not contain empty or null nodes".to_owned());
    }
    for maintainer in metadata.maintainers.iter_mut().flatten() {
        sanitize(&mut maintainer.name);
        sanitize(&mut maintainer.email);
        sanitize(&mut maintainer.url);
    }
    if nulls.dependencies {
        return Err("dependencies must not contain empty or null nodes".to_owned());
    }
    let mut seen = std::collections::BTreeSet::new();
    for dependency in metadata.dependencies.iter_mut().flatten() {
        check_dependency(dependency)?;
        let name = dependency.effective_name();
        if !seen.insert(name.to_owned()) {
            return Err(format!(
                "more than one dependency with name or alias {}",
                quote(name)
            ));
        }
    }
    Ok(())
}

fn check_dependency(dependency: &mut Dependency) -> Result<(), String> {
    let Dependency {
        name,
        version,
        repository,
        condition,
        tags,
        alias,
        ..
    } = dependency;
    for text in [&mut *name, version, repository, condition] {
        sanitize(text);
    }
    tags.iter_mut().flatten().for_each(sanitize);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !alias.bytes().all(allowed) {
        return Err(format!(
            "dependency {} has disallowed characters in the alias",
            quote(name)
        ));
    }
    Ok(())
}

fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|found| {
            if found.is_whitespace() {
                Some(' ')
            } else {
                is_print(found).then_some(found)
            }
        })
        .collect();
}
