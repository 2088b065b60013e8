//! Why a request got no answer.

use std::io;

use url::Url;

use crate::error::tame;

/// The texts of the errors behind `error`, or its own when there are none.
pub(super) fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut texts = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    if texts.is_empty() {
        texts.push(error.to_string());
    }
    texts
}

/// Why there is no answer, in the words of Go's network library, which users search the web for.
pub(super) fn cause(error: &reqwest::Error, url: &Url) -> String {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut system = None;
    let mut refused_name = false;
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            system = Some(io.kind());
        }
        refused_name |= error.to_string().contains("failed to lookup address");
        next = error.source();
    }
    let texts = causes(error);
    let all = texts.join(": ");
    let host = url.host_str().unwrap_or_default();
    let address = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
    if refused_name {
        return format!("dial tcp: lookup {host}: no such host");
    }
    // The second is what a certificate of another authority of the same name looks like.
    if all.contains("UnknownIssuer") || all.contains("BadSignature") {
        return "tls: failed to verify certificate: x509: certificate signed by unknown authority"
            .to_owned();
    }
    if all.contains("invalid peer certificate") {
        return format!(
            "tls: failed to verify certificate: x509: {}",
            texts.last().map_or("", String::as_str)
        );
    }
    match system {
        Some(io::ErrorKind::ConnectionRefused) => {
            format!("dial tcp {address}: connect: connection refused")
        }
        Some(io::ErrorKind::HostUnreachable) => {
            format!("dial tcp {address}: connect: no route to host")
        }
        Some(io::ErrorKind::NetworkUnreachable) => {
            format!("dial tcp {address}: connect: network is unreachable")
        }
        Some(io::ErrorKind::TimedOut) => format!("dial tcp {address}: i/o timeout"),
        Some(io::ErrorKind::ConnectionReset) => "read: connection reset by peer".to_owned(),
        Some(io::ErrorKind::UnexpectedEof) => "EOF".to_owned(),
        _ if all.contains("connection closed before message completed") => "EOF".to_owned(),
        _ => tame(&all),
    }
}
