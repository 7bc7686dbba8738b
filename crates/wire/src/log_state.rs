//! What a conversation's log has established, given to joiners (rule 20).

use crate::card::{Signable, Signed};
use crate::device_list::DeviceList;
use crate::vote::Vote;
use crate::{
    AccountId, ConversationId, DeviceId, DeviceKey, JoinId, NAME_LIMIT, RelayAddress, Seq, encode,
};
use minicbor::bytes::{ByteArray, ByteVec};
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
    /// What a group is called; empty for the others.
    #[n(3)]
    #[cbor(default, skip_if = "String::is_empty")]
    pub name: String,
    /// What a group is about; may be empty.
    #[n(4)]
    #[cbor(default, skip_if = "String::is_empty")]
    pub description: String,
    /// A group's picture, at most [`PICTURE_LIMIT`] bytes of PNG, JPEG or WebP.
    #[n(5)]
    pub picture: Option<ByteVec>,
    /// How many participants were ever added.
    #[n(6)]
    #[cbor(default, skip_if = "is_zero")]
    pub added: u64,
    /// What a group's conversation is named after ([`LogState::group_id`]).
    #[n(7)]
    pub seed: Option<ByteArray<32>>,
}

/// What is nothing need not be written.
fn is_zero(number: &u64) -> bool {
    *number == 0
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
    /// The name it showed when it was added, or said since.
    #[n(3)]
    #[cbor(default, skip_if = "String::is_empty")]
    pub name: String,
    /// What it is.
    #[n(4)]
    #[cbor(default, skip_if = "ParticipantKind::is_user")]
    pub kind: ParticipantKind,
    /// Which of all that were ever added it is, this time: who comes back has a higher one.
    #[n(5)]
    #[cbor(default, skip_if = "is_zero")]
    pub stay: u64,
}

/// What a participant is, always shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ParticipantKind {
    /// A person.
    #[default]
    #[n(0)]
    User,
    /// A program that takes part.
    #[n(1)]
    Agent,
}

