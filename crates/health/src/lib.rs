//! Health and drift of cluster objects: kstatus rules, CEL expressions, and a [`Tracker`] that
//! watches feed.
//!
//! This crate says how an object is doing and tells an owner when that changes. It owns the watches
//! on managed objects and the identity of an object ([`ObjectId`]). It must not know what a
//! Kustomization is, how objects are applied, or what anybody does with the answer; it writes
//! nothing to the cluster.

mod assess;
mod expression;
mod exprs;
mod id;
mod ready;
mod state;
mod status;
mod tracker;

pub use assess::{assess, foreseen};
pub use exprs::{ExprError, HealthExprs};
pub use id::{InvalidId, ObjectId};
pub use ready::ReadyExpr;
pub use state::{ObjectState, Takeover, content_hash, ours_hash};
pub use status::{Assessment, Status};
pub use tracker::{Change, Expected, Reader, Tracker, Verdict};
