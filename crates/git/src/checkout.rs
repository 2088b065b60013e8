//! The whole of a checkout: choose, compare, fetch, read.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;
use windlass_archive::Limits;

use crate::auth::{Auth, shown, take_user_info};
use crate::budget::Budget;
use crate::commit::Commit;
use crate::error::{Error, Failure};
use crate::proxy::Proxy;
use crate::reference::Reference;
use crate::selection::{Plan, Selection};

/// What to check out, and how.
#[derive(Clone)]
pub struct CheckoutOptions {
    /// The repository: http, https or ssh.
    pub url: Url,
    /// Credentials for the repository's server.
    pub auth: Auth,
    /// Proxy to go through; `None` leaves http and https to the proxy variables of the environment.
    pub proxy: Option<Proxy>,
    /// Which commit.
    pub reference: Reference,
    /// Whether submodules are filled in.
    pub recurse_submodules: bool,
    /// Directories to keep; all when empty. That they exist is for the caller to check.
    pub sparse: Vec<String>,
    /// Revision that the caller has already: when it is still the wanted one, nothing is fetched.
    pub last_observed: Option<String>,
    /// Time for everything.
    pub timeout: Duration,
    /// Bounds of the resulting tree.
    pub limits: Limits,
    /// Most bytes of one pack.
    pub max_pack_bytes: u64,
    /// Most bytes of any other answer, the list of refs above all: it is held in memory.
    pub max_refs_bytes: u64,
    /// Key exchange algorithms to offer over ssh; empty for the default ones.
    pub ssh_kex_algos: Vec<String>,
    /// Host key algorithms to accept over ssh; empty for those on file.
    pub ssh_hostkey_algos: Vec<String>,
    /// Existing directory for packs while they are read; nothing stays in it.
    pub scratch: PathBuf,
    /// Ends the checkout early when set.
    pub cancel: Arc<AtomicBool>,
}

impl CheckoutOptions {
    /// An anonymous checkout of `reference` with default limits, a minute of time, at most 2 GiB of pack
    /// and the system's temporary directory.
    pub fn new(url: Url, reference: Reference) -> Self {
        Self {
            url,
            auth: Auth::default(),
            proxy: None,
            reference,
            recurse_submodules: false,
            sparse: Vec::new(),
            last_observed: None,
            timeout: Duration::from_mins(1),
            limits: Limits::default(),
            max_pack_bytes: 2 << 30,
            max_refs_bytes: 128 << 20,
            ssh_kex_algos: Vec::new(),
            ssh_hostkey_algos: Vec::new(),
            scratch: std::env::temp_dir(),
            cancel: Arc::default(),
        }
    }
}

/// Without user information of the URL, which can be a password.
impl fmt::Debug for CheckoutOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckoutOptions")
            .field("url", &shown(&self.url))
            .field("reference", &self.reference)
            .field("last_observed", &self.last_observed)
            .finish_non_exhaustive()
    }
}

/// What a checkout found.
#[derive(Debug, Clone)]
pub enum Checkout {
    /// The wanted commit is the one that was observed last; its files were not fetched.
    Unchanged {
        /// The revision, equal to `last_observed`.
        revision: String,
    },
    /// The repository has no commit at all.
    Empty,
    /// The commit and its files.
    Fetched(Box<Commit>),
}

/// Checks out as `options` say. Returns at the deadline at the latest, whatever the server does; work
/// still going on then ends by itself shortly after and leaves nothing behind. Dropping the future
/// ends it as well.
pub async fn checkout(options: CheckoutOptions) -> Result<Checkout, Error> {
    /// What the caller may wait beyond the deadline, so that the more telling error of the work wins.
    const GRACE: Duration = Duration::from_millis(100);
    let url = shown(&options.url);
    let ended = |failure| Error::Clone {
        url: url.clone(),
        failure,
    };
    let budget = Budget::new(Instant::now() + options.timeout);
    let _guard = EndOnDrop(Arc::clone(&budget));
    let cancel = Arc::clone(&options.cancel);
    let deadline = budget.deadline() + GRACE;
    let work = tokio::task::spawn_blocking(move || run(&options, &budget));
    tokio::select! {
        done = work => done.unwrap_or_else(|error| {
            Err(ended(Failure::Protocol(format!("checkout ended unexpectedly: {error}"))))
        }),
        () = tokio::time::sleep_until(deadline) => Err(ended(Failure::Deadline)),
        () = raised(&cancel) => Err(ended(Failure::Canceled)),
    }
}

struct EndOnDrop(Arc<Budget>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Waits until `flag` is set. A flag has no way to wake anyone, so it is looked at from time to time.
async fn raised(flag: &AtomicBool) {
    while !flag.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn run(options: &CheckoutOptions, budget: &Arc<Budget>) -> Result<Checkout, Error> {
    let mut url = options.url.clone();
    let (user, password) = take_user_info(&mut url);
    let mut auth = options.auth.clone();
    if auth.username.is_none() && auth.bearer_token.is_none() {
        auth.username = user;
        auth.password = auth.password.or_else(|| password.map(Into::into));
    }
    let plan = Plan {
        options,
        url: &url,
        auth: &auth,
        budget,
    };
    match plan.select()? {
        Selection::Empty => Ok(Checkout::Empty),
        Selection::Unchanged(revision) => Ok(Checkout::Unchanged {
            revision: revision.to_string(),
        }),
        Selection::Commit(chosen) => plan
            .read(&chosen)
            .map(|commit| Checkout::Fetched(Box::new(commit))),
    }
}
