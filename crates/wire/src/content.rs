//! The plaintext inside an MLS application message.

use crate::card::{InboxAddress, Signed};
use crate::cbor::{self, form_of, put_kind};
use crate::log_state::Leave;
use crate::own::{Decision, OwnRecord};
use crate::vote::Vote;
use crate::{AccountId, MessageId, Seq, WireError, decode, encode};
use minicbor::decode::Error as DecodeError;
use minicbor::{Decode, Decoder, Encode, Encoder};

/// One application message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Content {
    /// The author's clock, milliseconds of Unix time.
    #[n(0)]
    pub at: u64,
    /// What it says.
    #[n(1)]
    pub body: Body,
}

impl Content {
    /// Reads a content that was padded with [`crate::pad`].
    ///
    /// # Errors
    /// When the padding or the form is wrong.
    pub fn from_padded(bytes: &[u8]) -> Result<Self, WireError> {
        decode(crate::pad::unpad(bytes)?, crate::FRAME_LIMIT)
    }

    /// The form that is encrypted.
    pub fn to_padded(&self) -> Vec<u8> {
        crate::pad::pad(&encode(self))
    }
}

/// What a content says: a kind and its own form. Kinds not known here are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Kind 1: a text a person wrote.
    Text(Text),
    /// Kind 2: how far a device has stored and a person has seen (rule 22).
    Receipt(Receipt),
    /// Kind 3: the name an account shows.
    Profile(Profile),
    /// Kind 4: another text for an own message.
    Edit(Edit),
    /// Kind 5: an own message taken back for everyone.
    Delete(Delete),
    /// Kind 6: what one thinks of a message.
    React(React),
    /// Kind 7: how long messages of the conversation stay from here on.
    Timer(Timer),
    /// Kind 8: where the author's device is reached when this conversation does not work (rule 17).
    Reach(InboxAddress),
    /// Kind 9: the author's account leaves the group.
    Leave(Box<Signed<Leave>>),
    /// Kind 10: whom the author's account would have for an admin.
    Vote(Box<Signed<Vote>>),
    /// Kind 64: for one's own devices only, in the own conversation (rule 26).
    Own(OwnRecord),
    /// Kind 65: likewise.
    Decided(Decision),
    /// Written by a newer Snug.
    Unknown {
        /// Its kind.
        kind: u16,
        /// Its form, CBOR.
        form: Vec<u8>,
    },
}

/// A text message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Text {
    /// The message, the same however often it is encrypted (rule 16).
    #[n(0)]
    pub id: MessageId,
    /// At most [`crate::TEXT_LIMIT`] bytes.
    #[n(1)]
    pub text: String,
    /// How urgent.
    #[n(2)]
    #[cbor(default)]
    pub priority: Priority,
    /// The message it answers.
    #[n(3)]
    pub reply_to: Option<MessageId>,
    /// Who is named in it, at most [`MENTIONS`].
    #[n(4)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// Whether somebody wrote it elsewhere before.
    #[n(5)]
    #[cbor(default, skip_if = "not")]
    pub forwarded: bool,
    /// For how many seconds it stays once it was seen.
    #[n(6)]
    pub timer: Option<u32>,
}

/// What is not so need not be written.
fn not(flag: &bool) -> bool {
    !flag
}

impl Text {
    /// A text and nothing besides.
    pub fn new(id: MessageId, text: String, priority: Priority) -> Self {
        Self {
            id,
            text,
            priority,
            reply_to: None,
            mentions: Vec::new(),
            forwarded: false,
            timer: None,
        }
    }
}

/// The most mentions of a text; further ones are not read.
pub const MENTIONS: usize = 64;

/// Somebody named in a text.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Mention {
    /// Who.
    #[n(0)]
    pub account: AccountId,
    /// Where "@Name" begins in the text, in UTF-16 code units.
    #[n(1)]
    pub from: u32,
    /// Where it ends.
    #[n(2)]
    pub to: u32,
}

/// Another text for an own message. Of several the last in the log counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Edit {
    /// The edit itself, the same however often it is encrypted.
    #[n(0)]
    pub id: MessageId,
    /// What is edited.
    #[n(1)]
    pub message: MessageId,
    /// At most [`crate::TEXT_LIMIT`] bytes.
    #[n(2)]
    pub text: String,
    /// Who is named in it now.
    #[n(3)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
}

