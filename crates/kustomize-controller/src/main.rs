//! The kustomize-controller as a process of its own.

use clap::Parser;
use kustomize_controller::Flags;
use windlass_runtime::{logging, shutdown};

// Static musl binaries would otherwise use musl's allocator, which is slow and fragments.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    logging::init(flags.common.log_level, flags.common.log_encoding);
    // The only failure is that a provider is installed already, which would be this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    kustomize_controller::run(flags, shutdown::on_signals()?).await
}
