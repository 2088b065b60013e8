//! A release from its JSON, in the form of Helm 3 or 4.

use serde_json::{Map as Members, Value as Json};

use super::record::{Info, Release, Status, StoredChart};
use crate::manifest::{Hook, HookEvent, HookExecution};
use crate::values::map_from_json;

/// The time that Go writes for none at all.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// Reads a record. Members of a wrong type count as missing.
pub(super) fn release(mut members: Members<String, Json>) -> Release {
    let mut release = Release {
        name: text(&mut members, "name"),
        manifest: text(&mut members, "manifest"),
        namespace: text(&mut members, "namespace"),
        apply_method: text(&mut members, "apply_method"),
        version: int(&mut members, "version"),
        chart: StoredChart::from_json(members.remove("chart").unwrap_or_default()),
        ..Release::default()
    };
    if let Some(Json::Object(info)) = members.remove("info") {
        release.info = self::info(info);
    }
    if let Some(Json::Object(config)) = members.remove("config") {
        release.config = map_from_json(&config);
    }
    if let Some(Json::Array(hooks)) = members.remove("hooks") {
        let members = hooks.into_iter().filter_map(|hook| match hook {
            Json::Object(members) => Some(members),
            _ => None,
        });
        release.hooks = members.map(hook).collect();
    }
    release.other = members;
    release
}

fn info(mut members: Members<String, Json>) -> Info {
    Info {
        first_deployed: time(&mut members, "first_deployed"),
        last_deployed: time(&mut members, "last_deployed"),
        deleted: time(&mut members, "deleted"),
        description: text(&mut members, "description"),
        status: Status::from_name(&text(&mut members, "status")),
        notes: text(&mut members, "notes"),
        other: members,
    }
}

fn hook(mut members: Members<String, Json>) -> Hook {
    let events = texts(&mut members, "events");
    let last_run = match members.remove("last_run") {
        Some(Json::Object(mut run)) => HookExecution {
            started_at: time(&mut run, "started_at"),
            completed_at: time(&mut run, "completed_at"),
            phase: text(&mut run, "phase"),
        },
        _ => HookExecution::default(),
    };
    Hook {
        name: text(&mut members, "name"),
        kind: text(&mut members, "kind"),
        path: text(&mut members, "path"),
        manifest: text(&mut members, "manifest"),
        events: events
            .iter()
            .filter_map(|name| HookEvent::from_name(name))
            .collect(),
        last_run,
        weight: int(&mut members, "weight"),
        delete_policies: texts(&mut members, "delete_policies"),
        output_log_policies: texts(&mut members, "output_log_policies"),
    }
}

fn text(members: &mut Members<String, Json>, name: &str) -> String {
    match members.remove(name) {
        Some(Json::String(text)) => text,
        _ => String::new(),
    }
}

fn time(members: &mut Members<String, Json>, name: &str) -> String {
    let time = text(members, name);
    if time == ZERO_TIME {
        String::new()
    } else {
        time
    }
}

fn int(members: &mut Members<String, Json>, name: &str) -> i64 {
    members
        .remove(name)
        .and_then(|value| value.as_i64())
        .unwrap_or_default()
}

fn texts(members: &mut Members<String, Json>, name: &str) -> Vec<String> {
    match members.remove(name) {
        Some(Json::Array(items)) => items
            .into_iter()
            .filter_map(|item| match item {
                Json::String(text) => Some(text),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
