//! Groups: making them, who is in them, leaving them, and those one is invited to.

use super::inviting::invitation_in;
use super::{Client, id, not_found};
use crate::view::{
    self, GroupInvitationRow, GroupRow, InvitationRow, Names, NewInvitation, PendingRow, Role,
};
use crate::{Problem, ProblemCode, clock, relay_url};
use snug_engine::{self as engine, GroupEntry, GroupWish};
use snug_wire::{AccountId, ConversationId};

impl Client {
    /// Makes a group with contacts, each by the account's id; its chat. Who is added is asked as soon as
    /// the relay can be reached.
    ///
    /// # Errors
    /// `nameEmpty`, `nameTooLong`, `notFound` for somebody who is no contact, `diskFull`.
    pub async fn create_group(&self, name: &str, accounts: &[String]) -> Result<String, Problem> {
        let (name, accounts) = (name.to_owned(), ids(accounts)?);
        let made = self
            .call(move |engine, now| engine.create_group(&name, &accounts, now))
            .await?;
        Ok(made.to_string())
    }

    /// All about a group.
    ///
    /// # Errors
    /// `notFound`, also for a chat that is none.
    pub async fn group(&self, chat: &str) -> Result<GroupRow, Problem> {
        let chat: ConversationId = id(chat)?;
        let (embedded, now) = (self.0.embedded.clone(), clock::now());
        let row = self.read(move |view| {
            let group = view.group(&chat)?;
            let at = (embedded.as_ref(), now);
            group
                .map(|group| view::group_row(&mut Names::new(view), group, at))
                .transpose()
        });
        row.await?.ok_or_else(not_found)
    }

