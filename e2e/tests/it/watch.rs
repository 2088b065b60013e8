//! The observer that tests and bench look through.

use std::time::Duration;

use futures::FutureExt;
use serde_json::Value;
use windlass_e2e::Objects;
use windlass_testkit::{ControlPlane, Options};

const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn all_are_waited_for_and_counted() {
    let plane = ControlPlane::shared(Options::default()).await;
    let objects = Objects::new(&plane.client().await, &plane.namespace("watch").await);
    let put = async |name: &str, state: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{state: {state}}}\n"
        );
        objects.apply_text(&text).await;
    };
    let good = |object: &Value| object["data"]["state"] == "Z29vZA==";
    let mut watch = objects.watch("Secret");
    let mut others = objects.watch("Secret");
    let mut sees = async |name: &str, state: &str| {
        put(name, state).await;
        let is_good = state == "good";
        others
            .until_object(name, DEADLINE, |object| good(object) == is_good)
            .await;
    };

    sees("a", "good").await;
    let mut all = std::pin::pin!(watch.until_all("all are good", DEADLINE, 2, good));
    assert!(all.as_mut().now_or_never().is_none(), "one is missing");
    sees("b", "bad").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(all.as_mut().now_or_never().is_none(), "b is bad");
    // One that was good before it is bad again, when the one that was waited for becomes good.
    sees("a", "bad").await;
    sees("b", "good").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(all.as_mut().now_or_never().is_none(), "a is bad");
    sees("a", "good").await;
    all.await;
}