/// An own message taken back for everyone; no edit brings it back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Delete {
    /// The deletion itself.
    #[n(0)]
    pub id: MessageId,
    /// What is taken back.
    #[n(1)]
    pub message: MessageId,
}

/// What one thinks of a message: one emoji of each account. Of several the last in the log counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct React {
    /// The reaction itself.
    #[n(0)]
    pub id: MessageId,
    /// To what.
    #[n(1)]
    pub message: MessageId,
    /// At most [`EMOJI_LIMIT`] bytes; none takes it back.
    #[n(2)]
    pub emoji: Option<String>,
}

/// The longest emoji, in bytes: a family of four with skin tones has 41.
pub const EMOJI_LIMIT: usize = 64;

/// How long messages of the conversation stay from here on. The last in the log counts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Timer {
    /// The line of the timeline that says so.
    #[n(0)]
    pub id: MessageId,
    /// Seconds after a message was seen; none for good.
    #[n(1)]
    pub seconds: Option<u32>,
}

/// How urgent a message is: orders the outgoing queue, decides how it is announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Priority {
    /// May wait.
    #[n(0)]
    Low,
    /// The usual.
    #[default]
    #[n(1)]
    Normal,
    /// Before others.
    #[n(2)]
    High,
    /// Before all.
    #[n(3)]
    Urgent,
}

/// Watermarks in the log it is sent in (rule 22).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Receipt {
    /// Everything up to here is in the device's database.
    #[n(0)]
    pub delivered: Seq,
    /// Everything up to here was on a person's screen.
    #[n(1)]
    pub read: Seq,
    /// Entries below `delivered` that the device could not open.
    #[n(2)]
    #[cbor(default)]
    pub unopened: Vec<Seq>,
    /// Ranges below `delivered`, both ends in them, that the relay had not kept; at most [`MISSED`].
    #[n(3)]
    #[cbor(default, skip_if = "Vec::is_empty")]
    pub missed: Vec<(Seq, Seq)>,
}

/// The most ranges of a receipt; further ones are not read.
pub const MISSED: usize = 16;

/// What an account shows of itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Profile {
    /// At most [`crate::NAME_LIMIT`] characters.
    #[n(0)]
    pub name: String,
}

impl Body {
    fn parts(&self) -> (u16, Vec<u8>) {
        match self {
            Body::Text(text) => (1, encode(text)),
            Body::Receipt(receipt) => (2, encode(receipt)),
            Body::Profile(profile) => (3, encode(profile)),
            Body::Edit(edit) => (4, encode(edit)),
            Body::Delete(delete) => (5, encode(delete)),
            Body::React(react) => (6, encode(react)),
            Body::Timer(timer) => (7, encode(timer)),
            Body::Reach(inbox) => (8, encode(inbox)),
            Body::Leave(leave) => (9, encode(leave)),
            Body::Vote(vote) => (10, encode(vote)),
            Body::Own(record) => (64, encode(record)),
            Body::Decided(decision) => (65, encode(decision)),
            Body::Unknown { kind, form } => (*kind, form.clone()),
        }
    }
}

impl<C> Encode<C> for Body {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let (kind, form) = self.parts();
        put_kind(e, kind, &form)
    }
}

impl<'b, C> Decode<'b, C> for Body {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let (kind, form) = cbor::kind(d)?;
        Ok(match kind {
            1 => Body::Text(form_of(form)?),
            2 => Body::Receipt(form_of(form)?),
            3 => Body::Profile(form_of(form)?),
            4 => Body::Edit(form_of(form)?),
            5 => Body::Delete(form_of(form)?),
            6 => Body::React(form_of(form)?),
            7 => Body::Timer(form_of(form)?),
            8 => Body::Reach(form_of(form)?),
            9 => Body::Leave(form_of(form)?),
            10 => Body::Vote(form_of(form)?),
            64 => Body::Own(form_of(form)?),
            65 => Body::Decided(form_of(form)?),
            _ => Body::Unknown {
                kind,
                form: form.to_vec(),
            },
        })
    }
}
