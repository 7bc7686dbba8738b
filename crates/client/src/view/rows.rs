//! Rows.

use super::{
    ChatStanding, GroupPreview, Mention, MessageNotice, Millis, Priority, Quote, Reaction, Trust,
};
use crate::ProblemCode;
use crate::keychain::KeychainKind;
use serde::{Deserialize, Serialize};

/// The account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct AccountRow {
    /// Account id.
    pub id: String,
    /// The name it shows.
    pub name: String,
    /// Short form of the id, for people to compare.
    pub fingerprint: String,
}

/// How things stand when a host has opened the client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Startup {
    /// The account, once there is one.
    pub account: Option<AccountRow>,
    /// The home relay: `host:port`, or "this computer".
    pub relay: String,
    /// Whether that relay runs inside the application.
    pub embedded: bool,
    /// Where the keys are.
    pub keychain: KeychainKind,
}

/// What a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ChatKind {
    /// Of two accounts.
    Direct,
    /// Of several.
    Group,
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum MessageState {
    /// Stored here.
    Sending,
    /// The relay has it on disk.
    Sent,
    /// A recipient's device has it.
    Delivered,
    /// A person saw it.
    Read,
    /// It will not be sent without help.
    Failed,
    /// Written by somebody else.
    Received,
}

/// What a chat list shows of a chat's newest message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct LastLine {
    /// Its text.
    pub text: String,
    /// Whether one wrote it oneself.
    pub own: bool,
    /// In a group: who did.
    pub author_name: Option<String>,
    /// How far it is.
    pub state: MessageState,
    /// Its author's clock.
    pub at: Millis,
    /// What it is.
    pub kind: MessageKind,
    /// What a notice says.
    pub notice: Option<MessageNotice>,
}

/// A chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ChatRow {
    /// Conversation id.
    pub id: String,
    /// What it is.
    pub kind: ChatKind,
    /// The other's name, or the group's.
    pub title: String,
    /// The other account of a direct chat.
    pub peer: Option<String>,
    /// A `data:` URL of a square picture.
    pub picture: Option<String>,
    /// How many take part: two in a direct chat.
    pub participants: u32,
    /// How one stands in it.
    pub standing: ChatStanding,
    /// The newest message.
    pub last: Option<LastLine>,
    /// How many messages one has not seen.
    pub unread: u32,
    /// The first of them.
    pub first_unread: Option<String>,
    /// How many of them name this account.
    pub mentions: u32,
    /// The first of those.
    pub first_mention: Option<String>,
    /// The first line of what was begun to be written.
    pub draft: Option<String>,
    /// For how many seconds messages stay once they were seen.
    pub timer: Option<u32>,
    /// Whether it stands before the others.
    pub pinned: bool,
    /// Whether it stands behind the others, out of sight.
    pub archived: bool,
    /// Whether nothing of it is notified but what names this account.
    pub muted: bool,
    /// Until when; without end if `None`.
    pub muted_until: Option<Millis>,
    /// Whether the other of a direct chat is blocked.
    pub blocked: bool,
    /// What is known of who the other of a direct chat is.
    pub trust: Trust,
    /// When it began.
    pub created_at: Millis,
    /// What lists are sorted by, newest first.
    pub sorted_at: Millis,
}

/// What a line of a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum MessageKind {
    /// A text.
    Text,
    /// Taken back by its author.
    Deleted,
    /// Written by a newer Snug.
    Unknown,
    /// Something that happened.
    Notice,
}

/// A line of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct MessageRow {
    /// Message id.
    pub id: String,
    /// Its conversation.
    pub chat: String,
    /// Account id.
    pub author: String,
    /// The author's name.
    pub author_name: String,
    /// Whether one wrote it oneself.
    pub own: bool,
    /// What it is.
    pub kind: MessageKind,
    /// What it says.
    pub text: String,
    /// Its author's clock.
    pub at: Millis,
    /// Its place: compared as strings. Those being sent come last.
    pub order: String,
    /// How far it is.
    pub state: MessageState,
    /// Why it failed.
    pub problem: Option<ProblemCode>,
    /// What it answers.
    pub quote: Option<Quote>,
    /// Whether somebody wrote it elsewhere before.
    pub forwarded: bool,
    /// When its text was changed, by its author's clock.
    pub edited_at: Option<Millis>,
    /// Whether an edit or deletion of ours is on its way.
    pub changing: bool,
    /// What people think of it.
    pub reactions: Vec<Reaction>,
    /// Who is named in it.
    pub mentions: Vec<Mention>,
    /// Whether this account is.
    pub mentions_me: bool,
    /// How urgent it is.
    pub priority: Priority,
    /// For how many seconds it stays once it was seen.
    pub timer: Option<u32>,
    /// When it goes.
    pub expires_at: Option<Millis>,
    /// What a notice says.
    pub notice: Option<MessageNotice>,
}

