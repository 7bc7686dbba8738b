//! What a message is made of.

use crate::participant::Happened;
use snug_wire::content::{Body, Content, Priority, Text};
use snug_wire::{AccountId, ConversationId, FRAME_LIMIT, GroupId, MessageId, Seq, decode};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A text.
    Text,
    /// How long messages stay from here on; its content says it.
    Timer,
    /// Something that happened to this device's copy of the conversation.
    Event(Event),
    /// A change of a group; its content says it.
    Happened,
    /// Written by a newer Snug; kept as it came.
    Unknown,
}

/// What happened to this device's copy of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Entries before this were lost to this device.
    Gap,
    /// The conversation goes on in another mailbox.
    Renewed,
    /// The other of a direct conversation has a device that was not there when they were verified.
    NewDevice,
}

impl MessageKind {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Unknown => 0,
            Self::Text => 1,
            Self::Timer => 2,
            Self::Event(Event::Gap) => 3,
            Self::Event(Event::Renewed) => 4,
            Self::Happened => 10,
            Self::Event(Event::NewDevice) => 20,
        }
    }

    pub(super) fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Text,
            2 => Self::Timer,
            3 => Self::Event(Event::Gap),
            4 => Self::Event(Event::Renewed),
            10 => Self::Happened,
            20 => Self::Event(Event::NewDevice),
            _ => Self::Unknown,
        }
    }
}

/// Why an own message failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It waited too long to be sent.
    Expired,
    /// The relay will not take it.
    Refused,
    /// A device of theirs could not open it.
    Unopened,
}

impl Problem {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Expired => 1,
            Self::Refused => 2,
            Self::Unopened => 3,
        }
    }

    pub(super) fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Expired),
            2 => Some(Self::Refused),
            3 => Some(Self::Unopened),
            _ => None,
        }
    }
}

/// What its author did to a message since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amended {
    /// It says something else now.
    pub edited: bool,
    /// It was taken back.
    pub deleted: bool,
    /// An edit or deletion of ours is on its way.
    pub pending: bool,
}

impl Amended {
    pub(super) fn bits(self) -> i64 {
        i64::from(self.edited) | i64::from(self.deleted) << 1 | i64::from(self.pending) << 2
    }

    pub(super) fn from_bits(bits: i64) -> Self {
        Self {
            edited: bits & 1 != 0,
            deleted: bits & 2 != 0,
            pending: bits & 4 != 0,
        }
    }
}

/// How far a message has come. Only states that have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Ours, here only.
    Sending,
    /// Ours, on the relay's disk.
    Sent,
    /// Ours, in a recipient device's database.
    Delivered,
    /// Ours, on a person's screen.
    Read,
    /// Ours, given up: the person can send it again or discard it.
    Failed,
    /// Somebody else's, not yet on this person's screen.
    Unread,
    /// Somebody else's, seen.
    Seen,
}

impl MessageState {
    pub(super) fn number(self) -> i64 {
        match self {
            Self::Sending => 0,
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
            Self::Failed => 4,
            Self::Unread => 10,
            Self::Seen => 11,
        }
    }

    pub(super) fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Sending,
            1 => Self::Sent,
            2 => Self::Delivered,
            3 => Self::Read,
            10 => Self::Unread,
            11 => Self::Seen,
            _ => Self::Failed,
        }
    }
}

/// Where a message stands in its conversation: compares as the conversation reads (rule 19: the
/// higher logs wholly before the lower ones, what has no place in a log yet at the end).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub [u8; 24]);

impl Place {
    /// The place of an entry of a log.
    pub(crate) fn of(group: &GroupId, seq: Seq) -> Self {
        let mut place = [0; 24];
        let bytes = group.0.iter().map(|byte| !byte).chain(seq.0.to_be_bytes());
        for (to, from) in place.iter_mut().zip(bytes) {
            *to = from;
        }
        Self(place)
    }

    /// Whether it is after all logs.
    pub(crate) fn is_waiting(&self) -> bool {
        *self >= Self::waiting(0)
    }

    /// The `n`th place after all logs.
    pub(crate) fn waiting(n: u64) -> Self {
        let mut place = [0xff; 24];
        for (to, from) in place.iter_mut().skip(16).zip(n.to_be_bytes()) {
            *to = from;
        }
        Self(place)
    }
}

/// A message.
#[derive(Clone)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Where it stands.
    pub place: Place,
    /// Its log, once it is in one.
    pub group: Option<GroupId>,
    /// Its place there; 0 before.
    pub seq: Seq,
    /// Who wrote it.
    pub author: AccountId,
    /// Whether that is oneself.
    pub own: bool,
    /// What it is.
    pub kind: MessageKind,
    /// The author's clock, milliseconds of Unix time.
    pub at: u64,
    /// Its text as it is now.
    pub text: String,
    /// The content's CBOR as it came, so that nothing unknown is lost; empty once it was taken back.
    pub content: Vec<u8>,
    /// How urgent.
    pub priority: Priority,
    /// How far it has come.
    pub state: MessageState,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// What its author did to it since.
    pub amended: Amended,
    /// Whether somebody reacted to it.
    pub reacted: bool,
    /// Whether this account is named in it.
    pub to_me: bool,
    /// For how many seconds it stays once it was seen.
    pub timer: Option<u32>,
    /// When it goes, milliseconds of Unix time.
    pub expires_at: Option<u64>,
}

impl Message {
    /// One that says nothing yet, nowhere in a log.
    pub(crate) fn new(
        id: MessageId,
        conversation: ConversationId,
        place: Place,
        (author, own): (AccountId, bool),
        kind: MessageKind,
        at: u64,
    ) -> Self {
        Self {
            id,
            conversation,
            place,
            group: None,
            seq: Seq(0),
            author,
            own,
            kind,
            at,
            text: String::new(),
            content: Vec::new(),
            priority: Priority::Normal,
            state: if own {
                MessageState::Sending
            } else {
                MessageState::Seen
            },
            problem: None,
            amended: Amended::default(),
            reacted: false,
            to_me: false,
            timer: None,
            expires_at: None,
        }
    }

    /// For how many seconds messages stay from a [`MessageKind::Timer`] on.
    pub fn timer_set(&self) -> Option<u32> {
        crate::timer::seconds(&self.content)
    }

    /// What a [`MessageKind::Happened`] says.
    pub fn happened(&self) -> Vec<Happened> {
        crate::participant::happened(&self.content)
    }

    /// What was written, with what it answers and who is named; `None` for what is no text, or was
    /// taken back.
    pub fn form(&self) -> Option<Text> {
        match decode::<Content>(&self.content, FRAME_LIMIT).ok()?.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Without what it says.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("conversation", &self.conversation)
            .field("seq", &self.seq)
            .field("author", &self.author)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

pub(super) fn priority(number: i64) -> Priority {
    match number {
        0 => Priority::Low,
        2 => Priority::High,
        3 => Priority::Urgent,
        _ => Priority::Normal,
    }
}
