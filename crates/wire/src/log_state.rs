//! What a conversation's log has established, given to joiners (rule 20).

use crate::device_list::DeviceList;
use crate::{AccountId, ConversationId, DeviceId, DeviceKey, encode};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

/// The state every commit is judged by. Its hash stands in the MLS GroupContext.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LogState {
    /// The conversation this group carries.
    #[n(0)]
    pub conversation: ConversationId,
    /// Its kind.
    #[n(1)]
    pub kind: ConversationKind,
    /// Everyone in it, sorted by account.
    #[n(2)]
    pub participants: Vec<Participant>,
}

/// What a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ConversationKind {
    /// Two accounts (rule 19).
    #[n(0)]
    Direct,
    /// Several.
    #[n(1)]
    Group,
    /// One's own devices (rule 26).
    #[n(2)]
    Own,
}

/// An account in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Participant {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// What it may do.
    #[n(1)]
    pub role: Role,
    /// Its devices, as posted.
    #[n(2)]
    pub devices: DeviceList,
}

/// What a participant may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Role {
    /// Anything.
    #[n(0)]
    Admin,
    /// Write, and keep its own leaves in step.
    #[n(1)]
    Member,
}

/// What an MLS basic credential holds: who the leaf is (rule 25).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Credential {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
    /// Its key.
    #[n(2)]
    pub key: DeviceKey,
}

impl LogState {
    /// The hash that stands in the GroupContext.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest([b"snug/1 log state".as_slice(), &encode(self)].concat()).into()
    }

    /// Whether this credential is of a listed device of a participant, all lists being valid.
    pub fn lists(&self, credential: &Credential) -> bool {
        self.participants
            .iter()
            .find(|p| p.account == credential.account)
            .and_then(|p| p.devices.verified(&p.account))
            .and_then(|entry| entry.key_of(&credential.device))
            == Some(credential.key)
    }

    /// Whether this credential is of a listed device of a participant, of a state whose lists were
    /// verified when it was taken in.
    pub fn names(&self, credential: &Credential) -> bool {
        self.participants
            .iter()
            .find(|p| p.account == credential.account)
            .and_then(|p| p.devices.0.last())
            .and_then(|signed| signed.entry.key_of(&credential.device))
            == Some(credential.key)
    }

    /// The id of the direct conversation of two accounts, whichever comes first (rule 19).
    pub fn direct_id(a: &AccountId, b: &AccountId) -> ConversationId {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let bytes = [b"snug/1 direct".as_slice(), &low.0, &high.0].concat();
        ConversationId(Sha256::digest(bytes).into())
    }
}
