//! What is sealed to an inbox.

use crate::card::{InboxAddress, Signable, Signed};
use crate::content::Profile;
use crate::device_list::DeviceList;
use crate::log_state::{Leave, LogState};
use crate::{
    AccountId, Address, ClaimId, ConversationId, DeviceId, GroupId, InvitationId, JoinId,
    LockSecret, RelayAddress, Secret, Seq,
};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// HPKE (RFC 9180, base mode, X-Wing) around an [`InboxForm`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SealedForm {
    /// The encapsulated key.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub encapsulated: Vec<u8>,
    /// The sealed form.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub ciphertext: Vec<u8>,
}

/// What arrives in an inbox.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum InboxForm {
    /// Somebody uses an invitation.
    #[n(0)]
    Request(#[n(0)] Box<Signed<InviteRequest>>),
    /// A Welcome waits (rule 8).
    #[n(1)]
    Pointer(#[n(0)] Box<Signed<Pointer>>),
    /// A request was not granted.
    #[n(2)]
    Denied(#[n(0)] Signed<Denial>),
    /// A device asks to be in a conversation again (rule 17).
    #[n(3)]
    Join(#[n(0)] Box<Signed<JoinRequest>>),
    /// Who was taken into a group does not come in.
    #[n(4)]
    Declined(#[n(0)] Box<Signed<Leave>>),
    /// Who asks to be in a group again was taken out of it.
    #[n(5)]
    Removed(#[n(0)] Box<Signed<Removed>>),
}

/// A request to connect (rule 27).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InviteRequest {
    /// The use that was claimed.
    #[n(0)]
    pub claim: ClaimId,
    /// Of this invitation.
    #[n(1)]
    pub invitation: InvitationId,
    /// The relay's signature that the use is bound to the claim.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub ticket: [u8; 64],
    /// HMAC-SHA-256 under the code's key: the requester holds the code.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub proof: [u8; 32],
    /// Who asks.
    #[n(4)]
    pub account: AccountId,
    /// Their devices.
    #[n(5)]
    pub devices: DeviceList,
    /// MLS key packages of some of them, one each: of the device that asks at least.
    #[cbor(n(6), decode_with = "crate::cbor::key_packages")]
    pub key_packages: Vec<ByteVec>,
    /// Their name.
    #[n(7)]
    pub profile: Profile,
    /// A word, may be empty.
    #[n(8)]
    pub greeting: String,
    /// Where pointers and answers go, one for each key package, in their order.
    #[n(9)]
    pub inboxes: Vec<InboxAddress>,
}

impl Signable for InviteRequest {
    const LABEL: &'static [u8] = b"snug/1 request";
}

/// Where a new leaf finds its Welcome (rule 8).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Pointer {
    /// The relay of the conversation.
    #[n(0)]
    pub relay: RelayAddress,
    /// Its mailbox.
    #[n(1)]
    pub address: Address,
    /// The MLS group.
    #[n(2)]
    pub group: GroupId,
    /// The commit that added the leaf.
    #[n(3)]
    pub commit: Seq,
    /// The log's generation.
    #[n(4)]
    pub generation: u64,
    /// The commit's envelope, the first cursor of the new leaf.
    #[n(5)]
    pub envelope: crate::EnvelopeId,
    /// Opens the mailbox.
    #[n(6)]
    pub secret: LockSecret,
    /// Fetches the [`Joining`] that is attached to the commit.
    #[n(7)]
    pub fetch: LockSecret,
    /// Opens it.
    #[n(8)]
    pub key: Secret,
    /// The conversation.
    #[n(9)]
    pub conversation: ConversationId,
    /// The request to connect, or to come into a group, that it answers.
    #[n(10)]
    pub answers: Option<ClaimId>,
    /// The device's wish to be in the conversation that it answers.
    #[n(11)]
    pub joins: Option<JoinId>,
    /// Whose device signed it.
    #[n(12)]
    pub account: AccountId,
    /// The devices of that account.
    #[n(13)]
    pub devices: DeviceList,
    /// The group it invites into, when it answers nothing.
    #[n(14)]
    pub offer: Option<GroupOffer>,
}

/// A group as who is added to it sees it before coming in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GroupOffer {
    /// What it is called.
    #[n(0)]
    pub name: String,
    /// What it is about.
    #[n(1)]
    #[cbor(default, skip_if = "String::is_empty")]
    pub description: String,
    /// Its picture.
    #[n(2)]
    pub picture: Option<ByteVec>,
    /// How many are in it.
    #[n(3)]
    pub participants: u32,
    /// The names of some of them, at most [`OFFER_NAMES`].
    #[n(4)]
    pub names: Vec<String>,
    /// Which stay begins: what a refusal names.
    #[n(5)]
    pub stay: u64,
}

/// The most names of an offer; further ones are not read.
pub const OFFER_NAMES: usize = 8;

impl Signable for Pointer {
    const LABEL: &'static [u8] = b"snug/1 pointer";
}

/// What all new leaves of a commit need to come in: attached to it, sealed under the key that their
/// pointers name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Joining {
    /// The MLS Welcome.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub welcome: Vec<u8>,
    /// What the log has established; its hash stands in the GroupContext.
    #[n(1)]
    pub state: LogState,
    /// Where devices in the conversation are reached, as far as the committer knows.
    #[n(2)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub reach: Vec<Reach>,
}

/// Where a device in a conversation is reached when the conversation itself does not work (rule 17).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Reach {
    /// Whose.
    #[n(0)]
    pub account: AccountId,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
    /// Its inbox.
    #[n(2)]
    pub inbox: InboxAddress,
}

