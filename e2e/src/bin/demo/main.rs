//! `make demo`: the main job of Windlass on a cluster of its own, act by act.
//!
//! `KEEP=1` leaves everything running at the end; `REPO=https://… DIR=./path` shows a repository
//! of the user's own instead of the sample.
#![expect(clippy::print_stdout, reason = "the demo is what it prints")]
#![expect(
    clippy::expect_used,
    reason = "the demo ends when its surroundings are broken"
)]

mod acts;
mod sample;
mod stage;

use std::{env, process::ExitCode};

use stage::Stage;

#[tokio::main]
async fn main() -> ExitCode {
    let own = env::var("REPO").ok().filter(|repo| !repo.is_empty());
    let mut stage = Stage::set().await;
    match own {
        Some(repo) => acts::own_repository(&mut stage, &repo).await,
        None => acts::sample_repository(&mut stage).await,
    }
    let passed = stage.summary();
    if env::var("KEEP").is_ok_and(|keep| !keep.is_empty() && keep != "0") {
        println!("\nEverything is left running; look around with");
        println!(
            "  export KUBECONFIG={}",
            stage.stack.plane.kubeconfig().display()
        );
        println!("  kubectl get kustomizations,gitrepositories,deployments -A");
        println!("End it with Ctrl-C.");
        tokio::signal::ctrl_c()
            .await
            .expect("signals can be awaited");
    }
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
