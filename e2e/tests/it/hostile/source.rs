//! Sources whose settings are out to read, run or reach what is not theirs.

use std::{fs, io::Write as _, path::Path};

use serde_json::json;
use windlass_e2e::Controller;
use windlass_testkit::{Entry, GitServer, GitServerOptions, SshServer};

use super::{
    git_server::{ADVERTISEMENT, capabilities},
    rig::{Case, config_map, open, reason, secret},
    wire::{Wire, ok},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_src_1_directories_stay_inside_the_artifact() {
    let case = Case::with(
        open().await,
        &[
            ("app/cm.yaml", &config_map("app")),
            ("secret/cm.yaml", &config_map("secret")),
        ],
    )
    .await;
    let include = |from: Option<&str>, to: &str| {
        let mut include = json!({"repository": {"name": "src"}, "toPath": to});
        if let Some(from) = from {
            include["fromPath"] = json!(from);
        }
        json!({"include": [include]})
    };
    let sparse = |path: &str| json!({"sparseCheckout": [path]});
    for (name, spec, words) in [
        (
            "sparse-up",
            sparse("../../etc"),
            "does not exist in repository",
        ),
        (
            "sparse-inner",
            sparse("app/../../etc"),
            "does not exist in repository",
        ),
        ("sparse-abs", sparse("/etc"), "does not exist in repository"),
        (
            "sparse-nul",
            sparse("app\u{0}"),
            "does not exist in repository",
        ),
        (
            "sparse-back",
            sparse("app\\..\\.."),
            "does not exist in repository",
        ),
        (
            "to-up",
            include(None, "../../../x"),
            "path calculation for include",
        ),
        (
            "to-inner",
            include(None, "a/../../x"),
            "path calculation for include",
        ),
        (
            "to-back",
            include(None, "..\\x"),
            "path calculation for include",
        ),
        (
            "from-up",
            include(Some("../../../app"), "x"),
            "failed to copy",
        ),
        (
            "from-inner",
            include(Some("app/../../../app"), "x"),
            "failed to copy",
        ),
        ("over", include(None, "app"), "failed to copy"),
    ] {
        let url = case.repo.url();
        case.objects.git_repository(name, url, spec).await;
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
        let root = case
            .stack
            .storage()
            .join("gitrepository")
            .join(case.objects.namespace());
        assert!(!root.join(name).exists(), "{name}");
    }
    // Nothing lies in the volume but what belongs there.
    let names = |dir: &Path| -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap().flatten();
        entries
            .map(|e| e.file_name().into_string().unwrap())
            .collect()
    };
    let mut top = names(&case.stack.storage());
    top.sort();
    assert_eq!(top, [".windlass", "gitrepository"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_1_includes_do_not_go_in_circles() {
    let case = Case::with(open().await, &[("app/cm.yaml", &config_map("app"))]).await;
    let url = case.repo.url();
    let include =
        |name: &str, to: &str| json!({"include": [{"repository": {"name": name}, "toPath": to}]});
    case.objects
        .git_repository("itself", url, include("itself", "x"))
        .await;
    for (name, other) in [("one", "two"), ("two", "three"), ("three", "one")] {
        case.objects
            .git_repository(name, url, include(other, "x"))
            .await;
    }
    for (name, way) in [
        ("itself", "itself -> itself"),
        ("one", "one -> two -> three -> one"),
        ("two", "two -> three -> one -> two"),
        ("three", "three -> one -> two -> three"),
    ] {
        let refused = case.objects.until_refused("GitRepository", name, way).await;
        assert_eq!(reason(&refused, "Ready"), "IncludeCycle");
        assert!(refused["status"]["artifact"].is_null(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_2_addresses_run_nothing_and_lead_nowhere_else() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let dir = tempfile::tempdir().unwrap();
    let proof = dir.path().join("ran");
    let object = |name: &str, url: &str| {
        json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
            "metadata": {"name": name, "namespace": case.objects.namespace()},
            "spec": {"url": url, "interval": "1h"},
        })
    };
    for url in [
        "-u./x",
        "--upload-pack=touch x",
        "ext::sh -c id",
        "file:///etc",
        "/etc",
        "git://127.0.0.1/x",
        "ftp://127.0.0.1/x",
        "\nhttp://127.0.0.1/x",
        "git@127.0.0.1:x",
    ] {
        let refused = case.objects.try_apply(object("address", url)).await;
        assert!(refused.is_err(), "{url:?}");
    }
    let ssh = SshServer::start();
    let keys = [
        ("identity", ssh.client_key_openssh()),
        ("known_hosts", ssh.host_key_line()),
    ];
    let keys: Vec<(&str, &str)> = keys.iter().map(|(k, v)| (*k, v.as_str())).collect();
    case.objects
        .apply(secret(&case.objects, "keys", &keys))
        .await;
    let command = format!("touch${{IFS}}{}", proof.display());
    let encoded = command
        .replace('/', "%2F")
        .replace('$', "%24")
        .replace('{', "%7B")
        .replace('}', "%7D");
    let authority = ssh.authority();
    let addresses = [
        ("option-host", format!("ssh://-oProxyCommand={encoded}/x")),
        (
            "option-user",
            format!("ssh://-oProxyCommand={encoded}@127.0.0.1:1/x"),
        ),
        (
            "option-path",
            format!("ssh://{authority}/--upload-pack={encoded}"),
        ),
        ("quote", format!("ssh://{authority}/x'; {command}; '")),
        ("substitution", format!("ssh://{authority}/$({command})")),
        ("ticks", format!("ssh://{authority}/`{command}`")),
        ("encoded-break", format!("ssh://{authority}/x%0A{encoded}")),
        ("zone", "http://[fe80::1%25lo]:1/x".to_owned()),
        ("break", "http://127.0.0.1:1/x\r\nhost: evil".to_owned()),
        (
            "space",
            "http://127.0.0.1:1/ HTTP/1.1\thost:evil".to_owned(),
        ),
        ("nothing", "http://".to_owned()),
        ("user-only", "http://user@".to_owned()),
        ("unix", "http+unix://%2Frun%2Fx".to_owned()),
    ];
    let mut made = Vec::new();
    for (name, url) in &addresses {
        let mut object = object(name, url);
        if url.starts_with("ssh") {
            object["spec"]["secretRef"] = json!({"name": "keys"});
        }
        if case.objects.try_apply(object).await.is_ok() {
            made.push(*name);
        }
    }
    assert!(made.len() >= 10, "{made:?}");
    for name in made {
        let words = if name == "encoded-break" {
            "no usable repository path"
        } else {
            ""
        };
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
    }
    assert!(!proof.exists());
    // Nothing is ever run: not by these, and not by any other case.
    for controller in [Controller::Source, Controller::Kustomize] {
        let pid = case.stack.process(controller).pid();
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
        for task in tasks {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            assert_eq!(children, "", "{controller:?}");
        }
        assert_eq!(faults_of_children(pid), [0, 0], "{controller:?}");
    }
}

/// The page faults of the children that a process has had, which no child does without.
fn faults_of_children(pid: u32) -> [u64; 2] {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // Behind the name, which may hold anything: the third field of the file and those after it.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    [8, 10].map(|field| fields[field].parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_5_credentials_do_not_follow_a_redirect() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let away = Wire::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    });
    let target = away.url.clone();
    let home = Wire::start(move |request, stream| {
        let to = format!("{target}{}", request.target);
        write!(
            stream,
            "HTTP/1.1 302 Found\r\nlocation: {to}\r\nset-cookie: session=1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    });
    let pairs = [("username", "me"), ("password", "not-for-others")];
    case.objects
        .apply(secret(&case.objects, "basic", &pairs))
        .await;
    let token = [("bearerToken", "not-for-others")];
    case.objects
        .apply(secret(&case.objects, "bearer", &token))
        .await;
    let with_user = home.url.replace("://", "://me:not-for-others@");
    for (name, url, spec) in [
        (
            "basic",
            format!("{}/x.git", home.url),
            json!({"secretRef": {"name": "basic"}}),
        ),
        (
            "bearer",
            format!("{}/x.git", home.url),
            json!({"secretRef": {"name": "bearer"}}),
        ),
        ("in-url", format!("{with_user}/x.git"), json!({})),
    ] {
        case.objects.git_repository(name, &url, spec).await;
        case.objects
            .until_refused("GitRepository", name, "authentication required")
            .await;
    }
    assert!(
        home.seen()
            .iter()
            .any(|r| r.header("authorization").is_some())
    );
    // A redirect to where it came from ends as well.
    let circle = Wire::start(|request, stream| {
        write!(
            stream,
            "HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            request.target
        )
    });
    let url = format!("{}/x.git", circle.url);
    case.objects.git_repository("circle", &url, json!({})).await;
    case.objects
        .until_refused("GitRepository", "circle", "too many redirects")
        .await;
    assert_eq!(circle.seen().len(), 21);
    // Only what a conversation begins with may be redirected.
    let target = away.url.clone();
    let later = Wire::start(move |request, stream| {
        if request.method == "GET" {
            return ok(stream, ADVERTISEMENT, &capabilities());
        }
        let to = format!("{target}/later");
        write!(
            stream,
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
    });
    let url = format!("{}/x.git", later.url);
    case.objects
        .git_repository("later", &url, json!({"secretRef": {"name": "basic"}}))
        .await;
    case.objects
        .until_refused("GitRepository", "later", "only the first request")
        .await;
    assert!(away.seen().iter().all(|r| r.target != "/later"));
    // Nor does one lead from a connection that nobody reads along to one that anybody does.
    let secure = GitServer::start(GitServerOptions {
        tls: true,
        ..GitServerOptions::default()
    });
    let plain = Wire::start(|_, stream| ok(stream, "text/plain", b""));
    secure.move_to(Some(plain.url.clone()));
    let authority = [("ca.crt", secure.ca_pem())];
    case.objects
        .apply(secret(&case.objects, "authority", &authority))
        .await;
    let url = format!("{}/x.git", secure.base_url());
    case.objects
        .git_repository("down", &url, json!({"secretRef": {"name": "authority"}}))
        .await;
    case.objects
        .until_refused(
            "GitRepository",
            "down",
            "leads from https to another scheme",
        )
        .await;
    assert_eq!(plain.seen().len(), 0);
    // Nor do they go to whatever server a submodule names.
    let inside = format!(
        "[submodule \"sub\"]\n\tpath = sub\n\turl = {}/sub.git\n",
        away.url
    );
    let entries = [
        (".gitmodules", Entry::File(inside.into_bytes())),
        ("sub", Entry::Submodule(case.repo.head())),
    ];
    case.repo.commit_entries("sub", &entries, "sub");
    let spec = json!({
        "secretRef": {"name": "basic"}, "ref": {"branch": "sub"}, "recurseSubmodules": true,
    });
    case.objects
        .git_repository("sub", case.repo.url(), spec)
        .await;
    case.objects
        .until_refused("GitRepository", "sub", "submodule 'sub'")
        .await;
    let seen = away.seen();
    assert!(seen.len() >= 4);
    assert!(seen.iter().any(|r| r.target.starts_with("/sub.git/")));
    for request in seen {
        for header in ["authorization", "cookie", "referer"] {
            assert_eq!(request.header(header), None, "{request:?}");
        }
    }
}