/// A device asks the others of a conversation to take it in again: it was away for longer than the relay
/// keeps entries, or its log is not theirs any more (rule 17). Obeyed once.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct JoinRequest {
    /// Names the request.
    #[n(0)]
    pub id: JoinId,
    /// The conversation.
    #[n(1)]
    pub conversation: ConversationId,
    /// Whose device asks.
    #[n(2)]
    pub account: AccountId,
    /// The account's devices.
    #[n(3)]
    pub devices: DeviceList,
    /// A fresh MLS key package of the device.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub key_package: Vec<u8>,
    /// Where the pointer goes.
    #[n(5)]
    pub inbox: InboxAddress,
    /// The log it cannot follow any more.
    #[n(6)]
    pub group: GroupId,
    /// The last entry it read there.
    #[n(7)]
    pub read: Seq,
    /// Whether the log cannot be used by anybody: its mailbox is gone, or has lost entries (rule 18).
    #[n(8)]
    #[cbor(default, skip_if = "not")]
    pub unusable: bool,
}

/// What is not so need not be written.
fn not(flag: &bool) -> bool {
    !flag
}

/// A wish to be in a group again is not fulfilled: whose device asked is not in it any more (rule 17).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Removed {
    /// The wish.
    #[n(0)]
    pub wish: JoinId,
    /// The group.
    #[n(1)]
    pub conversation: ConversationId,
    /// Whose device says so: an admin's.
    #[n(2)]
    pub account: AccountId,
    /// The devices of that account.
    #[n(3)]
    pub devices: DeviceList,
}

impl Signable for Removed {
    const LABEL: &'static [u8] = b"snug/1 removed";
}

impl Signable for JoinRequest {
    const LABEL: &'static [u8] = b"snug/1 join";
}

/// Why a request is not granted, signed by a device of the inviter.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Denial {
    /// The request.
    #[n(0)]
    pub claim: ClaimId,
    /// Why.
    #[n(1)]
    pub reason: DenialReason,
}

impl Signable for Denial {
    const LABEL: &'static [u8] = b"snug/1 denial";
}

/// Why a request is not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum DenialReason {
    /// The inviter said no.
    #[n(0)]
    Declined,
    /// Somebody else used the invitation.
    #[n(1)]
    Used,
    /// It had expired.
    #[n(2)]
    Expired,
    /// It was revoked.
    #[n(3)]
    Revoked,
}
