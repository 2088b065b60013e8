//! Checkouts from a real `sshd`.

use std::collections::BTreeMap;

use url::Url;
use windlass_git::{Auth, Checkout, CheckoutOptions, Proxy, checkout};
use windlass_testkit::{GitServer, HttpProxy, Repo, SshServer};

use crate::{branch, fetched, refused, server, text};

fn secret(url: &Url, pairs: &[(&str, &str)]) -> Result<Auth, String> {
    let data = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec()))
        .collect::<BTreeMap<_, _>>();
    Auth::from_secret(url, &data).map_err(|error| error.to_string())
}

fn with(ssh: &SshServer, repo: &Repo, key: &str, known_hosts: &str) -> CheckoutOptions {
    let url = Url::parse(&ssh.url(repo)).unwrap();
    let auth = secret(&url, &[("identity", key), ("known_hosts", known_hosts)]).unwrap();
    CheckoutOptions {
        auth,
        ..CheckoutOptions::new(url, branch("main"))
    }
}

fn filled() -> (GitServer, SshServer, Repo) {
    let (server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "a");
    let ssh = server.ssh();
    (server, ssh, repo)
}

#[tokio::test]
async fn keys_of_every_kind_log_in() {
    let (_server, ssh, repo) = filled();
    for key in [
        ssh.client_key_openssh(),
        ssh.client_key_rsa(),
        ssh.client_key_ecdsa(),
    ] {
        let options = with(&ssh, &repo, &key, &ssh.host_key_line());
        assert_eq!(text(&fetched(options).await, "a.txt"), "a");
    }
    let (key, passphrase) = ssh.client_key_encrypted();
    let url = Url::parse(&ssh.url(&repo)).unwrap();
    let hosts = ssh.host_key_line();
    let pairs = [
        ("identity", key.as_str()),
        ("known_hosts", &hosts),
        ("password", &passphrase),
    ];
    let options = CheckoutOptions {
        auth: secret(&url, &pairs).unwrap(),
        ..CheckoutOptions::new(url.clone(), branch("main"))
    };
    fetched(options).await;
    assert!(
        secret(&url, &pairs[..2])
            .expect_err("encrypted")
            .contains("passphrase protected")
    );
    let wrong = [pairs[0], pairs[1], ("password", "wrong")];
    assert!(
        secret(&url, &wrong)
            .expect_err("wrong passphrase")
            .contains("cannot be decrypted")
    );
}

#[tokio::test]
async fn a_key_the_server_does_not_know_is_refused() {
    let (_server, ssh, repo) = filled();
    let error = refused(with(
        &ssh,
        &repo,
        &ssh.client_key_refused(),
        &ssh.host_key_line(),
    ))
    .await;
    assert_eq!(
        error,
        format!(
            "unable to clone '{}': ssh: handshake failed: ssh: unable to authenticate, attempted methods [none \
             publickey], no supported methods remain",
            ssh.url(&repo).replace("root@", "")
        )
    );
}

#[tokio::test]
async fn only_a_host_key_on_file_is_trusted() {
    let (_server, ssh, repo) = filled();
    let key = ssh.client_key_openssh();
    let line = ssh.host_key_line();
    let other = SshServer::start().host_key_line();
    let impostor = format!(
        "{} {}",
        line.split(' ').next().unwrap(),
        other.split_once(' ').unwrap().1
    );
    let revoked = format!("@revoked {line}{line}");
    let authority = format!("@cert-authority {line}");
    for (known_hosts, verdict) in [
        (impostor.as_str(), "key mismatch"),
        (&other, "key is unknown"),
        (&revoked, "key is revoked"),
        (&authority, "key is unknown"),
    ] {
        let error = refused(with(&ssh, &repo, &key, known_hosts)).await;
        assert!(
            error.ends_with(&format!("ssh: handshake failed: knownhosts: {verdict}")),
            "{error}"
        );
    }
    assert_eq!(ssh.logins(), 0);
}

#[tokio::test]
async fn a_known_revision_fetches_nothing() {
    let (_server, ssh, repo) = filled();
    let mut options = with(&ssh, &repo, &ssh.client_key_openssh(), &ssh.host_key_line());
    let revision = format!("main@sha1:{}", repo.head());
    options.last_observed = Some(revision.clone());
    match checkout(options.clone()).await.unwrap() {
        Checkout::Unchanged { revision: found } => assert_eq!(found, revision),
        other => panic!("{other:?}"),
    }
    options.reference = windlass_git::Reference {
        commit: Some(repo.head()),
        ..Default::default()
    };
    options.ssh_kex_algos = vec!["curve25519-sha256".to_owned()];
    options.ssh_hostkey_algos = vec!["ssh-ed25519".to_owned()];
    assert_eq!(fetched(options.clone()).await.hash, repo.head());
    options.ssh_hostkey_algos = vec!["rsa-sha2-512".to_owned()];
    let error = refused(options).await;
    assert!(error.contains("no common algorithm"), "{error}");
}

#[tokio::test]
async fn a_signature_over_sha_1_is_taken_only_where_it_was_asked_for() {
    let (_server, _, repo) = filled();
    let ssh = SshServer::start_with("HostKeyAlgorithms ssh-rsa\n");
    let mut options = with(&ssh, &repo, &ssh.client_key_openssh(), &ssh.host_key_line());
    let error = refused(options.clone()).await;
    assert!(error.contains("no common algorithm for Key"), "{error}");
    options.ssh_hostkey_algos = vec!["ssh-rsa".to_owned()];
    assert_eq!(fetched(options).await.hash, repo.head());
}

#[tokio::test]
async fn a_missing_repository_is_reported() {
    let (_server, ssh, repo) = filled();
    let mut options = with(&ssh, &repo, &ssh.client_key_openssh(), &ssh.host_key_line());
    options.url.set_path("/nowhere/'it'.git");
    let error = refused(options).await;
    assert!(
        error.contains("repository not found: ") && error.contains("nowhere"),
        "{error}"
    );
}

#[tokio::test]
async fn proxies_lead_to_ssh_too() {
    let (_server, ssh, repo) = filled();
    let mut options = with(&ssh, &repo, &ssh.client_key_openssh(), &ssh.host_key_line());
    let through = |address: &str| {
        Some(
            Proxy::from_secret(&BTreeMap::from([(
                "address".to_owned(),
                address.as_bytes().to_vec(),
            )]))
            .unwrap(),
        )
    };
    let (socks, connections) = crate::credentials::socks();
    options.proxy = through(&socks);
    fetched(options.clone()).await;
    assert_eq!(*connections.lock().unwrap(), 1);
    let http = HttpProxy::start(None);
    options.proxy = through(&http.url());
    fetched(options).await;
    assert_eq!(http.requests().len(), 1);
}
