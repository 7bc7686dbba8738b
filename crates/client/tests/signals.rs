//! Typing and presence between two people over a real relay.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what went wrong by panicking"
)]

mod people;

use people::{Person, meet, relay, soon};
use snug_client::view::{OwnState, PresenceRow, PresenceState, Privacy, PrivacyOverride, Update};
use snug_client::{ProblemCode, Updates};

/// Waits for the next sign that somebody types, or has stopped.
async fn typing(updates: &mut Updates) -> (String, bool) {
    soon(async {
        loop {
            if let Update::Typing { name, on, .. } = updates.next().await.expect("it goes on") {
                return (name, on);
            }
        }
    })
    .await
}

impl Person {
    /// Waits until the other is there like this.
    async fn finds(&self, state: PresenceState) -> PresenceRow {
        self.until(|client| async move {
            let rows = client.presences().await.unwrap();
            rows.into_iter().find(|row| row.state == state)
        })
        .await
    }

    async fn types(&self, on: bool) {
        let chat = self.chat().await.id;
        self.client.typing(&chat, on).await.unwrap();
    }

    async fn chooses(&self, state: OwnState, text: &str) {
        let mut own = self.client.own_presence().await.unwrap();
        (own.state, own.text) = (state, text.to_owned());
        self.client.set_presence(own).await.unwrap();
    }
}

#[tokio::test]
async fn typing_is_seen_until_it_stops_or_becomes_a_message() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, bo) = (
        Person::new("Ada", &relay).await,
        Person::new("Bo", &relay).await,
    );
    meet(&ada, &bo).await;
    bo.finds(PresenceState::Online).await;

    let mut seen = bo.client.updates();
    ada.types(true).await;
    ada.types(true).await;
    assert_eq!(typing(&mut seen).await, ("Ada".into(), true));
    ada.types(false).await;
    assert_eq!(typing(&mut seen).await, ("Ada".into(), false));

    let mut seen = ada.client.updates();
    bo.types(true).await;
    assert_eq!(typing(&mut seen).await, ("Bo".into(), true));
    let said = bo.say("Hello Ada").await;
    assert_eq!(typing(&mut seen).await, ("Bo".into(), false));
    assert_eq!(ada.reads("Hello Ada").await.id, said.id);
    bo.types(true).await;
    assert_eq!(typing(&mut seen).await, ("Bo".into(), true));

    let nowhere = ada.client.typing(&"0".repeat(64), true).await;
    assert_eq!(nowhere.unwrap_err().code, ProblemCode::NotFound);
}

#[tokio::test]
async fn presence_is_known_to_both_at_once_and_ends_with_the_program() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, mut bo) = (
        Person::new("Ada", &relay).await,
        Person::new("Bo", &relay).await,
    );
    meet(&ada, &bo).await;
    ada.finds(PresenceState::Online).await;
    bo.finds(PresenceState::Online).await;

    ada.chooses(OwnState::Busy, "Writing").await;
    assert_eq!(bo.finds(PresenceState::Busy).await.text, "Writing");
    let long = "x".repeat(141);
    let mut own = ada.client.own_presence().await.unwrap();
    own.text = long;
    let refused = ada.client.set_presence(own).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::TextTooLong);

    let mut own = bo.client.own_presence().await.unwrap();
    own.away_after = 60;
    bo.client.set_presence(own).await.unwrap();
    bo.client.idle(61).await.unwrap();
    let away = ada.finds(PresenceState::Away).await;
    bo.client.idle(0).await.unwrap();
    let back = ada.finds(PresenceState::Online).await;
    assert!(away.last_seen < back.last_seen);

    // Bo closes and comes back: Ada hears of it, and Bo at once that Ada is there.
    bo.client.clone().close().await;
    assert!(ada.finds(PresenceState::Offline).await.last_seen.is_some());
    bo.again().await;
    assert_eq!(bo.finds(PresenceState::Busy).await.text, "Writing");
    ada.finds(PresenceState::Online).await;
}

#[tokio::test]
async fn who_is_invisible_or_private_is_not_seen() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, bo) = (
        Person::new("Ada", &relay).await,
        Person::new("Bo", &relay).await,
    );
    ada.chooses(OwnState::Invisible, "").await;
    meet(&ada, &bo).await;
    // Ada sees Bo, whose arrival she does not answer.
    ada.finds(PresenceState::Online).await;
    ada.types(true).await;
    let said = ada.say("I am not here").await;
    bo.reads("I am not here").await;
    ada.sees(&said, snug_client::view::MessageState::Read).await;
    assert!(bo.client.presences().await.unwrap().is_empty());

    ada.chooses(OwnState::Online, "").await;
    bo.finds(PresenceState::Online).await;
    let off = Privacy {
        typing: false,
        presence: false,
        receipts: false,
    };
    ada.client.set_privacy(off).await.unwrap();
    assert_eq!(ada.client.privacy().await.unwrap(), off);
    bo.finds(PresenceState::Offline).await;
    ada.finds(PresenceState::Offline).await;
    let peer = ada.chat().await.peer.unwrap();
    let for_bo = PrivacyOverride {
        presence: Some(true),
        ..PrivacyOverride::default()
    };
    ada.client.set_contact_privacy(&peer, for_bo).await.unwrap();
    assert_eq!(ada.client.contact_privacy(&peer).await.unwrap(), for_bo);
    bo.finds(PresenceState::Online).await;
    ada.finds(PresenceState::Online).await;
}