    /// What one asked for of a group and is not done yet, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn pending_changes(&self, chat: &str) -> Result<Vec<PendingRow>, Problem> {
        let chat: ConversationId = id(chat)?;
        self.read(move |view| {
            view::pending_rows(&mut Names::new(view), view.pending_changes(&chat)?)
        })
        .await
    }

    /// Adds contacts: stored when this returns, done as soon as the relay can be reached.
    ///
    /// # Errors
    /// `notAdmin`, `notInGroup`, `groupFull`, `notFound`.
    pub async fn add_participants(&self, chat: &str, accounts: &[String]) -> Result<(), Problem> {
        let wishes = ids(accounts)?.into_iter().map(GroupWish::Add);
        self.wish(chat, wishes.collect()).await
    }

    /// Takes somebody out.
    ///
    /// # Errors
    /// `notAdmin`, `notInGroup`, `notFound`.
    pub async fn remove_participant(&self, chat: &str, account: &str) -> Result<(), Problem> {
        self.wish(chat, vec![GroupWish::Remove(id(account)?)]).await
    }

    /// Makes somebody an admin, or a member again.
    ///
    /// # Errors
    /// `notAdmin`, `lastAdmin`, `notInGroup`, `notFound`.
    pub async fn set_role(&self, chat: &str, account: &str, role: Role) -> Result<(), Problem> {
        let wish = GroupWish::Role(id(account)?, role.into());
        self.wish(chat, vec![wish]).await
    }

    /// Gives a group another name.
    ///
    /// # Errors
    /// `notAdmin`, `notInGroup`, `nameEmpty`, `nameTooLong`.
    pub async fn rename_group(&self, chat: &str, name: &str) -> Result<(), Problem> {
        let wish = GroupWish::Rename(name.trim().to_owned());
        self.wish(chat, vec![wish]).await
    }

    /// Says what a group is about; nothing if empty.
    ///
    /// # Errors
    /// `notAdmin`, `notInGroup`, `textTooLong`.
    pub async fn describe_group(&self, chat: &str, text: &str) -> Result<(), Problem> {
        let wish = GroupWish::Describe(text.trim().to_owned());
        self.wish(chat, vec![wish]).await
    }

    /// Gives a group a picture, an encoded PNG, JPEG or WebP of at most 16 KiB, or none.
    ///
    /// # Errors
    /// `notAdmin`, `notInGroup`, `notAPicture` for one that is too large.
    pub async fn set_group_picture(
        &self,
        chat: &str,
        picture: Option<Vec<u8>>,
    ) -> Result<(), Problem> {
        self.wish(chat, vec![GroupWish::Picture(picture)]).await
    }

    /// Has a group go on at the relay at this URL, whose key is learned and pinned; all others follow.
    ///
    /// # Errors
    /// `notAdmin`, `notInGroup`, `relayUnreachable`, `relayVersion`, `settingRefused` for an address of the
    /// web.
    pub async fn move_group(&self, chat: &str, relay: &str) -> Result<(), Problem> {
        let (url, _) = relay_url::with_token(relay)?;
        let now = self.group(chat).await?.relay;
        if relay_url::is_here(relay_url::host(&url))
            && !now.is_none_or(|now| relay_url::is_here(&now))
        {
            let text = "Only this computer reaches that relay. Name one that everybody in the group reaches.";
            return Err(Problem::new(ProblemCode::RelayUnreachable, text));
        }
        let to = self.find_relay(relay).await?;
        self.wish(chat, vec![GroupWish::Move(to)]).await
    }

    /// Stands for an admin of a group whose admins nobody has heard from for long: one becomes it when
    /// more than half of all agree, which their devices do by themselves.
    ///
    /// # Errors
    /// `adminsThere`, `notInGroup`, `notFound`.
    pub async fn stand_for_admin(&self, chat: &str) -> Result<(), Problem> {
        let chat: ConversationId = id(chat)?;
        self.call(move |engine, now| engine.stand_for_admin(chat, now))
            .await
    }

    /// Leaves a group; its only admin names who is one then.
    ///
    /// # Errors
    /// `lastAdmin`, `notInGroup`, `notFound`.
    pub async fn leave_group(&self, chat: &str, successor: Option<&str>) -> Result<(), Problem> {
        let chat: ConversationId = id(chat)?;
        let successor: Option<AccountId> = successor.map(id).transpose()?;
        self.call(move |engine, now| engine.leave_group(chat, successor, now))
            .await
    }

    /// Takes back a change that is not done yet.
    ///
    /// # Errors
    /// `notFound`, also when it is done.
    pub async fn cancel_change(&self, chat: &str, change: &str) -> Result<(), Problem> {
        let (chat, change) = (id::<ConversationId>(chat)?, id::<i64>(change)?);
        self.call(move |engine, now| engine.cancel_change(chat, change, now))
            .await
    }

    /// Makes a code that leads into a group; it works once the relay has its card (`open`).
    ///
    /// # Errors
    /// `notAdmin`, `notInGroup`, `nameTooLong` for the greeting, `queueFull`, `diskFull`.
    pub async fn create_group_invitation(
        &self,
        chat: &str,
        new: &NewInvitation,
    ) -> Result<InvitationRow, Problem> {
        let entry = GroupEntry {
            group: id(chat)?,
            uses: new.uses,
            asks: new.asks,
        };
        let (expires_in, greeting) = (new.expires_in_ms, new.greeting.trim().to_owned());
        self.call(move |engine, now| {
            let new = engine::NewInvitation {
                reusable: entry.uses != Some(1),
                expires_at: expires_in.map(|span| now.saturating_add(span.max(0.0) as u64)),
                greeting,
                group: Some(entry),
            };
            let made = engine.create_invitation(&new, now)?;
            invitation_in(engine.view(), made)
        })
        .await?
        .ok_or_else(not_found)
    }

    /// Groups one is invited to, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn group_invitations(&self) -> Result<Vec<GroupInvitationRow>, Problem> {
        self.read(|view| {
            let mut names = Names::new(view);
            let all = view.group_invitations()?.into_iter();
            all.map(|found| view::group_invitation_row(&mut names, found))
                .collect()
        })
        .await
    }

    /// Comes into a group one is invited to.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn accept_group(&self, invitation: &str) -> Result<(), Problem> {
        let invitation: ConversationId = id(invitation)?;
        self.call(move |engine, now| engine.accept_group(invitation, now))
            .await
    }

    /// Says no to an invitation to a group; who invites is told.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn decline_group(&self, invitation: &str) -> Result<(), Problem> {
        let invitation: ConversationId = id(invitation)?;
        self.call(move |engine, now| engine.decline_group(invitation, now))
            .await
    }

    /// Asks for changes, one after the other.
    async fn wish(&self, chat: &str, wishes: Vec<GroupWish>) -> Result<(), Problem> {
        let chat: ConversationId = id(chat)?;
        self.call(move |engine, now| {
            wishes
                .iter()
                .try_for_each(|wish| engine.change_group(chat, wish, now))
        })
        .await
    }
}

fn ids(accounts: &[String]) -> Result<Vec<AccountId>, Problem> {
    accounts.iter().map(|account| id(account)).collect()
}
