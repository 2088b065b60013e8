//! Install and upgrade of many Kustomizations: ours and the peers' in turn, beside the floor.

use std::time::Duration;

use windlass_e2e::{Objects, Stack};

use crate::{
    floor,
    load::{self, Load, Variant},
    subject::{Subject, usage},
};

/// What one change to all Kustomizations cost.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    seconds: f64,
    /// User and system time of the kustomize-controller, for each Kustomization.
    cpu_ms_each: f64,
    source_cpu_seconds: f64,
    /// The most each process has held since its start.
    peak_mib: [f64; 2],
}

/// One run over a fresh cluster.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    fresh_mib: [f64; 2],
    install: Figures,
    upgrade: Figures,
}

/// Measures one variant and prints a table. Answers our median install time.
pub(crate) async fn compare(variant: Variant, runs: usize, concurrent: usize) -> f64 {
    println!("\n{variant}, --concurrent={concurrent}, median of {runs} runs in turn");
    let mut subjects = vec![Subject::ours()];
    subjects.extend(Subject::peers());
    let mut floors = Vec::new();
    let mut rounds: Vec<Vec<Round>> = vec![Vec::new(); subjects.len()];
    for run in 0..runs {
        floors.push(floor::measure(variant, concurrent).await.as_secs_f64());
        // A-B-B-A, so that a trend of the machine falls on both.
        let mut order: Vec<usize> = (0..subjects.len()).collect();
        if run % 2 == 1 {
            order.reverse();
        }
        for which in order {
            let round = round(&subjects[which], variant, concurrent).await;
            rounds[which].push(round);
        }
    }
    let floor = median(floors.iter().copied());
    println!(
        "  floor                {floor:>7.2} s   (dry run and apply of the same objects by a bare loader)"
    );
    for (name, pick) in [
        ("install", (|r: &Round| r.install) as fn(&Round) -> Figures),
        ("upgrade", |r| r.upgrade),
    ] {
        for (subject, rounds) in subjects.iter().zip(&rounds) {
            print(name, subject.name, floor, rounds, pick);
        }
        if let [ours, peers] = rounds.as_slice() {
            let seconds = |rounds: &[Round]| median(rounds.iter().map(|r| pick(r).seconds));
            let cpu = |rounds: &[Round]| median(rounds.iter().map(|r| pick(r).cpu_ms_each));
            println!(
                "  {name:<8} ours : peers = 1 : {:.1} in time, 1 : {:.1} in CPU",
                seconds(peers) / seconds(ours),
                cpu(peers) / cpu(ours),
            );
        }
    }
    median(rounds[0].iter().map(|r| r.install.seconds))
}

fn print(phase: &str, subject: &str, floor: f64, rounds: &[Round], pick: fn(&Round) -> Figures) {
    let of = |figure: fn(Figures) -> f64| median(rounds.iter().map(|round| figure(pick(round))));
    let seconds = of(|f| f.seconds);
    println!(
        "  {phase:<8} {subject:<10} {seconds:>8.2} s  {:>5.1} x floor  {:>6.1} ms CPU each  source {:>5.2} s CPU  peak {:>5.1} / {:>5.1} MiB  fresh {:>5.1} / {:>5.1} MiB (source / kustomize)",
        seconds / floor,
        of(|f| f.cpu_ms_each),
        of(|f| f.source_cpu_seconds),
        of(|f| f.peak_mib[0]),
        of(|f| f.peak_mib[1]),
        median(rounds.iter().map(|r| r.fresh_mib[0])),
        median(rounds.iter().map(|r| r.fresh_mib[1])),
    );
}

async fn round(subject: &Subject, variant: Variant, concurrent: usize) -> Round {
    let stack = subject.start(concurrent, variant.replicas > 0, false).await;
    let fresh = usage(&stack);
    let objects = stack.namespace("bench").await;
    let load = Load::new(&stack, &objects, variant).await;
    let install = change(&stack, &objects, &load, 1).await;
    let upgrade = change(&stack, &objects, &load, 2).await;
    Round {
        fresh_mib: fresh.map(|usage| usage.resident_mib),
        install,
        upgrade,
    }
}

/// Writes all Kustomizations with another variable, and measures until all are Ready.
async fn change(stack: &Stack, objects: &Objects, load: &Load, version: u32) -> Figures {
    let mut watch = objects.watch("Kustomization");
    let before = usage(stack);
    let started = load.write(version).await;
    let ready = load::all_ready(&mut watch, load.variant.count).await;
    let after = usage(stack);
    Figures {
        seconds: ready.duration_since(started).as_secs_f64(),
        cpu_ms_each: 1000.0 * (after[1].cpu_seconds - before[1].cpu_seconds)
            / as_f64(load.variant.count),
        source_cpu_seconds: after[0].cpu_seconds - before[0].cpu_seconds,
        peak_mib: after.map(|usage| usage.peak_mib),
    }
}

/// Counts the requests of install and upgrade, in a run that is not timed, since the audit log
/// costs the API server time.
pub(crate) async fn requests(variant: Variant, concurrent: usize) {
    let mut subjects = vec![Subject::ours()];
    subjects.extend(Subject::peers());
    for subject in subjects {
        let stack = subject.start(concurrent, variant.replicas > 0, true).await;
        let objects = stack.namespace("bench").await;
        let load = Load::new(&stack, &objects, variant).await;
        for (phase, version) in [("install", 1), ("upgrade", 2)] {
            let before = load::requests(&stack);
            let mut watch = objects.watch("Kustomization");
            load.write(version).await;
            load::all_ready(&mut watch, variant.count).await;
            // The last events are on their way.
            tokio::time::sleep(Duration::from_secs(1)).await;
            println!(
                "  requests of the kustomize-controller, {}, {phase}:",
                subject.name
            );
            let mut each = 0;
            let mut rare = Vec::new();
            for (what, number) in load::requests(&stack) {
                let number = number - before.get(&what).copied().unwrap_or_default();
                if number * 20 >= variant.count {
                    each += number;
                    println!(
                        "    {:>6.2} each  {what}",
                        as_f64(number) / as_f64(variant.count)
                    );
                } else if number > 0 {
                    rare.push(format!("{number} x {what}"));
                }
            }
            println!(
                "    {:>6.2} each  in all",
                as_f64(each) / as_f64(variant.count)
            );
            if !rare.is_empty() {
                println!("            beside  {}", rare.join(", "));
            }
        }
    }
}

/// The middle one; of an even number the mean of the two in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => f64::NAN,
        (odd, half) if odd % 2 == 1 => values[half],
        (_, half) => f64::midpoint(values[half - 1], values[half]),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub(crate) fn as_f64(count: usize) -> f64 {
    count as f64
}
