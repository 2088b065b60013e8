//! Rendering: from a chart and values to files, and from these to hooks, manifests and notes.

mod compiled;
mod context;
mod error;
mod no_value;
mod release;
mod renderer;

pub use compiled::Compiled;
pub use error::{Place, RenderError};
pub(crate) use no_value::delete_no_value;
pub use release::{Rendered, manifest_text};
pub use renderer::{Files, ReleaseOptions, RenderOptions, Renderer};
