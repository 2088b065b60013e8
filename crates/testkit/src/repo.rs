use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// The branch a new repository's HEAD names.
const DEFAULT_BRANCH: &str = "main";
/// Seconds since 1970 of the first commit: 2024-01-01.
const FIRST_COMMIT: u64 = 1_704_067_200;
const IDENTITY: &str = "Windlass Test <test@windlass.test>";

/// What a commit does to one path.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Writes a regular file.
    File(Vec<u8>),
    /// Writes a file that may be run (mode 100755).
    Executable(Vec<u8>),
    /// Writes a symbolic link to this target.
    Symlink(String),
    /// Writes a submodule pinned to this commit. `.gitmodules` is the caller's affair.
    Submodule(String),
    /// Removes the file, or the directory with all that is in it.
    Removed,
}

/// A bare repository on a server of the kit. Cheap to clone; commits are made right in it.
#[derive(Clone)]
pub struct Repo {
    name: String,
    path: PathBuf,
    url: String,
    /// Commits made so far: each is a second younger than the one before, so that a history is
    /// the same in every run and its order plain.
    clock: Arc<AtomicU64>,
    // Holds the directory while a handle exists, whatever becomes of the server.
    _root: Arc<TempDir>,
}

impl Repo {
    pub(crate) fn create(root: &Arc<TempDir>, name: &str, base_url: &str) -> Self {
        let path = root.path().join(format!("{name}.git"));
        let repo = Self {
            name: name.to_owned(),
            url: format!("{base_url}/{name}.git"),
            path,
            clock: Arc::default(),
            _root: Arc::clone(root),
        };
        let mut init = git(root.path());
        init.args([
            "init",
            "--quiet",
            "--bare",
            "--initial-branch",
            DEFAULT_BRANCH,
        ]);
        run(init.arg(&repo.path), &[]);
        // As the large hosts do: any reachable commit may be asked for, and partial clones.
        repo.config("uploadpack.allowReachableSHA1InWant", "true");
        repo.config("uploadpack.allowFilter", "true");
        repo
    }

    /// The name it was made with, without `.git`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL on the HTTP server it was made by.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The bare repository's directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Commits text files to `main`, `None` for a path to remove; returns the commit in hex.
    pub fn commit(&self, files: &[(&str, Option<&str>)], message: &str) -> String {
        let entries: Vec<_> = files
            .iter()
            .map(|(path, text)| {
                let entry = text.map_or(Entry::Removed, |text| Entry::File(text.into()));
                (*path, entry)
            })
            .collect();
        self.commit_entries(DEFAULT_BRANCH, &entries, message)
    }

    /// Commits any entries to a branch, which starts empty when it does not exist yet; returns
    /// the commit in hex.
    pub fn commit_entries(&self, branch: &str, entries: &[(&str, Entry)], message: &str) -> String {
        let reference = format!("refs/heads/{branch}");
        let when = FIRST_COMMIT + self.clock.fetch_add(1, Ordering::Relaxed);
        let mut stream = Vec::new();
        let mut line = |text: String| stream.extend_from_slice(text.as_bytes());
        line(format!("commit {reference}\nmark :1\n"));
        line(format!("committer {IDENTITY} {when} +0000\n"));
        line(format!("data {}\n{message}\n", message.len()));
        if self.resolve(&reference).is_some() {
            line(format!("from {reference}^0\n"));
        }
        for (path, entry) in entries {
            let path = quoted(path);
            let (mode, content): (_, &[u8]) = match entry {
                Entry::File(content) => ("100644", content),
                Entry::Executable(content) => ("100755", content),
                Entry::Symlink(target) => ("120000", target.as_bytes()),
                Entry::Submodule(commit) => {
                    stream.extend_from_slice(format!("M 160000 {commit} {path}\n").as_bytes());
                    continue;
                }
                Entry::Removed => {
                    stream.extend_from_slice(format!("D {path}\n").as_bytes());
                    continue;
                }
            };
            let header = format!("M {mode} inline {path}\ndata {}\n", content.len());
            stream.extend_from_slice(header.as_bytes());
            stream.extend_from_slice(content);
            stream.push(b'\n');
        }
        stream.extend_from_slice(b"get-mark :1\ndone\n");
        self.git_with_input(&["fast-import", "--quiet", "--done"], &stream)
    }

