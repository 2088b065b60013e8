use std::collections::HashMap;
use std::time::Duration;

use super::Metrics;
use crate::ObjectKey;

/// Reads the text format strictly enough to notice what a scraper would refuse.
fn parse(page: &str) -> (HashMap<String, String>, HashMap<String, f64>) {
    let mut types = HashMap::new();
    let mut samples = HashMap::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("name and type");
            assert!(
                types.insert(name.to_owned(), kind.to_owned()).is_none(),
                "{name} twice"
            );
        } else if !line.starts_with('#') {
            let (series, value) = line.rsplit_once(' ').expect("series and value");
            let value = value.parse().unwrap_or_else(|_| panic!("value in {line}"));
            assert!(
                samples.insert(series.to_owned(), value).is_none(),
                "{series} twice"
            );
            let name = series.split('{').next().unwrap();
            let known = types.contains_key(name)
                || ["_bucket", "_sum", "_count"]
                    .iter()
                    .any(|s| name.strip_suffix(s).is_some_and(|n| types.contains_key(n)));
            assert!(known, "{name} has no type");
        }
    }
    (types, samples)
}

#[test]
fn page_has_the_names_of_the_contract() {
    let metrics = Metrics::new();
    let key = ObjectKey::new("apps", "web");
    metrics.observe_reconcile("Kustomization", &key, Duration::from_millis(20));
    metrics.request("200", "10.0.0.1:443", "GET");
    metrics.leading("kustomize-controller-leader-election", true);
    let queue = metrics.queue("kustomization");
    queue.adds.inc();
    let page = metrics.encode();
    let (types, samples) = parse(&page);
    assert!(!page.contains("_total_total") && !page.contains("# EOF"));
    assert_eq!(types["controller_runtime_reconcile_total"], "counter");
    assert_eq!(types["process_cpu_seconds_total"], "counter");
    assert_eq!(types["gotk_reconcile_duration_seconds"], "histogram");
    for name in [
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(samples[name] > 0.0, "{name}");
    }
    let count = |name: &str| samples[name];
    assert!(
        (count("rest_client_requests_total{code=\"200\",host=\"10.0.0.1:443\",method=\"GET\"}")
            - 1.0)
            .abs()
            < f64::EPSILON
    );
    assert!(samples.contains_key(
        "controller_runtime_reconcile_total{controller=\"kustomization\",result=\"error\"}"
    ));
    assert!(
        count("workqueue_adds_total{controller=\"kustomization\",name=\"kustomization\"}") > 0.5
    );
}

#[test]
fn duration_buckets_span_the_contract() {
    let metrics = Metrics::new();
    metrics.observe_reconcile(
        "GitRepository",
        &ObjectKey::new("a", "b"),
        Duration::from_secs(1),
    );
    let page = metrics.encode();
    let bounds: Vec<f64> = page
        .lines()
        .filter_map(|l| l.strip_prefix("gotk_reconcile_duration_seconds_bucket{le=\""))
        .filter_map(|l| l.split('"').next()?.parse().ok())
        .filter(|b: &f64| b.is_finite())
        .collect();
    assert_eq!(bounds.len(), 10, "{page}");
    assert!((bounds[0] - 0.01).abs() < 1e-9 && (bounds[9] - 1800.0).abs() < 1e-3);
}

#[test]
fn forgotten_objects_leave_no_series() {
    let metrics = Metrics::new();
    let key = ObjectKey::new("a", "b");
    metrics.observe_reconcile("Kustomization", &key, Duration::ZERO);
    assert!(metrics.encode().contains("name=\"b\""));
    metrics.forget("Kustomization", &key);
    assert!(!metrics.encode().contains("name=\"b\""));
}
