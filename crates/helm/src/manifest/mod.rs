//! Rendered files turned into manifests: split, recognised, sorted, hooks apart.

mod head;
mod heads;
mod hook;
mod order;
mod sort;
mod split;

pub use head::Head;
pub use hook::{Hook, HookEvent, HookExecution};
pub use order::{KindOrder, install_order, uninstall_order};
pub use sort::{Manifest, Sorted, sort_manifests};
pub use split::split_manifests;