/// A stretch of a timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// Oldest first.
    pub rows: Vec<MessageRow>,
    /// Asks for older ones; `None` at the beginning.
    pub before: Option<String>,
    /// Asks for newer ones; `None` at the end.
    pub after: Option<String>,
}

/// How an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum InvitationState {
    /// On its way to the relay: the code does not work yet.
    Publishing,
    /// It can be used.
    Open,
    /// It has been used.
    Used,
    /// Its time is over.
    Expired,
    /// It was withdrawn.
    Revoked,
}

/// An invitation of one's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct InvitationRow {
    /// Invitation id.
    pub id: String,
    /// How it stands.
    pub state: InvitationState,
    /// Whether it can be used again and again; one is then asked each time.
    pub reusable: bool,
    /// The group it leads into, by its conversation's id.
    pub group: Option<String>,
    /// For how many it works; without end if `None`.
    pub uses: Option<u32>,
    /// Whether one is asked each time.
    pub asks: bool,
    /// A word of welcome.
    pub greeting: String,
    /// `SNUG:…`.
    pub code: String,
    /// `snug:…`.
    pub link: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends.
    pub expires_at: Option<Millis>,
    /// Whether its relay can be reached from this computer alone.
    pub here_only: bool,
    /// Whether its relay can be reached from its local network alone.
    pub local_only: bool,
    /// Names of those who used it.
    pub used_by: Vec<String>,
}

/// A QR code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct QrMatrix {
    /// Modules along a side, without the quiet zone.
    pub size: u32,
    /// Row by row, `size` × `size`.
    pub dark: Vec<bool>,
}

/// Where one stands with who invites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// Not asked yet.
    New,
    /// Asked already.
    Waiting,
    /// In a chat with them.
    Connected,
}

/// What an invitation says, before anything is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// The code itself.
    pub code: String,
    /// Who invites.
    pub name: String,
    /// Their word of welcome.
    pub greeting: String,
    /// When it ends.
    pub expires_at: Option<Millis>,
    /// Short form of their account id.
    pub fingerprint: String,
    /// Their relay, `host:port`.
    pub relay: String,
    /// Where one stands with them.
    pub standing: Standing,
    /// The chat with them, or the group.
    pub chat: Option<String>,
    /// The group it leads into.
    pub group: Option<GroupPreview>,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum RequestState {
    /// Stored here.
    Sending,
    /// The relay has it; the other side has not answered.
    Waiting,
    /// There is a chat.
    Connected,
    /// The other side said no.
    Declined,
    /// The invitation had been used.
    Used,
    /// It had expired.
    Expired,
    /// It had been withdrawn.
    Revoked,
    /// It cannot be sent.
    Failed,
}

/// A wish to connect, either way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct RequestRow {
    /// Claim id.
    pub id: String,
    /// The other side's account id.
    pub account: String,
    /// Whether the other side asks.
    pub incoming: bool,
    /// The other side's name.
    pub name: String,
    /// The asking side's word.
    pub greeting: String,
    /// How it stands.
    pub state: RequestState,
    /// When it was made.
    pub at: Millis,
    /// The chat it led to.
    pub chat: Option<String>,
    /// The name of the group it leads into.
    pub group: Option<String>,
}

/// How a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ConnectionState {
    /// Not connected; another attempt is due.
    Offline,
    /// An attempt is under way.
    Connecting,
    /// Connected.
    Connected,
}

/// The connection to the home relay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionRow {
    /// `host:port`, or "this computer".
    pub relay: String,
    /// Whether the relay runs inside the application.
    pub embedded: bool,
    /// How it stands.
    pub state: ConnectionState,
    /// Since when.
    pub since: Millis,
    /// Of the last ping.
    pub round_trip: Option<Millis>,
    /// When the next attempt is due.
    pub retry_at: Option<Millis>,
    /// Why it is not connected, or why nothing works any more.
    pub problem: Option<ProblemCode>,
    /// Messages waiting to be sent.
    pub waiting: u32,
}
