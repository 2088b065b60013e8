//! Templates rendered with sprig's functions, beside what the Go library made of them.

mod certificates;
mod conformance;
mod harness;
mod hostile;
mod recorded;
