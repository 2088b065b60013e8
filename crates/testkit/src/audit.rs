use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use k8s_openapi::jiff::Timestamp;
use serde::Deserialize;

/// A request as the API server's audit log tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// `get`, `list`, `watch`, `create`, `patch`…
    pub verb: String,
    /// Path and query.
    #[serde(rename = "requestURI")]
    pub request_uri: String,
    /// Absent when the client sent none.
    #[serde(default)]
    pub user_agent: String,
    /// Who asked.
    pub user: AuditUser,
    /// Whom the request was made as, when it impersonated somebody.
    pub impersonated_user: Option<AuditUser>,
    /// `ResponseStarted` (a watch that goes on), `ResponseComplete` or `Panic`.
    pub stage: String,
    /// The answer; absent when the server panicked.
    pub response_status: Option<AuditStatus>,
    /// What the request is about; absent for paths like `/version`.
    pub object_ref: Option<AuditObject>,
    /// When the request arrived.
    pub request_received_timestamp: Timestamp,
    /// When it was answered.
    pub stage_timestamp: Timestamp,
}

impl AuditEvent {
    /// Whether nothing comes of the request but an answer.
    pub fn is_dry_run(&self) -> bool {
        self.request_uri.contains("dryRun=All")
    }

    /// Whether the request has changed something: a write that succeeded and was no dry run.
    pub fn is_write(&self) -> bool {
        let writes = ["create", "update", "patch", "delete", "deletecollection"];
        let code = self.response_status.as_ref().map_or(0, |s| s.code);
        self.stage == "ResponseComplete"
            && writes.contains(&self.verb.as_str())
            && !self.is_dry_run()
            && (200..300).contains(&code)
    }

    /// The resource in the plural (`configmaps`); empty for what is none.
    pub fn resource(&self) -> &str {
        self.object_ref.as_ref().map_or("", |o| &o.resource)
    }

    /// The name of the object; empty for lists and what is created with a generated name.
    pub fn name(&self) -> &str {
        self.object_ref.as_ref().map_or("", |o| &o.name)
    }

    /// The namespace of the object; empty for what has none.
    pub fn namespace(&self) -> &str {
        self.object_ref.as_ref().map_or("", |o| &o.namespace)
    }

    /// The subresource (`status`); empty for the object itself.
    pub fn subresource(&self) -> &str {
        self.object_ref.as_ref().map_or("", |o| &o.subresource)
    }
}

/// A user in the audit log.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditUser {
    /// `admin`, `system:serviceaccount:…`.
    #[serde(default)]
    pub username: String,
}

/// The outcome of a request in the audit log.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditStatus {
    /// The HTTP status.
    #[serde(default)]
    pub code: u16,
}

/// What a request in the audit log is about.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AuditObject {
    /// The resource in the plural.
    pub resource: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `status` and the like.
    pub subresource: String,
}

/// The events of a log; a last line that is still being written is left out.
pub(crate) fn parse(log: &str) -> Vec<AuditEvent> {
    log.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(event)
        .collect()
}

/// The event of a line. An API server that is killed leaves half a line, which the first event of the
/// next one then continues.
fn event(line: &str) -> AuditEvent {
    let whole = serde_json::from_str(line);
    let after_half = || {
        let start = line
            .rfind(r#"{"kind":"Event""#)
            .filter(|start| *start > 0)?;
        serde_json::from_str(&line[start..]).ok()
    };
    whole.unwrap_or_else(|error| {
        after_half().unwrap_or_else(|| panic!("no event of the audit log: {error}: {line}"))
    })
}

/// Reads an audit log on, from where it ended last time.
#[derive(Debug)]
pub struct AuditTail {
    path: PathBuf,
    offset: u64,
}

impl AuditTail {
    /// Starts at the end of the log as it is now, at a line that is being written.
    pub(crate) fn new(path: PathBuf) -> Self {
        let mut tail = Self { path, offset: 0 };
        if tail.path.exists() {
            tail.read_lines();
        }
        tail
    }

    /// What has been logged since the last call.
    pub fn read(&mut self) -> Vec<AuditEvent> {
        parse(&self.read_lines())
    }

    fn read_lines(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut file = File::open(&self.path).expect("the audit log can be opened");
        file.seek(SeekFrom::Start(self.offset))
            .expect("the audit log can be sought in");
        file.read_to_end(&mut bytes)
            .expect("the audit log can be read");
        let whole = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        self.offset += whole as u64;
        bytes.truncate(whole);
        String::from_utf8(bytes).expect("the audit log is UTF-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_of_a_killed_server_is_passed_over() {
        let event = r#"{"kind":"Event","stage":"ResponseComplete","requestURI":"/version","verb":"get","user":{},"requestReceivedTimestamp":"2026-01-02T03:04:05.6Z","stageTimestamp":"2026-01-02T03:04:05.7Z"}"#;
        let log = format!("{event}\n{}{event}\n{{\"kind\"", &event[..20]);
        assert_eq!(parse(&log).len(), 2);
    }
}
