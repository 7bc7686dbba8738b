//! People and a relay to talk over, each with a directory of their own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by it"
)]
#![allow(dead_code, reason = "each test uses some of it")]

use snug_client::connection::{Backoff, Timing};
use snug_client::keychain::Keychain;
use snug_client::view::{ChatRow, ConnectionState, MessageRow, MessageState, SendOptions, Update};
use snug_client::{Client, DataDir, Options};
use snug_relay::{Config, Relay, Running};
use snug_wire::RelayAddress;
use std::future::Future;
use std::time::Duration;
use tempfile::TempDir;

/// Nothing here takes longer, but on a very busy computer.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what)
        .await
        .expect("it happens within a minute")
}

pub async fn relay(place: &TempDir) -> Running {
    let config = Config {
        data: place.path().join("relay"),
        listen: ([127, 0, 0, 1], 0).into(),
        keep_port: true,
    };
    Relay::start(config).await.unwrap()
}

/// A person, and what stays when they close.
pub struct Person {
    pub client: Client,
    pub keychain: Keychain,
    pub place: TempDir,
    pub embedded: Option<RelayAddress>,
}

impl Person {
    pub async fn new(name: &str, relay: &Running) -> Self {
        let place = tempfile::tempdir().unwrap();
        let keychain = Keychain::memory();
        let client = open(&place, &keychain, None).await;
        client
            .create_account(name, Some(&relay.url()))
            .await
            .unwrap();
        Self {
            client,
            keychain,
            place,
            embedded: None,
        }
    }

    /// Closes and opens again.
    pub async fn again(&mut self) {
        self.client.clone().close().await;
        self.client = open(&self.place, &self.keychain, self.embedded.clone()).await;
    }

    /// Looks at every change until it is there.
    pub async fn until<T, F: Future<Output = Option<T>>>(&self, look: impl Fn(Client) -> F) -> T {
        let mut updates = self.client.updates();
        soon(async {
            loop {
                if let Some(found) = look(self.client.clone()).await {
                    return found;
                }
                updates.next().await.expect("the client goes on");
            }
        })
        .await
    }

    pub async fn chat(&self) -> ChatRow {
        self.until(|client| async move { client.chats().await.unwrap().pop() })
            .await
    }

    pub async fn say(&self, text: &str) -> MessageRow {
        self.client
            .send_text(&self.chat().await.id, text, &SendOptions::default())
            .await
            .unwrap()
    }

    /// Waits for this text and sees it.
    pub async fn reads(&self, text: &str) -> MessageRow {
        let row = self
            .until(|client| async move {
                let chat = client.chats().await.unwrap().pop()?;
                let page = client.messages(&chat.id, None, 500).await.unwrap();
                page.rows.into_iter().rfind(|row| row.text == text)
            })
            .await;
        self.client.mark_read(&row.chat, &row.id).await.unwrap();
        row
    }

    pub async fn sees(&self, message: &MessageRow, state: MessageState) {
        self.until(|client| {
            let id = message.id.clone();
            async move { (client.message(&id).await.unwrap().state == state).then_some(()) }
        })
        .await;
    }

    pub async fn texts(&self) -> Vec<String> {
        let page = self
            .client
            .messages(&self.chat().await.id, None, 500)
            .await
            .unwrap();
        page.rows.into_iter().map(|row| row.text).collect()
    }

    pub async fn is(&self, state: ConnectionState) {
        soon(self.client.connection_that(|row| row.state == state))
            .await
            .unwrap();
    }
}

pub async fn open(place: &TempDir, keychain: &Keychain, embedded: Option<RelayAddress>) -> Client {
    let data = DataDir::open(place.path()).await.unwrap();
    let options = Options {
        keychain: keychain.clone(),
        embedded,
        door: None,
        timing: quick(),
    };
    Client::open(data, options).await.unwrap()
}

/// Pauses that nobody notices.
pub fn quick() -> Timing {
    Timing {
        backoff: Backoff {
            first: Duration::from_millis(20),
            longest: Duration::from_millis(200),
        },
        ..Timing::default()
    }
}

/// Ada invites, Bo accepts, both are in the chat.
pub async fn meet(ada: &Person, bo: &Person) {
    let made = ada
        .client
        .create_invitation(false, None, "Come in")
        .await
        .unwrap();
    let made = soon(ada.client.published(&made.id)).await.unwrap();
    let asked = bo.client.accept(&made.code, "").await.unwrap();
    soon(bo.client.asked(&asked.id)).await.unwrap();
    ada.chat().await;
    bo.chat().await;
}

/// What `Update`s say in short, for comparing.
pub fn kind(update: &Update) -> &'static str {
    match update {
        Update::Changed { .. } => "changed",
        Update::Connection { .. } => "connection",
        Update::LocalNetwork { .. } => "local network",
        Update::Presence { .. } => "presence",
        Update::Typing { .. } => "typing",
        Update::Notify { .. } => "notify",
        Update::Resync => "resync",
    }
}
