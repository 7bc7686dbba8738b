//! Typing, presence, and who may know of them.

use crate::arguments::{OnOff, Presence, PresenceArgument, Privacy, Switch};
use crate::chats;
use crate::output::{self, Line};
use anyhow::{Context as _, Result};
use snug_client::Client;
use snug_client::view::{OwnState, PrivacyOverride};
use std::time::Duration;

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
        Presence::Show => {
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
    Ok(client.set_presence(own).await?)
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
