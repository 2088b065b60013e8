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

/// The events of a log; a last line that is still being written is left out.
pub(crate) fn parse(log: &str) -> Vec<AuditEvent> {
    log.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| serde_json::from_str(line).expect("a line of the audit log is an event"))
        .collect()
}
