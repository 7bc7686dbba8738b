//! What a conversation's log has established, given to joiners (rule 20).

use crate::device_list::DeviceList;
use crate::{AccountId, ConversationId, DeviceId, DeviceKey, JoinId, Seq, encode};
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

/// What a commit says beside its leaves: a proposal of its own in it, so that a log's state and its
/// leaves change in one step, the same for everyone (rule 20).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// A participant's newer device list.
    #[n(0)]
    Devices(#[n(0)] AccountId, #[n(1)] DeviceList),
    /// This device came in because it asked to.
    #[n(1)]
    Joined(#[n(0)] Joined),
}

/// A wish that a commit fulfils.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Joined {
    /// The wish.
    #[n(0)]
    pub id: JoinId,
    /// The device, of which the commit adds a leaf.
    #[n(1)]
    pub device: DeviceId,
    /// Entries after this one, up to the commit, were lost to it; none if it was never in.
    #[n(2)]
    pub lost_after: Option<Seq>,
}

/// The largest log state, in bytes: it is read with every entry, and nobody joins with a larger one.
pub const STATE_LIMIT: usize = 256 << 10;

impl LogState {
    /// The state after a change; why not, if it cannot be.
    ///
    /// # Errors
    /// A list that is not valid, or does not go on from the one there is (rule 25); a state above
    /// [`STATE_LIMIT`].
    pub fn changed(&self, change: &Change) -> Result<Self, &'static str> {
        let Change::Devices(account, list) = change else {
            return Ok(self.clone());
        };
        let mut state = self.clone();
        let participant = state
            .participants
            .iter_mut()
            .find(|p| p.account == *account)
            .ok_or("a device list of nobody in the conversation")?;
        if !list.continues(&participant.devices) || list.verified(account).is_none() {
            return Err("a device list that does not go on from the one there is");
        }
        participant.devices = list.clone();
        if encode(&state).len() > STATE_LIMIT {
            return Err("a device list longer than a log can hold");
        }
        Ok(state)
    }

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
