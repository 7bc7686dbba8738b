//! Groups.

use crate::chats::{self, PATIENCE};
use crate::output::{self, Line};
use crate::place::{catch_up, look, look_quietly};
use crate::span;
use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use serde::Deserialize;
use snug_client::Client;
use snug_client::view::{ChatKind, ChatRow, GroupInvitationRow, GroupRow, NewInvitation, Role};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::timeout;

/// As commands of the program, and of `listen` under "what".
#[derive(Debug, Deserialize, Subcommand)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Group {
    /// Make a group
    ///
    /// Who is named is asked whether they come in.
    New {
        /// Its name
        name: String,
        /// Whom to add
        #[arg(value_name = "CONTACT")]
        #[serde(default)]
        contacts: Vec<String>,
    },
    /// Show a group: its name, who is in it, what is not done yet
    Show {
        /// The group's chat
        chat: String,
    },
    /// Add contacts
    Invite {
        /// The group's chat
        chat: String,
        /// Whom to add
        #[arg(value_name = "CONTACT", required = true)]
        contacts: Vec<String>,
    },
    /// Make a code that leads into a group; returns when it works
    Code {
        /// The group's chat
        chat: String,
        /// How many may come in with it; any number if left out
        #[arg(long, value_name = "N")]
        uses: Option<NonZeroU32>,
        /// Ends after this time, such as 24h
        #[arg(long, value_name = "TIME", value_parser = span::some)]
        #[serde(default, deserialize_with = "span::given")]
        expires: Option<Duration>,
        /// You are asked each time (see `invite list`, `invite accept`)
        #[arg(long)]
        #[serde(default)]
        asks: bool,
    },
    /// List groups one is invited to
    Invitations,
    /// Come into a group one is invited to
    Accept {
        /// The invitation's id (`group invitations`)
        invitation: String,
    },
    /// Say no to an invitation
    Decline {
        /// The invitation's id (`group invitations`)
        invitation: String,
    },
    /// Take somebody out
    ///
    /// They read nothing written from then on, and keep what they have.
    Remove {
        /// The group's chat
        chat: String,
        /// Whom
        person: String,
    },
    /// Make somebody an admin
    Promote {
        /// The group's chat
        chat: String,
        /// Whom
        person: String,
    },
    /// Make an admin a member again
    Demote {
        /// The group's chat
        chat: String,
        /// Whom
        person: String,
    },
    /// Give a group another name
    Rename {
        /// The group's chat
        chat: String,
        /// The name
        name: String,
    },
    /// Say what a group is about
    Describe {
        /// The group's chat
        chat: String,
        /// The description; "" for none
        text: String,
    },
    /// Have a group go on at another relay; everybody in it follows
    Move {
        /// The group's chat
        chat: String,
        /// The relay's URL, such as wss://relay.example
        relay: String,
    },
    /// Become an admin where none was heard of for 30 days
    ///
    /// More than half of all are needed. The others' devices agree by themselves, a day later, unless an
    /// admin says something by then.
    Stand {
        /// The group's chat
        chat: String,
    },
    /// Leave a group; what is here already stays
    Leave {
        /// The group's chat
        chat: String,
        /// Who becomes an admin, if you are the only one
        #[arg(long, value_name = "PERSON")]
        successor: Option<String>,
    },
}

/// Does what was asked about groups; the group is shown as it is when the relay has been told, or could
/// not be.
pub async fn group(client: &Client, asked: Group) -> Result<Vec<Line>> {
    if let Group::Show { .. } | Group::Invitations = asked {
        look(client).await;
        return done(client, asked).await?.lines(client).await;
    }
    catch_up(client).await?;
    let done = done(client, asked).await?;
    look_quietly(client).await;
    done.lines(client).await
}

/// What is stored, and perhaps not known to the relay yet.
pub enum Done {
    /// A group is different, or is shown.
    Chat(String),
    /// Something else.
    Lines(Vec<Line>),
}

impl Done {
    /// As it is now.
    pub async fn lines(self, client: &Client) -> Result<Vec<Line>> {
        match self {
            Self::Chat(chat) => Ok(vec![output::row("group", &client.group(&chat).await?)?]),
            Self::Lines(lines) => Ok(lines),
        }
    }
}

/// Does what was asked, without looking what is new first. Only a code is waited for until it works.
pub async fn done(client: &Client, asked: Group) -> Result<Done> {
    Ok(Done::Chat(match asked {
        Group::Show { chat } => find(client, &chat).await?.id,
        Group::Invitations => return invitations(client).await.map(Done::Lines),
        Group::Accept { invitation } => {
            return answer(client, &invitation, true).await.map(Done::Lines);
        }
        Group::Decline { invitation } => {
            return answer(client, &invitation, false).await.map(Done::Lines);
        }
        Group::Code {
            chat,
            uses,
            expires,
            asks,
        } => {
            let new = NewInvitation {
                expires_in_ms: expires.map(|span| span.as_millis() as f64),
                uses: uses.map(NonZeroU32::get),
                asks,
                ..NewInvitation::default()
            };
            let chat = find(client, &chat).await?.id;
            return code(client, &chat, &new).await.map(Done::Lines);
        }
        Group::New { name, contacts } => {
            let accounts = accounts(client, &contacts).await?;
            client.create_group(&name, &accounts).await?
        }
        other => change(client, other).await?,
    }))
}

