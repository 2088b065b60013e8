#![expect(
    clippy::needless_pass_by_value,
    reason = "tables of JSON literals read better without borrows"
)]

use serde_json::{Value, json};

use super::{assess, dooms_its_set, foreseen};
use crate::Status;
use crate::Status::{Current, Failed, InProgress, Terminating, Unknown};

fn check(api_version: &str, kind: &str, cases: &[(Value, Status)]) {
    for (object, expected) in cases {
        let mut object = object.clone();
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(kind);
        let assessment = assess(&object);
        assert_eq!(
            assessment.status, *expected,
            "{object}: {}",
            assessment.message
        );
    }
}

fn conditions(list: &[(&str, &str, &str)]) -> Value {
    list.iter()
        .map(|(kind, status, reason)| json!({"type": kind, "status": status, "reason": reason}))
        .collect()
}

#[test]
fn generic_rules_come_first() {
    check(
        "example.com/v1",
        "Widget",
        &[
            (json!({}), Current),
            (
                json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
                Terminating,
            ),
            (
                json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1}}),
                InProgress,
            ),
            (
                json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 2}}),
                Current,
            ),
            (
                json!({"metadata": {"generation": 2}, "status": {}}),
                Current,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Reconciling", "True", ""), ("Ready", "True", "")])}}),
                InProgress,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Stalled", "True", ""), ("Ready", "True", "")])}}),
                Failed,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Stalled", "False", ""), ("Ready", "True", "")])}}),
                Current,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Ready", "False", "Failed")])}}),
                InProgress,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Ready", "Unknown", "")])}}),
                InProgress,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Other", "False", "")])}}),
                Current,
            ),
            (json!({"status": {"conditions": "none"}}), Current),
        ],
    );
}

#[test]
fn small_kinds() {
    check(
        "v1",
        "Service",
        &[
            (json!({"spec": {"type": "LoadBalancer"}}), InProgress),
            (
                json!({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}}),
                Current,
            ),
            (json!({"spec": {"type": "ClusterIP"}}), Current),
        ],
    );
    check(
        "v1",
        "PersistentVolumeClaim",
        &[
            (json!({}), InProgress),
            (json!({"status": {"phase": "Pending"}}), InProgress),
            (json!({"status": {"phase": "Bound"}}), Current),
        ],
    );
    let not_ready = json!({"status": {"conditions": conditions(&[("Ready", "False", "")])}});
    for (api_version, kind) in [
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("batch/v1", "CronJob"),
        ("policy/v1", "PodDisruptionBudget"),
    ] {
        check(api_version, kind, &[(not_ready.clone(), Current)]);
    }
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        &[
            (json!({}), InProgress),
            (
                json!({"status": {"conditions": conditions(&[("NamesAccepted", "False", "Conflict"), ("Established", "True", "")])}}),
                Failed,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Established", "False", "Installing")])}}),
                InProgress,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Established", "False", "Other")])}}),
                Failed,
            ),
            (
                json!({"status": {"conditions": conditions(&[("NamesAccepted", "True", ""), ("Established", "True", "")])}}),
                Current,
            ),
        ],
    );
}

fn deployment(spec: Value, status: Value) -> Value {
    json!({"metadata": {"generation": 1}, "spec": spec, "status": status})
}

