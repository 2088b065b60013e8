//! Smart HTTP: one run of `git http-backend` for each request (CGI, RFC 3875).

use std::io;
use std::path::Path;
use std::process::Stdio;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::repo::git;

/// Answers a request, whose body has been read, from the repositories under `root`.
pub(crate) async fn serve(root: &Path, parts: &Parts, body: Bytes) -> Response<Bytes> {
    match backend(root, parts, body).await {
        Ok(output) => parse(&output).unwrap_or_else(|| failure("no header in the CGI output")),
        Err(error) => failure(&format!("git http-backend: {error}")),
    }
}

async fn backend(root: &Path, parts: &Parts, body: Bytes) -> io::Result<Bytes> {
    let header = |name: HeaderName| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let mut command = git(root);
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("REMOTE_ADDR", "127.0.0.1");
    if let Some(value) = header(CONTENT_TYPE) {
        command.env("CONTENT_TYPE", value);
    }
    // Clients compress long negotiations.
    if let Some(value) = header(CONTENT_ENCODING) {
        command.env("HTTP_CONTENT_ENCODING", value);
    }
    if let Some(value) = header(HeaderName::from_static("git-protocol")) {
        command
            .env("GIT_PROTOCOL", value)
            .env("HTTP_GIT_PROTOCOL", value);
    }
    let mut child = Command::from(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let feed = async move {
        // The backend may answer without reading everything.
        let _ = stdin.write_all(&body).await;
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    Ok(output?.stdout.into())
}

/// Splits CGI output into status, headers and body.
fn parse(output: &Bytes) -> Option<Response<Bytes>> {
    let end = output.windows(4).position(|window| window == b"\r\n\r\n")?;
    let mut response = Response::new(output.slice(end + 4..));
    for line in std::str::from_utf8(&output[..end]).ok()?.lines() {
        let (name, value) = line.split_once(": ")?;
        if name.eq_ignore_ascii_case("status") {
            *response.status_mut() = value.split(' ').next()?.parse().ok()?;
        } else {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            response
                .headers_mut()
                .append(name, HeaderValue::from_str(value).ok()?);
        }
    }
    Some(response)
}

fn failure(message: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(message.to_owned()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_cgi_output() {
        let output = "Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno\r\n\r\nsuch";
        let response = parse(&Bytes::from(output)).unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
        assert_eq!(response.body(), "no\r\n\r\nsuch");
        assert!(parse(&Bytes::from("nothing")).is_none());
    }
}
