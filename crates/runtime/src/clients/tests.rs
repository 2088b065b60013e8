use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use windlass_testkit::Authority;

use super::connections::WATCHES_PER_CONNECTION;
use super::*;

/// A server that keeps what it was asked and answers as told; dropped with the test's runtime.
struct Server {
    seen: Arc<Mutex<Vec<http::HeaderMap>>>,
    connections: Arc<AtomicUsize>,
    config: Config,
}

async fn server(answer: impl Fn(usize) -> Response + Clone + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let connections = Arc::new(AtomicUsize::new(0));
    let log = seen.clone();
    let handler = move |request: Request| {
        let n = {
            let mut log = log.lock();
            log.push(request.headers().clone());
            log.len()
        };
        let answer = answer(n);
        async move { answer }
    };
    let counted = axum::serve::ListenerExt::tap_io(listener, {
        let connections = connections.clone();
        move |_| {
            connections.fetch_add(1, Ordering::SeqCst);
        }
    });
    tokio::spawn(async move {
        axum::serve(counted, Router::new().fallback(handler))
            .await
            .unwrap();
    });
    Server {
        seen,
        connections,
        config: Config::new(url.parse().unwrap()),
    }
}

fn clients(server: &Server, metrics: &Metrics) -> Clients {
    let options = ClientOptions {
        qps: 50.0,
        burst: 300,
        user_agent: "test-controller/1.2.3".to_owned(),
        metrics: metrics.clone(),
    };
    Clients::new(server.config.clone(), options).unwrap()
}

async fn get(client: &Client) -> Result<String, kube::Error> {
    client
        .request_text(http::Request::get("/version").body(vec![]).unwrap())
        .await
}

fn header(headers: &http::HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_identity_shares_the_connections() {
    let server = server(|_| "ok".into_response()).await;
    let metrics = Metrics::new();
    let clients = clients(&server, &metrics);
    get(&clients.own()).await.unwrap();
    for tenant in ["a", "b", "a"] {
        let client = clients.impersonate(tenant, "deployer").unwrap();
        get(&client).await.unwrap();
    }
    let seen = server.seen.lock();
    let users: Vec<_> = seen
        .iter()
        .map(|h| header(h, "impersonate-user").unwrap_or_default())
        .collect();
    assert_eq!(
        users,
        [
            "",
            "system:serviceaccount:a:deployer",
            "system:serviceaccount:b:deployer",
            "system:serviceaccount:a:deployer"
        ]
    );
    assert!(
        seen.iter()
            .all(|h| header(h, "user-agent").as_deref() == Some("test-controller/1.2.3"))
    );
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let page = metrics.encode();
    let host = server.config.cluster_url.authority().unwrap();
    let series =
        format!("rest_client_requests_total{{code=\"200\",host=\"{host}\",method=\"GET\"}} 4");
    assert!(page.contains(&series), "{page}");
}

#[tokio::test]
async fn nobody_else_can_be_named() {
    let server = server(|_| "ok".into_response()).await;
    let clients = clients(&server, &Metrics::new());
    for (namespace, account) in [
        ("tenant", "x\r\nimpersonate-group: system:masters"),
        ("tenant", "kube-system:admin"),
        ("tenant:kube-system", "admin"),
        ("tenant", ""),
    ] {
        assert!(
            clients.impersonate(namespace, account).is_err(),
            "{account}"
        );
    }
}

#[tokio::test]
async fn a_request_is_repeated_when_the_server_asks_and_only_then() {
    let server = server(|n| match n {
        1 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")], "{}").into_response(),
        2 => (
            StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "0")],
            "{}",
        )
            .into_response(),
        4 => (StatusCode::SERVICE_UNAVAILABLE, "{}").into_response(),
        _ => "ok".into_response(),
    })
    .await;
    let clients = clients(&server, &Metrics::new());
    assert_eq!(get(&clients.own()).await.unwrap(), "ok");
    assert_eq!(server.seen.lock().len(), 3);
    assert!(get(&clients.own()).await.is_err());
    assert_eq!(server.seen.lock().len(), 4);
}

#[tokio::test]
async fn a_token_file_serves_every_identity() {
    let server = server(|_| "ok".into_response()).await;
    let file = std::env::temp_dir().join(format!("windlass-token-{}", uuid::Uuid::new_v4()));
    std::fs::write(&file, "first").unwrap();
    let mut config = server.config.clone();
    config.auth_info.token_file = Some(file.to_string_lossy().into_owned());
    let server = Server { config, ..server };
    let clients = clients(&server, &Metrics::new());
    let tenant = clients.impersonate("a", "deployer").unwrap();
    get(&tenant).await.unwrap();
    let bearer = |n: usize| header(&server.seen.lock()[n], "authorization").unwrap();
    assert_eq!(bearer(0), "Bearer first");
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn the_cache_of_identities_is_bounded() {
    let server = server(|_| "ok".into_response()).await;
    let clients = clients(&server, &Metrics::new());
    for n in 0..2 * MAX_IMPERSONATED {
        clients.impersonate("tenant", &format!("sa{n}")).unwrap();
    }
    assert!(clients.0.impersonated.lock().len() <= MAX_IMPERSONATED);
    tokio::time::timeout(Duration::from_secs(5), get(&clients.own()))
        .await
        .unwrap()
        .unwrap();
}

/// An API server with HTTP/2 that takes a little more streams than watches are put on a connection.
/// Watches there never say anything.
async fn strict_server() -> (Config, Arc<AtomicUsize>) {
    let authority = Authority::new();
    let mut tls = ServerConfig::clone(&authority.server_config(None));
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    let handler = |request: Request| async move {
        if request.uri().query() == Some("watch=true") {
            let silence = futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
            axum::body::Body::from_stream(silence).into_response()
        } else {
            "ok".into_response()
        }
    };
    let service = TowerToHyperService::new(Router::new().fallback(handler));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            let stream = acceptor.accept(stream).await.unwrap();
            let mut protocol = auto::Builder::new(TokioExecutor::new());
            let streams = u32::try_from(WATCHES_PER_CONNECTION + 2).unwrap();
            protocol.http2().max_concurrent_streams(streams);
            let service = service.clone();
            tokio::spawn(async move {
                let _ = protocol
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    let mut config = Config::new(url.parse().unwrap());
    let ca = CertificateDer::from_pem_slice(authority.ca_pem().as_bytes()).unwrap();
    config.root_cert = Some(vec![ca.to_vec()]);
    (config, connections)
}

#[tokio::test]
async fn watches_leave_room_for_each_other_and_for_requests() {
    let (config, connections) = strict_server().await;
    let options = ClientOptions {
        qps: 0.0,
        burst: 0,
        user_agent: "test".to_owned(),
        metrics: Metrics::new(),
    };
    let client = Clients::new(config, options).unwrap().own();
    let mut watches = Vec::new();
    let opened = async {
        for _ in 0..2 * WATCHES_PER_CONNECTION + 10 {
            let watch = http::Request::get("/pods?watch=true").body(Body::empty());
            watches.push(client.send(watch.unwrap()).await.unwrap());
        }
        get(&client).await.unwrap()
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), opened).await;
    assert_eq!(answer.expect("every watch and a request find room"), "ok");
    assert_eq!(connections.load(Ordering::SeqCst), 4);

    // Rooms that become free are taken again.
    watches.clear();
    for _ in 0..WATCHES_PER_CONNECTION {
        let watch = http::Request::get("/pods?watch=true").body(Body::empty());
        watches.push(client.send(watch.unwrap()).await.unwrap());
    }
    assert!(connections.load(Ordering::SeqCst) <= 5);
}
