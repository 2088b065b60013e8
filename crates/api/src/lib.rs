//! The API of Windlass: the kinds of the Flux 2.9 API groups as Rust types, and the words
//! (condition types, reasons, annotations) that clients, dashboards and alerts depend on.
//!
//! The types are the single source of the API: [`crds`] derives the
//! `CustomResourceDefinitions` from them. This crate knows nothing of clients, files or engines.

pub mod crd;
pub mod duration;
pub mod kustomize;
pub mod meta;
pub mod redacted;
mod schema;
pub mod source;

pub use crd::crds;
pub use duration::GoDuration;
pub use redacted::Redacted;
