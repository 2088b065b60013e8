//! Reading one commit of a remote Git repository into a [`windlass_archive::Tree`], over https or ssh,
//! in process.
//!
//! The crate owns credentials and how they are offered to a server, the choice of a commit by branch,
//! tag, version range, ref name or hash, and the checks on what a server sends: sizes, names, time.
//! Nothing is ever checked out: the pack lands in a temporary directory that is gone when the call
//! returns, and no configuration of the machine is read.
//!
//! It must not know custom resources, conditions or storage: callers turn its errors into statuses.

mod auth;
mod budget;
mod checkout;
mod commit;
mod error;
mod objects;
mod proxy;
mod reference;
mod remote;
mod revision;
mod selection;
mod ssh;
mod submodule;
mod transport;
mod tree;
mod versions;

pub use auth::{Auth, AuthError};
pub use checkout::{Checkout, CheckoutOptions, checkout};
pub use commit::{Commit, Person, Signature, TagObject};
pub use error::{Error, Failure};
pub use proxy::{Proxy, ProxyError};
pub use reference::Reference;
pub use revision::Revision;
