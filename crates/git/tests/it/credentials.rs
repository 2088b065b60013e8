//! Who we are, whom we trust, and which way we go, over http and https.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use url::Url;
use windlass_git::{Auth, CheckoutOptions, Proxy};
use windlass_testkit::{
    Authority, GitServer, GitServerOptions, HttpProxy, ProxyCredentials, Repo, free_port,
};

use crate::{branch, fetched, options, refused, server};

fn secret(url: &str, pairs: &[(&str, &str)]) -> Result<Auth, String> {
    let data = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
        .collect::<BTreeMap<_, _>>();
    Auth::from_secret(&Url::parse(url).unwrap(), &data).map_err(|error| error.to_string())
}

fn with(repo: &Repo, pairs: &[(&str, &str)]) -> CheckoutOptions {
    let mut options = options(repo, branch("main"));
    options.auth = secret(repo.url(), pairs).unwrap();
    options
}

fn filled(options: GitServerOptions) -> (GitServer, Repo) {
    let server = GitServer::start(options);
    let repo = server.repo("app");
    repo.commit(&[("a.txt", Some("a"))], "a");
    (server, repo)
}

#[tokio::test]
async fn a_user_and_password_or_a_token_open_a_private_repository() {
    let (server, repo) = filled(GitServerOptions {
        basic: Some(("git".into(), "secret".into())),
        bearer: Some("token".into()),
        ..GitServerOptions::default()
    });
    fetched(with(&repo, &[("username", "git"), ("password", "secret")])).await;
    fetched(with(&repo, &[("bearerToken", "token")])).await;
    let mut in_url = options(&repo, branch("main"));
    in_url.url = Url::parse(&repo.url().replace("://", "://git:secret@")).unwrap();
    fetched(in_url.clone()).await;

    let url = repo.url();
    server.forget_requests();
    let error = refused(with(
        &repo,
        &[("username", "git"), ("password", "wrong-hunter2")],
    ))
    .await;
    assert!(
        error.starts_with(&format!(
            "unable to clone '{url}': authentication required: "
        )),
        "{error}"
    );
    assert!(!error.contains("hunter2"));
    assert_eq!(
        server.requests().len(),
        1,
        "refused credentials are not tried again"
    );
    assert!(
        refused(options(&repo, branch("main")))
            .await
            .contains("authentication required: ")
    );
    in_url.url.set_password(Some("wrong-hunter2")).unwrap();
    let error = refused(in_url).await;
    assert!(
        error.contains("authentication required")
            && !error.contains("hunter2")
            && !error.contains('@'),
        "{error}"
    );
}

#[tokio::test]
async fn a_private_authority_must_be_given() {
    let (server, repo) = filled(GitServerOptions {
        tls: true,
        ..GitServerOptions::default()
    });
    fetched(with(&repo, &[("ca.crt", server.ca_pem())])).await;
    fetched(with(&repo, &[("caFile", server.ca_pem())])).await;
    let other = Authority::new();
    for options in [
        with(&repo, &[("ca.crt", other.ca_pem())]),
        options(&repo, branch("main")),
    ] {
        let error = refused(options).await;
        assert_eq!(
            error,
            format!(
                "unable to clone '{0}': Get \"{0}/info/refs?service=git-upload-pack\": tls: failed to verify \
                 certificate: x509: certificate signed by unknown authority",
                repo.url()
            )
        );
    }
    let error = refused(with(&repo, &[("ca.crt", "no certificate")])).await;
    assert!(error.contains("failed to parse CA certificates"), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_presented() {
    let (server, repo) = filled(GitServerOptions {
        client_ca: true,
        ..GitServerOptions::default()
    });
    let pairs = [
        ("ca.crt", server.ca_pem()),
        ("tls.crt", server.client_cert_pem()),
        ("tls.key", server.client_key_pem()),
    ];
    fetched(with(&repo, &pairs)).await;
    refused(with(&repo, &pairs[..1])).await;
    let stranger = Authority::new().client("client");
    let pairs = [
        ("ca.crt", server.ca_pem()),
        ("tls.crt", stranger.certificate_pem.as_str()),
        ("tls.key", stranger.key_pem.as_str()),
    ];
    refused(with(&repo, &pairs)).await;
}

#[tokio::test]
async fn a_proxy_is_gone_through() {
    let (server, repo) = filled(GitServerOptions {
        tls: true,
        ..GitServerOptions::default()
    });
    let credentials = ProxyCredentials {
        user: "u".into(),
        password: "p w".into(),
    };
    let proxy = HttpProxy::start(Some(credentials.clone()));
    let through = |pairs: &[(&str, &str)]| {
        let data = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
            .collect();
        let mut options = with(&repo, &[("ca.crt", server.ca_pem())]);
        options.proxy = Some(Proxy::from_secret(&data).unwrap());
        options
    };
    let address = proxy.url();
    fetched(through(&[
        ("address", &address),
        ("username", "u"),
        ("password", "p w"),
    ]))
    .await;
    assert!(!proxy.requests().is_empty());
    refused(through(&[("address", &address)])).await;
    let dead = format!("http://127.0.0.1:{}", free_port());
    refused(through(&[("address", &dead)])).await;
}

#[tokio::test]
async fn a_socks_proxy_is_gone_through() {
    let (_server, repo) = filled(GitServerOptions::default());
    let (address, connections) = socks();
    let mut options = options(&repo, branch("main"));
    let data = BTreeMap::from([("address".to_owned(), address.into_bytes())]);
    options.proxy = Some(Proxy::from_secret(&data).unwrap());
    fetched(options).await;
    assert!(*connections.lock().unwrap() > 0);
}

/// A SOCKS5 proxy without login; counts its connections.
pub(crate) fn socks() -> (String, Arc<Mutex<usize>>) {
    use std::io::Read as _;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("socks5://{}", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let count = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            *count.lock().unwrap() += 1;
            std::thread::spawn(move || {
                let mut head = [0; 2];
                client.read_exact(&mut head).unwrap();
                client.read_exact(&mut vec![0; head[1].into()]).unwrap();
                client.write_all(&[5, 0]).unwrap();
                let mut request = [0; 4];
                client.read_exact(&mut request).unwrap();
                let length = if request[3] == 1 {
                    4
                } else {
                    let mut length = [0; 1];
                    client.read_exact(&mut length).unwrap();
                    length[0].into()
                };
                let mut host = vec![0; length];
                client.read_exact(&mut host).unwrap();
                let host = match <[u8; 4]>::try_from(host.as_slice()) {
                    Ok(address) if request[3] == 1 => std::net::Ipv4Addr::from(address).to_string(),
                    _ => String::from_utf8(host).unwrap(),
                };
                let mut port = [0; 2];
                client.read_exact(&mut port).unwrap();
                let server =
                    std::net::TcpStream::connect((host.as_str(), u16::from_be_bytes(port)))
                        .unwrap();
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let up = std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
                let _ = std::io::copy(&mut &server, &mut client);
                let _ = client.shutdown(std::net::Shutdown::Both);
                let _ = up.join();
            });
        }
    });
    (address, connections)
}

