//! Git servers that are out to exhaust or deceive their clients.

use std::{
    io::{self, Write},
    net::TcpStream,
    time::Duration,
};

use flate2::{Compression, write::ZlibEncoder};
use serde_json::json;
use sha1::{Digest as _, Sha1};
use windlass_e2e::{Controller, Stack, StackOptions};
use windlass_testkit::{SshServer, wait_until};

use super::{
    credentials::with_keys,
    rig::{Case, MAX_PACK, MAX_REFS, config_map, message, open},
    wire::{Request, Wire, begin, ok},
};

pub(super) const ADVERTISEMENT: &str = "application/x-git-upload-pack-advertisement";
const RESULT: &str = "application/x-git-upload-pack-result";
const FLUSH: &[u8] = b"0000";
/// What `main` of every repository here is said to be.
const COMMIT: &str = "1111111111111111111111111111111111111111";

fn line(content: &[u8]) -> Vec<u8> {
    let mut line = format!("{:04x}", content.len() + 4).into_bytes();
    line.extend_from_slice(content);
    line
}

/// What a server says of itself by http.
pub(super) fn capabilities() -> Vec<u8> {
    let mut body = line(b"# service=git-upload-pack\n");
    body.extend_from_slice(FLUSH);
    for text in [
        "version 2\n",
        "agent=git/hostile\n",
        "ls-refs\n",
        "fetch=shallow\n",
        "object-format=sha1\n",
    ] {
        body.extend(line(text.as_bytes()));
    }
    body.extend_from_slice(FLUSH);
    body
}

fn refs() -> Vec<u8> {
    let mut body = line(format!("{COMMIT} HEAD symref-target:refs/heads/main\n").as_bytes());
    body.extend(line(format!("{COMMIT} refs/heads/main\n").as_bytes()));
    body.extend_from_slice(FLUSH);
    body
}

/// A pack of so many objects with these bytes, and its checksum.
fn pack(objects: u32, bytes: &[u8]) -> Vec<u8> {
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend(objects.to_be_bytes());
    pack.extend_from_slice(bytes);
    let sum = Sha1::digest(&pack);
    pack.extend_from_slice(&sum);
    pack
}

/// The head of an object in a pack: its kind (3 is a blob, 6 a delta), and a size that need not be
/// true.
fn head(kind: u8, mut size: u64) -> Vec<u8> {
    let low = u8::try_from(size & 15).unwrap();
    size >>= 4;
    let mut bytes = vec![kind << 4 | low | if size > 0 { 0x80 } else { 0 }];
    while size > 0 {
        let next = u8::try_from(size & 127).unwrap();
        size >>= 7;
        bytes.push(next | if size > 0 { 0x80 } else { 0 });
    }
    bytes
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let next = u8::try_from(number & 127).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(next);
            return bytes;
        }
        bytes.push(next | 0x80);
    }
}

fn blob(claimed: u64, content: &[u8]) -> Vec<u8> {
    let mut object = head(3, claimed);
    object.extend(zlib(content));
    object
}

/// A blob, and a delta that makes something of this size of it, copy by copy.
fn delta_bomb(claimed: u64, copies: usize) -> Vec<u8> {
    const BASE: usize = 0xffff;
    let base = blob(BASE as u64, &vec![b'x'; BASE]);
    let mut delta = varint(BASE as u64);
    delta.extend(varint(claimed));
    for _ in 0..copies {
        // From the beginning, 0xffff bytes.
        delta.extend([0b1011_0000, 0xff, 0xff]);
    }
    let mut second = head(6, delta.len() as u64);
    // How far back the base is, in the odd numbers of packs.
    let mut offset = base.len() as u64;
    let mut back = vec![u8::try_from(offset & 127).unwrap()];
    offset >>= 7;
    while offset > 0 {
        offset -= 1;
        back.insert(0, u8::try_from(offset & 127).unwrap() | 0x80);
        offset >>= 7;
    }
    second.extend(back);
    second.extend(zlib(&delta));
    [base, second].concat()
}

/// More than a commit may have.
const LONG: usize = (64 << 20) + 1;

fn long_commit() -> Vec<u8> {
    vec![b'\n'; LONG]
}

fn send_pack(stream: &mut TcpStream, pack: &[u8]) -> io::Result<()> {
    begin(stream, RESULT)?;
    stream.write_all(&line(b"packfile\n"))?;
    for chunk in pack.chunks(60_000) {
        stream.write_all(&line(&[b"\x01", chunk].concat()))?;
    }
    stream.write_all(FLUSH)
}

/// Sends a line for ever, until the client has had enough.
fn endless(stream: &mut TcpStream, content: &[u8]) -> io::Result<()> {
    let line = line(content).repeat(16);
    loop {
        stream.write_all(&line)?;
    }
}

