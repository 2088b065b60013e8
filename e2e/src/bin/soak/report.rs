//! What came of it.

use std::{fmt, time::Duration};

use windlass_e2e::Controller;

use crate::{
    usage::{CONTROLLERS, Usage, Usages},
    world::World,
};

/// How much more than in the second third a figure may be in the last one: a share, and what a
/// moment's work adds.
struct Allowance {
    name: &'static str,
    of: fn(&Usage) -> f64,
    share: f64,
    more: f64,
}

const ALLOWANCES: [Allowance; 4] = [
    Allowance {
        name: "memory, MiB",
        of: |u| u.resident_mib,
        share: 0.05,
        more: 2.0,
    },
    Allowance {
        name: "descriptors",
        of: |u| u.descriptors,
        share: 0.05,
        more: 4.0,
    },
    Allowance {
        name: "threads",
        of: |u| u.threads,
        share: 0.05,
        more: 4.0,
    },
    Allowance {
        name: "tasks",
        of: |u| u.tasks,
        share: 0.05,
        more: 4.0,
    },
];

/// One figure of one controller.
struct Line {
    controller: Controller,
    name: &'static str,
    second: f64,
    last: f64,
    peak: f64,
    flat: bool,
}

/// The whole of it.
pub(crate) struct Report {
    done: String,
    artifacts: (u64, u64),
    differences: Vec<String>,
    lines: Vec<Line>,
}

impl Report {
    pub(crate) fn of(world: &World, usages: &Usages, whole: Duration) -> Self {
        let third = whole / 3;
        let mut lines = Vec::new();
        for controller in CONTROLLERS {
            let second = usages.between(controller, third, 2 * third);
            let last = usages.between(controller, 2 * third, Duration::MAX);
            for allowance in &ALLOWANCES {
                let (before, after) = (median(&second, allowance), median(&last, allowance));
                let all = second.iter().chain(&last).map(allowance.of);
                let (Some(before), Some(after)) = (before, after) else {
                    continue;
                };
                lines.push(Line {
                    controller,
                    name: allowance.name,
                    second: before,
                    last: after,
                    peak: all.fold(0.0, f64::max),
                    flat: after <= before * (1.0 + allowance.share) + allowance.more,
                });
            }
        }
        Self {
            done: world.progress(),
            artifacts: world.artifacts(),
            differences: world.differences.clone(),
            lines,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        self.differences.is_empty() && !self.lines.is_empty() && self.lines.iter().all(|l| l.flat)
    }
}

fn median(samples: &[Usage], allowance: &Allowance) -> Option<f64> {
    let mut values: Vec<f64> = samples.iter().map(allowance.of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", self.done)?;
        let (whole, interrupted) = self.artifacts;
        writeln!(f, "artifacts: {whole} whole, {interrupted} interrupted\n")?;
        writeln!(
            f,
            "{:<22} {:<12} {:>12} {:>12} {:>8}",
            "", "", "second third", "last third", "peak"
        )?;
        for line in &self.lines {
            writeln!(
                f,
                "{:<22} {:<12} {:>12.1} {:>12.1} {:>8.1} {}",
                line.controller.name(),
                line.name,
                line.second,
                line.last,
                line.peak,
                if line.flat { "flat" } else { "GROWS" }
            )?;
        }
        for difference in &self.differences {
            writeln!(f, "DIFFERENT: {difference}")?;
        }
        let outcome = if self.passed() { "passed" } else { "FAILED" };
        write!(f, "\nsoak {outcome}")
    }
}
