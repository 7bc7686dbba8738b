//! Groups: who is in them, what is changing, and what one is invited to.

use super::{Millis, Trust};
use crate::ProblemCode;
use serde::{Deserialize, Serialize};

/// What somebody may do in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Adds, removes and names; gives and takes this role.
    Admin,
    /// Writes and reads.
    Member,
}

/// What a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ParticipantKind {
    /// A person.
    User,
    /// A program that takes part.
    Agent,
}

/// How one stands in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ChatStanding {
    /// One takes part; so it is with every direct chat.
    In,
    /// One left.
    Left,
    /// An admin removed one.
    Removed,
}

/// How far a participant is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ParticipantState {
    /// Added, and their device has not spoken yet.
    Invited,
    /// Taking part.
    Joined,
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantRow {
    /// Account id.
    pub account: String,
    /// Their name.
    pub name: String,
    /// What they are.
    pub kind: ParticipantKind,
    /// What they may do.
    pub role: Role,
    /// How far they are.
    pub state: ParticipantState,
    /// Whether it is oneself.
    pub own: bool,
    /// Whether one has a direct chat with them.
    pub contact: bool,
    /// What is known of who they are, of a contact.
    pub trust: Trust,
    /// Whether nothing is taken of them.
    pub blocked: bool,
}

/// Something about a group that is different now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum GroupChange {
    /// Somebody was added.
    Added {
        /// Account id.
        account: String,
        /// Their name.
        name: String,
        /// What they are.
        kind: ParticipantKind,
    },
    /// Somebody was removed.
    Removed {
        /// Account id.
        account: String,
        /// Their name.
        name: String,
    },
    /// Somebody left.
    Left {
        /// Account id.
        account: String,
        /// Their name.
        name: String,
    },
    /// Somebody has another role.
    Role {
        /// Account id.
        account: String,
        /// Their name.
        name: String,
        /// What they may do now.
        role: Role,
    },
    /// It has another name.
    Renamed {
        /// The name.
        name: String,
    },
    /// It has another description.
    Described {
        /// The description; empty when there is none any more.
        text: String,
    },
    /// It has another picture, or none.
    Pictured,
    /// It was made.
    Founded,
    /// Somebody became an admin because most of all voted for it.
    Elected {
        /// Account id.
        account: String,
        /// Their name.
        name: String,
    },
    /// It goes on at another relay.
    Moved {
        /// `host:port`.
        relay: String,
    },
}

/// A change of one's own that is not done yet: one is offline, or it is on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct PendingRow {
    /// Its id.
    pub id: String,
    /// What shall be.
    pub change: GroupChange,
    /// Why it waits, beyond the way to the relay.
    pub problem: Option<ProblemCode>,
    /// When one asked for it.
    pub at: Millis,
}

/// All about a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct GroupRow {
    /// Conversation id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is about; may be empty.
    pub description: String,
    /// A `data:` URL of a square picture.
    pub picture: Option<String>,
    /// What one may do in it.
    pub role: Role,
    /// How one stands in it.
    pub standing: ChatStanding,
    /// The relay it is on, `host:port`; none for the one inside the application.
    pub relay: Option<String>,
    /// Since when no admin was heard of, if that is for so long that one may stand for it.
    pub silent_since: Option<Millis>,
    /// Whether one stands for it; the others' devices answer within a day.
    pub stands: bool,
    /// Oneself first, then admins, then by name.
    pub participants: Vec<ParticipantRow>,
    /// One's own changes that are not done yet, oldest first.
    pub pending: Vec<PendingRow>,
}

/// A group one is invited to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct GroupInvitationRow {
    /// Conversation id.
    pub id: String,
    /// The group's name.
    pub name: String,
    /// What it is about; may be empty.
    pub description: String,
    /// A `data:` URL of a square picture.
    pub picture: Option<String>,
    /// The name of who invites.
    pub inviter: String,
    /// Their account id.
    pub inviter_account: String,
    /// Names of some participants.
    pub participants: Vec<String>,
    /// How many there are.
    pub count: u32,
    /// When one was invited.
    pub at: Millis,
    /// Whether one said yes and is on the way in.
    pub accepted: bool,
}

/// What a group's code says of the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct GroupPreview {
    /// Its name.
    pub name: String,
    /// How many take part.
    pub participants: u32,
}

/// What an invitation shall be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NewInvitation {
    /// Whether it can be used again and again; one is then asked each time.
    pub reusable: bool,
    /// Milliseconds from now; without end if `None`.
    pub expires_in_ms: Option<Millis>,
    /// A word of welcome.
    pub greeting: String,
    /// Of a group's code: for how many it works; without end if `None`.
    pub uses: Option<u32>,
    /// Of a group's code: whether one is asked each time.
    pub asks: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form user interfaces and scripts read.
    #[test]
    fn changes_are_told_apart_by_their_type() {
        let added = GroupChange::Added {
            account: "0b".into(),
            name: "Bo".into(),
            kind: ParticipantKind::User,
        };
        assert_eq!(
            serde_json::to_string(&[added, GroupChange::Founded]).unwrap(),
            r#"[{"type":"added","account":"0b","name":"Bo","kind":"user"},{"type":"founded"}]"#
        );
    }
}
