//! Typing, presence, and who may know of them.

use crate::arguments::{OnOff, Presence, PresenceArgument, Privacy, Switch};
use crate::output::{self, Line};
use crate::{chats, place};
use anyhow::{Context as _, Result};
use snug_client::Client;
use snug_client::view::{ConnectionState, OwnState, PresenceRow, PresenceState, PrivacyOverride};
use std::time::Duration;
use tokio::time::timeout;

/// Between two signs that one is typing: they hold for five seconds.
const AGAIN: Duration = Duration::from_secs(3);

/// Types, for so long, or stops.
pub async fn typing(client: &Client, chat: &str, on: OnOff, time: Duration) -> Result<()> {
    let chat = chats::find(client, chat).await?.id;
    if on == OnOff::Off {
        return Ok(client.typing(&chat, false).await?);
    }
    let mut again = tokio::time::interval(AGAIN);
    let over = tokio::time::sleep(time);
    tokio::pin!(over);
    loop {
        tokio::select! {
            () = &mut over => return Ok(client.typing(&chat, false).await?),
            _ = again.tick() => client.typing(&chat, true).await?,
        }
    }
}

/// Does what was asked about presence.
pub async fn presence(client: &Client, asked: Presence) -> Result<Vec<Line>> {
    match asked {
        Presence::Set { state, text } => {
            set_presence(client, Some(state), text).await?;
            Ok(vec![own_presence(client).await?])
        }
        Presence::Show { time } => {
            // Who has not answered by then is as last known.
            if let Ok(answered) = timeout(time, answered(client)).await {
                answered?;
            }
            let mut lines = vec![own_presence(client).await?];
            lines.extend(presences(client).await?);
            Ok(lines)
        }
    }
}

/// Changes the state, the text, or both.
pub async fn set_presence(
    client: &Client,
    state: Option<PresenceArgument>,
    text: Option<String>,
) -> Result<()> {
    let mut own = client.own_presence().await?;
    if let Some(state) = state {
        own.state = match state {
            PresenceArgument::Online => OwnState::Online,
            PresenceArgument::Away => OwnState::Away,
            PresenceArgument::Busy => OwnState::Busy,
            PresenceArgument::Invisible => OwnState::Invisible,
        };
    }
    own.text = text.unwrap_or(own.text);
    client.set_presence(own).await?;
    // Contacts are told before this is done, if the relay answers.
    place::look_quietly(client).await;
    Ok(())
}

/// Waits until every contact has said how they are there, as far as they can be asked.
async fn answered(client: &Client) -> Result<()> {
    let mut updates = client.updates();
    while client.connection().state == ConnectionState::Connected && is_one_silent(client).await? {
        if updates.next().await.is_none() {
            break;
        }
    }
    Ok(())
}

/// Whether a contact who could answer has not. Who says nothing of themselves asks nobody, and is
/// answered by nobody.
async fn is_one_silent(client: &Client) -> Result<bool> {
    if client.own_presence().await?.state == OwnState::Invisible {
        return Ok(false);
    }
    let for_all = client.privacy().await?.presence;
    let known = client.presences().await?;
    let is_there = |row: &PresenceRow| row.state != PresenceState::Offline;
    for peer in client
        .chats()
        .await?
        .into_iter()
        .filter_map(|chat| chat.peer)
    {
        let answers = client.contact_privacy(&peer).await?.presence;
        let has_answered = known.iter().any(|row| row.account == peer && is_there(row));
        if answers.unwrap_or(for_all) && !has_answered {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One's own presence.
pub async fn own_presence(client: &Client) -> Result<Line> {
    output::row("ownPresence", &client.own_presence().await?)
}

/// Others'.
pub async fn presences(client: &Client) -> Result<Vec<Line>> {
    let rows = client.presences().await?;
    rows.iter()
        .map(|row| output::row("presence", row))
        .collect()
}

/// Does what was asked about privacy.
pub async fn privacy(client: &Client, asked: Privacy) -> Result<Line> {
    let contact = match &asked {
        Privacy::Show { contact } | Privacy::Set { contact, .. } => contact.as_deref(),
    };
    let account = match contact {
        Some(chat) => Some(peer(client, chat).await?),
        None => None,
    };
    if let Privacy::Set {
        typing,
        presence,
        receipts,
        ..
    } = asked
    {
        let new = [typing, presence, receipts];
        match &account {
            Some(account) => set_for_one(client, account, new).await?,
            None => set_for_all(client, new).await?,
        }
    }
    match account {
        Some(account) => output::row("contactPrivacy", &client.contact_privacy(&account).await?),
        None => output::row("privacy", &client.privacy().await?),
    }
}

async fn peer(client: &Client, chat: &str) -> Result<String> {
    let chat = chats::find(client, chat).await?;
    chat.peer
        .context("That is a group. Name the chat with the contact.")
}

async fn set_for_one(client: &Client, account: &str, new: [Option<Switch>; 3]) -> Result<()> {
    let old = client.contact_privacy(account).await?;
    let becomes = |old: Option<bool>, new: Option<Switch>| match new {
        Some(Switch::On) => Some(true),
        Some(Switch::Off) => Some(false),
        Some(Switch::Same) => None,
        None => old,
    };
    let [typing, presence, receipts] = new;
    let new = PrivacyOverride {
        typing: becomes(old.typing, typing),
        presence: becomes(old.presence, presence),
        receipts: becomes(old.receipts, receipts),
    };
    Ok(client.set_contact_privacy(account, new).await?)
}

async fn set_for_all(client: &Client, new: [Option<Switch>; 3]) -> Result<()> {
    let mut all = client.privacy().await?;
    let [typing, presence, receipts] = new;
    for (value, new) in [
        (&mut all.typing, typing),
        (&mut all.presence, presence),
        (&mut all.receipts, receipts),
    ] {
        match new {
            Some(Switch::On) => *value = true,
            Some(Switch::Off) => *value = false,
            Some(Switch::Same) => anyhow::bail!(
                "\"same\" is as for everybody, and this is for everybody. Say on or off, or name a --contact."
            ),
            None => {}
        }
    }
    Ok(client.set_privacy(all).await?)
}
