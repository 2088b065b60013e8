//! Templates rendered with sprig's functions, beside what the Go library made of them.

mod conformance;
mod harness;
