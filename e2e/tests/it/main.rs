//! The system as a whole, against a real control plane.

mod conformance;
mod faults;
mod health;
mod install;
mod layers;
mod main_job;
mod scenarios;
