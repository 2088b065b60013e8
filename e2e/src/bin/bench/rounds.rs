//! Install and upgrade of many Kustomizations: ours and the peers' in turn, beside the floor.

use windlass_e2e::{Objects, Stack};

use crate::{
    floor::{self, Floor},
    load::{self, Load, Variant},
    process::{AROUND, Around},
    subject::{Subject, settled, usage},
};

/// What one change to all Kustomizations cost: the time until all are Ready, all else until the
/// controllers have settled.
#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    seconds: f64,
    /// User and system time of the kustomize-controller, for each Kustomization.
    cpu_ms_each: f64,
    source_cpu_seconds: f64,
    /// User and system seconds of [`AROUND`].
    around: [f64; 4],
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

/// All runs over one variant.
struct Table {
    variant: Variant,
    floors: Vec<Floor>,
    /// For each subject.
    rounds: Vec<Vec<Round>>,
}

/// Measures variants in turn, so that a trend of the machine falls on all, prints a table of each,
/// and how much longer than the first the others take.
pub(crate) async fn compare(variants: &[Variant], runs: usize, concurrent: usize) {
    let mut subjects = vec![Subject::ours()];
    subjects.extend(Subject::peers());
    let table = |variant: &Variant| Table {
        variant: *variant,
        floors: Vec::new(),
        rounds: vec![Vec::new(); subjects.len()],
    };
    let mut tables: Vec<Table> = variants.iter().map(table).collect();
    for run in 0..runs {
        for table in &mut tables {
            table
                .floors
                .push(floor::measure(table.variant, concurrent).await);
            // A-B-B-A, for the same reason.
            let mut order: Vec<usize> = (0..subjects.len()).collect();
            if run % 2 == 1 {
                order.reverse();
            }
            for which in order {
                let round = round(&subjects[which], table.variant, concurrent).await;
                table.rounds[which].push(round);
            }
        }
    }
    for table in &tables {
        println!(
            "\n{}, --concurrent={concurrent}, median of {runs} runs in turn",
            table.variant
        );
        print_table(&subjects, table);
        print_multiples(&tables[0], table);
    }
}

/// How much longer a variant of more Kustomizations takes.
fn print_multiples(base: &Table, table: &Table) {
    if base.variant.count == table.variant.count {
        return;
    }
    let times = |seconds: fn(&Table) -> f64| seconds(table) / seconds(base);
    println!(
        "  {} take {:.2} x the time of {} to install, {:.2} x to upgrade; the floor {:.2} x",
        table.variant.count,
        times(|table| median(table.rounds[0].iter().map(|r| r.install.seconds))),
        base.variant.count,
        times(|table| median(table.rounds[0].iter().map(|r| r.upgrade.seconds))),
        times(|table| median(table.floors.iter().map(|floor| floor.seconds))),
    );
}

fn print_table(subjects: &[Subject], table: &Table) {
    let Table { floors, rounds, .. } = table;
    let floor = median(floors.iter().map(|floor| floor.seconds));
    println!(
        "  floor                {floor:>7.2} s   (dry run and apply of the same objects by a bare loader)"
    );
    print_around(|i| median(floors.iter().map(|floor| floor.around[i])));
    for (name, pick) in [
        ("install", (|r: &Round| r.install) as fn(&Round) -> Figures),
        ("upgrade", |r| r.upgrade),
    ] {
        for (subject, rounds) in subjects.iter().zip(rounds) {
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
    print_around(|i| median(rounds.iter().map(|round| pick(round).around[i])));
}

/// Where the rest of the CPU goes: a machine that is saturated is as fast as all of it together.
fn print_around(seconds: impl Fn(usize) -> f64) {
    let programs = AROUND.iter().enumerate();
    let programs: Vec<String> = programs
        .map(|(i, program)| format!("{program} {:.2}", seconds(i)))
        .collect();
    println!(
        "                       CPU s around it: {}",
        programs.join(", ")
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
    let around = Around::start(&stack.plane);
    let started = load.write(version).await;
    let ready = load::all_ready(&mut watch, load.variant.count).await;
    // Kubernetes events follow readiness: their cost belongs to this change, not to the next one.
    settled(stack).await;
    let (after, around) = (usage(stack), around.seconds());
    Figures {
        seconds: ready.duration_since(started).as_secs_f64(),
        cpu_ms_each: 1000.0 * (after[1].cpu_seconds - before[1].cpu_seconds)
            / as_f64(load.variant.count),
        source_cpu_seconds: after[0].cpu_seconds - before[0].cpu_seconds,
        around,
        peak_mib: after.map(|usage| usage.peak_mib),
    }
}

/// Counts the requests of install and upgrade, in a run that is not timed, since the audit log
/// costs the API server time.
pub(crate) async fn requests(variant: Variant, concurrent: usize) {
    let mut subjects = vec![Subject::ours()];
    subjects.extend(Subject::peers());
    for subject in subjects {
        println!("\n{variant}, not timed");
        let stack = subject.start(concurrent, variant.replicas > 0, true).await;
        let objects = stack.namespace("bench").await;
        let load = Load::new(&stack, &objects, variant).await;
        for (phase, version) in [("install", 1), ("upgrade", 2)] {
            let before = load::requests(&stack);
            let mut watch = objects.watch("Kustomization");
            load.write(version).await;
            load::all_ready(&mut watch, variant.count).await;
            settled(&stack).await;
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
