//! The engines as programs of their own, beside `kustomize` and `helm` of the directory `PEERS`.

mod tree;

use std::{
    env, fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use windlass_archive::{Limits, Tree, TreeBuilder};
use windlass_e2e::binaries;
use windlass_kustomize::{BuildOptions, FileSystem, build};

use crate::{process::Usage, rounds::median};

/// A command line that is timed.
struct Case {
    ours: Vec<String>,
    /// Program of the peers, and its arguments.
    theirs: (&'static str, Vec<String>),
    weight: Weight,
}

/// How long the original takes, which decides how often it is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// As often as ours.
    Light,
    /// Once in each round.
    Usual,
    /// Once.
    Heavy,
}

/// Ours takes milliseconds, of which chance is a large part.
const OURS_IN_A_ROUND: usize = 5;

/// How often a run is weighed that was over too soon.
const WEIGHINGS: usize = 20;

/// Builds and templates, as whole processes: medians of so many rounds, in each of which ours
/// runs five times.
pub(crate) fn measure(rounds: usize) {
    println!("\nEngines, whole processes, medians of {rounds} rounds");
    let Ok(folder) = tempfile::tempdir() else {
        println!("  skipped: no temporary directory");
        return;
    };
    let mut built = Vec::new();
    for (name, pairs, weight) in [
        ("empty", None, Weight::Light),
        ("1,050", Some(500), Weight::Usual),
        ("4,050", Some(2000), Weight::Heavy),
    ] {
        let root = folder.path().join(name);
        let written = match pairs {
            Some(pairs) => tree::write(&root, pairs),
            None => fs::create_dir_all(root.join("overlay"))
                .and_then(|()| fs::write(root.join("overlay/kustomization.yaml"), EMPTY)),
        };
        if let Err(error) = written {
            println!("  skipped: {error}");
            return;
        }
        let overlay = root.join("overlay").to_string_lossy().into_owned();
        let case = Case {
            ours: words(&["kustomize", "build", &overlay]),
            theirs: ("kustomize", words(&["build", &overlay])),
            weight,
        };
        println!("  kustomize build, {name} resources");
        built.push(compare(&case, rounds));
    }
    if let [_, small, large] = built.as_slice() {
        println!(
            "  4,050 resources take {:.1} x the time of 1,050 (budget 5)",
            large / small
        );
    }
    scaling(&folder.path().join("1,050"));
    for chart in CHARTS {
        let Some(path) = chart_file(chart) else {
            println!("  helm template, {chart}: skipped, no such recorded chart");
            continue;
        };
        println!("  helm template, {chart}");
        let arguments = words(&["template", "release", &path.to_string_lossy()]);
        let case = Case {
            ours: [words(&["helm"]), arguments.clone()].concat(),
            theirs: ("helm", arguments),
            weight: Weight::Light,
        };
        compare(&case, rounds);
    }
}

/// The least a build can do.
const EMPTY: &str = "configMapGenerator:\n- name: one\n  literals: [a=b]\n";
const CHARTS: [&str; 2] = [
    "stefanprodan__podinfo.tgz",
    "prometheus-community__kube-prometheus-stack.tgz",
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn chart_file(name: &str) -> Option<PathBuf> {
    let recordings = PathBuf::from(env::var_os("WINDLASS_CONFORMANCE")?);
    Some(recordings.join("helm/charts").join(name)).filter(|path| path.exists())
}

/// Prints time and peak memory of both sides. Answers our seconds.
fn compare(case: &Case, rounds: usize) -> f64 {
    let ours = binaries().join("windlass");
    let theirs = env::var_os("PEERS")
        .map(|directory| Path::new(&directory).join(case.theirs.0))
        .filter(|path| path.exists());
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let wanted = match case.weight {
            Weight::Light => OURS_IN_A_ROUND,
            Weight::Usual => 1,
            Weight::Heavy => usize::from(round == 0),
        };
        for number in 0..OURS_IN_A_ROUND {
            our_times.push(time(&ours, &case.ours));
            if let Some(theirs) = &theirs
                && number < wanted
            {
                their_times.push(time(theirs, &case.theirs.1));
            }
        }
    }
    let (our_time, our_peak) = (median(our_times.into_iter()), peak(&ours, &case.ours));
    println!(
        "    windlass   {:>9.1} ms  {our_peak:>6.1} MiB",
        1000.0 * our_time
    );
    if let Some(theirs) = theirs {
        let (their_time, their_peak) = (
            median(their_times.into_iter()),
            peak(&theirs, &case.theirs.1),
        );
        println!(
            "    {:<10} {:>9.1} ms  {their_peak:>6.1} MiB  ours : theirs = 1 : {:.1} in time, 1 : {:.1} in memory",
            case.theirs.0,
            1000.0 * their_time,
            their_time / our_time,
            their_peak / our_peak,
        );
    }
    our_time
}

fn start(program: &Path, arguments: &[String], what: &str) -> Child {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{what}: {}: {error}", program.display()))
}

/// Seconds of one run.
fn time(program: &Path, arguments: &[String]) -> f64 {
    let started = Instant::now();
    let mut child = start(program, arguments, "timed");
    let status = child.wait();
    let took = started.elapsed().as_secs_f64();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{} {arguments:?} failed",
        program.display()
    );
    took
}

