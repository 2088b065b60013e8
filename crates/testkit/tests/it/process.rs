use std::path::Path;
use std::process::Command;
use std::time::Duration;

use windlass_testkit::{Process, free_port, wait_for};

const DEADLINE: Duration = Duration::from_secs(30);

fn shell(script: &str, dir: &Path) -> Process {
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .env("GREETING", "hello")
        .current_dir(dir);
    Process::spawn(&command, &dir.join("log"))
}

#[tokio::test]
async fn a_process_is_logged_and_ended() {
    let dir = tempfile::tempdir().unwrap();
    let script = "trap 'echo bye; exit 7' TERM; echo $GREETING >&2; while :; do sleep 0.05; done";
    let process = shell(script, dir.path());
    process.wait_for_log("hello", DEADLINE).await;
    assert_eq!(process.exit_status(), None);
    assert_eq!(process.terminate(DEADLINE).code(), Some(7));
    assert_eq!(process.log(), "hello\nbye\n");

    let process = shell("sleep 1000", dir.path());
    process.kill9();
    assert!(process.ended_by(9));
}

#[tokio::test]
async fn a_dropped_process_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell("echo up; exec sleep 1000", dir.path());
    process.wait_for_log("up", DEADLINE).await;
    let entry = Path::new("/proc").join(process.pid().to_string());
    assert!(entry.exists());
    drop(process);
    assert!(!entry.exists());
}

#[tokio::test]
#[should_panic(expected = "before \"never\" in the log")]
async fn waiting_for_the_log_of_an_ended_process_fails() {
    let dir = tempfile::tempdir().unwrap();
    shell("echo something else", dir.path())
        .wait_for_log("never", DEADLINE)
        .await;
}

#[tokio::test]
#[should_panic(expected = "for the impossible")]
async fn waiting_ends_at_the_deadline() {
    wait_for("the impossible", Duration::from_millis(60), async || {
        None::<()>
    })
    .await;
}

#[test]
fn a_free_port_can_be_bound() {
    let port = free_port();
    std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
}
