//! `.Chart`: the metadata as a map with Go's field names.

use std::collections::BTreeMap;

use windlass_gotemplate::{List, Map, MapType, Value as Template};

use super::{any_strings, template_value};
use crate::chart::{Dependency, ImportValues, Maintainer, Metadata};

/// `.Chart` for templates.
pub(crate) fn chart_map(metadata: &Metadata, is_root: bool) -> Map {
    let Metadata {
        name,
        home,
        sources,
        version,
        description,
        keywords,
        maintainers,
        icon,
        api_version,
        condition,
        tags,
        app_version,
        deprecated,
        annotations,
        kube_version,
        dependencies,
        kind,
    } = metadata;
    let map = Map::new();
    for (key, text) in [
        ("Name", name),
        ("Home", home),
        ("Version", version),
        ("Description", description),
        ("Icon", icon),
        ("APIVersion", api_version),
        ("Condition", condition),
        ("Tags", tags),
        ("AppVersion", app_version),
        ("KubeVersion", kube_version),
        ("Type", kind),
    ] {
        map.insert(key, text.as_str());
    }
    map.insert("Sources", any_strings(sources.iter().flatten()));
    map.insert("Keywords", any_strings(keywords.iter().flatten()));
    map.insert("Deprecated", *deprecated);
    map.insert("Annotations", annotated(annotations.as_ref()));
    map.insert(
        "Maintainers",
        list(maintainers.iter().flatten().map(maintainer)),
    );
    map.insert(
        "Dependencies",
        list(dependencies.iter().flatten().map(dependency)),
    );
    map.insert("IsRoot", is_root);
    map
}

fn annotated(annotations: Option<&BTreeMap<String, String>>) -> Map {
    let Some(annotations) = annotations else {
        return Map::nil(MapType::STRING);
    };
    let map = Map::of(MapType::STRING);
    for (key, text) in annotations {
        map.insert(key.as_str(), text.as_str());
    }
    map
}

fn list(items: impl Iterator<Item = Template>) -> List {
    List::new(items.collect())
}

fn maintainer(maintainer: &Maintainer) -> Template {
    let Maintainer { name, email, url } = maintainer;
    let map = Map::new();
    map.insert("Name", name.as_str());
    map.insert("Email", email.as_str());
    map.insert("URL", url.as_str());
    map.into()
}

fn dependency(dependency: &Dependency) -> Template {
    let Dependency {
        name,
        version,
        repository,
        condition,
        tags,
        enabled,
        import_values,
        alias,
    } = dependency;
    let map = Map::new();
    for (key, text) in [
        ("Name", name),
        ("Version", version),
        ("Repository", repository),
        ("Condition", condition),
        ("Alias", alias),
    ] {
        map.insert(key, text.as_str());
    }
    map.insert("Tags", any_strings(tags.iter().flatten()));
    map.insert("Enabled", *enabled);
    map.insert(
        "ImportValues",
        list(import_values.iter().flatten().map(import)),
    );
    map.into()
}

fn import(import: &ImportValues) -> Template {
    match import {
        ImportValues::Written(value) => template_value(value),
        ImportValues::Paths { child, parent } => {
            let map = Map::of(MapType::STRING);
            map.insert("child", child.as_str());
            map.insert("parent", parent.as_str());
            map.into()
        }
    }
}
