//! Build script of the programs: links them to run at a fixed address.

#![expect(
    clippy::print_stdout,
    reason = "Cargo reads what a build script prints"
)]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=../../build/fixed_address.rs");
    // Megabytes of tables hold addresses. In a program that may lie anywhere they are written at each
    // start, and each process has its own copy of them; at a fixed address they stay in the file.
    // Safe Rust gives random addresses little to protect, and the Go originals do without as well.
    // Statically linked programs get the same by `-C relocation-model=static` (Makefile).
    let target = |key| env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
