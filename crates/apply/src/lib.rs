//! Makes a cluster hold the objects that a build produced: server-side apply in stages, the decision
//! what drifted, the inventory of what was applied, and the removal of what left it.
//!
//! The order of use is [`prepare`], [`stages`], then for each stage [`Applier::plan`] (dry runs only)
//! and [`Applier::apply`], then [`inventory::stale`] and [`Applier::delete`].
//!
//! This crate knows objects as JSON, the API server, and the owner labels of a Kustomization. It must
//! not know how objects were built, what a Kustomization's status looks like beyond its inventory,
//! when to run again, or how to wait for health: nothing here waits for longer than a request and the
//! second that a deleted object usually needs to vanish.

mod applier;
mod change_set;
mod cluster;
mod control;
mod error;
mod execute;
mod ignore;
mod immutable;
pub mod inventory;
mod memory;
mod normalise;
mod object;
mod order;
mod ownership;
mod plan;
mod pointer;
mod prepare;
mod prune;
mod redact;
mod stage;

pub use applier::{Applier, ApplyOptions};
pub use change_set::{Action, Change, ChangeSet};
pub use error::Error;
pub use ignore::IgnoreRules;
pub use memory::AppliedMemory;
pub use plan::{Plan, PlannedChange};
pub use prepare::prepare;
pub use stage::{Stage, StageKind, stages};

/// The field manager that every write of managed objects is made with, as Flux names it.
pub const FIELD_MANAGER: &str = "kustomize-controller";