/// Asks for a change of a group; its chat.
async fn change(client: &Client, asked: Group) -> Result<String> {
    let (Group::Invite { chat, .. }
    | Group::Remove { chat, .. }
    | Group::Promote { chat, .. }
    | Group::Demote { chat, .. }
    | Group::Rename { chat, .. }
    | Group::Describe { chat, .. }
    | Group::Move { chat, .. }
    | Group::Stand { chat }
    | Group::Leave { chat, .. }) = &asked
    else {
        bail!("this changes no group");
    };
    let id = find(client, chat).await?.id;
    let row = client.group(&id).await?;
    match &asked {
        Group::Invite { contacts, .. } => {
            let accounts = accounts(client, contacts).await?;
            client.add_participants(&id, &accounts).await?;
        }
        Group::Remove { person, .. } => {
            client.remove_participant(&id, &who(&row, person)?).await?;
        }
        Group::Promote { person, .. } => {
            client
                .set_role(&id, &who(&row, person)?, Role::Admin)
                .await?;
        }
        Group::Demote { person, .. } => {
            client
                .set_role(&id, &who(&row, person)?, Role::Member)
                .await?;
        }
        Group::Rename { name, .. } => client.rename_group(&id, name).await?,
        Group::Describe { text, .. } => client.describe_group(&id, text).await?,
        Group::Move { relay, .. } => client.move_group(&id, relay).await?,
        Group::Stand { .. } => client.stand_for_admin(&id).await?,
        Group::Leave { successor, .. } => {
            let successor = successor
                .as_deref()
                .map(|name| who(&row, name))
                .transpose()?;
            client.leave_group(&id, successor.as_deref()).await?;
        }
        _ => {}
    }
    Ok(id)
}

async fn invitations(client: &Client) -> Result<Vec<Line>> {
    let all = client.group_invitations().await?;
    all.iter()
        .map(|row| output::row("groupInvitation", row))
        .collect()
}

/// Comes in, or says no.
async fn answer(client: &Client, invitation: &str, accept: bool) -> Result<Vec<Line>> {
    let all = client.group_invitations().await?;
    let row = all.into_iter().find(|row| row.id == invitation);
    let row = row.with_context(|| {
        format!("There is no invitation {invitation}. `snug-cli group invitations` lists those there are.")
    })?;
    match accept {
        true => client.accept_group(&row.id).await?,
        false => client.decline_group(&row.id).await?,
    }
    let answered = GroupInvitationRow {
        accepted: accept,
        ..row
    };
    Ok(vec![output::row("groupInvitation", &answered)?])
}

/// Makes a code and waits until it works.
async fn code(client: &Client, chat: &str, new: &NewInvitation) -> Result<Vec<Line>> {
    let made = client.create_group_invitation(chat, new).await?;
    let published = timeout(PATIENCE, client.published(&made.id)).await;
    let published = published.context(
        "The relay has not confirmed the code. It works as soon as it has: see `snug-cli invite list`.",
    )??;
    Ok(vec![output::row("invitation", &published)?])
}

/// The chat of a group, by its id or name.
async fn find(client: &Client, chat: &str) -> Result<ChatRow> {
    let found = chats::find(client, chat).await?;
    match found.kind {
        ChatKind::Group => Ok(found),
        ChatKind::Direct => bail!("{chat:?} is a chat of two, not a group."),
    }
}

/// Accounts of contacts, each by its id or by the name only one has; nobody who is blocked.
async fn accounts(client: &Client, contacts: &[String]) -> Result<Vec<String>> {
    let all = client.contacts().await?.into_iter();
    let known: Vec<(String, String)> = all
        .filter(|contact| !contact.blocked)
        .map(|contact| (contact.account, contact.name))
        .collect();
    let find = |wanted: &String| one(&known, wanted, "contact");
    contacts.iter().map(find).collect()
}

/// The account of a participant, by its id or name.
fn who(group: &GroupRow, person: &str) -> Result<String> {
    let known = group.participants.iter();
    let known: Vec<_> = known
        .map(|row| (row.account.clone(), row.name.clone()))
        .collect();
    one(&known, person, "participant")
}

/// The one account of an id or a name.
fn one(known: &[(String, String)], wanted: &str, what: &str) -> Result<String> {
    if let Some((account, _)) = known.iter().find(|(account, _)| account == wanted) {
        return Ok(account.clone());
    }
    let mut named = known.iter().filter(|(_, name)| name == wanted);
    match (named.next(), named.next()) {
        (Some((account, _)), None) => Ok(account.clone()),
        (Some(_), Some(_)) => {
            bail!("Several are called {wanted:?}. Name the {what} by the account's id.")
        }
        (None, _) => bail!("There is no {what} {wanted:?}."),
    }
}

#[cfg(test)]
mod tests {
    use super::one;

    #[test]
    fn people_are_found_by_id_and_by_a_name_only_one_has() {
        let known =
            [("0a", "Ada"), ("0b", "Bo"), ("0c", "Bo")].map(|(id, name)| (id.into(), name.into()));
        assert_eq!(one(&known, "Ada", "contact").unwrap(), "0a");
        assert_eq!(one(&known, "0c", "contact").unwrap(), "0c");
        assert!(one(&known, "Bo", "contact").is_err());
        assert!(one(&known, "Cyan", "contact").is_err());
    }
}
