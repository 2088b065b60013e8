//! One module for each command.

pub(crate) mod controllers;
pub(crate) mod helm;
pub(crate) mod kustomize;
