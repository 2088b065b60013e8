//! The ssh side of Git: whom to trust, and running `git-upload-pack` on the server.

mod client;
mod known_hosts;
mod tunnel;

pub(crate) use client::{Algorithms, Session};
