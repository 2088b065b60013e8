use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{
    ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    LAST_MODIFIED, RANGE,
};
use reqwest::{Client, Method};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use windlass_api::source::Artifact;
use windlass_archive::{Limits, Tree};

use super::serve;
use crate::store::{ArtifactPath, Store, StoreOptions};

struct Served {
    root: TempDir,
    address: String,
    artifact: Artifact,
    content: Vec<u8>,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Served {
    /// A store with one artifact of about `size` bytes that do not compress.
    async fn start(size: usize) -> Served {
        let root = TempDir::new().unwrap();
        let store = Arc::new(Store::open(root.path(), StoreOptions::default()).unwrap());
        let mut noise = 1_u64;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise.to_le_bytes()[0]
        })
        .take(size)
        .collect();
        let mut tree = Tree::builder(Limits::default());
        tree.file("f", bytes, false).unwrap();
        let at = ArtifactPath {
            kind: "gitrepository",
            namespace: "ns".to_owned(),
            name: "app".to_owned(),
            file: "sha256:0f.tar.gz".to_owned(),
        };
        let artifact = store.put_tree(&at, "r", &tree.build()).unwrap();
        let content = std::fs::read(root.path().join(&artifact.path)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(serve(store, listener, shutdown.clone()));
        Served {
            root,
            address,
            artifact,
            content,
            shutdown,
            task,
        }
    }

    fn url(&self) -> String {
        format!("http://{}/{}", self.address, self.artifact.path)
    }

    /// Status line and body of a request whose path no client would send.
    async fn raw(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

#[tokio::test]
async fn a_file_is_served_whole_in_part_or_not_again() {
    let served = Served::start(200_000).await;
    let client = Client::new();
    let whole = client.get(served.url()).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    let headers = whole.headers().clone();
    assert_eq!(headers[ETAG], format!("\"{}\"", served.artifact.digest));
    assert_eq!(headers[CONTENT_LENGTH], served.content.len().to_string());
    assert_eq!(headers[CONTENT_TYPE], "application/gzip");
    assert_eq!(headers[ACCEPT_RANGES], "bytes");
    assert!(headers[LAST_MODIFIED].to_str().unwrap().ends_with(" GMT"));
    assert_eq!(whole.bytes().await.unwrap(), served.content);

    let head = client.head(served.url()).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(
        head.headers()[CONTENT_LENGTH],
        served.content.len().to_string()
    );
    assert_eq!(head.bytes().await.unwrap().len(), 0);

    let part = client
        .get(served.url())
        .header(RANGE, "bytes=70000-140000")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    let range = format!("bytes 70000-140000/{}", served.content.len());
    assert_eq!(part.headers()[CONTENT_RANGE], range);
    assert_eq!(
        part.bytes().await.unwrap(),
        &served.content[70000..=140_000]
    );
    let beyond = client
        .get(served.url())
        .header(RANGE, "bytes=900000-")
        .send()
        .await
        .unwrap();
    assert_eq!(beyond.status(), 416);

    let known = client
        .get(served.url())
        .header(IF_NONE_MATCH, &headers[ETAG])
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), 304);
    assert_eq!(known.headers()[ETAG], headers[ETAG]);
}

#[tokio::test]
async fn a_src_14_nothing_but_artifacts_is_served() {
    let served = Served::start(100).await;
    let root = served.root.path();
    let dir = root.join("gitrepository/ns/app");
    std::fs::write(dir.join("x.tar.gz.lock"), "lock").unwrap();
    std::fs::write(dir.join(".hidden.tar.gz"), "hidden").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", dir.join("link.tar.gz")).unwrap();
    std::os::unix::fs::symlink("/etc", dir.parent().unwrap().join("etc")).unwrap();
    let hex = served.artifact.digest.trim_start_matches("sha256:");
    let blob = format!("/.windlass/blobs/sha256/{hex}");
    assert!(root.join(&blob[1..]).exists());
    let naming = "/.windlass/naming.lock";
    for path in [
        &blob,
        naming,
        "/../../../../../../etc/passwd",
        "/gitrepository/ns/app/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/gitrepository/ns/app/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/gitrepository/ns/app/..%5c..%5cx",
        "/gitrepository/ns/app/x%00",
        "/gitrepository/ns/app/x.tar.gz.lock",
        "/gitrepository/ns/app/.hidden.tar.gz",
        "/gitrepository/ns/app/link.tar.gz",
        "/gitrepository/ns/etc/passwd",
        "/gitrepository/ns/app",
        "/gitrepository/ns/app/",
        "/gitrepository",
        "//etc/passwd",
        "/gitrepository/ns/app/none.tar.gz",
    ] {
        let answer = served.raw("GET", path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    assert!(
        served
            .raw("GET", "/gitrepository/ns/app/%ff")
            .await
            .starts_with("HTTP/1.1 400")
    );
    assert!(served.raw("GET", "/").await.starts_with("HTTP/1.1 200"));
    assert!(served.raw("HEAD", "/").await.starts_with("HTTP/1.1 200"));
    // A client that escapes more than it has to.
    let path = format!("/{}", served.artifact.path.replace(':', "%3A"));
    assert!(served.raw("GET", &path).await.starts_with("HTTP/1.1 200"));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let answer = Client::new()
            .request(method, served.url())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()[ALLOW], "GET, HEAD");
    }
}

#[tokio::test]
async fn a_download_under_way_outlives_the_name_and_the_shutdown() {
    let served = Served::start(8 * 1024 * 1024).await;
    let mut response = Client::new().get(served.url()).send().await.unwrap();
    let mut received = response.chunk().await.unwrap().unwrap().to_vec();
    std::fs::remove_file(served.root.path().join(&served.artifact.path)).unwrap();
    served.shutdown.cancel();
    while let Some(chunk) = response.chunk().await.unwrap() {
        received.extend(chunk);
    }
    assert!(received == served.content);
    tokio::time::timeout(Duration::from_secs(4), served.task)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(&served.address).await.is_err());
}