/// MiB of a run at its peak. One of a few milliseconds can end before it was looked at: then it is
/// started again.
fn peak(program: &Path, arguments: &[String]) -> f64 {
    (0..WEIGHINGS)
        .map(|_| weigh(program, arguments))
        .find(|peak| *peak > 0.0)
        .unwrap_or(f64::NAN)
}

/// MiB of one run at its peak, as seen from outside in short steps.
fn weigh(program: &Path, arguments: &[String]) -> f64 {
    let mut child = start(program, arguments, "weighed");
    let mut most = 0.0_f64;
    while matches!(child.try_wait(), Ok(None)) {
        most = most.max(Usage::of(child.id()).peak_mib);
        thread::sleep(Duration::from_micros(200));
    }
    most
}

/// Eight builds on one thread and on two, beside a loop that only computes: what both lose to the
/// machine is no fault of the engine's.
fn scaling(root: &Path) {
    let mut builder = Tree::builder(Limits::default());
    for directory in ["base", "overlay"] {
        load(&mut builder, root, directory);
    }
    let tree = builder.build();
    let shown = root.to_string_lossy();
    let one = || {
        let options = BuildOptions {
            files: FileSystem::Disk(&shown),
            ..BuildOptions::default()
        };
        match build(&tree, "overlay", &options) {
            Ok(built) => drop(black_box(built.to_yaml())),
            Err(error) => println!("  {error}"),
        }
    };
    let loops = || {
        let mut state = 1_u64;
        for _ in 0..200_000_000_u64 {
            state = black_box(
                state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1),
            );
        }
        black_box(state);
    };
    let gain = |work: &(dyn Fn() + Sync)| {
        let on = |threads: usize| {
            let started = Instant::now();
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| (0..8 / threads).for_each(|_| work()));
                }
            });
            started.elapsed().as_secs_f64()
        };
        median((0..5).map(|_| on(1) / on(2)))
    };
    let (builds, loops) = (gain(&one), gain(&loops));
    println!(
        "  8 builds on 2 threads: {builds:.2} x the rate of 1; a pure loop {loops:.2} x ({:.0} % of it)",
        100.0 * builds / loops
    );
}

fn load(builder: &mut TreeBuilder, root: &Path, directory: &str) {
    let entries = fs::read_dir(root.join(directory)).into_iter().flatten();
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
        let added = fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| builder.file(&name, bytes, false).map_err(|e| e.to_string()));
        if let Err(error) = added {
            println!("  {name}: {error}");
        }
    }
}
