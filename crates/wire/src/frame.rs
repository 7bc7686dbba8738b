//! Frames: what crosses between a device and a relay, one WebSocket binary message each.

use crate::handshake::{Auth, Challenge, Hello};
use crate::{Address, ClaimId, EnvelopeId, InvitationId, Lock, LockSecret, Seq};
use minicbor::{Decode, Encode};

/// From a device to a relay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ClientFrame {
    /// Begins a connection.
    #[n(0)]
    Hello(#[n(0)] Hello),
    /// Proves the connection's key.
    #[n(1)]
    Auth(#[n(0)] Auth),
    /// Asks something; the answer carries the same number.
    #[n(2)]
    Request(#[n(0)] u64, #[n(1)] Request),
}

/// From a relay to a device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RelayFrame {
    /// Answers `Hello`.
    #[n(0)]
    Challenge(#[n(0)] Challenge),
    /// The connection is authenticated.
    #[n(1)]
    Ready,
    /// Answers the request of that number.
    #[n(2)]
    Answer(#[n(0)] u64, #[n(1)] Answer),
    /// An entry of an open mailbox.
    #[n(3)]
    Delivery(#[n(0)] Delivery),
    /// Everything stored when the mailbox was opened has been delivered; what follows is live.
    #[n(4)]
    CaughtUp(#[n(0)] Address),
    /// An ephemeral envelope; was never stored.
    #[n(5)]
    Signal(
        #[n(0)] Address,
        #[cbor(n(1), with = "minicbor::bytes")] Vec<u8>,
    ),
    /// Live delivery from this mailbox ends: its lock changed at that entry (rule 4).
    #[n(6)]
    Ended(#[n(0)] Address, #[n(1)] Seq),
    /// Last frame before the relay closes the connection, with the reason.
    #[n(7)]
    Goodbye(#[n(0)] Refusal),
}

/// What a mailbox is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum MailboxKind {
    /// Reading and writing need the lock's secret; has commits. Kept 90 days.
    #[n(0)]
    Conversation,
    /// Anyone who knows the address may write unflagged entries; reading needs the secret. Kept 90 days.
    #[n(1)]
    Inbox,
    /// Like an inbox, kept 10 minutes.
    #[n(2)]
    Rendezvous,
}

/// How far a device has applied a mailbox (rule 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Cursor {
    /// The log's generation.
    #[n(0)]
    pub generation: u64,
    /// The last entry applied.
    #[n(1)]
    pub seq: Seq,
    /// Its envelope.
    #[n(2)]
    pub id: EnvelopeId,
}

/// A sealed part of an entry that one joiner fetches (rule 8).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Attachment {
    /// SHA-256 of the secret that fetches it.
    #[n(0)]
    pub lock: Lock,
    /// The sealed bytes.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// An entry to append.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Put {
    /// The mailbox.
    #[n(0)]
    pub address: Address,
    /// Needed for a conversation.
    #[n(1)]
    pub secret: Option<LockSecret>,
    /// Names these bytes for ever.
    #[n(2)]
    pub id: EnvelopeId,
    /// Whether this entry is a commit (rule 5).
    #[n(3)]
    pub flagged: bool,
    /// The flagged entry on which the epoch of the encryption rests; 0 for none (rule 5).
    #[n(4)]
    pub rests_on: Seq,
    /// A new lock, with a commit that changes it (rule 4).
    #[n(5)]
    pub lock: Option<Lock>,
    /// Welcomes, with a commit that adds leaves (rule 8).
    #[n(6)]
    #[cbor(default)]
    pub attachments: Vec<Attachment>,
    /// The sealed bytes.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// What a device asks of a relay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Request {
    /// Makes a mailbox; again with the same lock is fine.
    #[n(0)]
    Create(#[n(0)] Address, #[n(1)] MailboxKind, #[n(2)] Lock),
    /// Opens a mailbox: `Opened`, then entries after the cursor, `CaughtUp`, then live.
    #[n(1)]
    Open(#[n(0)] Address, #[n(1)] LockSecret, #[n(2)] Option<Cursor>),
    /// Ends live delivery on this connection.
    #[n(2)]
    Close(#[n(0)] Address),
    /// Appends an entry.
    #[n(3)]
    Put(#[n(0)] Put),
    /// Fetches an attachment of an entry.
    #[n(4)]
    Fetch(#[n(0)] Address, #[n(1)] Seq, #[n(2)] LockSecret),
    /// Sends an ephemeral envelope to those who have the mailbox open. Answered only when refused.
    #[n(5)]
    Signal(
        #[n(0)] Address,
        #[n(1)] LockSecret,
        #[cbor(n(2), with = "minicbor::bytes")] Vec<u8>,
    ),
    /// Forgets entries below this one (rule 11).
    #[n(6)]
    Trim(#[n(0)] Address, #[n(1)] LockSecret, #[n(2)] Seq),
    /// Closes an inbox for good: nothing can be put any more (rule 9).
    #[n(7)]
    Retire(#[n(0)] Address, #[n(1)] LockSecret),
    /// Publishes an invitation's card (rule 27).
    #[n(8)]
    Publish(#[n(0)] Publish),
    /// Asks for a card.
    #[n(9)]
    Card(#[n(0)] InvitationId),
    /// Binds one use of an invitation to a claim; the same claim gets the same answer (rule 13).
    #[n(10)]
    Claim(#[n(0)] InvitationId, #[n(1)] ClaimId),
    /// Ends an invitation.
    #[n(11)]
    Revoke(#[n(0)] InvitationId, #[n(1)] LockSecret),
    /// Adds key packages to an inbox's pool and sets its last resort (rule 31).
    #[n(12)]
    Stock(#[n(0)] Stock),
    /// Takes one key package from a pool; each but the last resort is given once.
    #[n(13)]
    Take(#[n(0)] Address),
}

/// A card and the rules of its use.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Publish {
    /// The invitation.
    #[n(0)]
    pub id: InvitationId,
    /// Whose secret revokes it.
    #[n(1)]
    pub lock: Lock,
    /// How often it can be claimed; `None` without limit.
    #[n(2)]
    pub uses: Option<u32>,
    /// When it ends, milliseconds of Unix time; `None` never.
    #[n(3)]
    pub expires_at: Option<u64>,
    /// The sealed card.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub card: Vec<u8>,
}

/// Key packages for an inbox's pool.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stock {
    /// The inbox.
    #[n(0)]
    pub address: Address,
    /// Its secret.
    #[n(1)]
    pub secret: LockSecret,
    /// Each given once; at most 256 at a time.
    #[cbor(n(2), decode_with = "crate::cbor::key_packages")]
    pub packages: Vec<minicbor::bytes::ByteVec>,
    /// Given again and again when the pool is empty; replaces the former one.
    #[n(3)]
    pub last_resort: Option<minicbor::bytes::ByteVec>,
}

/// The relay's word on a request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// Done, on disk.
    #[n(0)]
    Done,
    /// The mailbox is open.
    #[n(1)]
    Opened(#[n(0)] Opened),
    /// The cursor does not belong to this log: read from `first` (rule 2).
    #[n(2)]
    Diverged(#[n(0)] Opened),
    /// The entry is on disk at this position.
    #[n(3)]
    Stored(#[n(0)] Seq),
    /// The attachment or key package.
    #[n(4)]
    Bytes(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    /// The card; `ended` tells why it cannot be claimed any more.
    #[n(5)]
    Card(
        #[cbor(n(0), with = "minicbor::bytes")] Vec<u8>,
        #[n(1)] Option<Refusal>,
    ),
    /// The claim is bound; the relay's signature over [`ticket`] proves it to the inviter.
    #[n(6)]
    Claimed(#[cbor(n(0), with = "minicbor::bytes")] [u8; 64]),
    /// That many key packages are in the pool, the last resort not counted.
    #[n(7)]
    Stocked(#[n(0)] u32),
    /// Not done.
    #[n(8)]
    Refused(#[n(0)] Refusal),
}

/// State of a log when it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Opened {
    /// The log's generation, random, made with the mailbox.
    #[n(0)]
    pub generation: u64,
    /// First entry still held; one past the last when none is.
    #[n(1)]
    pub first: Seq,
    /// Last entry given out, held or not.
    #[n(2)]
    pub last: Seq,
    /// Last flagged entry, held or not; 0 for none.
    #[n(3)]
    pub head: Seq,
}

/// Why a relay refuses. Every reason is one a device acts on differently, or a person is told.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Refusal {
    /// A newer flagged entry stands: catch up to it and encrypt anew (rule 5).
    #[n(0)]
    Stale(#[n(0)] Seq),
    /// The secret does not open this lock.
    #[n(1)]
    WrongLock,
    /// The secret was replaced at that entry; what came before can still be read (rule 4).
    #[n(2)]
    Outdated(#[n(0)] Seq),
    /// There is no such mailbox.
    #[n(3)]
    NoMailbox,
    /// The address is taken by another mailbox.
    #[n(4)]
    Taken,
    /// The inbox was retired.
    #[n(5)]
    Retired,
    /// This id was used for other bytes.
    #[n(6)]
    OtherBytes,
    /// Larger than allowed; the limit in bytes.
    #[n(7)]
    TooLarge(#[n(0)] u64),
    /// The mailbox or the relay is full.
    #[n(8)]
    Full,
    /// The invitation has no use left.
    #[n(9)]
    Used,
    /// The invitation has expired.
    #[n(10)]
    Expired,
    /// The invitation was revoked.
    #[n(11)]
    Revoked,
    /// There is no such invitation.
    #[n(12)]
    NoInvitation,
    /// There is no such attachment, or the pool is empty.
    #[n(13)]
    Nothing,
    /// The request has no sense, or came before its time.
    #[n(14)]
    Malformed,
    /// The relay speaks this version of the protocol only.
    #[n(15)]
    Version(#[n(0)] u16),
    /// The key was not proved.
    #[n(16)]
    NotProved,
    /// Too much at once: try again after that many milliseconds.
    #[n(17)]
    Busy(#[n(0)] u64),
    /// The reader fell too far behind and must open again.
    #[n(18)]
    Slow,
    /// The relay is shutting down.
    #[n(19)]
    Leaving,
    /// The relay cannot write to its disk.
    #[n(20)]
    Disk,
    /// The relay serves only those who present an access token.
    #[n(21)]
    TokenWanted,
    /// The access token is none of this relay's: forged, for another one, or not valid yet.
    #[n(22)]
    TokenRefused,
    /// The access token was valid, and is no more.
    #[n(23)]
    TokenExpired,
}

/// An entry on its way to a device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Delivery {
    /// The mailbox.
    #[n(0)]
    pub address: Address,
    /// Its place in the log.
    #[n(1)]
    pub seq: Seq,
    /// The entry before it, so that a gap is seen (rule 2).
    #[n(2)]
    pub previous: Seq,
    /// The envelope.
    #[n(3)]
    pub id: EnvelopeId,
    /// Whether it was put as a commit.
    #[n(4)]
    pub flagged: bool,
    /// The sealed bytes.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub bytes: Vec<u8>,
}

/// What the relay signs when it binds a claim.
pub fn ticket(invitation: &InvitationId, claim: &ClaimId) -> Vec<u8> {
    [b"snug/1 claim".as_slice(), &invitation.0, &claim.0].concat()
}
