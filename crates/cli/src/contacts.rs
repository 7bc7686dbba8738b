//! People one knows or does not want to, and how chats are kept.

use crate::invite::text_of;
use crate::output::{self, Line};
use crate::{chats, place, span};
use anyhow::{Result, bail};
use clap::Subcommand;
use serde::Deserialize;
use snug_client::Client;
use snug_client::view::{ContactRow, SafetyNumber};
use std::time::Duration;

/// About people: as commands of the program, and of `listen` under "what".
#[derive(Debug, Deserialize, Subcommand)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Contact {
    /// List all one has a chat with
    List,
    /// List all one blocked, with how many of their requests were ignored
    Blocked,
    /// Show the safety number of a contact, and the code that they scan
    ///
    /// Compare the number with the one on the contact's screen: it is the same if nobody stands between
    /// you. It changes when one of you has another device.
    Number {
        /// The contact's account id, or their name if no two contacts share it
        contact: String,
    },
    /// Say that a contact's safety number is the same there as here
    Verify {
        /// The contact's account id, or their name if no two contacts share it
        contact: String,
        /// The code on the contact's screen (SNUG:V…), or a picture file with it
        #[arg(required_unless_present = "confirm", conflicts_with = "confirm")]
        code: Option<String>,
        /// You compared the digits yourself; they are shown once more
        #[arg(long)]
        #[serde(default)]
        confirm: bool,
    },
    /// Take back that a contact was verified
    Unverify {
        /// The contact's account id, or their name if no two contacts share it
        contact: String,
    },
    /// Take nothing more of somebody: no request, nothing in the chat with them. They are not told
    Block {
        /// The account id or name of a contact, or of who asks (`invite list`)
        #[arg(value_name = "CONTACT")]
        contact: String,
    },
    /// Take what somebody says from now on. What they wrote meanwhile is lost
    Unblock {
        /// Their account id or name
        #[arg(value_name = "CONTACT")]
        contact: String,
    },
    /// Whether requests of those one has no chat with are declined by themselves
    Strangers {
        /// Declined, or asked about; without it, it is shown
        #[arg(value_enum)]
        refuse: Option<Refuse>,
    },
}

/// What is done with requests of strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum Refuse {
    /// They wait for an answer
    Ask,
    /// They are declined by themselves
    Refuse,
}

/// How a chat is kept: as commands of the program, and of `listen` under "what".
#[derive(Debug, Deserialize, Subcommand)]
#[serde(tag = "what", rename_all = "camelCase")]
pub enum Chat {
    /// Put a chat before the others
    Pin {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
    },
    /// Put it where it was
    Unpin {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
    },
    /// Put a chat behind the others, until something new is in it
    Archive {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
    },
    /// Put it where it was
    Unarchive {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
    },
    /// Be told of nothing in a chat but what names you
    Mute {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
        /// For so long, such as 8h; else for good
        #[arg(long = "for", value_name = "TIME", value_parser = span::some)]
        #[serde(default, deserialize_with = "span::given")]
        time: Option<Duration>,
    },
    /// Be told of everything again
    Unmute {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
    },
}

/// Does what was asked about people.
pub async fn contact(client: &Client, asked: Contact) -> Result<Vec<Line>> {
    place::look(client).await;
    let changes = !matches!(
        asked,
        Contact::List | Contact::Blocked | Contact::Number { .. }
    );
    let lines = contact_done(client, asked).await?;
    if changes {
        // One's other devices are told now if the relay answers, else with the next command.
        place::look_quietly(client).await;
    }
    Ok(lines)
}

/// The same, without looking what is new.
pub async fn contact_done(client: &Client, asked: Contact) -> Result<Vec<Line>> {
    let one = |line: Line| vec![line];
    Ok(match asked {
        Contact::List => {
            let all = client.contacts().await?;
            return all.iter().map(|row| output::row("contact", row)).collect();
        }
        Contact::Blocked => {
            let all = client.blocked().await?;
            return all.iter().map(|row| output::row("blocked", row)).collect();
        }
        Contact::Number { contact } => {
            let account = find(client, &contact).await?.account;
            return Ok(one(number(&client.safety_number(&account).await?)?));
        }
        Contact::Verify {
            code: None,
            confirm: false,
            ..
        } => bail!("Name the code on their screen, or confirm that you compared the digits."),
        Contact::Verify { contact, code, .. } => one(verify(client, &contact, code).await?),
        Contact::Unverify { contact } => {
            let account = find(client, &contact).await?.account;
            client.unverify(&account).await?;
            one(shown(client, &account).await?)
        }
        Contact::Block { contact } => {
            let account = anybody(client, &contact).await?;
            client.block(&account).await?;
            one(shown(client, &account).await?)
        }
        Contact::Unblock { contact } => {
            let account = anybody(client, &contact).await?;
            client.unblock(&account).await?;
            one(shown(client, &account).await?)
        }
        Contact::Strangers { refuse } => {
            if let Some(refuse) = refuse {
                client.refuse_strangers(refuse == Refuse::Refuse).await?;
            }
            let refused = client.refuses_strangers().await?;
            let fields = [("type", "strangers".into()), ("refused", refused.into())];
            one(fields
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect())
        }
    })
}

