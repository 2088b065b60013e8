//! The Git protocol over a running `git-upload-pack`.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Buf, Bytes};
use gix::protocol::transport::Protocol;
use gix::protocol::transport::client::git::{ConnectMode, blocking_io::Connection};
use parking_lot::Mutex;

use crate::budget::Budget;
use crate::error::{Failure, tame};
use crate::remote::{Sizes, wants_objects};
use crate::ssh::Session;

/// Wraps `session` for Git code. At most as much as `sizes` say is received.
pub(crate) fn connection(
    session: Session,
    sizes: Sizes,
    budget: &Arc<Budget>,
) -> Connection<Output, Input> {
    let path = session.path.clone();
    let shared = Arc::new(Shared {
        session: Mutex::new(session),
        budget: Arc::clone(budget),
        wants: AtomicBool::new(false),
    });
    let output = Output {
        shared: Arc::clone(&shared),
        chunk: Bytes::new(),
        received: 0,
        sizes,
        complaints: String::new(),
    };
    Connection::new(
        output,
        Input(shared),
        Protocol::V2,
        path,
        None::<(String, _)>,
        ConnectMode::Process,
        false,
    )
}

struct Shared {
    session: Mutex<Session>,
    budget: Arc<Budget>,
    /// Whether objects have been asked for.
    wants: AtomicBool,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let session = self.session.lock();
        // Past the deadline there is nothing to wait for: dropping closes the connection as well.
        let _ = self.budget.wait(session.close());
    }
}

/// What the command prints.
pub(crate) struct Output {
    shared: Arc<Shared>,
    chunk: Bytes,
    received: u64,
    sizes: Sizes,
    complaints: String,
}

impl Output {
    fn fill(&mut self) -> Result<(), Failure> {
        let mut session = self.shared.session.lock();
        while self.chunk.is_empty() {
            match self
                .shared
                .budget
                .wait(session.read(&mut self.complaints))?
            {
                Some(data) => self.chunk = data,
                // The end before a single byte: the command itself explains, on its error output.
                None if self.received == 0 => {
                    let complaint = tame(&self.complaints);
                    let lower = complaint.to_lowercase();
                    return Err(if complaint.is_empty() {
                        Failure::Ssh(
                            "ssh: the server closed the connection without an answer".to_owned(),
                        )
                    } else if lower.contains("not found")
                        || lower.contains("does not appear to be a git repository")
                    {
                        Failure::RepositoryNotFound(complaint)
                    } else {
                        Failure::Ssh(format!("unknown error: remote: {complaint}"))
                    });
                }
                None => return Ok(()),
            }
        }
        self.received = self.received.saturating_add(self.chunk.len() as u64);
        let most = if self.shared.wants.load(Ordering::Relaxed) {
            self.sizes.pack
        } else {
            self.sizes.refs
        };
        if self.received > most {
            return Err(Failure::TooMuch(most));
        }
        Ok(())
    }
}

impl Read for Output {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() && !buf.is_empty() {
            let filled = self.fill();
            filled.map_err(|failure| self.shared.budget.report(failure))?;
        }
        let amount = self.chunk.len().min(buf.len());
        buf[..amount].copy_from_slice(&self.chunk[..amount]);
        self.chunk.advance(amount);
        Ok(amount)
    }
}

/// What the command is told.
pub(crate) struct Input(Arc<Shared>);

impl Write for Input {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if wants_objects(buf) {
            self.0.wants.store(true, Ordering::Relaxed);
        }
        let session = self.0.session.lock();
        let sent = self
            .0
            .budget
            .wait(session.input.data_bytes(Bytes::copy_from_slice(buf)));
        match sent {
            Ok(Ok(())) => Ok(buf.len()),
            Ok(Err(_)) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(failure) => Err(self.0.budget.report(failure)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