    /// Commits one executable file to `main`.
    pub fn commit_executable(&self, path: &str, text: &str, message: &str) -> String {
        let entry = Entry::Executable(text.into());
        self.commit_entries(DEFAULT_BRANCH, &[(path, entry)], message)
    }

    /// Commits one symbolic link to `main`.
    pub fn commit_symlink(&self, path: &str, target: &str, message: &str) -> String {
        let entry = Entry::Symlink(target.to_owned());
        self.commit_entries(DEFAULT_BRANCH, &[(path, entry)], message)
    }

    /// Commits a submodule, with a `.gitmodules` of just this one, to `main`.
    pub fn commit_submodule(&self, path: &str, of: &Self, commit: &str, message: &str) -> String {
        let modules = format!(
            "[submodule \"{path}\"]\n\tpath = {path}\n\turl = {}\n",
            of.url()
        );
        let entries = [
            (".gitmodules", Entry::File(modules.into_bytes())),
            (path, Entry::Submodule(commit.to_owned())),
        ];
        self.commit_entries(DEFAULT_BRANCH, &entries, message)
    }

    /// The commit at the end of `main`.
    pub fn head(&self) -> String {
        self.resolve(&format!("refs/heads/{DEFAULT_BRANCH}"))
            .expect("the repository has commits")
    }

    /// The object a reference or any other revision names, in hex.
    pub fn resolve(&self, revision: &str) -> Option<String> {
        let mut command = git(&self.path);
        command.args(["rev-parse", "--quiet", "--verify", revision]);
        let output = command.output().expect("git runs");
        let object = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(object)
    }

    /// Makes a lightweight tag at the end of `main`.
    pub fn tag(&self, name: &str) {
        self.git(&["tag", "--force", name, &self.head()]);
    }

    /// Makes an annotated tag at the end of `main`; returns the tag object in hex.
    pub fn annotated_tag(&self, name: &str, message: &str) -> String {
        self.git(&[
            "tag",
            "--force",
            "--annotate",
            "--message",
            message,
            name,
            &self.head(),
        ]);
        self.resolve(&format!("refs/tags/{name}"))
            .expect("the tag was just made")
    }

    /// Makes a branch at the end of `main`.
    pub fn branch(&self, name: &str) {
        self.set_reference(&format!("refs/heads/{name}"), &self.head());
    }

    /// Points a reference, by its full name, to an object; `refs/pull/1/head` and the like.
    pub fn set_reference(&self, reference: &str, object: &str) {
        self.git(&["update-ref", reference, object]);
    }

    /// Removes a reference by its full name.
    pub fn delete_reference(&self, reference: &str) {
        self.git(&["update-ref", "-d", reference]);
    }

    /// Sets `main` to any commit, as a forced push does.
    pub fn force_reset(&self, commit: &str) {
        self.set_reference(&format!("refs/heads/{DEFAULT_BRANCH}"), commit);
    }

    /// Sets a key of the repository's configuration.
    pub fn config(&self, key: &str, value: &str) {
        self.git(&["config", key, value]);
    }

    /// Runs git in the repository and returns its trimmed output.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_with_input(arguments, &[])
    }

    fn git_with_input(&self, arguments: &[&str], input: &[u8]) -> String {
        run(git(&self.path).args(arguments), input)
    }
}

impl fmt::Debug for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repo")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Git without the configuration of the machine or the user, with a fixed identity and time.
pub(crate) fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(dir);
    // Set by a git that runs the tests from a hook; it would win over the directory.
    for inherited in [
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
    ] {
        command.env_remove(inherited);
    }
    let (name, email) = IDENTITY
        .trim_end_matches('>')
        .split_once(" <")
        .expect("name and email");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), name);
        command.env(format!("GIT_{role}_EMAIL"), email);
        command.env(format!("GIT_{role}_DATE"), format!("{FIRST_COMMIT} +0000"));
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
}

fn run(command: &mut Command, input: &[u8]) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("git is installed");
    // Git answers nothing worth a full pipe before it has read its input. One that ends early
    // breaks the pipe; its status tells.
    let _ = child.stdin.take().expect("it is piped").write_all(input);
    let output = child
        .wait_with_output()
        .expect("an own child can be waited for");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A path as fast-import reads it whatever it contains.
fn quoted(path: &str) -> String {
    let escaped = path
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
