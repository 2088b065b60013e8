use std::time::Duration;

use http::StatusCode;
use reqwest::{Client, Proxy};
use serde_json::json;
use windlass_testkit::{EventSink, HttpProxy, ProxyCredentials};

#[tokio::test]
async fn the_sink_collects_events() {
    let sink = EventSink::start();
    let client = Client::builder().no_proxy().build().unwrap();
    let post = async |body: &'static str| {
        client
            .post(sink.url())
            .body(body)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(post(r#"{"reason":"first"}"#).await, StatusCode::ACCEPTED);
    assert_eq!(post("no JSON").await, StatusCode::BAD_REQUEST);
    sink.fail_with(Some(StatusCode::INTERNAL_SERVER_ERROR));
    assert_eq!(
        post(r#"{"reason":"lost"}"#).await,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    sink.fail_with(None);
    post(r#"{"reason":"second"}"#).await;
    let second = sink
        .wait_for_event("the second", Duration::from_secs(10), |event| {
            event["reason"] == "second"
        })
        .await;
    assert_eq!(sink.events(), [json!({"reason": "first"}), second]);
    assert_eq!(sink.requests().len(), 4);
    sink.clear();
    assert!(sink.events().is_empty() && sink.requests().is_empty());
}

#[tokio::test]
async fn the_proxy_forwards_for_those_it_knows() {
    let sink = EventSink::start();
    let known = ProxyCredentials {
        user: "me".into(),
        password: "pass".into(),
    };
    let proxy = HttpProxy::start(Some(known.clone()));
    let through = |url: String| {
        Client::builder()
            .proxy(Proxy::all(url).unwrap())
            .build()
            .unwrap()
    };
    let refused = through(proxy.url())
        .post(sink.url())
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    let admitted = through(proxy.url_with(&known))
        .post(sink.url())
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(admitted.status(), StatusCode::ACCEPTED);
    assert_eq!(proxy.requests().len(), 2);
    assert_eq!(sink.requests().len(), 1);
    assert_eq!(sink.requests()[0].header("proxy-authorization"), "");
}
