//! One conversation with a server: which refs it has, and a pack of what is wanted.

use std::num::NonZeroU32;
use std::sync::Arc;

use gix::hash::{Kind, ObjectId};
use gix::odb::pack::{Bundle, bundle};
use gix::progress::Discard;
use gix::protocol::fetch::{self, Negotiate, Shallow, Tags, negotiate};
use gix::protocol::handshake::Ref;
use gix::protocol::ls_refs::RefPrefixes;
use gix::protocol::transport::client::blocking_io::Transport;
use gix::protocol::transport::client::blocking_io::http::Transport as HttpTransport;
use gix::protocol::transport::{Protocol, Service};
use gix::protocol::{Handshake, LsRefsCommand, indicate_end_of_interaction};
use url::Url;

use crate::auth::Auth;
use crate::budget::Budget;
use crate::error::{Failure, tame};
use crate::objects::Objects;
use crate::proxy::Proxy;
use crate::ssh::{Algorithms, Session};
use crate::transport::{http::HttpClient, ssh};

/// Largest single object accepted while a pack is indexed, before anything is known about which files
/// are wanted. Deltas of a hostile pack can blow up to any size.
const MAX_OBJECT: usize = 512 << 20;

/// How to get at repositories: the same for a repository and its submodules but for the credentials.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) proxy: Option<&'a Proxy>,
    pub(crate) algorithms: Algorithms<'a>,
    pub(crate) sizes: Sizes,
    pub(crate) budget: &'a Arc<Budget>,
}

/// What a server may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Most bytes of one pack.
    pub(crate) pack: u64,
    /// Most bytes of any other answer.
    pub(crate) refs: u64,
}

impl Sizes {
    /// Most bytes of the answer to a request with this text: only one that wants objects is
    /// answered with a pack.
    pub(crate) fn of_answer_to(self, request: &[u8]) -> u64 {
        if wants_objects(request) {
            self.pack
        } else {
            self.refs
        }
    }
}

/// Whether a request, of any version of the protocol, names objects that it wants.
pub(crate) fn wants_objects(request: &[u8]) -> bool {
    request.windows(5).any(|window| window == b"want ")
}

/// A ref of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RemoteRef {
    pub(crate) name: String,
    /// What it points to, tags peeled away.
    pub(crate) id: ObjectId,
    /// The annotated tag it points to, if so.
    pub(crate) tag: Option<ObjectId>,
}

impl RemoteRef {
    /// What to ask for to get everything the ref leads to.
    pub(crate) fn want(&self) -> ObjectId {
        self.tag.unwrap_or(self.id)
    }
}

/// How much of the history comes with what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// None of it.
    Tip,
    /// All commits, but no files; for servers where [`Remote::can_omit_files`].
    Commits,
    /// Everything.
    History,
}

/// A connected server.
pub(crate) struct Remote<'a> {
    transport: Box<dyn Transport + Send>,
    handshake: Handshake,
    budget: &'a Arc<Budget>,
    finished: bool,
}

impl<'a> Remote<'a> {
    /// Connects to the repository at `url`, which must not hold user information.
    pub(crate) fn connect(url: &Url, auth: &Auth, access: Access<'a>) -> Result<Self, Failure> {
        let budget = access.budget;
        budget.check()?;
        let mut transport: Box<dyn Transport + Send> = match url.scheme() {
            "http" | "https" => {
                let client = HttpClient::new(url, auth, access.proxy, access.sizes, budget)?;
                let address = gix::url::parse(url.as_str())
                    .map_err(|error| Failure::Settings(format!("invalid URL: {error}")))?;
                Box::new(HttpTransport::new_http(
                    client,
                    address,
                    Protocol::V2,
                    false,
                ))
            }
            "ssh" => {
                let session =
                    budget.wait(Session::open(url, auth, access.proxy, access.algorithms))??;
                Box::new(ssh::connection(session, access.sizes, budget))
            }
            other => {
                return Err(Failure::Settings(format!(
                    "unknown transport '{}'",
                    tame(other)
                )));
            }
        };
        let handshake = gix::protocol::handshake(
            &mut transport,
            Service::UploadPack,
            |_| Ok(None),
            Vec::new(),
            &mut Discard,
        )
        .map_err(|error| budget.failure(&error))?;
        let mut remote = Self {
            transport,
            handshake,
            budget,
            finished: false,
        };
        remote.check_hash()?;
        Ok(remote)
    }

    fn check_hash(&mut self) -> Result<(), Failure> {
        let formats = self.handshake.capabilities.capability("object-format");
        match formats
            .as_ref()
            .and_then(gix::protocol::transport::client::capabilities::Capability::value)
            .map(ToString::to_string)
        {
            Some(format) if format != "sha1" => Err(Failure::Protocol(format!(
                "unsupported object format '{}'",
                tame(&format)
            ))),
            _ => Ok(()),
        }
    }

    /// Refs whose names start with one of `prefixes`; all without any. Unborn refs are left out.
    pub(crate) fn refs(&mut self, prefixes: &[&str]) -> Result<Vec<RemoteRef>, Failure> {
        let listed;
        let refs = if let Some(refs) = &self.handshake.refs {
            refs
        } else {
            let mut wanted = RefPrefixes::new();
            wanted.extend(prefixes.iter().map(|prefix| (*prefix).into()));
            let command = LsRefsCommand::new(Some(wanted), &self.handshake.capabilities, agent());
            listed = command
                .invoke_blocking(&mut self.transport, &mut Discard, false)
                .map_err(|error| self.budget.failure(&error))?;
            &listed
        };
        let matches =
            |r: &RemoteRef| prefixes.is_empty() || prefixes.iter().any(|p| r.name.starts_with(p));
        Ok(refs.iter().filter_map(remote_ref).filter(matches).collect())
    }

