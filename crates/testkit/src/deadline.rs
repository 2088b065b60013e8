use std::time::{Duration, Instant};

/// Between two looks at a condition: short next to anything waited for, long next to a request.
const POLL: Duration = Duration::from_millis(25);

/// Calls `attempt` until it returns a value and returns that; fails the test once `deadline`
/// (a span from now) has passed. `what` names the awaited thing in the failure.
pub async fn wait_for<T>(
    what: &str,
    deadline: Duration,
    mut attempt: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    let poll = async {
        loop {
            if let Some(value) = attempt().await {
                return value;
            }
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(deadline, poll)
        .await
        .unwrap_or_else(|_| panic!("waited {:?} for {what}", started.elapsed()))
}

/// Like [`wait_for`] for a condition without a value.
pub async fn wait_until(what: &str, deadline: Duration, mut condition: impl AsyncFnMut() -> bool) {
    wait_for(what, deadline, async || condition().await.then_some(())).await;
}

/// Like [`wait_until`], without a runtime; returns whether the condition came true.
pub(crate) fn comes_true(deadline: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if started.elapsed() > deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
}
