//! What every controller shares: the work queue, watches, clients, conditions and status patches,
//! events, leader election, metrics, probes, logging and flags.
//!
//! This crate knows Kubernetes and the conventions all kinds follow. It must not know any kind's
//! spec, what an artifact is, or how anything is built or applied.

pub mod clients;
pub mod conditions;
pub mod election;
pub mod events;
pub mod flags;
mod key;
mod listen;
pub mod logging;
pub mod mapper;
pub mod memory;
pub mod metrics;
pub mod outcome;
pub mod patch;
pub mod probes;
pub mod process;
pub mod queue;
pub mod shutdown;
pub mod watch;

pub use key::ObjectKey;
pub use listen::ListenAddr;
pub use tokio_util::sync::CancellationToken;
