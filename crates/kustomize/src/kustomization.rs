//! The kustomization file: its fields, typed, and the rules it must meet.

mod fields;
mod file;

pub(crate) use fields::*;
pub(crate) use file::{FIELDS, NAMES, load};
