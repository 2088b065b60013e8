use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;

use crate::deadline::comes_true;
use crate::git_server::GitServer;
use crate::port::free_port;
use crate::process::Process;
use crate::repo::Repo;

const SSHD: &str = "/usr/sbin/sshd";
const PASSPHRASE: &str = "open sesame";

/// Git over SSH: OpenSSH's `sshd`, run as the current user on a free loopback port with a host
/// key and authorized keys of its own. Any repository of a [`GitServer`] can be reached by it.
pub struct SshServer {
    process: Process,
    port: u16,
    user: String,
    host_key: String,
    // One key at a time is generated and authorized.
    keys: Mutex<()>,
    dir: TempDir,
}

impl SshServer {
    /// Starts an `sshd` that offers an ed25519 host key.
    pub fn start() -> Self {
        Self::launched(&["-t", "ed25519"], "")
    }

    /// Starts an `sshd` with an RSA host key and these further lines of `sshd_config`: one that can
    /// be made to do no better than those of long ago.
    pub fn start_with(settings: &str) -> Self {
        Self::launched(&["-t", "rsa", "-b", "2048"], settings)
    }

    fn launched(host_key: &[&str], settings: &str) -> Self {
        let dir = TempDir::with_prefix("windlass-ssh-").expect("a temporary directory");
        let path = dir.path();
        keygen(host_key, &path.join("host_key"));
        let host_key = public_key(&path.join("host_key"));
        fs::write(path.join("authorized_keys"), "").expect("the directory is writable");
        // An sshd started by root refuses to run without it; the package makes it at boot.
        let user = output(Command::new("id").arg("-un"));
        if user == "root" {
            fs::create_dir_all("/run/sshd").expect("root can make /run/sshd");
        }
        let (process, port) = launch(path, settings);
        Self {
            process,
            port,
            user,
            host_key,
            keys: Mutex::new(()),
            dir,
        }
    }

    /// The URL of a repository by this server: `ssh://USER@127.0.0.1:PORT/…`.
    pub fn url(&self, repo: &Repo) -> String {
        format!("ssh://{}{}", self.authority(), repo.path().display())
    }

    /// `USER@127.0.0.1:PORT`.
    pub fn authority(&self) -> String {
        format!("{}@127.0.0.1:{}", self.user, self.port)
    }

    /// The line of a `known_hosts` file for this server, with a line feed.
    pub fn host_key_line(&self) -> String {
        format!("[127.0.0.1]:{} {}\n", self.port, self.host_key)
    }

    /// An ed25519 key the server accepts, in OpenSSH's format.
    pub fn client_key_openssh(&self) -> String {
        self.client_key("id_ed25519", &["-t", "ed25519"], true)
    }

    /// An RSA key the server accepts, in OpenSSH's format.
    pub fn client_key_rsa(&self) -> String {
        self.client_key("id_rsa", &["-t", "rsa", "-b", "2048"], true)
    }

    /// An ECDSA key (P-256) the server accepts, in OpenSSH's format.
    pub fn client_key_ecdsa(&self) -> String {
        self.client_key("id_ecdsa", &["-t", "ecdsa"], true)
    }

    /// An ed25519 key the server accepts, encrypted, and its passphrase.
    pub fn client_key_encrypted(&self) -> (String, String) {
        let key = self.client_key("id_encrypted", &["-t", "ed25519", "-N", PASSPHRASE], true);
        (key, PASSPHRASE.to_owned())
    }

    /// An ed25519 key the server refuses.
    pub fn client_key_refused(&self) -> String {
        self.client_key("id_refused", &["-t", "ed25519"], false)
    }

    /// The public half of [`SshServer::client_key_openssh`], one line.
    pub fn client_public_key(&self) -> String {
        self.client_key_openssh();
        public_key(&self.dir.path().join("id_ed25519"))
    }

    /// How many connections have logged in so far.
    pub fn logins(&self) -> usize {
        self.process.log().matches("Accepted publickey").count()
    }

    /// What `sshd` has written so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    fn client_key(&self, name: &str, arguments: &[&str], authorized: bool) -> String {
        let _guard = self.keys.lock();
        let path = self.dir.path().join(name);
        if !path.exists() {
            keygen(arguments, &path);
            if authorized {
                let authorized_keys = self.dir.path().join("authorized_keys");
                let mut lines = fs::read_to_string(&authorized_keys).expect("it was made at start");
                lines.push_str(&public_key(&path));
                lines.push('\n');
                fs::write(authorized_keys, lines).expect("the directory is writable");
            }
        }
        fs::read_to_string(path).expect("the key exists")
    }
}

impl GitServer {
    /// Starts an [`SshServer`], which serves the repositories of this server too.
    pub fn ssh(&self) -> SshServer {
        SshServer::start()
    }
}

impl fmt::Debug for SshServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshServer")
            .field("authority", &self.authority())
            .finish_non_exhaustive()
    }
}

/// Starts `sshd` on a port; on another one when somebody was faster.
fn launch(dir: &Path, settings: &str) -> (Process, u16) {
    let log = dir.join("sshd.log");
    for _ in 0..3 {
        let port = free_port();
        let config = dir.join("sshd_config");
        fs::write(&config, configuration(dir, port) + settings).expect("the directory is writable");
        let mut command = Command::new(SSHD);
        command.args(["-D", "-e", "-f"]).arg(&config);
        let process = Process::spawn(&command, &log);
        let listens = comes_true(Duration::from_secs(20), || {
            process.exit_status().is_some()
                || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
        });
        if listens && process.exit_status().is_none() {
            return (process, port);
        }
    }
    panic!(
        "sshd does not start:\n{}",
        fs::read_to_string(log).unwrap_or_default()
    );
}

fn configuration(dir: &Path, port: u16) -> String {
    let dir = dir.display();
    let mut config = format!(
        "ListenAddress 127.0.0.1\n\
         Port {port}\n\
         HostKey {dir}/host_key\n\
         AuthorizedKeysFile {dir}/authorized_keys\n\
         PidFile none\n\
         StrictModes no\n\
         UsePAM no\n\
         PermitRootLogin yes\n\
         PasswordAuthentication no\n\
         KbdInteractiveAuthentication no\n\
         PermitTTY no\n\
         MaxStartups 200\n\
         LogLevel VERBOSE\n"
    );
    // From 9.8 on failed logins lock out the address, which all tests share.
    if sshd_version() >= (9, 8) {
        config.push_str("PerSourcePenalties no\n");
    }
    config
}

/// The version of `sshd`, which it prints to standard error along with its usage.
fn sshd_version() -> (u32, u32) {
    let output = Command::new(SSHD)
        .arg("-V")
        .output()
        .expect("openssh-server is installed");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.split_once("OpenSSH_")
        .and_then(|(_, rest)| {
            let mut numbers = rest.split(|c: char| !c.is_ascii_digit()).map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .unwrap_or_default()
}

fn keygen(arguments: &[&str], path: &Path) {
    let mut command = Command::new("ssh-keygen");
    command
        .args(["-q", "-C", "windlass-test", "-f"])
        .arg(path)
        .args(arguments);
    if !arguments.contains(&"-N") {
        command.args(["-N", ""]);
    }
    output(&mut command);
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(path, private).expect("the key was just written");
}

/// Type and key of a public key file, without the comment.
fn public_key(private: &Path) -> String {
    let path: PathBuf = private.with_extension("pub");
    let line = fs::read_to_string(path).expect("ssh-keygen writes both halves");
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn output(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
