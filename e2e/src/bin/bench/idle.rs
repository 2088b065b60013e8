//! What Kustomizations cost the API server while nothing happens.

use std::time::Duration;

use windlass_testkit::AuditEvent;

use crate::{
    load::{self, Load, Variant},
    rounds::as_f64,
    subject::Subject,
};

const OBJECTS: usize = 4;

/// Lets Kustomizations with an interval of a minute sit for `minutes`, and counts the requests.
pub(crate) async fn measure(variant: Variant, minutes: u32) {
    println!("\n{variant}, idle for {minutes} minutes at interval: 1m");
    let mut subjects = vec![Subject::ours()];
    subjects.extend(Subject::peers());
    for subject in subjects {
        let stack = subject.start(20, false, true).await;
        let objects = stack.namespace("idle").await;
        let load = Load::new(&stack, &objects, variant).await.every("1m");
        let mut watch = objects.watch("Kustomization");
        load.write(1).await;
        load::all_ready(&mut watch, variant.count).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let before = count(&stack.plane.audit_events());
        tokio::time::sleep(Duration::from_mins(minutes.into())).await;
        let requests = count(&stack.plane.audit_events()) - before;
        let intervals = as_f64(variant.count * OBJECTS) * f64::from(minutes);
        println!(
            "  {:<10} {requests} requests beyond watches and leases = {:.3} per managed object and interval (budget 0.1)",
            subject.name,
            as_f64(requests) / intervals,
        );
    }
}

/// Requests of both controllers, watches and leases aside.
fn count(events: &[AuditEvent]) -> usize {
    let ours = |event: &&AuditEvent| {
        ["kustomize-controller", "source-controller"]
            .iter()
            .any(|name| event.user_agent.starts_with(name))
    };
    let counts = |event: &&AuditEvent| {
        event.stage == "ResponseComplete"
            && event.verb != "watch"
            && !event.request_uri.contains("/leases")
    };
    events.iter().filter(ours).filter(counts).count()
}
