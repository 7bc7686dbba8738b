//! Rows of what people do with messages.

use super::{GroupChange, MessageRow, Millis, Priority};
use serde::{Deserialize, Serialize};

/// The message another answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// Message id.
    pub id: String,
    /// Account id.
    pub author: String,
    /// The author's name.
    pub author_name: String,
    /// Whether one wrote it oneself.
    pub own: bool,
    /// How it begins, at most 280 characters; empty when it is gone.
    pub text: String,
    /// It was taken back, has disappeared, or was never here.
    pub gone: bool,
}

/// An emoji under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// From how many.
    pub count: u32,
    /// Whether one is among them.
    pub own: bool,
    /// Their names, at most 20.
    pub names: Vec<String>,
}

/// Somebody named in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Mention {
    /// Account id.
    pub account: String,
    /// Where "@Name" begins, in UTF-16 code units.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
}

/// What a line of the timeline that is no message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum MessageNotice {
    /// Messages from here on disappear, or stay again.
    Timer {
        /// So long after they were seen.
        seconds: Option<u32>,
    },
    /// Messages before this did not reach this device.
    Gap,
    /// The chat goes on in a new mailbox.
    Renewed,
    /// Its author has another device than when they were verified: their safety number is another one.
    NewDevice,
    /// The message's author changed the group.
    Changes {
        /// What, in one step.
        changes: Vec<GroupChange>,
    },
}

/// What was begun to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// So far.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<String>,
    /// The own message it would replace.
    pub editing: Option<String>,
}

/// What goes with a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SendOptions {
    /// The message it answers.
    pub reply_to: Option<String>,
    /// Who is named in it.
    pub mentions: Vec<Mention>,
    /// How urgent.
    pub priority: Priority,
}

/// Who has a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct RecipientRow {
    /// Account id.
    pub account: String,
    /// Their name.
    pub name: String,
    /// When a device of theirs had it.
    pub delivered_at: Option<Millis>,
    /// When they saw it.
    pub read_at: Option<Millis>,
}

/// A text a message had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct VersionRow {
    /// What it said.
    pub text: String,
    /// Since when.
    pub at: Millis,
}

/// All that is known of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct MessageDetails {
    /// The message.
    pub message: MessageRow,
    /// When it was written, once the relay has it.
    pub sent_at: Option<Millis>,
    /// Of an own message: who has it.
    pub recipients: Vec<RecipientRow>,
    /// All its texts, oldest first.
    pub edits: Vec<VersionRow>,
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SearchQuery {
    /// Words, or parts of them; all must be there.
    pub text: String,
    /// Only in this chat.
    pub chat: Option<String>,
    /// Only by this account.
    pub author: Option<String>,
    /// Only written at this time or later.
    pub from: Option<Millis>,
    /// Only written before.
    pub to: Option<Millis>,
    /// Goes on after a page.
    pub before: Option<String>,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// The message.
    pub message: MessageRow,
    /// Its chat's title.
    pub chat_title: String,
    /// The part of its text around the first word.
    pub snippet: String,
    /// Where the words stand in it, in UTF-16 code units.
    pub marks: Vec<(u32, u32)>,
}

/// What was found, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SearchPage {
    /// The messages.
    pub hits: Vec<SearchHit>,
    /// Asks for more; `None` when that is all.
    pub before: Option<String>,
}