/// Does what was asked about a chat; shows it as it is then.
pub async fn chat(client: &Client, asked: Chat) -> Result<Line> {
    place::look(client).await;
    let chat = chat_done(client, asked).await?;
    place::look_quietly(client).await;
    Ok(chat)
}

/// The same, without looking what is new.
pub async fn chat_done(client: &Client, asked: Chat) -> Result<Line> {
    let (Chat::Pin { chat }
    | Chat::Unpin { chat }
    | Chat::Archive { chat }
    | Chat::Unarchive { chat }
    | Chat::Mute { chat, .. }
    | Chat::Unmute { chat }) = &asked;
    let id = chats::find(client, chat).await?.id;
    match asked {
        Chat::Pin { .. } => client.set_pinned(&id, true).await?,
        Chat::Unpin { .. } => client.set_pinned(&id, false).await?,
        Chat::Archive { .. } => client.set_archived(&id, true).await?,
        Chat::Unarchive { .. } => client.set_archived(&id, false).await?,
        Chat::Mute { time, .. } => {
            let span = time.map(|time| time.as_millis() as f64);
            client.set_muted(&id, true, span).await?;
        }
        Chat::Unmute { .. } => client.set_muted(&id, false, None).await?,
    }
    output::chat(&chats::find(client, &id).await?)
}

async fn verify(client: &Client, contact: &str, code: Option<String>) -> Result<Line> {
    let account = find(client, contact).await?.account;
    match code {
        Some(code) => client.verify_code(&account, &text_of(&code).await?).await?,
        None => {
            let seen = client.safety_number(&account).await?;
            client.verify(&account, seen.digits).await?;
        }
    }
    number(&client.safety_number(&account).await?)
}

/// As people read it out; without the picture.
fn number(number: &SafetyNumber) -> Result<Line> {
    let mut line = output::row("number", number)?;
    line.remove("qr");
    line.insert("digits".to_owned(), number.digits.join(" ").into());
    Ok(line)
}

/// The contact of an account id or of a name that only one has.
async fn find(client: &Client, who: &str) -> Result<ContactRow> {
    let all = client.contacts().await?;
    let is = |row: &&ContactRow| row.account == who || row.name == who;
    let found: Vec<_> = all.iter().filter(is).collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => bail!("There is no contact {who:?}. `snug-cli contact list` shows those there are."),
        _ => bail!("Several contacts are called {who:?}. Name one by the account id."),
    }
}

/// The account of an id, or of a name that only one has: of contacts, of those who ask, of those blocked.
async fn anybody(client: &Client, who: &str) -> Result<String> {
    let mut known: Vec<(String, String)> = Vec::new();
    let contacts = client.contacts().await?.into_iter();
    known.extend(contacts.map(|row| (row.account, row.name)));
    let asking = client
        .requests()
        .await?
        .into_iter()
        .filter(|row| row.incoming);
    known.extend(asking.map(|row| (row.account, row.name)));
    let blocked = client.blocked().await?.into_iter();
    known.extend(blocked.map(|row| (row.account, row.name)));
    known.retain(|(account, name)| account == who || name == who);
    known.sort();
    known.dedup_by(|a, b| a.0 == b.0);
    match known.as_slice() {
        [(account, _)] => Ok(account.clone()),
        // An account id that nobody here has: said by the messenger itself.
        [] if who.len() == 64 => Ok(who.to_owned()),
        [] => bail!(
            "Nobody here is called {who:?}. Name the account id; `snug-cli contact list` and `snug-cli invite list` show them."
        ),
        _ => bail!("Several are called {who:?}. Name one by the account id."),
    }
}

/// Somebody as they are now: a contact, or a stranger who is or was blocked.
async fn shown(client: &Client, account: &str) -> Result<Line> {
    let contacts = client.contacts().await?;
    if let Some(row) = contacts.iter().find(|row| row.account == account) {
        return output::row("contact", row);
    }
    let blocked = client.blocked().await?;
    if let Some(row) = blocked.iter().find(|row| row.account == account) {
        return output::row("blocked", row);
    }
    let fields = [("type", "unblocked"), ("account", account)];
    Ok(fields
        .map(|(name, value)| (name.to_owned(), value.into()))
        .into_iter()
        .collect())
}
