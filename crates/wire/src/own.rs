//! What one's own devices tell each other in the own conversation (rule 26).

use crate::card::Card;
use crate::code::InviteCode;
use crate::{Address, ClaimId, InvitationId, LockSecret};
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
