//! Sources whose settings are out to read, run or reach what is not theirs.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use windlass_e2e::{Controller, condition};
use windlass_testkit::{SshServer, wait_until};

use super::{
    rig::{Case, config_map, message, namespace, open, poison, reason, secret},
    wire::{Wire, get},
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
            include(Some("../../../etc"), "x"),
            "failed to copy",
        ),
        (
            "from-inner",
            include(Some("app/../../../etc"), "x"),
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
        let refused = case
            .objects
            .until_condition("GitRepository", name, "Ready", "False")
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
    }
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
    let seen = away.seen();
    assert!(seen.len() >= 3);
    for request in seen {
        for header in ["authorization", "cookie", "referer"] {
            assert_eq!(request.header(header), None, "{request:?}");
        }
    }
}

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
            format!("@cert-authority * {key}"),
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
async fn a_src_15_secrets_hold_what_they_should_or_are_refused() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("x"))]).await;
    let authority = case.stack.git.authority();
    let (one, two) = (authority.client("one"), authority.client("two"));
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let bundle = garbage.repeat(8_000);
    let address = "http://127.0.0.1:1".repeat(200);
    let rows: [(&str, &str, Vec<(&str, &str)>, &str); 9] = [
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
            "mismatch",
            "secretRef",
            vec![("tls.crt", &one.certificate_pem), ("tls.key", &two.key_pem)],
            "",
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
        if *name == "mismatch" {
            // Plain http has no use for a certificate, but one that cannot be used is an error.
            continue;
        }
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
        assert!(message(&refused, "Ready").len() < 1000, "{name}");
    }
    let refused = case
        .objects
        .until_condition("GitRepository", "mismatch", "Ready", "False")
        .await;
    assert!(!message(&refused, "Ready").contains("PRIVATE KEY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_17_an_object_that_cannot_be_read_harms_no_other() {
    let stack = open().await;
    let case = Case::with(stack, &[("cm.yaml", &config_map("honest"))]).await;
    let object = |kind: &str, interval: &str| {
        let (group, spec) = match kind {
            "GitRepository" => (
                "source",
                json!({"url": "http://127.0.0.1:1/x", "interval": interval}),
            ),
            _ => (
                "kustomize",
                json!({"interval": interval, "prune": true, "sourceRef": {"kind": "GitRepository", "name": "src"}}),
            ),
        };
        json!({
            "apiVersion": format!("{group}.toolkit.fluxcd.io/v1"), "kind": kind, "spec": spec,
            "metadata": {"name": "wrong", "namespace": case.objects.namespace()},
        })
    };
    for kind in ["GitRepository", "Kustomization"] {
        for interval in ["1parsec", "-1h", "", "1", "h", "1h ", "1e9h"] {
            let refused = case.objects.try_apply(object(kind, interval)).await;
            assert!(refused.is_err(), "{kind} {interval:?}");
        }
    }
    // One passes the schema: it was there when the controllers started, and comes again now.
    poison(&case.objects).await;
    case.still_works("./").await;
    let commit = case.commit(&[("cm.yaml", &config_map("honest").replace("b}", "c}"))]);
    case.objects.poke("GitRepository", "src").await;
    case.objects.until_applied("honest", &commit).await;
    for kind in ["GitRepository", "Kustomization"] {
        let poisoned = case.objects.get(kind, "poison").await.unwrap();
        assert!(condition(&poisoned, "Ready").is_none_or(|c| c["status"] != "True"));
        case.objects.delete(kind, "poison").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_18_intervals_and_references_cost_little() {
    let stack = open().await;
    let case = Case::with(stack, &[("cm.yaml", &config_map("x"))]).await;
    case.repo.tag("v1.0.0");
    for n in 0..200 {
        case.repo.tag(&format!("v0.{n}.0"));
    }
    let looks = |repo: &str| {
        let path = format!("/{repo}.git/info/refs");
        stack
            .git
            .requests_by_path()
            .get(&path)
            .copied()
            .unwrap_or_default()
    };
    // A repository of its own for each, so that the requests can be told apart.
    let names = ["zero", "short"].map(|name| format!("{}-{name}", case.objects.namespace()));
    for (name, interval) in names.iter().zip(["0s", "1ms"]) {
        let repo = stack.git.repo(name);
        repo.commit(&[("cm.yaml", Some(&config_map("x")))], "x");
        let spec = json!({"interval": interval});
        case.objects.git_repository(name, repo.url(), spec).await;
        case.objects
            .until_condition("GitRepository", name, "Ready", "True")
            .await;
        let app = json!({
            "interval": interval, "retryInterval": interval, "nameSuffix": format!("-{interval}"),
            "sourceRef": {"kind": "GitRepository", "name": name},
        });
        case.objects.kustomization(name, app.clone()).await;
        case.objects
            .until_condition("Kustomization", name, "Ready", "True")
            .await;
        let failing = json!({"path": "./nowhere", "interval": interval, "retryInterval": interval});
        case.objects
            .kustomization(&format!("{name}-failing"), failing)
            .await;
    }
    let runs = |name: &str| -> u64 {
        let page = get(stack.metrics_port(Controller::Kustomize), "/metrics").1;
        let labels = format!(
            "gotk_reconcile_duration_seconds_count{{kind=\"Kustomization\",name=\"{name}\",namespace=\"{}\"}} ",
            case.objects.namespace()
        );
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(&labels).map(str::to_owned));
        line.and_then(|count| count.parse().ok()).unwrap_or(0)
    };
    let (started, first, ran) = (Instant::now(), looks(&names[1]), runs(&names[1]));
    let (failed, zero) = (runs(&format!("{}-failing", names[1])), looks(&names[0]));
    let none = runs(&format!("{}-failing", names[0]));
    wait_until("three more looks", Duration::from_mins(1), async || {
        looks(&names[1]) >= first + 3
    })
    .await;
    let elapsed = started.elapsed();
    assert!(elapsed > Duration::from_millis(1900), "{elapsed:?}");
    // As often as once a second, however short the interval is.
    let most = elapsed.as_secs() + 2;
    assert!(
        runs(&names[1]) - ran <= most,
        "{} in {elapsed:?}",
        runs(&names[1]) - ran
    );
    assert!(runs(&format!("{}-failing", names[1])) - failed <= most);
    // Never by itself.
    assert_eq!(looks(&names[0]), zero);
    assert!(runs(&format!("{}-failing", names[0])) - none <= 1);
    for name in &names {
        case.objects.delete("GitRepository", name).await;
        case.objects.delete("Kustomization", name).await;
        case.objects
            .delete("Kustomization", &format!("{name}-failing"))
            .await;
    }
    references(&case).await;
}

async fn references(case: &Case) {
    let mut groups = String::from("1");
    for n in 0..100_000 {
        let _ = write!(groups, " || {n}.x");
    }
    let reference = |key: &str, value: &str| {
        let mut spec: Value = json!({"ref": {"branch": null}});
        spec["ref"][key] = json!(value);
        spec
    };
    let long = "x".repeat(100_000);
    for (name, spec, words) in [
        ("groups", reference("semver", &groups), "too long"),
        ("comparisons", reference("semver", &">0 ".repeat(170)), ""),
        ("semver", reference("semver", "\u{0}>=1"), ""),
        (
            "up",
            reference("name", "refs/heads/../../../../etc/passwd"),
            "",
        ),
        ("abs", reference("name", "/etc/passwd"), "invalid ref name"),
        ("option", reference("name", "--upload-pack=touch"), ""),
        ("break", reference("branch", "main\n0000want"), ""),
        ("branch", reference("branch", "../../HEAD"), ""),
        ("tag", reference("tag", "-d"), ""),
        (
            "commit",
            reference("commit", "../../../../etc/passwd"),
            "object not found",
        ),
        (
            "hex",
            reference("commit", &"0".repeat(40)),
            "object not found",
        ),
        ("long", reference("branch", &long), ""),
    ] {
        case.objects
            .git_repository(name, case.repo.url(), spec)
            .await;
        if name == "comparisons" {
            // Absurd, and met by the highest version.
            case.objects
                .until("GitRepository", name, "decided", |o| {
                    !reason(o, "FetchFailed").is_empty() || !o["status"]["artifact"].is_null()
                })
                .await;
            continue;
        }
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
        assert!(message(&refused, "Ready").len() < 32_769, "{name}");
    }
    let honest = namespace(case.stack, "honest").await;
    honest
        .git_repository(
            "src",
            case.repo.url(),
            json!({"ref": {"branch": null, "semver": ">=0"}}),
        )
        .await;
    honest
        .until_condition("GitRepository", "src", "Ready", "True")
        .await;
}
