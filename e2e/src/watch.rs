//! An independent observer: the objects of a kind as a watch shows them.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::TryStreamExt;
use kube::{
    Api,
    api::DynamicObject,
    runtime::watcher::{self, Event, watcher},
};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

type State = Arc<Mutex<BTreeMap<String, Value>>>;

/// Follows the objects of one kind in a namespace until it is dropped.
pub struct Watch {
    state: State,
    changes: watch::Receiver<Instant>,
    task: JoinHandle<()>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("objects", &self.state.lock().len())
            .finish_non_exhaustive()
    }
}

impl Watch {
    pub(crate) fn start(api: Api<DynamicObject>) -> Self {
        let state = State::default();
        let (told, changes) = watch::channel(Instant::now());
        let task = tokio::spawn(follow(api, state.clone(), told));
        Self {
            state,
            changes,
            task,
        }
    }

    /// Waits until the objects, by name, satisfy a predicate; answers when the event that made
    /// it true arrived.
    ///
    /// # Panics
    /// When that takes longer than the deadline.
    pub async fn until(
        &mut self,
        what: &str,
        deadline: Duration,
        is: impl Fn(&BTreeMap<String, Value>) -> bool,
    ) -> Instant {
        let wait = async {
            loop {
                let at = *self.changes.borrow_and_update();
                if is(&self.state.lock()) {
                    return at;
                }
                self.changes.changed().await.expect("the watch goes on");
            }
        };
        let Ok(at) = tokio::time::timeout(deadline, wait).await else {
            panic!("not within {deadline:?}: {what}");
        };
        at
    }

    /// Waits until there are `count` objects and each satisfies a predicate; answers when.
    ///
    /// Of all objects only one that did not satisfy it last time is looked at after an event, so
    /// that the observer takes little from what it observes.
    ///
    /// # Panics
    /// When that takes longer than the deadline.
    pub async fn until_all(
        &mut self,
        what: &str,
        deadline: Duration,
        count: usize,
        is: impl Fn(&Value) -> bool,
    ) -> Instant {
        let missing = RefCell::new(String::new());
        self.until(what, deadline, |all| {
            let mut missing = missing.borrow_mut();
            if all.len() != count || all.get(&*missing).is_some_and(|object| !is(object)) {
                return false;
            }
            match all.iter().find(|(_, object)| !is(object)) {
                Some((name, _)) => {
                    missing.clone_from(name);
                    false
                }
                None => true,
            }
        })
        .await
    }

    /// Waits until one object satisfies a predicate; answers when.
    ///
    /// # Panics
    /// When that takes longer than the deadline.
    pub async fn until_object(
        &mut self,
        name: &str,
        deadline: Duration,
        is: impl Fn(&Value) -> bool,
    ) -> Instant {
        self.until(name, deadline, |all| all.get(name).is_some_and(&is))
            .await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(api: Api<DynamicObject>, state: State, told: watch::Sender<Instant>) {
    let mut events = std::pin::pin!(watcher(api, watcher::Config::default()));
    loop {
        match events.try_next().await {
            Ok(Some(Event::Apply(object) | Event::InitApply(object))) => {
                let name = object.metadata.name.clone().unwrap_or_default();
                let object = serde_json::to_value(object).expect("an object is JSON");
                state.lock().insert(name, object);
            }
            Ok(Some(Event::Delete(object))) => {
                state
                    .lock()
                    .remove(&object.metadata.name.unwrap_or_default());
            }
            Ok(Some(Event::Init)) => state.lock().clear(),
            Ok(Some(Event::InitDone)) => {}
            Ok(None) => return,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
        told.send_replace(Instant::now());
    }
}
