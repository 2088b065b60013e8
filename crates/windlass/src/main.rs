//! `windlass`: runs controllers in one process, and their engines without a cluster.
//!
//! Data goes to standard output, everything else to standard error. The exit status is 0 on
//! success, 1 when the command failed and 2 when it was called wrongly.

mod cluster;
mod commands;
mod local_files;
mod remote_resources;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

// The engines make and drop many small things.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `GitOps` toolkit for Kubernetes.
#[derive(Parser)]
#[command(name = "windlass", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Controllers(commands::controllers::Arguments),
    #[command(subcommand)]
    Helm(commands::helm::Command),
    #[command(subcommand)]
    Kustomize(commands::kustomize::Command),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Controllers(arguments) => serve(arguments),
        // The engines need no threads, and are to start at once.
        Command::Helm(command) => commands::helm::run(&command),
        Command::Kustomize(command) => commands::kustomize::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

#[tokio::main]
async fn serve(arguments: commands::controllers::Arguments) -> anyhow::Result<()> {
    commands::controllers::run(arguments).await
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where a failed command says why"
)]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("Error: {error:#}");
    ExitCode::FAILURE
}
