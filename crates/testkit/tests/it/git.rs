use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use http::StatusCode;
use tempfile::TempDir;
use windlass_testkit::{Entry, GitServer, GitServerOptions, HttpProxy, Repo};

/// A place to clone into with the system's git, and without its configuration.
struct Checkout {
    dir: TempDir,
    config: Vec<String>,
}

impl Checkout {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            config: Vec::new(),
        }
    }

    fn config(mut self, key: &str, value: impl AsRef<Path>) -> Self {
        self.config
            .extend(["-c".into(), format!("{key}={}", value.as_ref().display())]);
        self
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn tree(&self) -> PathBuf {
        self.dir.path().join("tree")
    }

    fn clone(&self, url: &str) -> Result<(), String> {
        let mut git = Command::new("git");
        // Of the machine or of its user; they would win over the options given here.
        for inherited in [
            "GIT_SSL_CAINFO",
            "GIT_SSL_NO_VERIFY",
            "GIT_SSH",
            "GIT_SSH_COMMAND",
            "SSH_AUTH_SOCK",
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "HTTPS_PROXY",
            "ALL_PROXY",
        ] {
            git.env_remove(inherited);
        }
        let output = git
            .args(&self.config)
            .args(["clone", "--quiet", url])
            .arg(self.tree())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            Ok(())
        } else {
            Err(error)
        }
    }

    fn head(&self) -> String {
        let mut git = Command::new("git");
        let output = git
            .arg("-C")
            .arg(self.tree())
            .args(["rev-parse", "HEAD"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn small(server: &GitServer) -> (Repo, String) {
    let repo = server.repo("team/app");
    let commit = repo.commit(
        &[("README", Some("hello\n")), ("dir/x.yaml", Some("a: 1\n"))],
        "one",
    );
    (repo, commit)
}

#[test]
fn clones_over_http_and_counts_requests() {
    let server = GitServer::start(GitServerOptions::default());
    let (repo, commit) = small(&server);
    let checkout = Checkout::new();
    checkout.clone(repo.url()).unwrap();
    assert_eq!(checkout.head(), commit);
    assert_eq!(
        fs::read_to_string(checkout.tree().join("dir/x.yaml")).unwrap(),
        "a: 1\n"
    );
    let counts = server.requests_by_path();
    assert_eq!(counts["/team/app.git/info/refs"], 1);
    assert!(counts["/team/app.git/git-upload-pack"] >= 1);
    assert!(
        server.requests()[0]
            .header("user-agent")
            .starts_with("git/")
    );
    server.forget_requests();
    assert!(server.requests().is_empty());
    let missing = Checkout::new()
        .clone(&format!("{}/none.git", server.base_url()))
        .unwrap_err();
    assert!(missing.contains("not found"), "{missing}");
}

#[test]
fn builds_every_kind_of_history() {
    let server = GitServer::start(GitServerOptions::default());
    let (repo, first) = small(&server);
    let other = server.repo("library");
    let pinned = other.commit(&[("lib", Some("l"))], "library");
    repo.tag("v1.0.0");
    let tag = repo.annotated_tag("v1.1.0", "a release");
    repo.branch("stable");
    repo.commit_executable("run.sh", "#!/bin/sh\n", "two");
    repo.commit_symlink("link", "README", "three");
    repo.commit_submodule("sub", &other, &pinned, "four");
    let odd = [
        ("odd \"name\" ü", Entry::File(vec![0, 255])),
        ("dir", Entry::Removed),
    ];
    let last = repo.commit_entries("main", &odd, "five");
    assert_eq!(repo.head(), last);
    assert_ne!(tag, first);
    for revision in ["v1.0.0", "v1.1.0^{commit}", "stable", "main~4"] {
        assert_eq!(repo.resolve(revision).as_ref(), Some(&first), "{revision}");
    }
    let checkout = Checkout::new();
    checkout.clone(repo.url()).unwrap();
    let tree = checkout.tree();
    assert_eq!(
        fs::metadata(tree.join("run.sh"))
            .unwrap()
            .permissions()
            .mode()
            & 0o111,
        0o111
    );
    assert_eq!(
        fs::read_link(tree.join("link")).unwrap(),
        Path::new("README")
    );
    assert_eq!(fs::read(tree.join("odd \"name\" ü")).unwrap(), [0, 255]);
    assert!(!tree.join("dir").exists());
    assert!(
        repo.git(&["ls-tree", "main", "sub"])
            .starts_with("160000 commit")
    );
    repo.force_reset(&first);
    assert_eq!(repo.head(), first);
    // The same commits in another server have the same names.
    let again = GitServer::start(GitServerOptions::default());
    assert_eq!(small(&again).1, first);
}

#[test]
fn clones_over_https_with_a_password() {
    let basic = Some(("git".to_owned(), "pass word".to_owned()));
    let server = GitServer::start(GitServerOptions {
        tls: true,
        basic,
        ..Default::default()
    });
    let (repo, commit) = small(&server);
    let with_password = repo.url().replace("https://", "https://git:pass%20word@");
    let unknown = Checkout::new().clone(&with_password).unwrap_err();
    assert!(unknown.contains("certificate"), "{unknown}");
    let checkout = Checkout::new();
    let ca = checkout.file("ca.pem", server.ca_pem());
    let checkout = checkout.config("http.sslCAInfo", ca);
    let refused = checkout.clone(repo.url()).unwrap_err();
    assert!(refused.contains("could not read Username"), "{refused}");
    checkout.clone(&with_password).unwrap();
    assert_eq!(checkout.head(), commit);
}

#[test]
fn clones_over_mutual_tls_with_a_bearer_token() {
    let server = GitServer::start(GitServerOptions {
        client_ca: true,
        bearer: Some("s3cret".into()),
        ..Default::default()
    });
    let (repo, commit) = small(&server);
    let checkout = Checkout::new();
    let [ca, certificate, key] = [
        ("ca.pem", server.ca_pem()),
        ("client.pem", server.client_cert_pem()),
        ("client.key", server.client_key_pem()),
    ]
    .map(|(name, pem)| checkout.file(name, pem));
    let checkout = checkout
        .config("http.sslCAInfo", ca)
        .config("http.extraHeader", "Authorization: Bearer s3cret");
    assert!(
        checkout.clone(repo.url()).is_err(),
        "cloned without a client certificate"
    );
    let checkout = checkout
        .config("http.sslCert", certificate)
        .config("http.sslKey", key);
    checkout.clone(repo.url()).unwrap();
    assert_eq!(checkout.head(), commit);
}

#[test]
fn clones_over_ssh_with_every_kind_of_key() {
    let server = GitServer::start(GitServerOptions::default());
    let (repo, commit) = small(&server);
    let ssh = server.ssh();
    let command = |checkout: &Checkout, key: &str| {
        let hosts = checkout.file("known_hosts", &ssh.host_key_line());
        let key = checkout.file("key", key);
        format!(
            "ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile={} -i {}",
            hosts.display(),
            key.display()
        )
    };
    let keys = [
        ssh.client_key_openssh(),
        ssh.client_key_rsa(),
        ssh.client_key_ecdsa(),
    ];
    for (logins, key) in keys.iter().enumerate() {
        assert_eq!(ssh.logins(), logins);
        let checkout = Checkout::new();
        let command = command(&checkout, key);
        let checkout = checkout.config("core.sshCommand", command);
        checkout
            .clone(&ssh.url(&repo))
            .unwrap_or_else(|error| panic!("{error}\n{}", ssh.log()));
        assert_eq!(checkout.head(), commit);
    }
    let checkout = Checkout::new();
    let command = command(&checkout, &ssh.client_key_refused());
    let refused = checkout
        .config("core.sshCommand", command)
        .clone(&ssh.url(&repo))
        .unwrap_err();
    assert!(refused.contains("Permission denied"), "{refused}");
    let (encrypted, passphrase) = ssh.client_key_encrypted();
    let holder = Checkout::new();
    let path = holder.file("encrypted", &encrypted);
    let decrypts = |with: &str| {
        let mut keygen = Command::new("ssh-keygen");
        keygen
            .args(["-y", "-P", with, "-f"])
            .arg(&path)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(decrypts(&passphrase) && !decrypts(""));
}

#[test]
fn clones_through_a_proxy() {
    let server = GitServer::start(GitServerOptions {
        tls: true,
        ..Default::default()
    });
    let (repo, commit) = small(&server);
    let proxy = HttpProxy::start(None);
    let checkout = Checkout::new();
    let ca = checkout.file("ca.pem", server.ca_pem());
    let checkout = checkout
        .config("http.sslCAInfo", ca)
        .config("http.proxy", proxy.url());
    checkout.clone(repo.url()).unwrap();
    assert_eq!(checkout.head(), commit);
    let host = repo
        .url()
        .trim_start_matches("https://")
        .split('/')
        .next()
        .unwrap();
    assert_eq!(proxy.requests()[0].method, http::Method::CONNECT);
    assert_eq!(proxy.requests()[0].target, host);
}

#[test]
fn faults_break_a_clone_until_lifted() {
    let server = GitServer::start(GitServerOptions::default());
    let repo = server.repo("big");
    let lines: Vec<_> = (0..5000).map(|line| (line * 7919).to_string()).collect();
    let text = lines.join("\n");
    repo.commit(&[("big", Some(&text))], "big");
    server.fail_with(Some(StatusCode::BAD_GATEWAY));
    let failed = Checkout::new().clone(repo.url()).unwrap_err();
    assert!(failed.contains("502"), "{failed}");
    server.fail_with(None);
    server.cut_after(Some(2000));
    assert!(Checkout::new().clone(repo.url()).is_err());
    server.cut_after(None);
    server.hang(true);
    let (sender, outcome) = mpsc::channel();
    let url = repo.url().to_owned();
    std::thread::spawn(move || sender.send(Checkout::new().clone(&url)));
    let early = outcome.recv_timeout(Duration::from_millis(300));
    assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout));
    server.hang(false);
    outcome
        .recv_timeout(Duration::from_mins(1))
        .unwrap()
        .unwrap();
}
