//! Servers that are gone, slow or broken.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use url::Url;
use windlass_git::{CheckoutOptions, checkout};
use windlass_testkit::{free_port, wait_until};

use crate::{branch, fetched, noise, options, refused, server};

#[tokio::test]
async fn a_server_that_is_not_there_is_reported_in_the_words_of_go() {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}/x.git");
    let mut options = CheckoutOptions::new(Url::parse(&url).unwrap(), branch("main"));
    let get = format!(
        "Get \"{url}/info/refs?service=git-upload-pack\": dial tcp 127.0.0.1:{port}: connect: connection refused"
    );
    assert_eq!(
        refused(options.clone()).await,
        format!("unable to clone '{url}': {get}")
    );
    options.last_observed = Some("main@sha1:x".into());
    assert_eq!(
        refused(options.clone()).await,
        format!("unable to list remote for '{url}': {get}")
    );
    options.url = Url::parse("http://no-such-host.invalid/x").unwrap();
    let error = refused(options.clone()).await;
    assert!(
        error.ends_with("dial tcp: lookup no-such-host.invalid: no such host"),
        "{error}"
    );
    for url in ["file:///etc", "git://127.0.0.1/x", "ext::sh"] {
        options.url = Url::parse(url).unwrap();
        assert!(
            refused(options.clone()).await.contains("unknown transport"),
            "{url}"
        );
    }
}

#[tokio::test]
async fn statuses_are_told_apart() {
    let (server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    for (status, text) in [
        (StatusCode::NOT_FOUND, "repository not found: "),
        (StatusCode::FORBIDDEN, "authorization failed: "),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "unexpected client error: unexpected requesting \"",
        ),
    ] {
        server.fail_with(Some(status));
        let error = refused(options(&repo, branch("main"))).await;
        assert!(error.contains(text), "{error}");
    }
    server.fail_with(None);
    fetched(options(&repo, branch("main"))).await;
}

#[tokio::test]
async fn a_silent_server_holds_nobody_past_the_deadline() {
    let (server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    let scratch = tempfile::tempdir().unwrap();
    server.hang(true);
    let mut options = options(&repo, branch("main"));
    options.timeout = Duration::from_millis(500);
    options.scratch = scratch.path().to_owned();
    let started = Instant::now();
    let error = refused(options).await;
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        error,
        format!(
            "unable to clone '{}': context deadline exceeded",
            repo.url()
        )
    );
    server.hang(false);
}

#[tokio::test]
async fn giving_up_ends_the_wait() {
    let (server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    server.hang(true);
    let options = options(&repo, branch("main"));
    let cancel = options.cancel.clone();
    let work = tokio::spawn(checkout(options));
    wait_until("a request", Duration::from_secs(10), async || {
        !server.requests().is_empty()
    })
    .await;
    cancel.store(true, Ordering::Relaxed);
    let started = Instant::now();
    let error = work.await.unwrap().expect_err("given up").to_string();
    assert!(error.ends_with("context canceled"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));
    server.hang(false);
}

#[tokio::test]
async fn a_pack_that_is_cut_short_fails_and_leaves_nothing_behind() {
    let (server, repo) = server();
    // Does not compress: the pack is longer than every other answer.
    let noise = noise(7, 20_000);
    repo.commit(&[("a.txt", Some(&noise))], "a");
    let scratch = tempfile::tempdir().unwrap();
    let mut options = options(&repo, branch("main"));
    options.scratch = scratch.path().to_owned();
    server.cut_after(Some(2000));
    let error = refused(options.clone()).await;
    assert!(error.ends_with("EOF"), "{error}");
    server.cut_after(None);
    fetched(options).await;
    wait_until("an empty directory", Duration::from_secs(5), async || {
        std::fs::read_dir(scratch.path()).unwrap().next().is_none()
    })
    .await;
}

#[tokio::test]
async fn a_silent_ssh_server_holds_nobody_past_the_deadline() {
    let (server, repo) = server();
    let ssh = server.ssh();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ssh://git@{}/app.git", silent.local_addr().unwrap());
    let mut options = options(&repo, branch("main"));
    options.url = Url::parse(&url).unwrap();
    options.timeout = Duration::from_millis(500);
    let secret = [
        ("identity", ssh.client_key_openssh()),
        ("known_hosts", ssh.host_key_line()),
    ];
    let secret = secret
        .map(|(key, value)| (key.to_owned(), value.into_bytes()))
        .into();
    options.auth = windlass_git::Auth::from_secret(&options.url, &secret).unwrap();
    let started = Instant::now();
    assert!(
        refused(options)
            .await
            .ends_with("context deadline exceeded")
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_pack_that_was_tampered_with_is_refused() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let (server, repo) = server();
    repo.commit(&[("a.txt", Some(&noise(3, 4000)))], "a");
    // Passes everything through, but for one bit in the middle of the pack.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let behind = server.base_url().replace("http://", "");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut lines = BufReader::new(client.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                lines.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            lines.read_exact(&mut body).unwrap();
            let mut to = std::net::TcpStream::connect(&behind).unwrap();
            to.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())
                .unwrap();
            to.write_all(&body).unwrap();
            let mut answer = Vec::new();
            to.read_to_end(&mut answer).unwrap();
            if let Some(pack) = answer.windows(4).position(|window| window == b"PACK") {
                let middle = usize::midpoint(pack, answer.len());
                answer[middle] ^= 1;
            }
            client.write_all(&answer).unwrap();
        }
    });
    let mut options = options(&repo, branch("main"));
    options.url = Url::parse(&format!("{base}/app.git")).unwrap();
    let error = refused(options).await;
    assert!(error.starts_with("unable to clone"), "{error}");
}