/// Answers every request with a redirect to `target` + the path and query asked for; returns its URL
/// and the requests' heads.
fn redirector(target: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            while lines.read_line(&mut head).unwrap() > 2 {}
            let path = head.split(' ').nth(1).unwrap().to_owned();
            seen.lock().unwrap().push(head.to_lowercase());
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: {target}{path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, heads)
}

#[tokio::test]
async fn a_redirect_to_another_server_takes_no_credentials_along() {
    let (server, repo) = filled(GitServerOptions::default());
    let (url, heads) = redirector(server.base_url());
    let mut options = options(&repo, branch("main"));
    options.url = Url::parse(&format!("{url}/app.git")).unwrap();
    options.auth = secret(&url, &[("username", "git"), ("password", "hunter2")]).unwrap();
    fetched(options).await;
    assert!(heads.lock().unwrap()[0].contains("authorization: basic"));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.header("authorization"), "", "{}", request.target);
    }
}

#[tokio::test]
async fn a_redirect_must_lead_to_a_repository_and_never_down_to_http() {
    let (_server, repo) = server();
    let mut options = options(&repo, branch("main"));
    let (url, _) = redirector("ftp://127.0.0.1".to_owned());
    options.url = Url::parse(&format!("{url}/app.git")).unwrap();
    assert!(refused(options.clone()).await.contains("redirect refused"));
    let (url, heads) = redirector("/elsewhere?".to_owned());
    options.url = Url::parse(&format!("{url}/app.git")).unwrap();
    // Leads to itself, again and again.
    assert!(refused(options).await.contains("too many redirects"));
    assert!(heads.lock().unwrap().len() < 30);
}

#[test]
fn secrets_are_checked_as_flux_checks_them() {
    let https = "https://git.example.com/app";
    let ssh = "ssh://git.example.com/app";
    let error = |url: &str, pairs: &[(&str, &str)]| secret(url, pairs).expect_err("refused");
    assert_eq!(
        error(https, &[("password", "p")]),
        "invalid 'https' auth option: 'password' requires 'username' to be set"
    );
    assert!(
        error(
            https,
            &[("bearerToken", "t"), ("username", "u"), ("password", "p")]
        )
        .contains("'bearerToken'")
    );
    assert!(error(https, &[("tls.crt", "c")]).contains("'tls.key'"));
    assert_eq!(
        error(ssh, &[]),
        "invalid 'ssh' auth option: 'identity' is required"
    );
    assert_eq!(
        error(ssh, &[("identity", "x")]),
        "invalid 'ssh' auth option: 'known_hosts' is required"
    );
    assert!(
        error(ssh, &[("identity", "x"), ("known_hosts", "y")])
            .contains("'identity' is not a private key")
    );
    assert_eq!(
        error("git://git.example.com/app", &[]),
        "unknown transport 'git'"
    );
    assert!(secret(https, &[]).unwrap().username.is_none());
}
