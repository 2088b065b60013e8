//! What hostile tenants, repositories and servers try, through the running controllers. A test is
//! named after its case in `docs/security.md`, which says what stops each.

mod archives;
mod build;
mod clocks;
mod credentials;
mod expressions;
mod git_server;
mod identity;
mod manifests;
mod ownership;
mod redaction;
mod references;
mod reliability;
mod rig;
mod schedule;
mod source;
mod trees;
mod wire;
mod yaml;
