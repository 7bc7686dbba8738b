//! Whom one knows: the other sides of one's direct chats.

use crate::error::Result;
use crate::read::View;
use crate::store::table::message::Message;
use crate::store::table::{blocked, contact, conversation, keeping};
use crate::verify::Trust;
use snug_wire::{AccountId, ConversationId};

/// Somebody one has a chat with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who.
    pub account: AccountId,
    /// The name they show.
    pub name: String,
    /// The chat with them.
    pub chat: ConversationId,
    /// What is known of who they are.
    pub trust: Trust,
    /// Whether nothing is taken of them.
    pub blocked: bool,
}

impl View<'_> {
    /// All contacts, by their names.
    ///
    /// # Errors
    /// The disk.
    pub fn contacts(&self) -> Result<Vec<Contact>> {
        let mut contacts = Vec::new();
        for chat in conversation::visible(self.0)? {
            if let Some(account) = chat.peer {
                let known = contact::get(self.0, &account)?;
                contacts.push(Contact {
                    account,
                    name: known.map(|(name, _)| name).unwrap_or_default(),
                    chat: chat.id,
                    trust: self.trust(&account)?,
                    blocked: blocked::is(self.0, &account)?,
                });
            }
        }
        contacts.sort_by(|a, b| (&a.name, a.account).cmp(&(&b.name, b.account)));
        Ok(contacts)
    }

    /// Whether nobody is to be told of a message: its chat is muted, and it does not name us.
    ///
    /// # Errors
    /// The disk.
    pub fn is_quiet(&self, message: &Message) -> Result<bool> {
        let keeping = keeping::get(self.0, &message.conversation)?;
        Ok(keeping.muted_until.is_some() && !message.to_me)
    }
}