#[test]
fn deployments() {
    let rolled_out = conditions(&[
        ("Progressing", "True", "NewReplicaSetAvailable"),
        ("Available", "True", ""),
    ]);
    let full = |change: Value| {
        let mut status = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2,
            "availableReplicas": 2, "readyReplicas": 2, "conditions": rolled_out});
        for (key, value) in change.as_object().into_iter().flatten() {
            status[key] = value.clone();
        }
        deployment(
            json!({"replicas": 2, "progressDeadlineSeconds": 600}),
            status,
        )
    };
    check(
        "apps/v1",
        "Deployment",
        &[
            (full(json!({})), Current),
            (full(json!({"observedGeneration": 0})), InProgress),
            (full(json!({"replicas": 1})), InProgress),
            (full(json!({"updatedReplicas": 1})), InProgress),
            (full(json!({"replicas": 3})), InProgress),
            (full(json!({"availableReplicas": 1})), InProgress),
            (full(json!({"readyReplicas": 1})), InProgress),
            (
                full(
                    json!({"conditions": conditions(&[("Progressing", "True", "ReplicaSetUpdated"), ("Available", "True", "")])}),
                ),
                InProgress,
            ),
            (
                full(
                    json!({"conditions": conditions(&[("Progressing", "True", "NewReplicaSetAvailable"), ("Available", "False", "")])}),
                ),
                InProgress,
            ),
            (
                full(
                    json!({"conditions": conditions(&[("Progressing", "False", "ProgressDeadlineExceeded")])}),
                ),
                Failed,
            ),
            (
                deployment(
                    json!({"replicas": 0, "progressDeadlineSeconds": 600}),
                    json!({"conditions": rolled_out}),
                ),
                Current,
            ),
            (
                deployment(
                    json!({"replicas": 0}),
                    json!({"conditions": conditions(&[("Available", "True", "")])}),
                ),
                Current,
            ),
            (deployment(json!({}), json!({})), InProgress),
        ],
    );
}

#[test]
fn stateful_sets() {
    let set = |strategy: Value, status: Value| {
        deployment(json!({"replicas": 3, "updateStrategy": strategy}), status)
    };
    let rolling = json!({"type": "RollingUpdate"});
    let partition = |n: i64| json!({"type": "RollingUpdate", "rollingUpdate": {"partition": n}});
    let status = |replicas: i64, ready: i64, current: i64, updated: i64, revision: &str| {
        json!({"replicas": replicas, "readyReplicas": ready, "currentReplicas": current,
            "updatedReplicas": updated, "currentRevision": "b", "updateRevision": revision})
    };
    check(
        "apps/v1",
        "StatefulSet",
        &[
            (set(json!({"type": "OnDelete"}), json!({})), Current),
            (set(rolling.clone(), status(2, 2, 2, 2, "b")), InProgress),
            (set(rolling.clone(), status(3, 2, 3, 3, "b")), InProgress),
            (set(rolling.clone(), status(4, 3, 3, 3, "b")), InProgress),
            (set(rolling.clone(), status(3, 3, 2, 3, "b")), InProgress),
            (set(rolling.clone(), status(3, 3, 3, 3, "c")), InProgress),
            (set(rolling, status(3, 3, 3, 3, "b")), Current),
            (set(partition(2), status(3, 3, 0, 0, "c")), InProgress),
            (set(partition(2), status(3, 3, 0, 1, "c")), Current),
            (set(partition(0), status(3, 3, 0, 2, "c")), InProgress),
            (set(partition(0), status(3, 3, 0, 3, "c")), Current),
        ],
    );
}

#[test]
fn daemon_and_replica_sets() {
    let daemons = |change: Value| {
        let mut status = json!({"observedGeneration": 1, "desiredNumberScheduled": 2,
            "currentNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2,
            "numberReady": 2});
        for (key, value) in change.as_object().into_iter().flatten() {
            status[key] = value.clone();
        }
        deployment(json!({}), status)
    };
    check(
        "apps/v1",
        "DaemonSet",
        &[
            (daemons(json!({})), Current),
            (daemons(json!({"observedGeneration": null})), InProgress),
            (daemons(json!({"desiredNumberScheduled": null})), InProgress),
            (daemons(json!({"desiredNumberScheduled": 0})), Current),
            (daemons(json!({"currentNumberScheduled": 1})), InProgress),
            (daemons(json!({"updatedNumberScheduled": 1})), InProgress),
            (daemons(json!({"numberAvailable": 1})), InProgress),
            (daemons(json!({"numberReady": 1})), InProgress),
            (json!({"status": {"desiredNumberScheduled": 0}}), InProgress),
        ],
    );
    let replicas = |labelled: i64, available: i64, ready: i64, all: i64| {
        deployment(
            json!({"replicas": 2}),
            json!({"fullyLabeledReplicas": labelled,
            "availableReplicas": available, "readyReplicas": ready, "replicas": all}),
        )
    };
    let mut refused = replicas(2, 2, 2, 2);
    refused["status"]["conditions"] = conditions(&[("ReplicaFailure", "True", "FailedCreate")]);
    check(
        "apps/v1",
        "ReplicaSet",
        &[
            (replicas(2, 2, 2, 2), Current),
            (replicas(1, 2, 2, 2), InProgress),
            (replicas(2, 1, 2, 2), InProgress),
            (replicas(2, 2, 1, 2), InProgress),
            (replicas(2, 2, 2, 3), InProgress),
            (refused, InProgress),
        ],
    );
}

