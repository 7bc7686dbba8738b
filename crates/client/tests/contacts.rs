//! Contacts and how chats are kept, over a real relay: what rows and notices say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what went wrong by panicking"
)]

mod people;

use people::{Person, meet, relay, soon};
use snug_client::view::{ChatRow, MessageState, Trust, Update};
use snug_client::{ProblemCode, Updates};

/// Waits until the only chat is so.
async fn finds(person: &Person, is: impl Fn(&ChatRow) -> bool) -> ChatRow {
    person
        .until(|client| {
            let row = async move { client.chats().await.unwrap().pop() };
            let is = &is;
            async move { row.await.filter(|row| is(row)) }
        })
        .await
}

/// What the next notice says.
async fn notice(updates: &mut Updates) -> String {
    soon(async {
        loop {
            if let Update::Notify { body, .. } = updates.next().await.expect("it goes on") {
                return body;
            }
        }
    })
    .await
}

async fn ada_and_bo(relay: &snug_relay::Running) -> (Person, Person) {
    let (ada, bo) = (
        Person::new("Ada", relay).await,
        Person::new("Bo", relay).await,
    );
    meet(&ada, &bo).await;
    (ada, bo)
}

#[tokio::test]
async fn a_contact_is_verified_by_the_code_on_their_screen() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, bo) = ada_and_bo(&relay).await;
    let bo_is = ada.client.contacts().await.unwrap().pop().unwrap();
    assert_eq!((bo_is.name.as_str(), bo_is.verified), ("Bo", false));
    let ada_is = bo.client.contacts().await.unwrap().pop().unwrap();
    let here = ada.client.safety_number(&bo_is.account).await.unwrap();
    let there = bo.client.safety_number(&ada_is.account).await.unwrap();
    assert_eq!(here.digits, there.digits);
    assert!(here.qr.size <= 41, "{}", here.qr.size);

    let wrong = ada.client.verify_code(&bo_is.account, &here.code).await;
    assert_eq!(wrong.unwrap_err().code, ProblemCode::NumberOther);
    let others = vec!["00000".to_owned(); 12];
    let wrong = ada.client.verify(&bo_is.account, others).await;
    assert_eq!(wrong.unwrap_err().code, ProblemCode::NumberDiffers);
    let wrong = ada.client.preview(&there.code).await;
    assert_eq!(wrong.unwrap_err().code, ProblemCode::CodeOther);
    ada.client
        .verify_code(&bo_is.account, &there.code)
        .await
        .unwrap();
    finds(&ada, |row| row.trust == Trust::Verified).await;
    assert!(ada.client.contacts().await.unwrap()[0].verified);
    bo.client
        .verify(&ada_is.account, there.digits)
        .await
        .unwrap();
    finds(&bo, |row| row.trust == Trust::Verified).await;
}

#[tokio::test]
async fn a_blocked_contact_is_not_heard() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, bo) = ada_and_bo(&relay).await;
    let account = ada.chat().await.peer.unwrap();
    ada.client.block(&account).await.unwrap();
    finds(&ada, |row| row.blocked).await;
    let chat = ada.chat().await.id;
    let refused = ada
        .client
        .send_text(&chat, "Hello", &Default::default())
        .await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::Blocked);
    let lost = bo.say("while blocked").await;
    bo.sees(&lost, MessageState::Sent).await;
    ada.client.caught_up().await.unwrap();
    assert!(ada.texts().await.is_empty());
    ada.client.unblock(&account).await.unwrap();
    finds(&ada, |row| !row.blocked).await;
    let mut updates = ada.client.updates();
    bo.say("after").await;
    assert_eq!(notice(&mut updates).await, "after");
    assert_eq!(ada.texts().await, ["after"]);
    let own = ada.client.startup().await.unwrap().account.unwrap().id;
    let oneself = ada.client.block(&own).await.unwrap_err();
    assert_eq!(oneself.code, ProblemCode::Oneself);
}

#[tokio::test]
async fn a_muted_chat_notifies_of_nothing() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, bo) = ada_and_bo(&relay).await;
    let chat = ada.chat().await.id;
    ada.client
        .set_muted(&chat, true, Some(3_600_000.0))
        .await
        .unwrap();
    let row = finds(&ada, |row| row.muted).await;
    assert!(row.muted_until.is_some());
    let mut updates = ada.client.updates();
    bo.say("quiet").await;
    ada.reads("quiet").await;
    ada.client.set_muted(&chat, true, None).await.unwrap();
    assert_eq!(finds(&ada, |row| row.muted).await.muted_until, None);
    ada.client.set_muted(&chat, false, None).await.unwrap();
    finds(&ada, |row| !row.muted).await;
    bo.say("loud").await;
    assert_eq!(
        notice(&mut updates).await,
        "loud",
        "and not what came before"
    );
    ada.client.set_archived(&chat, true).await.unwrap();
    finds(&ada, |row| row.archived).await;
    ada.client.set_pinned(&chat, true).await.unwrap();
    let row = finds(&ada, |row| row.pinned).await;
    assert!(!row.archived, "what is pinned is not archived");
    let nowhere = ada.client.set_pinned(&"0".repeat(64), true).await;
    assert_eq!(nowhere.unwrap_err().code, ProblemCode::NotFound);
}