    /// Whether the server can send commits without their files.
    pub(crate) fn can_omit_files(&self) -> bool {
        self.supports("filter")
    }

    fn supports(&self, feature: &str) -> bool {
        let capabilities = &self.handshake.capabilities;
        match self.handshake.server_protocol_version {
            Protocol::V2 => capabilities
                .capability("fetch")
                .and_then(|c| c.supports(feature))
                .unwrap_or(false),
            _ => capabilities.contains(feature),
        }
    }

    /// Receives the wanted objects into `objects`. The conversation is over afterwards.
    pub(crate) fn fetch(
        mut self,
        wants: &[ObjectId],
        extent: Extent,
        objects: &Objects,
    ) -> Result<(), Failure> {
        // A server that cannot cut the history off sends all of it: more than needed, not less.
        let shallow = match extent {
            Extent::Tip if self.supports("shallow") => Shallow::DepthAtRemote(NonZeroU32::MIN),
            _ => Shallow::NoChange,
        };
        let filter = (extent == Extent::Commits && self.can_omit_files()).then_some("tree:0");
        let budget = self.budget;
        let packs = objects.packs();
        let receive = |pack: &mut dyn std::io::BufRead,
                       progress: &mut dyn gix::DynNestedProgress,
                       stop: &std::sync::atomic::AtomicBool| {
            let options = bundle::write::Options {
                thread_limit: Some(2),
                alloc_limit_bytes: Some(MAX_OBJECT),
                ..bundle::write::Options::default()
            };
            Bundle::write_to_directory(
                pack,
                Some(&packs),
                progress,
                stop,
                None::<gix::objs::find::Never>,
                Kind::Sha1,
                options,
            )
            .map(|_| true)
        };
        let outcome = gix::protocol::fetch(
            &mut Wants { wants, filter },
            receive,
            Discard,
            budget.stop_flag(),
            fetch::Context {
                handshake: &mut self.handshake,
                transport: &mut self.transport,
                user_agent: agent(),
                trace_packetlines: false,
            },
            fetch::Options {
                shallow_file: objects.shallow_file(),
                shallow: &shallow,
                tags: Tags::None,
                reject_shallow_remote: false,
            },
        );
        // The older protocol ends with the pack.
        self.finished = self.handshake.server_protocol_version != Protocol::V2;
        match outcome {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(Failure::Protocol("the server sent no pack".to_owned())),
            Err(error) => {
                self.finished = true;
                Err(budget.failure(&error))
            }
        }
    }
}

impl Drop for Remote<'_> {
    fn drop(&mut self) {
        // Politeness only: over http this sends nothing, and a dead connection cannot be told.
        if !self.finished
            && self
                .transport
                .connection_persists_across_multiple_requests()
        {
            let _ = indicate_end_of_interaction(&mut self.transport, false);
        }
    }
}

fn agent() -> gix::protocol::command::Feature {
    (
        "agent",
        Some(concat!("git/windlass-", env!("CARGO_PKG_VERSION")).to_owned()),
    )
}

fn remote_ref(listed: &Ref) -> Option<RemoteRef> {
    let (name, tag, id) = match listed {
        Ref::Peeled {
            full_ref_name,
            tag,
            object,
        } => (full_ref_name, Some(*tag), object),
        Ref::Direct {
            full_ref_name,
            object,
        } => (full_ref_name, None, object),
        Ref::Symbolic {
            full_ref_name,
            tag,
            object,
            ..
        } => (full_ref_name, *tag, object),
        Ref::Unborn { .. } => return None,
    };
    Some(RemoteRef {
        name: String::from_utf8(name.to_vec()).ok()?,
        id: *id,
        tag,
    })
}

/// Asks for objects while having none.
struct Wants<'a> {
    wants: &'a [ObjectId],
    filter: Option<&'static str>,
}

impl Negotiate for Wants<'_> {
    fn mark_complete_and_common_ref(&mut self) -> gix::error::Result<negotiate::Action> {
        Ok(negotiate::Action::MustNegotiate {
            remote_ref_target_known: Vec::new(),
        })
    }

    fn add_wants(&mut self, arguments: &mut fetch::Arguments, _known: &[bool]) -> bool {
        if let Some(filter) = self.filter {
            arguments.filter(filter);
        }
        for id in self.wants {
            arguments.want(id);
        }
        !self.wants.is_empty()
    }

    fn one_round(
        &mut self,
        _state: &mut negotiate::one_round::State,
        _arguments: &mut fetch::Arguments,
        _previous: Option<&fetch::Response>,
    ) -> gix::error::Result<(negotiate::Round, bool)> {
        let round = negotiate::Round {
            haves_sent: 0,
            in_vain: 0,
            haves_to_send: 0,
            previous_response_had_at_least_one_in_common: false,
        };
        Ok((round, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_wants_objects_gets_a_pack() {
        let sizes = Sizes { pack: 2, refs: 1 };
        let fetch = b"0012command=fetch0001003dwant 1111111111111111111111111111111111111111\n0000";
        assert_eq!(sizes.of_answer_to(fetch), 2);
        assert_eq!(sizes.of_answer_to(b"0014command=ls-refs\n0000"), 1);
        assert_eq!(sizes.of_answer_to(b""), 1);
    }
}
