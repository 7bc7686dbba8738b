//! What has changed.

use super::{
    ChatRow, ConnectionRow, GroupInvitationRow, InvitationRow, LocalNetworkRow, MessageRow,
    PresenceRow, RequestRow,
};
use serde::{Deserialize, Serialize};

/// What a row was that is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum GoneKind {
    /// A chat.
    Chat,
    /// A message.
    Message,
    /// An invitation.
    Invitation,
    /// A request.
    Request,
    /// An invitation to a group.
    GroupInvitation,
}

/// A row that is no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Gone {
    /// What it was.
    pub kind: GoneKind,
    /// Its id.
    pub id: String,
}

/// One entry of the update stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Update {
    /// Rows that are new or different, whole, as they are on disk.
    Changed {
        /// Rises by one with each; a gap cannot happen without `Resync`.
        revision: u32,
        /// Chats.
        chats: Vec<ChatRow>,
        /// Messages.
        messages: Vec<MessageRow>,
        /// Invitations.
        invitations: Vec<InvitationRow>,
        /// Requests.
        requests: Vec<RequestRow>,
        /// Groups one is invited to.
        group_invitations: Vec<GroupInvitationRow>,
        /// Conversation ids of groups whose participants, name, roles or pending changes are different:
        /// whoever shows one asks for it again.
        groups: Vec<String>,
        /// What is no more.
        gone: Vec<Gone>,
    },
    /// The connection to the home relay.
    Connection {
        /// As it is now.
        row: ConnectionRow,
    },
    /// The relay inside the application, towards the local network.
    LocalNetwork {
        /// As it is now.
        row: LocalNetworkRow,
    },
    /// How others are there. They are no rows of the database and have no revision.
    Presence {
        /// Those who changed.
        rows: Vec<PresenceRow>,
    },
    /// Somebody types, or has stopped; a message of theirs ends it too.
    Typing {
        /// Where.
        chat: String,
        /// Account id.
        account: String,
        /// Their name.
        name: String,
        /// Whether they type.
        on: bool,
    },
    /// Something a person who is not looking should hear of.
    Notify {
        /// From whom.
        title: String,
        /// What.
        body: String,
        /// Where.
        chat: Option<String>,
    },
    /// Something was missed: load everything anew.
    Resync,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The form user interfaces and scripts read.
    #[test]
    fn updates_are_told_apart_by_their_type() {
        let json = |update: &Update| serde_json::to_string(update).unwrap();
        let changed = Update::Changed {
            revision: 1,
            chats: Vec::new(),
            messages: Vec::new(),
            invitations: Vec::new(),
            requests: Vec::new(),
            group_invitations: Vec::new(),
            groups: Vec::new(),
            gone: vec![Gone {
                kind: GoneKind::Message,
                id: "0a".into(),
            }],
        };
        assert_eq!(
            json(&changed),
            r#"{"type":"changed","revision":1,"chats":[],"messages":[],"invitations":[],"requests":[],"groupInvitations":[],"groups":[],"gone":[{"kind":"message","id":"0a"}]}"#
        );
        assert_eq!(json(&Update::Resync), r#"{"type":"resync"}"#);
    }
}
