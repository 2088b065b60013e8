use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, sleep, timeout};

use super::*;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bits(u64);

impl Trigger for Bits {
    fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

fn queue() -> Queue<Bits> {
    let options = QueueOptions {
        name: "test",
        backoff_min: Duration::from_millis(750),
        backoff_max: Duration::from_mins(15),
    };
    Queue::new(options, &Metrics::new())
}

fn key(name: &str) -> ObjectKey {
    ObjectKey::new("default", name)
}

/// Every run: when (since the start), what, why.
type Log = Arc<StdMutex<Vec<(Duration, ObjectKey, u64)>>>;

/// Runs a queue in the background; every run is logged and ends as `decide` says.
fn work(
    queue: &Queue<Bits>,
    concurrency: usize,
    decide: impl Fn(&ObjectKey, usize) -> Requeue + Send + Sync + 'static,
) -> (Log, CancellationToken, tokio::task::JoinHandle<()>) {
    let log = Log::default();
    let start = Instant::now();
    let shutdown = CancellationToken::new();
    let (queue, token, entries) = (queue.clone(), shutdown.clone(), log.clone());
    let decide = Arc::new(decide);
    let task = tokio::spawn(async move {
        queue
            .run(concurrency, token, move |key, bits: Bits| {
                let (entries, decide) = (entries.clone(), decide.clone());
                async move {
                    let run = {
                        let mut entries = entries.lock().unwrap();
                        entries.push((start.elapsed(), key.clone(), bits.0));
                        entries.iter().filter(|(_, k, _)| *k == key).count()
                    };
                    decide(&key, run)
                }
            })
            .await;
    });
    (log, shutdown, task)
}

fn times(log: &Log) -> Vec<u64> {
    let log = log.lock().unwrap();
    log.iter()
        .map(|(at, _, _)| u64::try_from(at.as_millis()).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn backoff_doubles_to_its_limit_and_is_reset_by_success() {
    let queue = queue();
    let (log, stop, task) = work(&queue, 1, |_, run| match run {
        13 => Requeue::After(Duration::from_hours(1)),
        _ => Requeue::Backoff,
    });
    queue.enqueue(&key("a"), Bits(1));
    sleep(Duration::from_secs(7000)).await;
    stop.cancel();
    task.await.unwrap();
    let at = times(&log);
    let gaps: Vec<u64> = at.windows(2).map(|w| w[1] - w[0]).collect();
    let mut expected: Vec<u64> = (0..11).map(|n| 750 << n).collect();
    expected.extend([900_000, 3_600_000, 750, 1500]);
    assert!(gaps.len() >= expected.len(), "{gaps:?}");
    for (gap, expected) in gaps.iter().zip(&expected) {
        // The timer's resolution is a millisecond.
        assert!(gap.abs_diff(*expected) <= 1, "{gaps:?}");
    }
    // A retry keeps the reasons of the run that failed; a scheduled run has none.
    let bits: Vec<u64> = log.lock().unwrap().iter().map(|(_, _, b)| *b).collect();
    assert!(bits[..13].iter().all(|b| *b == 1) && bits[13] == 0);
}

#[tokio::test(start_paused = true)]
async fn the_earlier_schedule_wins_and_reasons_add_up() {
    let queue = queue();
    let (log, stop, task) = work(&queue, 1, |_, _| Requeue::Done);
    queue.enqueue_after(&key("a"), Duration::from_mins(1), Bits(1));
    queue.enqueue_after(&key("a"), Duration::from_secs(5), Bits(2));
    queue.enqueue_after(&key("a"), Duration::from_secs(30), Bits(4));
    sleep(Duration::from_mins(2)).await;
    stop.cancel();
    task.await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!((log[0].0.as_secs(), log[0].2), (5, 7));
}

#[tokio::test(start_paused = true)]
async fn an_event_answers_the_timer_that_was_set_before_it() {
    let queue = queue();
    let (log, stop, task) = work(&queue, 1, |_, _| Requeue::After(Duration::from_mins(10)));
    queue.enqueue(&key("a"), Bits(1));
    sleep(Duration::from_mins(5)).await;
    queue.enqueue(&key("a"), Bits(2));
    sleep(Duration::from_secs(610)).await;
    stop.cancel();
    task.await.unwrap();
    let seconds: Vec<u64> = times(&log).iter().map(|ms| ms / 1000).collect();
    assert_eq!(seconds, [0, 300, 900]);
}

#[tokio::test(start_paused = true)]
async fn now_runs_again_with_the_same_reasons() {
    let queue = queue();
    let (log, stop, task) = work(&queue, 1, |_, run| match run {
        1 => Requeue::Now,
        _ => Requeue::Done,
    });
    queue.enqueue(&key("a"), Bits(5));
    sleep(Duration::from_secs(1)).await;
    stop.cancel();
    task.await.unwrap();
    let bits: Vec<u64> = log.lock().unwrap().iter().map(|(_, _, b)| *b).collect();
    assert_eq!(bits, [5, 5]);
}

#[tokio::test(start_paused = true)]
async fn forgotten_objects_do_not_run() {
    let queue = queue();
    queue.enqueue(&key("a"), Bits(1));
    queue.enqueue_after(&key("b"), Duration::from_secs(1), Bits(1));
    queue.enqueue(&key("c"), Bits(1));
    queue.forget(&key("a"));
    queue.forget(&key("b"));
    let (log, stop, task) = work(&queue, 2, |_, _| Requeue::Done);
    sleep(Duration::from_secs(10)).await;
    stop.cancel();
    task.await.unwrap();
    let log = log.lock().unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].1, key("c"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_namespace_does_not_hold_up_another() {
    let queue = queue();
    let length = Duration::from_millis(100);
    let start = Instant::now();
    let done = Arc::new(StdMutex::new(None));
    let seen = done.clone();
    let stop = CancellationToken::new();
    for n in 0..300 {
        queue.enqueue(&ObjectKey::new("noisy", format!("k{n}")), Bits(1));
    }
    let (runner, token) = (queue.clone(), stop.clone());
    let task = tokio::spawn(async move {
        runner
            .run(4, token, move |key, _| {
                let seen = seen.clone();
                async move {
                    sleep(length).await;
                    if &*key.namespace == "quiet" {
                        *seen.lock().unwrap() = Some(start.elapsed());
                        return Requeue::Done;
                    }
                    Requeue::Backoff
                }
            })
            .await;
    });
    sleep(Duration::from_secs(2)).await;
    let asked = start.elapsed();
    queue.enqueue(&ObjectKey::new("quiet", "app"), Bits(1));
    sleep(Duration::from_secs(2)).await;
    stop.cancel();
    task.await.unwrap();
    let took = done.lock().unwrap().expect("ran").saturating_sub(asked);
    assert!(took <= Duration::from_millis(205), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_what_runs_and_takes_nothing_new() {
    let queue = queue();
    let stop = CancellationToken::new();
    let (ran, ended) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let (runner, token) = (queue.clone(), stop.clone());
    let (count, end) = (ran.clone(), ended.clone());
    let task = tokio::spawn(async move {
        runner
            .run(1, token, move |_, _| {
                let (count, end) = (count.clone(), end.clone());
                async move {
                    count.fetch_add(1, Ordering::SeqCst);
                    sleep(Duration::from_secs(30)).await;
                    end.store(true, Ordering::SeqCst);
                    Requeue::Done
                }
            })
            .await;
    });
    queue.enqueue(&key("a"), Bits(1));
    queue.enqueue(&key("b"), Bits(1));
    sleep(Duration::from_secs(1)).await;
    stop.cancel();
    task.await.unwrap();
    assert!(ended.load(Ordering::SeqCst), "the running one was cut off");
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one_objects_failure() {
    let metrics = Metrics::new();
    let options = QueueOptions {
        name: "test",
        backoff_min: Duration::from_secs(1),
        backoff_max: Duration::from_mins(1),
    };
    let queue = Queue::new(options, &metrics);
    let (log, stop, task) = work(&queue, 1, |key, run| {
        assert!(!(&*key.name == "bad" && run == 1), "deliberate");
        Requeue::Done
    });
    queue.enqueue(&key("bad"), Bits(1));
    queue.enqueue(&key("good"), Bits(1));
    sleep(Duration::from_secs(5)).await;
    stop.cancel();
    task.await.unwrap();
    let names: Vec<_> = log
        .lock()
        .unwrap()
        .iter()
        .map(|(_, k, _)| k.name.to_string())
        .collect();
    assert_eq!(names, ["bad", "good", "bad"]);
    let page = metrics.encode();
    assert!(page.contains("controller_runtime_reconcile_panics_total{controller=\"test\"} 1"));
    assert!(page.contains("controller_runtime_active_workers{controller=\"test\"} 0"));
}

#[tokio::test(start_paused = true)]
async fn slow_runs_hold_up_their_own_namespace_alone() {
    let queue = queue();
    let log = Log::default();
    let start = Instant::now();
    let stop = CancellationToken::new();
    let (runner, token, entries) = (queue.clone(), stop.clone(), log.clone());
    let task = tokio::spawn(async move {
        let work = move |key: ObjectKey, Bits(bits)| {
            let mut entries = entries.lock().unwrap();
            entries.push((start.elapsed(), key.clone(), bits));
            async move {
                if &*key.namespace != "others" {
                    sleep(Duration::from_hours(1)).await;
                }
                Requeue::Done
            }
        };
        runner.run(2, token, work).await;
    });
    for n in 0..5 {
        queue.enqueue(&ObjectKey::new("slow", format!("s{n}")), Bits(1));
        queue.enqueue(&ObjectKey::new("slower", format!("s{n}")), Bits(1));
    }
    for n in 0..3 {
        queue.enqueue(&ObjectKey::new("others", format!("o{n}")), Bits(1));
    }
    sleep(Duration::from_mins(59)).await;
    let began = |namespace: &str| -> Vec<u64> {
        let log = log.lock().unwrap();
        let of = log
            .iter()
            .filter(|(_, key, _)| *key.namespace == *namespace);
        of.map(|(at, ..)| at.as_secs()).collect()
    };
    assert_eq!(began("slow"), [0, 10], "no more than there are places");
    assert_eq!(began("slower"), [0, 10]);
    assert_eq!(began("others"), [10, 20, 20], "in turn with the others");
    sleep(Duration::from_hours(1)).await;
    assert_eq!(began("slow"), [0, 10, 3600, 3610]);
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn very_many_slow_runs_keep_their_places() {
    let queue = queue();
    let busy = Arc::new(AtomicUsize::new(0));
    let (runner, counter) = (queue.clone(), busy.clone());
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        let work = move |_, _| {
            counter.fetch_add(1, Ordering::Relaxed);
            std::future::pending()
        };
        runner.run(2, token, work).await;
    });
    for n in 0..1000 {
        queue.enqueue(&ObjectKey::new(format!("ns{n}"), "x"), Bits(1));
    }
    sleep(Duration::from_hours(24)).await;
    assert_eq!(busy.load(Ordering::Relaxed), 130);
}

#[test]
fn jitter_stays_within_its_percentage() {
    let base = Duration::from_mins(10);
    let many: Vec<Duration> = (0..500).map(|_| jittered(base, 5)).collect();
    assert!(
        many.iter()
            .all(|d| (570.0..=630.0).contains(&d.as_secs_f64()))
    );
    assert!(many.iter().any(|d| *d < base) && many.iter().any(|d| *d > base));
    assert_eq!(jittered(base, 0), base);
}

/// One step of a random history.
#[derive(Clone, Debug)]
enum Step {
    Enqueue(u8),
    Later(u8, u16),
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..12u8).prop_map(Step::Enqueue),
        1 => (0..12u8, 0..3000u16).prop_map(|(k, ms)| Step::Later(k, ms)),
        2 => (0..400u16).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Under any history of requests, with runs of any length that fail, panic or finish: no object
    /// runs twice at once, and every reason given reaches a run that starts no earlier than the
    /// reason was given.
    #[test]
    fn no_reason_is_lost_and_no_object_runs_twice(
        steps in prop::collection::vec(step(), 1..120),
        durations in prop::collection::vec(0..500u64, 8),
        ends in prop::collection::vec(0..5u8, 16),
        concurrency in 1..6usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(simulate(steps, durations, ends, concurrency));
    }
}

#[derive(Default)]
struct World {
    busy: BTreeSet<ObjectKey>,
    runs: usize,
    /// Reasons given and not yet seen by a run, per object.
    open: BTreeMap<ObjectKey, u64>,
}

async fn simulate(steps: Vec<Step>, durations: Vec<u64>, ends: Vec<u8>, concurrency: usize) {
    let queue = queue();
    let world = Arc::new(StdMutex::new(World::default()));
    let stop = CancellationToken::new();
    let (runner, token, shared) = (queue.clone(), stop.clone(), world.clone());
    let task = tokio::spawn(async move {
        runner
            .run(concurrency, token, move |key, bits: Bits| {
                let n = {
                    let mut world = shared.lock().unwrap();
                    assert!(world.busy.insert(key.clone()), "{key} runs twice");
                    assert!(world.busy.len() <= concurrency);
                    if let Some(open) = world.open.get_mut(&key) {
                        *open &= !bits.0;
                    }
                    world.runs += 1;
                    world.runs
                };
                let (shared, length) = (shared.clone(), durations[n % durations.len()]);
                let end = ends[n % ends.len()];
                async move {
                    sleep(Duration::from_millis(length)).await;
                    shared.lock().unwrap().busy.remove(&key);
                    match end {
                        0 => Requeue::Backoff,
                        1 => panic!("deliberate"),
                        2 => Requeue::After(Duration::from_secs(3)),
                        _ => Requeue::Done,
                    }
                }
            })
            .await;
    });
    for (n, step) in steps.iter().enumerate() {
        let bit = 1u64 << (n % 64);
        match step {
            Step::Enqueue(k) | Step::Later(k, _) => {
                let key = ObjectKey::new(format!("ns{}", k % 3), format!("k{k}"));
                // Given before the run can see it: the runner shares this thread.
                *world.lock().unwrap().open.entry(key.clone()).or_default() |= bit;
                match step {
                    Step::Later(_, ms) => {
                        queue.enqueue_after(&key, Duration::from_millis(u64::from(*ms)), Bits(bit));
                    }
                    _ => queue.enqueue(&key, Bits(bit)),
                }
            }
            Step::Pass(ms) => sleep(Duration::from_millis(u64::from(*ms))).await,
        }
    }
    let all_seen = async {
        while world.lock().unwrap().open.values().any(|open| *open != 0) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_mins(2), all_seen)
        .await
        .expect("a reason was lost");
    stop.cancel();
    task.await.expect("the queue survives its workers");
    assert!(world.lock().unwrap().busy.is_empty());
}
