//! What streams, buckets and subjects are called.
//!
//! | Subject | in | what |
//! |---|---|---|
//! | `NAME.e.ADDRESS.c` | log | commits of a mailbox |
//! | `NAME.e.ADDRESS.m` | log | its other entries |
//! | `NAME.i.ADDRESS.ID` | log | that this envelope was put: its digest |
//! | `NAME.a.ADDRESS` | log | attachments |
//! | `NAME.live.ADDRESS.c`, `.m` | – | the log's `republish`: what was stored, as it was stored |
//! | `NAME.live.ADDRESS.s`, `.t`, `.x` | – | signals; that state has changed; marks |
//! | `$KV.NAME-heads.ADDRESS` | heads | a mailbox's state |
//! | `$KV.NAME-state.…` | state | invitations, cards, claims, pools, the relay's key |

use snug_wire::{Address, ClaimId, EnvelopeId, InvitationId};

/// What all names begin with.
#[derive(Clone, Debug)]
pub struct Names(String);

/// A stream of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Entries.
    Log,
    /// Mailboxes' state, a bucket.
    Heads,
    /// All else, a bucket.
    State,
}

impl Names {
    /// Names that begin so.
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// What the stream is called.
    pub fn stream(&self, stream: Stream) -> String {
        match stream {
            Stream::Log => format!("{}-log", self.0),
            Stream::Heads => format!("KV_{}-heads", self.0),
            Stream::State => format!("KV_{}-state", self.0),
        }
    }

    /// The subjects a stream takes.
    pub fn subjects(&self, stream: Stream) -> Vec<String> {
        let name = &self.0;
        match stream {
            Stream::Log => vec![
                format!("{name}.e.*.*"),
                format!("{name}.i.*.*"),
                format!("{name}.a.*"),
            ],
            Stream::Heads => vec![format!("$KV.{name}-heads.>")],
            Stream::State => vec![format!("$KV.{name}-state.>")],
        }
    }

    /// What is republished, and where to.
    pub fn republish(&self) -> (String, String) {
        let name = &self.0;
        (
            format!("{name}.e.*.*"),
            format!("{name}.live.{{{{wildcard(1)}}}}.{{{{wildcard(2)}}}}"),
        )
    }

    /// A mailbox's commits.
    pub fn commits(&self, address: &Address) -> String {
        format!("{}.e.{address}.c", self.0)
    }

    /// Its other entries.
    pub fn texts(&self, address: &Address) -> String {
        format!("{}.e.{address}.m", self.0)
    }

    /// All its entries.
    pub fn entries(&self, address: &Address) -> String {
        format!("{}.e.{address}.*", self.0)
    }

    /// All entries of all mailboxes.
    pub fn all_entries(&self) -> String {
        format!("{}.e.*.*", self.0)
    }

    /// Where it stands that an envelope was put.
    pub fn envelope(&self, address: &Address, id: &EnvelopeId) -> String {
        format!("{}.i.{address}.{id}", self.0)
    }

    /// A mailbox's attachments.
    pub fn attachments(&self, address: &Address) -> String {
        format!("{}.a.{address}", self.0)
    }

    /// What is heard of a mailbox: `c`, `m`, `s`, `t` or `x` behind it.
    pub fn live(&self, address: &Address, kind: &str) -> String {
        format!("{}.live.{address}.{kind}", self.0)
    }

    /// A mailbox's state.
    pub fn head(&self, address: &Address) -> String {
        format!("$KV.{}-heads.{address}", self.0)
    }

    /// The relay's key.
    pub fn key(&self) -> String {
        format!("$KV.{}-state.relay.key", self.0)
    }

    /// Who forgets what is too old.
    pub fn sweep(&self) -> String {
        format!("$KV.{}-state.relay.sweep", self.0)
    }

    /// An invitation.
    pub fn invitation(&self, id: &InvitationId) -> String {
        format!("$KV.{}-state.invitation.{id}", self.0)
    }

    /// A card, by what it holds.
    pub fn card(&self, id: &InvitationId, digest: &str) -> String {
        format!("$KV.{}-state.card.{id}.{digest}", self.0)
    }

    /// A use of an invitation.
    pub fn claim(&self, id: &InvitationId, by: &ClaimId) -> String {
        format!("$KV.{}-state.claim.{id}.{by}", self.0)
    }

    /// Which key packages an inbox has and had.
    pub fn pool(&self, address: &Address) -> String {
        format!("$KV.{}-state.pool.{address}", self.0)
    }

    /// One of them, by what it holds.
    pub fn package(&self, address: &Address, digest: &str) -> String {
        format!("$KV.{}-state.package.{address}.{digest}", self.0)
    }
}