impl ParticipantKind {
    /// Whether it is a person.
    pub fn is_user(&self) -> bool {
        *self == Self::User
    }
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
    /// A new participant of a group; its `stay` is given by the log. Admins only, as the four that follow.
    #[n(2)]
    Added(#[n(0)] Box<Participant>),
    /// A participant is taken out.
    #[n(3)]
    Removed(#[n(0)] AccountId),
    /// What a participant may do from here on; the last admin stays one.
    #[n(4)]
    Role(#[n(0)] AccountId, #[n(1)] Role),
    /// The group is called this.
    #[n(5)]
    Renamed(#[n(0)] String),
    /// The group is about this.
    #[n(6)]
    Described(#[n(0)] String),
    /// The group's picture.
    #[n(7)]
    Pictured(#[n(0)] Option<ByteVec>),
    /// A participant left, as its own device said. Anybody may commit it.
    #[n(8)]
    Left(#[n(0)] Box<Signed<Leave>>),
    /// A participant shows another name; its own devices only.
    #[n(9)]
    Profile(#[n(0)] AccountId, #[n(1)] String),
    /// The group goes on at this relay; nothing more is said here. Admins only.
    #[n(10)]
    Moved(#[n(0)] Box<RelayAddress>),
    /// More than half of all have voted for one of them to be an admin. Anybody may commit it.
    #[n(11)]
    Elected(#[n(0)] Vec<Signed<Vote>>),
}

/// A participant's word that it leaves, or does not come in: signed by one of its devices, so that any
/// commit can carry it out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Leave {
    /// What it leaves.
    #[n(0)]
    pub conversation: ConversationId,
    /// Who.
    #[n(1)]
    pub account: AccountId,
    /// Which stay ends: who is added again later is not put out by it.
    #[n(2)]
    pub stay: u64,
}

impl Signable for Leave {
    const LABEL: &'static [u8] = b"snug/1 leave";
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

/// The largest log state, in bytes: nobody joins with a larger one.
pub const STATE_LIMIT: usize = 1 << 20;
/// The most participants of a group.
pub const MOST_PARTICIPANTS: usize = 1_024;
/// The longest description of a group, in characters.
pub const DESCRIPTION_LIMIT: usize = 1_000;
/// The longest URL of a relay that a group moves to, in characters.
pub const URL_LIMIT: usize = 300;
/// The largest picture of a group, in bytes.
pub const PICTURE_LIMIT: usize = 16 << 10;

impl LogState {
    /// A conversation of nobody yet.
    pub fn new(conversation: ConversationId, kind: ConversationKind) -> Self {
        Self {
            conversation,
            kind,
            participants: Vec::new(),
            name: String::new(),
            description: String::new(),
            picture: None,
            added: 0,
            seed: None,
        }
    }

    /// The id of the group of that seed: no group is under the id of another sort of conversation.
    pub fn group_id(seed: &[u8; 32]) -> ConversationId {
        let bytes = [b"snug/1 group".as_slice(), seed].concat();
        ConversationId(Sha256::digest(bytes).into())
    }

    /// Whether its conversation is named as its kind asks.
    pub fn is_named(&self) -> bool {
        match (self.kind, &self.seed) {
            (ConversationKind::Group, Some(seed)) => self.conversation == Self::group_id(seed),
            (ConversationKind::Group, None) => false,
            (_, seed) => seed.is_none(),
        }
    }

    /// The participant of that account.
    pub fn participant(&self, account: &AccountId) -> Option<&Participant> {
        let found = self
            .participants
            .binary_search_by_key(account, |p| p.account);
        found.ok().and_then(|at| self.participants.get(at))
    }

    /// Whether that account may do anything.
    pub fn is_admin(&self, account: &AccountId) -> bool {
        self.participant(account)
            .is_some_and(|p| p.role == Role::Admin)
    }

    fn participant_mut(&mut self, account: &AccountId) -> Result<&mut Participant, &'static str> {
        let found = self
            .participants
            .binary_search_by_key(account, |p| p.account);
        found
            .ok()
            .and_then(|at| self.participants.get_mut(at))
            .ok_or("a change of somebody who is not in the conversation")
    }

    /// The state after a change that a device of `by` commits; why not, if it cannot be (rule 20).
    ///
    /// # Errors
    /// What only admins may do, by somebody else; what only groups have, elsewhere; a list that does not
    /// go on from the one there is (rule 25); a state above [`STATE_LIMIT`].
    pub fn changed(&self, change: &Change, by: &AccountId) -> Result<Self, &'static str> {
        let mut state = self.clone();
        state.change(change, by)?;
        let grows = !matches!(
            change,
            Change::Joined(_)
                | Change::Removed(_)
                | Change::Role(..)
                | Change::Left(_)
                | Change::Moved(_)
                | Change::Elected(_)
        );
        if grows && encode(&state).len() > STATE_LIMIT {
            return Err("a state longer than a log can hold");
        }
        Ok(state)
    }

    fn change(&mut self, change: &Change, by: &AccountId) -> Result<(), &'static str> {
        match change {
            Change::Devices(account, list) => return self.relist(account, list),
            Change::Joined(_) => return Ok(()),
            _ => {}
        }
        if self.kind != ConversationKind::Group {
            return Err("a change that only a group has");
        }
        match change {
            Change::Left(leave) => return self.leave(leave),
            Change::Elected(votes) => {
                let candidate = self.elected(votes)?;
                return self.set_role(&candidate, Role::Admin);
            }
            Change::Profile(account, name) if account == by => {
                check_length(name, 1, NAME_LIMIT)?;
                self.participant_mut(account)?.name.clone_from(name);
                return Ok(());
            }
            _ => {}
        }
        if !self.is_admin(by) {
            return Err("a change by somebody who is no admin");
        }
        match change {
            Change::Added(new) => self.add(new),
            Change::Removed(account) => self.remove(account),
            Change::Role(account, role) => self.set_role(account, *role),
            Change::Renamed(name) => {
                check_length(name, 1, NAME_LIMIT)?;
                self.name.clone_from(name);
                Ok(())
            }
            Change::Described(text) => {
                check_length(text, 0, DESCRIPTION_LIMIT)?;
                self.description.clone_from(text);
                Ok(())
            }
            Change::Pictured(picture) => {
                if picture.as_ref().is_some_and(|p| p.len() > PICTURE_LIMIT) {
                    return Err("a picture larger than allowed");
                }
                self.picture.clone_from(picture);
                Ok(())
            }
            Change::Moved(relay) => check_length(&relay.url, 1, URL_LIMIT),
            _ => Err("a change that cannot be"),
        }
    }

    fn relist(&mut self, account: &AccountId, list: &DeviceList) -> Result<(), &'static str> {
        let participant = self.participant_mut(account)?;
        if !list.continues(&participant.devices) || list.verified(account).is_none() {
            return Err("a device list that does not go on from the one there is");
        }
        participant.devices = list.clone();
        Ok(())
    }

    fn add(&mut self, new: &Participant) -> Result<(), &'static str> {
        check_length(&new.name, 0, NAME_LIMIT)?;
        if self.participants.len() >= MOST_PARTICIPANTS {
            return Err("a group larger than any may be");
        }
        if new.devices.verified(&new.account).is_none() {
            return Err("a participant with a false device list");
        }
        let at = self
            .participants
            .binary_search_by_key(&new.account, |p| p.account);
        let Err(at) = at else {
            return Err("a participant who is in already");
        };
        let stay = self.added.checked_add(1);
        let stay = stay.ok_or("more participants than can be counted")?;
        self.added = stay;
        self.participants.insert(
            at,
            Participant {
                stay,
                ..new.clone()
            },
        );
        Ok(())
    }

    fn remove(&mut self, account: &AccountId) -> Result<(), &'static str> {
        self.participant_mut(account)?;
        self.participants.retain(|p| p.account != *account);
        self.succeed();
        Ok(())
    }

    /// Where the last admin left, who has been in for longest is the next one.
    fn succeed(&mut self) {
        if self.participants.iter().any(|p| p.role == Role::Admin) {
            return;
        }
        if let Some(next) = self.participants.iter_mut().min_by_key(|p| p.stay) {
            next.role = Role::Admin;
        }
    }

    fn set_role(&mut self, account: &AccountId, role: Role) -> Result<(), &'static str> {
        self.participant_mut(account)?.role = role;
        if self.participants.iter().any(|p| p.role == Role::Admin) {
            Ok(())
        } else {
            Err("a group without an admin")
        }
    }

    fn leave(&mut self, signed: &Signed<Leave>) -> Result<(), &'static str> {
        let leave = &signed.form;
        let participant = self
            .participant(&leave.account)
            .filter(|p| leave.conversation == self.conversation && p.stay == leave.stay)
            .ok_or("somebody who is not in the conversation leaves it")?;
        let key = participant.devices.0.last();
        let key = key.and_then(|last| last.entry.key_of(&signed.device));
        if !key.is_some_and(|key| signed.is_by(&key)) {
            return Err("somebody leaves who did not say so");
        }
        self.remove(&leave.account)
    }

    /// The hash that stands in the GroupContext.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest([b"snug/1 log state".as_slice(), &encode(self)].concat()).into()
    }

    /// Whether this credential is of a listed device of a participant, all lists being valid.
    pub fn lists(&self, credential: &Credential) -> bool {
        self.participant(&credential.account)
            .and_then(|p| p.devices.verified(&p.account))
            .and_then(|entry| entry.key_of(&credential.device))
            == Some(credential.key)
    }

    /// Whether this credential is of a listed device of a participant, of a state whose lists were
    /// verified when it was taken in.
    pub fn names(&self, credential: &Credential) -> bool {
        self.participant(&credential.account)
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

fn check_length(text: &str, least: usize, most: usize) -> Result<(), &'static str> {
    if (least..=most).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err("a text shorter or longer than allowed")
    }
}