fn answer(request: &Request, stream: &mut TcpStream) -> io::Result<()> {
    let name = request.target.split('/').nth(1).unwrap_or_default();
    if request.method == "GET" {
        return match name {
            "advertisement" => {
                begin(stream, ADVERTISEMENT)?;
                let body = capabilities();
                stream.write_all(&body[..body.len() - 4])?;
                endless(stream, &vec![b'x'; 60_000])
            }
            "html" => ok(stream, "text/html", b"<html>please log in</html>"),
            "dumb" => ok(
                stream,
                "text/plain",
                format!("{COMMIT}\trefs/heads/main\n").as_bytes(),
            ),
            "garbage" => ok(stream, ADVERTISEMENT, &[0xff; 4096]),
            "sha256" => {
                let text = String::from_utf8(capabilities()).unwrap();
                let text = text.replace("0017object-format=sha1\n", "0019object-format=sha256\n");
                ok(stream, ADVERTISEMENT, text.as_bytes())
            }
            "silent" => {
                // Nothing more until the other side hangs up.
                begin(stream, ADVERTISEMENT)?;
                io::Read::read(stream, &mut [0]).map(drop)
            }
            _ => ok(stream, ADVERTISEMENT, &capabilities()),
        };
    }
    let listing = request.body.windows(7).any(|window| window == b"ls-refs");
    if listing {
        return match name {
            "refs" => {
                begin(stream, RESULT)?;
                endless(
                    stream,
                    format!("{COMMIT} refs/heads/{}\n", "x".repeat(5000)).as_bytes(),
                )
            }
            "names" => {
                let mut body =
                    line(format!("{COMMIT} refs/heads/../../../../etc/passwd\n").as_bytes());
                body.extend(line(format!("{COMMIT} refs/heads/main\0\n").as_bytes()));
                body.extend_from_slice(FLUSH);
                ok(stream, RESULT, &body)
            }
            "commit" => {
                let id = Sha1::new()
                    .chain_update(format!("commit {LONG}\0"))
                    .chain_update(long_commit())
                    .finalize();
                let refs = String::from_utf8(refs()).unwrap();
                ok(
                    stream,
                    RESULT,
                    refs.replace(COMMIT, &hex::encode(id)).as_bytes(),
                )
            }
            _ => ok(stream, RESULT, &refs()),
        };
    }
    match name {
        "progress" => {
            begin(stream, RESULT)?;
            stream.write_all(&line(b"packfile\n"))?;
            endless(stream, &[b"\x02".as_slice(), &vec![b'.'; 60_000]].concat())
        }
        "large" => {
            begin(stream, RESULT)?;
            stream.write_all(&line(b"packfile\n"))?;
            // Stored blocks of 60,000 bytes, as many as the client takes.
            let mut begun = pack(1, &[head(3, 400 << 20), vec![0x78, 0x01]].concat());
            begun.truncate(begun.len() - 20);
            stream.write_all(&line(&[b"\x01", begun.as_slice()].concat()))?;
            let block = [b"\x01\x00\x60\xea\x9f\x15".as_slice(), &vec![0x55; 60_000]].concat();
            endless(stream, &block)
        }
        "checksum" => {
            let mut pack = pack(1, &blob(5, b"hello"));
            let last = pack.len() - 1;
            pack[last] ^= 1;
            send_pack(stream, &pack)
        }
        "cut" => send_pack(stream, &pack(2, &blob(5, b"hello"))[..30]),
        "count" => send_pack(stream, &pack(u32::MAX, &blob(5, b"hello"))),
        "claims" => send_pack(stream, &pack(1, &blob(1 << 50, b"hello"))),
        "blob" => send_pack(stream, &pack(1, &blob(600 << 20, &vec![0; 600 << 20]))),
        "delta-claims" => send_pack(stream, &pack(2, &delta_bomb(1 << 50, 1))),
        "delta" => send_pack(stream, &pack(2, &delta_bomb(0xffff * 20_000, 20_000))),
        "wrong" => send_pack(stream, &pack(1, &blob(5, b"hello"))),
        "commit" => send_pack(
            stream,
            &pack(1, &[head(1, LONG as u64), zlib(&long_commit())].concat()),
        ),
        "twice" => send_pack(
            stream,
            &pack(2, &[blob(5, b"hello"), blob(5, b"hello")].concat()),
        ),
        "error" => ok(
            stream,
            RESULT,
            &line(format!("ERR {}", "no ".repeat(20_000)).as_bytes()),
        ),
        _ => send_pack(stream, b"no pack at all"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_3_what_a_server_sends_is_bounded() {
    let case = Case::with(open().await, &[("cm.yaml", &config_map("honest"))]).await;
    let wire = Wire::start(answer);
    let too_many = format!("server sent more than {MAX_REFS} bytes");
    let too_much = format!("server sent more than {MAX_PACK} bytes");
    let rows = [
        ("advertisement", too_many.as_str()),
        ("refs", &too_many),
        ("progress", &too_much),
        ("large", &too_much),
        ("silent", "context deadline exceeded"),
        ("html", ""),
        ("dumb", ""),
        ("garbage", ""),
        ("sha256", "unsupported object format"),
        ("names", "couldn't find remote ref"),
        ("checksum", "verify pack checksum"),
        ("cut", "failed to fill whole buffer"),
        ("count", "too large to fit in memory"),
        ("claims", "pack is incomplete"),
        ("blob", "too large to fit in memory"),
        ("delta-claims", "Entry too large to fit in memory"),
        ("delta", "Entry too large to fit in memory"),
        ("wrong", "not found"),
        ("twice", "not found"),
        ("commit", "is larger than 67108864 bytes"),
        ("error", ""),
        ("none", ""),
    ];
    let pid = case.stack.process(Controller::Source).pid();
    for (name, _) in rows {
        let url = format!("{}/{name}/x.git", wire.url);
        let timeout = if name == "silent" { "1s" } else { "90s" };
        case.objects
            .git_repository(name, &url, json!({"timeout": timeout}))
            .await;
    }
    by_ssh(&case).await;
    case.still_works("./").await;
    for (name, words) in rows {
        let refused = case
            .objects
            .until_refused("GitRepository", name, words)
            .await;
        assert!(refused["status"]["artifact"].is_null(), "{name}");
        let text = message(&refused, "Ready");
        assert!(text.len() < 2000, "{name}: {text}");
        if name != "silent" {
            assert!(
                !text.contains("deadline"),
                "{name} took all its time: {text}"
            );
        }
    }
    assert_eq!(case.stack.process(Controller::Source).pid(), pid);
    assert!(
        case.stack
            .process(Controller::Source)
            .exit_status()
            .is_none()
    );
    for (name, _) in rows {
        case.objects.delete("GitRepository", name).await;
    }
}

/// The bounds are the same where `git-upload-pack` answers by ssh, whatever runs in its place; a
/// server may be hostile before it gets there, too.
async fn by_ssh(case: &Case) {
    let dir = tempfile::tempdir().unwrap();
    let too_many = format!("server sent more than {MAX_REFS} bytes");
    let too_much = format!("server sent more than {MAX_PACK} bytes");
    let own = capabilities();
    let own = &own[own.windows(9).position(|w| w == b"version 2").unwrap() - 4..];
    let listed = [own, &refs(), &line(b"packfile\n")].concat();
    let progress = [b"\x02".as_slice(), &vec![b'.'; 60_000]].concat();
    let rows = [
        (
            "ssh-refs",
            line(b"version 2\n"),
            line(&vec![b'x'; 60_000]),
            too_many,
        ),
        ("ssh-pack", listed, line(&progress), too_much),
    ];
    for (name, first, then, words) in rows {
        let file = |part: &str| dir.path().join(format!("{name}-{part}"));
        std::fs::write(file("first"), first).unwrap();
        std::fs::write(file("then"), then).unwrap();
        let script = format!(
            "cat {0}\nwhile cat {1}; do :; done\n",
            file("first").display(),
            file("then").display()
        );
        std::fs::write(file("run"), script).unwrap();
        let ssh = SshServer::start_with(&format!("ForceCommand sh {}\n", file("run").display()));
        with_keys(case, name, &ssh.url(&case.repo), &ssh).await;
        case.objects
            .until_refused("GitRepository", name, &words)
            .await;
    }
    let ssh = SshServer::start_with("ForceCommand sleep 300\n");
    with_keys(case, "ssh-silent", &ssh.url(&case.repo), &ssh).await;
    let soon = json!({"spec": {"timeout": "3s"}});
    case.objects
        .patch("GitRepository", "ssh-silent", soon)
        .await;
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("ssh://git@{}/x", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            while stream.write_all(&vec![b'x'; 60_000]).is_ok() {}
        }
    });
    with_keys(case, "ssh-greeting", &url, &ssh).await;
    for (name, words) in [
        ("ssh-silent", "context deadline exceeded"),
        ("ssh-greeting", "handshake failed"),
    ] {
        case.objects
            .until_refused("GitRepository", name, words)
            .await;
        case.objects.delete("GitRepository", name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_src_3_silent_servers_hold_up_their_own_namespace_alone() {
    let stack = Stack::start(StackOptions {
        source_flags: vec!["--concurrent=1".into()],
        ..StackOptions::default()
    })
    .await;
    let wire = Wire::start(answer);
    let (silent, honest) = (
        stack.namespace("silent").await,
        stack.namespace("honest").await,
    );
    for name in ["a", "b", "c"] {
        let url = format!("{}/silent/{name}.git", wire.url);
        silent
            .git_repository(name, &url, json!({"timeout": "600m"}))
            .await;
    }
    wait_until("a silent server", Duration::from_mins(1), async || {
        !wire.seen().is_empty()
    })
    .await;
    let repo = stack.git.repo(honest.namespace());
    repo.commit(&[("cm.yaml", Some(&config_map("honest")))], "x");
    for name in ["one", "two"] {
        honest.git_repository(name, repo.url(), json!({})).await;
    }
    for name in ["one", "two"] {
        honest
            .until_condition("GitRepository", name, "Ready", "True")
            .await;
    }
    assert_eq!(wire.seen().len(), 1, "the others wait for the first");
}
