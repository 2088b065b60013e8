//! The JSON of a release.

use serde_json::{Map as Members, Value as Json, json};

use super::record::{Info, Release};
use super::storage::Form;
use crate::manifest::{Hook, HookExecution};
use crate::values::map_to_json;

/// The record's JSON in the given form.
pub(super) fn release(release: &Release, form: Form) -> Json {
    let mut members = release.other.clone();
    text(&mut members, "name", &release.name);
    members.insert("info".to_owned(), info(&release.info, form));
    members.insert("chart".to_owned(), release.chart.json().clone());
    if !release.config.is_empty() {
        members.insert("config".to_owned(), map_to_json(&release.config));
    }
    text(&mut members, "manifest", &release.manifest);
    if !release.hooks.is_empty() {
        let hooks = release.hooks.iter().map(|each| hook(each, form)).collect();
        members.insert("hooks".to_owned(), Json::Array(hooks));
    }
    if release.version != 0 {
        members.insert("version".to_owned(), release.version.into());
    }
    text(&mut members, "namespace", &release.namespace);
    text(&mut members, "apply_method", &release.apply_method);
    Json::Object(members)
}

fn info(info: &Info, form: Form) -> Json {
    let mut members = info.other.clone();
    time(&mut members, "first_deployed", &info.first_deployed, form);
    time(&mut members, "last_deployed", &info.last_deployed, form);
    time(&mut members, "deleted", &info.deleted, form);
    text(&mut members, "description", &info.description);
    text(&mut members, "status", info.status.name());
    text(&mut members, "notes", &info.notes);
    Json::Object(members)
}

fn hook(hook: &Hook, form: Form) -> Json {
    let mut members = Members::new();
    text(&mut members, "name", &hook.name);
    text(&mut members, "kind", &hook.kind);
    text(&mut members, "path", &hook.path);
    text(&mut members, "manifest", &hook.manifest);
    list(
        &mut members,
        "events",
        hook.events.iter().map(|event| event.name()),
    );
    members.insert("last_run".to_owned(), last_run(&hook.last_run, form));
    if hook.weight != 0 {
        members.insert("weight".to_owned(), hook.weight.into());
    }
    let policies = hook.delete_policies.iter().map(String::as_str);
    list(&mut members, "delete_policies", policies);
    let policies = hook.output_log_policies.iter().map(String::as_str);
    list(&mut members, "output_log_policies", policies);
    Json::Object(members)
}

fn last_run(run: &HookExecution, form: Form) -> Json {
    let mut members = Members::new();
    time(&mut members, "started_at", &run.started_at, form);
    time(&mut members, "completed_at", &run.completed_at, form);
    members.insert("phase".to_owned(), json!(run.phase));
    Json::Object(members)
}

fn text(members: &mut Members<String, Json>, name: &str, value: &str) {
    if !value.is_empty() {
        members.insert(name.to_owned(), value.into());
    }
}

/// Helm 3 writes times that are not set as empty text, Helm 4 leaves them out.
fn time(members: &mut Members<String, Json>, name: &str, value: &str, form: Form) {
    if !value.is_empty() || form == Form::V3 {
        members.insert(name.to_owned(), value.into());
    }
}

fn list<'a>(
    members: &mut Members<String, Json>,
    name: &str,
    items: impl ExactSizeIterator<Item = &'a str>,
) {
    if items.len() > 0 {
        members.insert(name.to_owned(), items.collect());
    }
}
