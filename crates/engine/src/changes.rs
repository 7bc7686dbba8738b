//! What a transaction changed, told to the host once it is committed.

use snug_wire::{ClaimId, ConversationId, InvitationId, MessageId};
use std::collections::BTreeSet;

/// Ids of rows to read again. Collected inside a transaction, dropped with it when it fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeSet {
    /// The account was made or its name changed.
    pub account: bool,
    /// Conversations with a new last line, count or title.
    pub conversations: BTreeSet<ConversationId>,
    /// Messages that are new or changed.
    pub messages: BTreeSet<MessageId>,
    /// Messages that are no more, with their conversation.
    pub gone: BTreeSet<(ConversationId, MessageId)>,
    /// Invitations of ours.
    pub invitations: BTreeSet<InvitationId>,
    /// Requests either way.
    pub requests: BTreeSet<ClaimId>,
    /// Groups one is invited to, or was.
    pub offers: BTreeSet<ConversationId>,
    /// What deserves a notification, in order.
    pub notices: Vec<Notice>,
}

/// Something a person would want to be told at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A message arrived.
    Message(MessageId),
    /// Somebody asks to connect.
    Request(ClaimId),
    /// Somebody one asked, or who used one's invitation, is connected now.
    Connected(ClaimId),
    /// A contact invites into a group.
    Offer(ConversationId),
}

impl ChangeSet {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what another transaction changed.
    pub fn merge(&mut self, other: Self) {
        self.account |= other.account;
        self.conversations.extend(other.conversations);
        self.messages.extend(other.messages);
        self.gone.extend(other.gone);
        self.invitations.extend(other.invitations);
        self.requests.extend(other.requests);
        self.offers.extend(other.offers);
        self.notices.extend(other.notices);
    }
}
