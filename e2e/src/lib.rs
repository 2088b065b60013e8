//! Windlass as its users run it: the controllers as processes, on a real control plane, with a
//! real Git server. The tests of this crate, the demo and the bench are built from it.
#![expect(
    clippy::expect_used,
    reason = "a harness fails the test, the demo or the bench when its surroundings are broken"
)]

mod artifact_watch;
mod binaries;
mod declared;
mod objects;
mod seed;
mod stack;
mod watch;

pub use artifact_watch::{ArtifactWatch, Served};
pub use binaries::{binaries, workspace_root};
pub use declared::{Declared, Edit};
pub use objects::{Objects, condition, is_condition};
pub use seed::seeded;
pub use stack::{Controller, Stack, StackOptions};
pub use watch::Watch;
