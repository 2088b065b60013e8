//! The bytes that signatures cover.

use std::process::Command;

use russh::keys::ssh_key::{PublicKey, SshSig};
use windlass_git::{Reference, Signature};

use crate::{branch, fetched, options, server};

fn verifies(key: &str, signature: &Signature) -> bool {
    let key = PublicKey::from_openssh(key).unwrap();
    let parsed = SshSig::from_pem(&signature.armor).unwrap();
    key.verify("git", &signature.payload, &parsed).is_ok()
}

#[tokio::test]
async fn what_git_signed_verifies() {
    let (_server, repo) = server();
    repo.commit(&[("a.txt", Some("a"))], "unsigned");
    assert!(
        fetched(options(&repo, branch("main")))
            .await
            .signature
            .is_none()
    );

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let key = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let signing = format!("user.signingkey={}", path.display());
    let config = [
        "-c",
        "gpg.format=ssh",
        "-c",
        &signing,
        "-c",
        "user.name=n",
        "-c",
        "user.email=e@e",
    ];
    let git = |arguments: &[&str]| repo.git(&[&config, arguments].concat()).trim().to_owned();
    let tree = repo.resolve("main^{tree}").unwrap();
    let commit = git(&["commit-tree", "-S", &tree, "-m", "signed\n\nbody"]);
    repo.set_reference("refs/heads/main", &commit);
    git(&["tag", "-s", "v1", "-m", "signed tag", &commit]);

    let found = fetched(options(
        &repo,
        Reference {
            tag: Some("v1".into()),
            ..Reference::default()
        },
    ))
    .await;
    let mut signature = found.signature.expect("a signed commit");
    assert!(verifies(&key, &signature));
    signature.payload.push(b'\n');
    assert!(!verifies(&key, &signature));
    let tag = found.tag.expect("a tag");
    assert_eq!(tag.message.trim_end(), "signed tag");
    assert!(verifies(&key, &tag.signature.expect("a signed tag")));
}
