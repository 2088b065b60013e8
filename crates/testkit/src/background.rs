//! The runtime that the kit's servers run on.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// A runtime apart from the test's own, so that a test may block its thread (the Git engine is
/// synchronous) and so that a server shared by several tests outlives the first one's runtime.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("testkit")
            .enable_all()
            .build()
            .expect("a runtime starts")
    })
}

/// Runs blocking work on a thread that lives as long as the process, and waits for the outcome.
///
/// Works within and without a runtime. Children started here may carry a parent death signal:
/// the kernel sends it when the *thread* that forked ends, and test threads end early.
pub(crate) fn on_lasting_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    runtime().spawn(async move {
        let _ = sender.send(work());
    });
    receiver.recv().expect("the work does not panic")
}
