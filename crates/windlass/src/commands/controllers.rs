//! `windlass controllers`: several controllers in one process.

use anyhow::{Context, bail};
use clap::{Args, Parser, ValueEnum};
use futures::future::try_join_all;
use windlass_runtime::{CancellationToken, logging, shutdown};

/// Run controllers in one process.
///
/// Flags after the options go to the controller they are addressed to:
/// `windlass controllers --enable source,kustomize -- --log-level=debug source:--storage-path=/data`.
/// A flag without an address goes to all of them.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The controllers to run.
    #[arg(long, value_delimiter = ',', required = true)]
    enable: Vec<Controller>,
    /// Flags of the controllers, each in the form `--flag=value` or `<controller>:--flag=value`.
    #[arg(last = true)]
    flags: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Controller {
    Source,
    Kustomize,
}

impl Controller {
    const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Kustomize => "kustomize",
        }
    }

    /// The ports that differ from the defaults, so that the controllers do not compete for them.
    const fn own_defaults(self) -> &'static [&'static str] {
        match self {
            Self::Source => &[],
            Self::Kustomize => &["--metrics-addr=:8081", "--health-addr=:9441"],
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // The only failure is that a provider is installed already, which would be this one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut source = None;
    let mut kustomize = None;
    for controller in arguments.enable {
        let flags = flags_for(controller, &arguments.flags)?;
        match controller {
            Controller::Source => source = Some(source_controller::Flags::try_parse_from(flags)?),
            Controller::Kustomize => {
                kustomize = Some(kustomize_controller::Flags::try_parse_from(flags)?);
            }
        }
    }
    let common = source
        .as_ref()
        .map(|f| &f.common)
        .or(kustomize.as_ref().map(|f| &f.common));
    if let Some(common) = common {
        logging::init(common.log_level, common.log_encoding);
    }
    let shutdown = shutdown::on_signals()?;
    let mut running = Vec::new();
    if let Some(flags) = source {
        running.push(tokio::spawn(source_controller::run(
            flags,
            shutdown.clone(),
        )));
    }
    if let Some(flags) = kustomize {
        running.push(tokio::spawn(kustomize_controller::run(
            flags,
            shutdown.clone(),
        )));
    }
    end_together(running, &shutdown).await
}

/// Waits for all of them; the first that fails takes the others down, as one pod would.
async fn end_together(
    running: Vec<tokio::task::JoinHandle<anyhow::Result<()>>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let watched = running.into_iter().map(|task| async {
        let result = task
            .await
            .context("a controller panicked")
            .and_then(|result| result);
        if result.is_err() {
            shutdown.cancel();
        }
        result
    });
    try_join_all(watched).await.map(drop)
}

fn flags_for(controller: Controller, flags: &[String]) -> anyhow::Result<Vec<String>> {
    let mut own = vec![format!("{}-controller", controller.name())];
    own.extend(controller.own_defaults().iter().map(ToString::to_string));
    for flag in flags {
        if flag.starts_with("--") {
            own.push(flag.clone());
            continue;
        }
        let addressed = flag.split_once(':').and_then(|(to, flag)| {
            let to = Controller::value_variants()
                .iter()
                .find(|c| c.name() == to)?;
            flag.starts_with("--").then_some((to, flag))
        });
        match addressed {
            Some((to, flag)) if *to == controller => own.push(flag.to_owned()),
            Some(_) => {}
            None => bail!("{flag:?} is neither --flag=value nor <controller>:--flag=value"),
        }
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_reach_the_controller_they_are_addressed_to() {
        let flags = [
            "--log-level=debug",
            "source:--storage-path=/x",
            "kustomize:--concurrent=8",
        ]
        .map(String::from);
        assert_eq!(
            flags_for(Controller::Source, &flags).unwrap(),
            [
                "source-controller",
                "--log-level=debug",
                "--storage-path=/x"
            ]
        );
        let kustomize = flags_for(Controller::Kustomize, &flags).unwrap();
        assert!(kustomize.contains(&"--concurrent=8".to_owned()));
        assert!(!kustomize.iter().any(|flag| flag.contains("storage-path")));
        assert!(flags_for(Controller::Source, &["helm:--x=1".to_owned()]).is_err());
    }
}
