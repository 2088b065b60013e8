//! Release records as the real Helm writes them.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use windlass_helm::release::{Form, Status, StoredSecret, decode_release};

/// A Secret that Helm 4.2 stored.
const SECRET: &str = include_str!("../testdata/secret-v4.json");

fn stored(secret: &Json) -> String {
    let outer = STANDARD
        .decode(secret["data"]["release"].as_str().unwrap())
        .unwrap();
    String::from_utf8(outer).unwrap()
}

fn record(release: &str) -> Json {
    let bytes = STANDARD.decode(release).unwrap();
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_end(&mut json)
        .unwrap();
    serde_json::from_slice(&json).unwrap()
}

#[test]
fn what_helm_stored_is_read_and_written_back() {
    let secret: Json = serde_json::from_str(SECRET).unwrap();
    let data = stored(&secret);
    let mut release = decode_release(&data).unwrap();
    assert_eq!((&*release.name, release.version), ("web", 3));
    assert_eq!(release.info.status, Status::Deployed);
    assert_eq!(release.info.notes, "Hello <world> & all\n");
    assert_eq!(release.chart.name(), "web");
    assert_eq!(release.chart.version(), "1.2.3");
    let chart = release.chart.chart();
    assert_eq!(&*chart.templates()[0].data(), b"kind: ConfigMap\n");
    assert_eq!(
        chart.metadata().keywords.as_deref(),
        Some(&["a".to_owned()][..])
    );
    assert_eq!(release.hooks[0].weight, -5);
    assert_eq!(release.hooks[1].last_run.phase, "");

    release.labels.insert("team".to_owned(), "a".to_owned());
    let ours = StoredSecret::new(&release, Form::V4).unwrap();
    assert_eq!(ours.name, secret["metadata"]["name"].as_str().unwrap());
    for (key, value) in secret["metadata"]["labels"].as_object().unwrap() {
        if key != "createdAt" && key != "modifiedAt" {
            assert_eq!(
                ours.labels.get(key).map(String::as_str),
                value.as_str(),
                "{key}"
            );
        }
    }
    assert_eq!(record(&ours.release), record(&data));
    let object = ours.to_json("apps");
    assert_eq!(object["type"], secret["type"]);
    assert_eq!(stored(&object), ours.release);
}

#[test]
fn records_of_helm_3_are_read() {
    let json = r#"{"name":"old","info":{"first_deployed":"2020-03-05T01:02:03Z","last_deployed":"2020-03-05T01:02:03.5+01:00","deleted":"","description":"Install complete","status":"superseded"},"hooks":[{"name":"h","events":["test-success","pre-install"],"last_run":{"started_at":"","completed_at":"0001-01-01T00:00:00Z","phase":""}}],"version":1,"namespace":"ns","future":[1]}"#;
    let mut release = decode_release(&STANDARD.encode(json)).unwrap();
    assert_eq!(release.info.status, Status::Superseded);
    assert_eq!(release.info.deleted, "");
    assert_eq!(release.hooks[0].last_run.completed_at, "");
    release.info.status = Status::Failed;
    let form3 = record(&windlass_helm::release::encode_release(&release, Form::V3).unwrap());
    assert_eq!(form3["info"]["deleted"], "");
    assert_eq!(form3["info"]["status"], "failed");
    assert_eq!(form3["future"][0], 1);
    let form4 = record(&windlass_helm::release::encode_release(&release, Form::V4).unwrap());
    assert!(form4["info"].get("deleted").is_none());
    assert!(form4["hooks"][0]["last_run"].get("started_at").is_none());
}

#[test]
fn data_that_is_no_release_is_refused() {
    for data in ["", "*", "aGVsbG8=", "H4sI"] {
        assert!(decode_release(data).is_err(), "{data}");
    }
}

#[test]
fn a_release_made_of_values_alone_is_refused() {
    let json = format!(r#"{{"config":{{"a":[0{}]}}}}"#, ",0".repeat(20_000_000));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, json.as_bytes()).unwrap();
    let stored = STANDARD.encode(encoder.finish().unwrap());
    assert!(stored.len() < 100_000);
    let error = decode_release(&stored).unwrap_err();
    assert_eq!(error.to_string(), "release has more than 2000000 values");
    // What looks like values within text is none.
    let text = format!(r#"{{"manifest":"{}\\\"["}}"#, ",[{".repeat(1_000_000));
    let release = decode_release(&STANDARD.encode(text)).unwrap();
    assert_eq!(release.manifest.len(), 3_000_003);
}
