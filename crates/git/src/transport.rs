//! How bytes get to and from a server.

pub(crate) mod http;
pub(crate) mod ssh;
