use std::fmt;
use std::fs::{File, read_to_string};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use parking_lot::Mutex;

use crate::background::on_lasting_thread;
use crate::deadline::{comes_true, wait_until};

/// A program under test, with its output in a file. Killed and waited for when dropped, and by
/// the kernel when the test process is killed itself.
pub struct Process {
    name: String,
    pid: u32,
    log: PathBuf,
    child: Mutex<Child>,
}

impl Process {
    /// Starts `command` (program, arguments, environment) with no input and with standard output
    /// and error appended to `log`.
    pub fn spawn(command: &Command, log: &Path) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let file = File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap_or_else(|error| panic!("log {}: {error}", log.display()));
        let mut command = with_death_signal(command);
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file handle can be duplicated"))
            .stderr(file);
        let child = on_lasting_thread(move || command.spawn())
            .unwrap_or_else(|error| panic!("start {name}: {error}"));
        Self {
            name,
            pid: child.id(),
            log: log.to_owned(),
            child: Mutex::new(child),
        }
    }

    /// The process id; it stays the program's own until the handle is dropped.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What the program has written so far.
    pub fn log(&self) -> String {
        read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until the log contains `text`; fails the test with the log when the program ends
    /// first or `deadline` passes.
    pub async fn wait_for_log(&self, text: &str, deadline: Duration) {
        let what = format!(
            "{text:?} in the log of {} ({})",
            self.name,
            self.log.display()
        );
        wait_until(&what, deadline, async || {
            // Asked before the log is read: what was written before the end counts.
            let ended = self.exit_status();
            let found = self.log().contains(text);
            if let (false, Some(status)) = (found, ended) {
                panic!(
                    "{} ended ({status}) before {what}:\n{}",
                    self.name,
                    self.log()
                );
            }
            found
        })
        .await;
    }

    /// The exit status, once the program has ended by itself or by a signal.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.child
            .lock()
            .try_wait()
            .expect("an own child can be waited for")
    }

    /// Ends the program as a crash of the machine would, and waits for its end.
    pub fn kill9(&self) {
        let mut child = self.child.lock();
        // It may have ended already.
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Asks the program to end (SIGTERM) and returns its exit status; fails the test with the
    /// log when it is still there after `deadline`.
    pub fn terminate(&self, deadline: Duration) -> ExitStatus {
        if self.exit_status().is_none() {
            signal(self.pid, "TERM");
        }
        assert!(
            comes_true(deadline, || self.exit_status().is_some()),
            "{} did not end within {deadline:?} of SIGTERM:\n{}",
            self.name,
            self.log()
        );
        self.exit_status().expect("it has ended")
    }

    /// Whether the program was ended by this signal number.
    pub fn ended_by(&self, signal: i32) -> bool {
        self.exit_status()
            .is_some_and(|status| status.signal() == Some(signal))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("name", &self.name)
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

/// Sends a signal by name. Through the program `kill`, as calling it directly is unsafe code.
fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
}

/// The same command run through `setpriv`, which replaces itself by the program: dropping a
/// handle ends a program, but nothing is dropped when a test process is killed.
fn with_death_signal(command: &Command) -> Command {
    let mut wrapped = if Path::new("/usr/bin/setpriv").exists() {
        let mut setpriv = Command::new("/usr/bin/setpriv");
        setpriv
            .args(["--pdeathsig", "KILL", "--"])
            .arg(command.get_program());
        setpriv
    } else {
        Command::new(command.get_program())
    };
    wrapped.args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(key, value),
            None => wrapped.env_remove(key),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        wrapped.current_dir(dir);
    }
    wrapped
}
