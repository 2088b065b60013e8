//! Whom credentials are for, and what they may be.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
};

use serde_json::json;
use sha1::{Digest as _, Sha1};
use windlass_testkit::SshServer;

use super::{
    rig::{Case, config_map, message, open, reason, secret},
    wire::{Wire, ok},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_src_6_only_the_host_key_on_file_will_do() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let (ssh, other) = (SshServer::start(), SshServer::start());
    let line = ssh.host_key_line();
    let (host, key) = line.trim().split_once(' ').unwrap();
    let (host, key) = (host.to_owned(), key.to_owned());
    let port = host.rsplit_once(':').unwrap().1.to_owned();
    let foreign = other.host_key_line();
    let foreign = foreign.trim().split_once(' ').unwrap().1;
    // What the file says, and whether the server may be talked to.
    let rows = [
        ("right", line.clone(), None),
        ("wildcard", format!("[127.*]:{port} {key}"), None),
        ("second", format!("{host} {foreign}\n{host} {key}"), None),
        ("wrong", format!("{host} {foreign}"), Some("key mismatch")),
        ("empty", "# nothing\n".to_owned(), Some("key is unknown")),
        (
            "no-port",
            format!("127.0.0.1 {key}"),
            Some("key is unknown"),
        ),
        (
            "other-port",
            format!("[127.0.0.1]:1 {key}"),
            Some("key is unknown"),
        ),
        (
            "other-host",
            format!("[127.0.0.2]:{port} {key}"),
            Some("key is unknown"),
        ),
        (
            "negated",
            format!("[127.*]:{port},!{host} {key}"),
            Some("key is unknown"),
        ),
        (
            "revoked",
            format!("{host} {key}\n@revoked * {key}"),
            Some("key is revoked"),
        ),
        (
            "authority",
            format!("@cert-authority {host} {key}"),
            Some("key is unknown"),
        ),
        ("hashed", format!("{} {key}", hashed(&host)), None),
        (
            "hashed-other",
            format!("{} {key}", hashed("127.0.0.1")),
            Some("key is unknown"),
        ),
        (
            "marker",
            format!("@anything {host} {key}"),
            Some("cannot be read"),
        ),
    ];
    for (name, text, _) in &rows {
        let pairs = [
            ("identity", ssh.client_key_openssh()),
            ("known_hosts", text.clone()),
        ];
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
        case.objects
            .apply(secret(&case.objects, name, &pairs))
            .await;
        let url = ssh.url(&case.repo);
        case.objects
            .git_repository(name, &url, json!({"secretRef": {"name": name}}))
            .await;
    }
    let alone = [("identity", ssh.client_key_openssh())];
    let alone: Vec<(&str, &str)> = alone.iter().map(|(k, v)| (*k, v.as_str())).collect();
    case.objects
        .apply(secret(&case.objects, "missing", &alone))
        .await;
    let url = ssh.url(&case.repo);
    case.objects
        .git_repository("missing", &url, json!({"secretRef": {"name": "missing"}}))
        .await;
    case.objects
        .until_refused("GitRepository", "missing", "'known_hosts' is required")
        .await;
    let logins = rows.iter().filter(|(_, _, words)| words.is_none()).count();
    for (name, _, words) in &rows {
        match words {
            None => {
                case.objects
                    .until_condition("GitRepository", name, "Ready", "True")
                    .await;
            }
            Some(words) => {
                let refused = case
                    .objects
                    .until_refused("GitRepository", name, words)
                    .await;
                assert!(refused["status"]["artifact"].is_null(), "{name}");
            }
        }
    }
    assert_eq!(
        ssh.logins(),
        logins,
        "nobody is told who we are before we know who they are"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_6_nothing_weak_is_agreed_on() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    // What a server insists on, and what there is nothing in common for.
    let rows = [
        ("kex", "KexAlgorithms diffie-hellman-group14-sha1", "Kex"),
        ("signature", "HostKeyAlgorithms ssh-rsa", "Key"),
        ("cipher", "Ciphers aes128-cbc,3des-cbc", "Cipher"),
        ("mac", "Ciphers aes128-ctr\nMACs hmac-sha1", "Mac"),
    ];
    let mut servers = Vec::new();
    for (name, settings, kind) in rows {
        let ssh = SshServer::start_with(&format!("{settings}\n"));
        let words = format!("no common algorithm for {kind}");
        with_keys(&case, name, &ssh.url(&case.repo), &ssh).await;
        servers.push((name, ssh, words));
    }
    // The same kind of key, with a signature of today.
    let ssh = SshServer::start_with("HostKeyAlgorithms rsa-sha2-256\n");
    with_keys(&case, "rsa", &ssh.url(&case.repo), &ssh).await;
    for (name, ssh, words) in &servers {
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
        assert_eq!(ssh.logins(), 0, "{name}");
    }
    case.objects
        .until_condition("GitRepository", "rsa", "Ready", "True")
        .await;
    // To a server that says nothing of itself, all is said that would be agreed on.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("ssh://git@{}/x", listener.local_addr().unwrap());
    let offer = thread::spawn(move || offer(listener.accept().unwrap().0));
    with_keys(&case, "offer", &url, &ssh).await;
    case.objects
        .until_refused("GitRepository", "offer", "handshake failed")
        .await;
    let offer = offer.join().unwrap();
    // Nor is a certificate asked for, since nobody here would vouch for its authority.
    for weak in [
        "sha1", "md5", "cbc", "arcfour", "ssh-rsa", "ssh-dss", "-cert-",
    ] {
        assert!(!offer.contains(weak), "{weak}: {offer}");
    }
    // CVE-2023-48795: who takes part in this counts what is sent before the keys are there.
    assert!(offer.contains("kex-strict-c-v00@openssh.com"), "{offer}");
}

/// A `GitRepository` with the keys for this server.
pub(super) async fn with_keys(case: &Case, name: &str, url: &str, ssh: &SshServer) {
    let (identity, known_hosts) = (ssh.client_key_openssh(), ssh.host_key_line());
    let pairs = [("identity", &*identity), ("known_hosts", &*known_hosts)];
    case.objects
        .apply(secret(&case.objects, name, &pairs))
        .await;
    case.objects
        .git_repository(name, url, json!({"secretRef": {"name": name}}))
        .await;
}

/// The lists of algorithms that a client begins with (RFC 4253, 7.1), which nothing hides yet.
fn offer(mut stream: TcpStream) -> String {
    stream.write_all(b"SSH-2.0-hostile\r\n").unwrap();
    let mut bytes = BufReader::new(stream);
    bytes.read_until(b'\n', &mut Vec::new()).unwrap();
    let mut length = [0; 4];
    bytes.read_exact(&mut length).unwrap();
    let mut packet = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    bytes.read_exact(&mut packet).unwrap();
    String::from_utf8_lossy(&packet).into_owned()
}

/// A name of a host as `HashKnownHosts` writes it.
fn hashed(host: &str) -> String {
    let salt = [7_u8; 20];
    let keyed = |pad: u8| {
        let mut block = [pad; 64];
        block.iter_mut().zip(salt).for_each(|(b, s)| *b ^= s);
        Sha1::new().chain_update(block)
    };
    let inner = keyed(0x36).chain_update(host).finalize();
    let hash = keyed(0x5c).chain_update(inner).finalize();
    format!("|1|{}|{}", base64(&salt), base64(&hash))
}

/// Twenty bytes in base64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .chain([&0, &0])
            .take(3)
            .fold(0, |bits, b| bits << 8 | usize::from(*b));
        for at in 0..4 {
            let letter = LETTERS[bits >> (18 - 6 * at) & 63];
            text.push(if at > group.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    text
}

/// Name, field of the reference, content of the Secret, words of the refusal.
type Row<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a str);

#[tokio::test(flavor = "multi_thread")]
async fn a_src_15_secrets_hold_what_they_should_or_are_refused() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let authority = case.stack.git.authority();
    let (one, two) = (authority.client("one"), authority.client("two"));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let bundle = garbage.repeat(8_000);
    let address = "http://127.0.0.1:1".repeat(200);
    let rows: [Row<'_>; 9] = [
        (
            "file-proxy",
            "proxySecretRef",
            vec![("address", "file:///etc/passwd")],
            "unsupported scheme",
        ),
        (
            "long-proxy",
            "proxySecretRef",
            vec![("address", &address)],
            "longer than 2048",
        ),
        (
            "no-proxy",
            "proxySecretRef",
            vec![("other", "x")],
            "'address' is missing",
        ),
        (
            "large-ca",
            "secretRef",
            vec![("ca.crt", &bundle)],
            "failed to set up TLS",
        ),
        (
            "bad-ca",
            "secretRef",
            vec![("ca.crt", "no certificate")],
            "CA certificates",
        ),
        (
            // Plain http has no use for it, but what cannot be used is an error.
            "mismatch",
            "secretRef",
            vec![("tls.crt", &one.certificate_pem), ("tls.key", &two.key_pem)],
            "KeyMismatch",
        ),
        (
            "half",
            "secretRef",
            vec![("tls.crt", &one.certificate_pem)],
            "requires 'tls.key'",
        ),
        (
            "both",
            "secretRef",
            vec![("bearerToken", "x"), ("username", "u"), ("password", "p")],
            "cannot be set together",
        ),
        ("app", "secretRef", vec![("githubAppID", "1")], "github app"),
    ];
    for (name, field, pairs, _) in &rows {
        case.objects.apply(secret(&case.objects, name, pairs)).await;
        let url = case.repo.url();
        case.objects
            .git_repository(name, url, json!({*field: {"name": name}}))
            .await;
    }
    let kind = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth",
        "stringData": {"username": "u", "password": "p", "unknown": "x", "identity": "not used over http"},
        "metadata": {"name": "typed", "namespace": case.objects.namespace()},
    });
    case.objects.apply(kind).await;
    let typed = json!({"secretRef": {"name": "typed"}});
    case.objects
        .git_repository("typed", case.repo.url(), typed)
        .await;
    case.objects
        .until_condition("GitRepository", "typed", "Ready", "True")
        .await;
    for (name, _, _, words) in &rows {
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
        let text = message(&refused, "Ready");
        assert!(text.len() < 1000 && !text.contains("PRIVATE KEY"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_16_no_identity_of_the_machine_is_lent_to_a_source() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let bait = Wire::start(|_, stream| ok(stream, "text/plain", b""));
    let url = format!("{}/x.git", bait.url);
    let rows = [
        ("aws", json!({"provider": "aws"})),
        ("azure", json!({"provider": "azure"})),
        (
            "account",
            json!({"provider": "azure", "serviceAccountName": "default"}),
        ),
        ("github", json!({"provider": "github"})),
    ];
    for (name, spec) in &rows {
        case.objects.git_repository(name, &url, spec.clone()).await;
    }
    for (name, _) in &rows {
        let words = "is not supported yet";
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert_eq!(reason(&refused, "Ready"), "InvalidProviderConfiguration");
    }
    assert_eq!(bait.seen().len(), 0, "nothing is asked, and nothing sent");
}
