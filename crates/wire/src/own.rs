//! What one's own devices tell each other in the own conversation (rule 26).

use crate::card::Card;
use crate::code::InviteCode;
use crate::{AccountId, Address, ClaimId, ConversationId, InvitationId, LockSecret};
use minicbor::{Decode, Encode};
use std::fmt;

/// One record of the own conversation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum OwnRecord {
    /// An invitation, before its card is published: any own device recognises its proofs (rule 27).
    #[n(0)]
    Invited(#[n(0)] Box<Invited>),
    /// An invitation ends.
    #[n(1)]
    Revoked(#[n(0)] InvitationId),
    /// This device answers that request; the first to say so does (rule 26).
    #[n(2)]
    Answering(#[n(0)] ClaimId, #[n(1)] bool),
}

/// What the person decided on one of their devices, for the others. A content of a kind of its own: one
/// that knows no decisions keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Decision {
    /// What they think of an account.
    #[n(0)]
    Judged(#[n(0)] AccountId, #[n(1)] Judgement),
    /// Whether requests of strangers are declined by themselves.
    #[n(1)]
    Strangers(#[n(0)] bool),
    /// How a chat is kept in the list.
    #[n(2)]
    Kept(#[n(0)] ConversationId, #[n(1)] Keeping),
}

/// What a person thinks of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Judgement {
    /// Nothing of theirs is taken; the name is what they are listed under.
    #[n(0)]
    Blocked(#[n(0)] String),
    /// No longer so.
    #[n(1)]
    Unblocked,
    /// The safety number was compared: the hash of the last entry of their device list then, and its
    /// version.
    #[n(2)]
    Verified(
        #[cbor(n(0), with = "minicbor::bytes")] [u8; 32],
        #[n(1)] u64,
    ),
    /// No longer so.
    #[n(3)]
    Unverified,
}

/// How a chat is kept in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Keeping {
    /// Before all others.
    #[n(0)]
    pub pinned: bool,
    /// Behind all others, out of sight.
    #[n(1)]
    pub archived: bool,
    /// Nothing of it is notified before that time, milliseconds of Unix time; [`Keeping::FOR_GOOD`] never.
    #[n(2)]
    pub muted_until: Option<u64>,
}

impl Keeping {
    /// Later than any time.
    pub const FOR_GOOD: u64 = i64::MAX as u64;
}

/// All an own device needs to answer an invitation's requests.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Invited {
    /// The code.
    #[n(0)]
    pub code: InviteCode,
    /// The card behind it.
    #[n(1)]
    pub card: Card,
    /// Revokes it.
    #[n(2)]
    pub revoke: LockSecret,
    /// The mailbox its requests come to.
    #[n(3)]
    pub inbox: InboxSecrets,
}

/// The secret side of an inbox address.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InboxSecrets {
    /// The mailbox.
    #[n(0)]
    pub address: Address,
    /// Opens it.
    #[n(1)]
    pub secret: LockSecret,
    /// Opens what is sealed to it: an X-Wing private key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub key: Vec<u8>,
}

impl fmt::Debug for InboxSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboxSecrets")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