#[test]
fn jobs_are_read_as_flux_does() {
    check(
        "batch/v1",
        "Job",
        &[
            (json!({}), InProgress),
            (
                json!({"status": {"active": 1, "startTime": "2026-01-01T00:00:00Z"}}),
                InProgress,
            ),
            (json!({"spec": {"suspend": true}}), Current),
            (json!({"spec": {"suspend": false}}), InProgress),
            (
                json!({"status": {"conditions": conditions(&[("Complete", "True", "")])}}),
                Current,
            ),
            (
                json!({"status": {"conditions": conditions(&[("Failed", "True", "BackoffLimitExceeded")])}}),
                Failed,
            ),
            (
                json!({"status": {"conditions": conditions(&[("FailureTarget", "True", "")])}}),
                InProgress,
            ),
            // Neither deletion nor generations are looked at.
            (
                json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "generation": 2},
            "status": {"observedGeneration": 1, "conditions": conditions(&[("Complete", "True", "")])}}),
                Current,
            ),
        ],
    );
}

fn pod(created: jiff::Timestamp, status: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"creationTimestamp": created.to_string()}, "status": status})
}

#[test]
fn pods() {
    let now = jiff::Timestamp::now();
    let long_ago = now - std::time::Duration::from_mins(1);
    let unschedulable = json!({"phase": "Pending", "conditions": conditions(&[("PodScheduled", "False", "Unschedulable")])});
    let looping = json!({"phase": "Running", "containerStatuses": [
        {"name": "a", "state": {"running": {}}},
        {"name": "b", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]});
    check(
        "v1",
        "Pod",
        &[
            (pod(now, json!({"phase": "Succeeded"})), Current),
            (pod(now, json!({"phase": "Failed"})), Current),
            (
                pod(
                    now,
                    json!({"phase": "Running", "conditions": conditions(&[("Ready", "True", "")])}),
                ),
                Current,
            ),
            (
                pod(
                    now,
                    json!({"phase": "Running", "conditions": conditions(&[("Ready", "False", "")])}),
                ),
                InProgress,
            ),
            (pod(now, looping.clone()), Failed),
            (pod(now, json!({"phase": "Pending"})), InProgress),
            (pod(now, json!({"phase": "Odd"})), Unknown),
            (pod(now, unschedulable.clone()), InProgress),
            (pod(long_ago, unschedulable.clone()), Failed),
        ],
    );

    let (left, later) = foreseen(&pod(now, unschedulable.clone())).unwrap();
    assert!(left.as_secs() >= 10 && left.as_secs() <= 15, "{left:?}");
    assert_eq!(later.status, Failed);
    assert!(foreseen(&pod(long_ago, unschedulable.clone())).is_none());
    assert!(foreseen(&pod(now, json!({"phase": "Pending"}))).is_none());

    assert!(dooms_its_set(&pod(now, looping.clone())));
    assert!(!dooms_its_set(&pod(long_ago, unschedulable)));
    let mut leaving = pod(now, looping);
    leaving["metadata"]["deletionTimestamp"] = json!(now.to_string());
    assert!(!dooms_its_set(&leaving));
}
