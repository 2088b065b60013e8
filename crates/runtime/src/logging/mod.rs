//! Log lines with the field names of the contract: `level`, `ts`, `msg`, and for everything that
//! happens in a reconcile `controller`, `controllerKind`, `namespace`, `name`, `reconcileID`.

mod json;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing::{Span, error, info_span};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::ObjectKey;
use json::JsonLines;

/// How lines are written (`--log-encoding`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Encoding {
    /// One JSON object per line.
    #[default]
    Json,
    /// Text for a terminal.
    Console,
}

/// The least severe lines that are written (`--log-level`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// Everything, including what libraries say.
    Trace,
    /// What a developer asks for.
    Debug,
    /// What an operator reads.
    #[default]
    Info,
    /// Failures only.
    Error,
}

impl Level {
    fn filter(self) -> Targets {
        let level = match self {
            Self::Trace => LevelFilter::TRACE,
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Error => LevelFilter::ERROR,
        };
        let mut targets = Targets::new().with_default(level);
        // These print bodies and headers below the level of errors, secrets among them.
        for wire in [
            "kube_client",
            "hyper",
            "hyper_util",
            "reqwest",
            "h2",
            "rustls",
        ] {
            targets = targets.with_target(wire, level.min(LevelFilter::ERROR));
        }
        // Its warnings repeat what the watches say themselves.
        targets.with_target("kube_runtime", level.min(LevelFilter::ERROR))
    }
}

/// Installs the process's logger, which writes to standard error, panics included; later calls do
/// nothing.
pub fn init(level: Level, encoding: Encoding) {
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match encoding {
        Encoding::Json => Box::new(JsonLines::new(std::io::stderr)),
        Encoding::Console => Box::new(
            fmt::layer()
                .with_writer(std::io::stderr)
                .with_target(false)
                .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())),
        ),
    };
    let installed = tracing_subscriber::registry()
        .with(layer.with_filter(level.filter()))
        .try_init();
    // A second controller in the same process logs through the first one's logger.
    if installed.is_ok() {
        // Panics too, or a reader of JSON would stumble over them.
        std::panic::set_hook(Box::new(|panic| error!(error = %panic, "panic")));
    }
}

/// The span of one reconcile: everything logged in it carries these fields. `controller` is the
/// lower-case kind.
pub fn reconcile_span(controller: &'static str, kind: &'static str, key: &ObjectKey) -> Span {
    info_span!(
        "reconcile",
        controller,
        controllerKind = kind,
        namespace = %key.namespace,
        name = %key.name,
        reconcileID = %uuid::Uuid::new_v4(),
    )
}
