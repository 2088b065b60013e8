use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::PartialObjectMeta;
use serde_json::{Value, json};

use super::*;
use crate::ObjectKey;

fn object(name: &str, version: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {
        "namespace": "default", "name": name, "resourceVersion": version, "uid": name}}))
    .unwrap()
}

fn names(objects: &[Arc<ConfigMap>]) -> Vec<&str> {
    objects
        .iter()
        .map(|o| o.metadata.name.as_deref().unwrap())
        .collect()
}

#[test]
fn a_relist_tells_what_vanished_and_skips_what_did_not_change() {
    let (store, mut writer) = store::pair::<ConfigMap>();
    writer.begin();
    for name in ["a", "b", "c"] {
        assert!(writer.apply(object(name, "1")).is_some());
    }
    assert!(writer.end().is_empty());
    writer.begin();
    assert!(writer.apply(object("a", "1")).is_none());
    let (old, new) = writer.apply(object("b", "2")).unwrap();
    assert_eq!(old.unwrap().metadata.resource_version.as_deref(), Some("1"));
    assert_eq!(new.metadata.resource_version.as_deref(), Some("2"));
    // Until the list is complete nothing is gone.
    assert_eq!(store.len(), 3);
    assert_eq!(names(&writer.end()), ["c"]);
    assert_eq!(names(&store.list()), ["a", "b"]);
}

#[test]
fn a_list_that_broke_off_counts_for_nothing() {
    let (store, mut writer) = store::pair::<ConfigMap>();
    writer.begin();
    writer.apply(object("a", "1"));
    writer.end();
    writer.begin();
    writer.apply(object("b", "2"));
    writer.begin();
    writer.apply(object("a", "1"));
    assert_eq!(names(&writer.end()), ["b"]);
    assert_eq!(names(&store.list()), ["a"]);
}

#[test]
fn an_object_that_no_longer_decodes_stays_as_it_was() {
    let (store, mut writer) = store::pair::<ConfigMap>();
    writer.begin();
    writer.apply(object("a", "1"));
    writer.end();
    writer.begin();
    writer.keep(&object("a", "2").metadata);
    assert!(writer.end().is_empty());
    assert!(store.get(&ObjectKey::new("default", "a")).is_some());
}

#[test]
fn one_bad_object_does_not_break_a_list() {
    let list: Vec<Tolerant<ConfigMap>> = serde_json::from_value(json!([
        {"metadata": {"name": "good"}, "data": {"k": "v"}},
        {"metadata": {"name": "bad", "namespace": "ns"}, "data": ["not", "a", "map"]},
    ]))
    .unwrap();
    let mut list = list.into_iter().map(Tolerant::into_result);
    assert_eq!(list.next().unwrap().unwrap().data.unwrap()["k"], "v");
    let (meta, error) = list.next().unwrap().unwrap_err();
    assert_eq!(meta.name.as_deref(), Some("bad"));
    assert!(error.contains("map"), "{error}");
}

#[test]
fn metadata_is_asked_for_as_metadata() {
    assert!(Tolerant::<PartialObjectMeta<ConfigMap>>::metadata_api());
    assert!(!Tolerant::<ConfigMap>::metadata_api());
}

#[tokio::test]
async fn waiting_ends_with_the_first_complete_list() {
    let (store, writer) = store::pair::<Value>();
    assert!(!store.is_ready());
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.ready().await }
    });
    writer.synced();
    waiting.await.unwrap();
    assert!(store.is_ready());
}
