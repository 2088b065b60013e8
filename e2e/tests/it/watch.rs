//! The observer that tests and bench look through.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use futures::FutureExt;
use serde_json::Value;
use windlass_e2e::Objects;
use windlass_testkit::{ControlPlane, Options, wait_until};

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
    let is_good = |object: &Value| object["data"]["state"] == "Z29vZA==";
    // What the observer was last told of each.
    let told = RefCell::new(BTreeMap::new());
    let good = |object: &Value| {
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        told.borrow_mut().insert(name, is_good(object));
        is_good(object)
    };
    let is_told = |name: &str, good: bool| told.borrow().get(name) == Some(&good);

    let mut watch = objects.watch("Secret");
    put("a", "good").await;
    watch.until_object("a", DEADLINE, is_good).await;
    let mut all = std::pin::pin!(watch.until_all("all are good", DEADLINE, 2, good));
    assert!(all.as_mut().now_or_never().is_none(), "one is missing");
    put("b", "bad").await;
    tokio::select! {
        _ = &mut all => panic!("b was bad"),
        () = wait_until("b to be seen bad", DEADLINE, async || is_told("b", false)) => {}
    }
    // One that was good before it is bad again, when the one that was waited for becomes good.
    put("a", "bad").await;
    put("b", "good").await;
    tokio::select! {
        _ = &mut all => panic!("a was bad"),
        () = wait_until("a to be seen bad", DEADLINE, async || is_told("a", false)) => {}
    }
    put("a", "good").await;
    all.await;
}
