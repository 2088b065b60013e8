//! Helm charts, rendered as Helm 4.2 renders them.
//!
//! A [`Chart`](chart::Chart) is loaded from a directory or an archive, a [`Renderer`] keeps its
//! parsed templates and renders them with values into [`Rendered`]: manifests in the order of
//! installation, hooks, notes. [`release`] reads and writes the records in which Helm keeps
//! releases.
//!
//! The crate is pure: bytes and values in, text out. A chart sees nothing but itself, its values,
//! what the caller says of the release and the cluster, and the clock through the date functions.
#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "Helm compares them so"
)]

mod capabilities;
pub mod chart;
mod functions;
mod go_text;
mod hidden;
pub mod manifest;
mod objects;
mod post_render;
pub mod release;
mod release_name;
mod render;
mod schema;
pub mod values;
mod yaml_decode;

pub use capabilities::{Capabilities, HelmVersion, KubeVersion};
pub use functions::Lookup;
pub use post_render::{PostRenderStrategy, PostRenderer};
pub use release_name::{check_release_name, template_name};
pub use render::{
    Compiled, Files, Place, ReleaseOptions, RenderError, RenderOptions, Rendered, Renderer,
    manifest_text,
};
pub use windlass_gotemplate::{Limit, Limits};
