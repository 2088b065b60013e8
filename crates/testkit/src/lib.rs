//! Real counterparts for the tests of the other crates: a Kubernetes control plane, Git servers
//! over HTTP(S) and SSH, an HTTP proxy, a receiver of events, and processes under test.
//!
//! Nothing here is a mock: Git is served by `git http-backend` and `sshd`, Kubernetes is
//! Kubernetes (`e2e/control-plane`). Everything listens on free loopback ports, so that tests run
//! side by side, and ends when its handle is dropped or the test process goes away.
//!
//! The crate knows nothing of Windlass itself. What cannot be set up fails the test that asked
//! for it, by a panic that says why: no function returns a setup error.
#![expect(
    clippy::expect_used,
    reason = "a test kit fails the test when its surroundings are broken"
)]

mod audit;
mod background;
mod control_plane;
mod deadline;
mod event_sink;
mod git_http;
mod git_server;
mod http_client;
mod http_server;
mod port;
mod process;
mod proxy;
mod repo;
mod ssh_server;
mod tls;

pub use audit::{AuditEvent, AuditObject, AuditStatus, AuditTail, AuditUser};
pub use control_plane::{ControlPlane, Options};
pub use deadline::{wait_for, wait_until};
pub use event_sink::EventSink;
pub use git_server::{GitServer, GitServerOptions};
pub use http_client::http_get;
pub use http_server::ReceivedRequest;
pub use port::free_port;
pub use process::Process;
pub use proxy::{HttpProxy, ProxyCredentials};
pub use repo::{Entry, Repo};
pub use ssh_server::SshServer;
pub use tls::{Authority, Identity};
