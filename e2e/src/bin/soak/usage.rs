//! What the controllers use, over time.

use std::{fs, time::Duration};

use windlass_e2e::{Controller, Stack};

pub(crate) const CONTROLLERS: [Controller; 2] = [Controller::Source, Controller::Kustomize];

/// What a controller used at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) at: Duration,
    pub(crate) resident_mib: f64,
    pub(crate) descriptors: f64,
    pub(crate) threads: f64,
    pub(crate) tasks: f64,
}

/// The samples of both.
#[derive(Debug, Default)]
pub(crate) struct Usages {
    samples: [Vec<Usage>; 2],
}

impl Usages {
    pub(crate) async fn sample(&mut self, stack: &Stack, at: Duration) {
        for (controller, samples) in CONTROLLERS.into_iter().zip(&mut self.samples) {
            let process = stack.process(controller);
            // It may have been started a moment ago.
            let Some(tasks) = stack.try_metric(controller, "windlass_tasks").await else {
                continue;
            };
            let (kib, threads) = status(process.pid());
            samples.push(Usage {
                at,
                resident_mib: kib / 1024.0,
                descriptors: descriptors(process.pid()),
                threads,
                tasks,
            });
        }
    }

    /// The samples of one controller from `from` up to `to`.
    pub(crate) fn between(
        &self,
        controller: Controller,
        from: Duration,
        to: Duration,
    ) -> Vec<Usage> {
        let samples = CONTROLLERS.iter().position(|c| *c == controller);
        let samples = samples.map_or(&[][..], |at| &self.samples[at]);
        samples
            .iter()
            .filter(|s| (from..to).contains(&s.at))
            .copied()
            .collect()
    }
}

/// Resident memory in KiB and number of threads.
fn status(pid: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.unwrap_or_default()
    };
    (field("VmRSS:"), field("Threads:"))
}

#[expect(clippy::cast_precision_loss, reason = "descriptors are few")]
fn descriptors(pid: u32) -> f64 {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count) as f64
}
