//! Two people meet by a code and talk, over a real relay.

mod people;

use people::{Person, meet, open, relay, soon};
use snug_client::view::{
    ConnectionState, InvitationState, MessageRow, MessageState, RequestState, SendOptions,
    Standing, Update,
};
use snug_client::{DataDir, ProblemCode, qr};
use std::time::{Duration, Instant};

#[tokio::test]
async fn they_meet_by_a_picture_and_their_messages_become_read() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, bo) = (
        Person::new("Ada", &relay).await,
        Person::new("Bo", &relay).await,
    );

    let made = ada
        .client
        .create_invitation(false, Some(60_000.0), "Come in")
        .await
        .unwrap();
    let made = soon(ada.client.published(&made.id)).await.unwrap();
    assert_eq!(made.state, InvitationState::Open);
    assert!(made.here_only);
    let picture = place.path().join("code.png");
    ada.client
        .save_invitation_picture(&made.id, &picture)
        .await
        .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let rights = std::fs::metadata(&picture).unwrap().permissions().mode() & 0o777;
        assert_eq!(rights, 0o600, "a code is for whom one gives it to");
    }
    assert_eq!(
        ada.client.invitation_qr(&made.id).await.unwrap(),
        qr::matrix(&made.code).unwrap()
    );

    let code = bo.client.code_in_file(&picture).await.unwrap();
    assert_eq!(code, made.code);
    let own = ada.client.preview(&code).await.unwrap_err();
    assert_eq!(own.code, ProblemCode::CodeOwn);
    let preview = soon(bo.client.preview(&code)).await.unwrap();
    assert_eq!(
        (preview.name.as_str(), preview.greeting.as_str()),
        ("Ada", "Come in")
    );
    assert_eq!(preview.standing, Standing::New);
    assert!(
        bo.client.requests().await.unwrap().is_empty(),
        "looking sends nothing"
    );

    let asked = bo.client.accept(&code, "").await.unwrap();
    let asked = soon(bo.client.asked(&asked.id)).await.unwrap();
    assert!(matches!(
        asked.state,
        RequestState::Waiting | RequestState::Connected
    ));
    assert_eq!(ada.chat().await.title, "Bo");
    assert_eq!(bo.chat().await.title, "Ada");

    let hello = ada.say("Hello Bo").await;
    assert_eq!(hello.state, MessageState::Sending);
    assert_eq!(
        soon(ada.client.sent(&hello.id)).await.unwrap().author_name,
        "Ada"
    );
    assert_eq!(bo.reads("Hello Bo").await.author_name, "Ada");
    ada.sees(&hello, MessageState::Read).await;
    let answer = bo.say("Hello Ada").await;
    ada.reads("Hello Ada").await;
    bo.sees(&answer, MessageState::Read).await;

    assert_eq!(ada.texts().await, ["Hello Bo", "Hello Ada"]);
    assert_eq!(bo.texts().await, ["Hello Bo", "Hello Ada"]);
    let used = ada.client.invitations().await.unwrap();
    assert_eq!(used[0].state, InvitationState::Used);
    assert_eq!(used[0].used_by, ["Bo"]);
    let again = soon(bo.client.preview(&code)).await.unwrap();
    assert_eq!(again.standing, Standing::Connected);
}

#[tokio::test]
async fn a_reusable_code_asks_first() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (ada, bo) = (
        Person::new("Ada", &relay).await,
        Person::new("Bo", &relay).await,
    );
    let cyan = Person::new("Cyan", &relay).await;
    let made = ada.client.create_invitation(true, None, "").await.unwrap();
    soon(ada.client.published(&made.id)).await.unwrap();

    let mut updates = ada.client.updates();
    let asked = bo.client.accept(&made.link, "It is me").await.unwrap();
    let request = ada
        .until(|client| async move { client.requests().await.unwrap().pop() })
        .await;
    assert_eq!(
        (request.name.as_str(), request.greeting.as_str()),
        ("Bo", "It is me")
    );
    assert!(request.incoming);
    soon(async {
        while !matches!(updates.next().await, Some(Update::Notify { title, .. }) if title == "Bo") {
        }
    })
    .await;
    ada.client.answer_request(&request.id, true).await.unwrap();
    bo.chat().await;
    assert_eq!(
        soon(bo.client.asked(&asked.id)).await.unwrap().state,
        RequestState::Connected
    );

    let asked = cyan.client.accept(&made.code, "").await.unwrap();
    let request = ada
        .until(|client| async move {
            client
                .requests()
                .await
                .unwrap()
                .into_iter()
                .find(|row| row.name == "Cyan")
        })
        .await;
    ada.client.answer_request(&request.id, false).await.unwrap();
    cyan.until(|client| {
        let id = asked.id.clone();
        async move {
            let rows = client.requests().await.unwrap();
            rows.iter()
                .any(|row| row.id == id && row.state == RequestState::Declined)
                .then_some(())
        }
    })
    .await;
    ada.client.revoke_invitation(&made.id).await.unwrap();
}

#[tokio::test]
async fn what_is_written_while_the_relay_is_away_arrives_once_it_is_back() {
    let place = tempfile::tempdir().unwrap();
    let first = relay(&place).await;
    let (ada, mut bo) = (
        Person::new("Ada", &first).await,
        Person::new("Bo", &first).await,
    );
    meet(&ada, &bo).await;

    first.stop().await;
    ada.is(ConnectionState::Offline).await;
    let failed = soon(ada.client.caught_up()).await.unwrap_err();
    assert_eq!(failed.code, ProblemCode::RelayUnreachable);
    for text in ["one", "two", "three"] {
        assert_eq!(ada.say(text).await.state, MessageState::Sending);
    }
    assert_eq!(
        soon(ada.client.connection_that(|row| row.waiting == 3))
            .await
            .unwrap()
            .waiting,
        3
    );
    bo.again().await;

    let _second = relay(&place).await;
    let last = ada.say("four").await;
    bo.reads("four").await;
    ada.sees(&last, MessageState::Read).await;
    assert_eq!(bo.texts().await, ["one", "two", "three", "four"]);
    assert_eq!(ada.texts().await, ["one", "two", "three", "four"]);
    soon(ada.client.caught_up()).await.unwrap();
    assert_eq!(ada.client.connection().waiting, 0);
}

#[tokio::test]
async fn everything_is_there_after_closing() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let (mut ada, bo) = (
        Person::new("Ada", &relay).await,
        Person::new("Bo", &relay).await,
    );
    meet(&ada, &bo).await;
    let sent = ada.say("before").await;
    bo.reads("before").await;
    ada.sees(&sent, MessageState::Read).await;

    let began = Instant::now();
    ada.again().await;
    assert!(began.elapsed() < Duration::from_secs(4));
    assert_eq!(
        ada.client.startup().await.unwrap().account.unwrap().name,
        "Ada"
    );
    assert_eq!(ada.texts().await, ["before"]);
    soon(ada.client.caught_up()).await.unwrap();
    bo.say("after").await;
    ada.reads("after").await;
}

#[tokio::test]
async fn another_relay_at_the_same_address_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    let first = relay(&place).await;
    let address = first.address();
    let ada = Person::new("Ada", &first).await;
    ada.is(ConnectionState::Connected).await;
    first.stop().await;
    let other = tempfile::tempdir().unwrap();
    let config = snug_relay::Config {
        data: other.path().to_owned(),
        listen: address,
        keep_port: false,
    };
    let _second = snug_relay::Relay::start(config).await.unwrap();
    let row = ada
        .client
        .connection_that(|row| row.problem == Some(ProblemCode::RelayOther));
    soon(row).await.unwrap();
}

async fn send(person: &Person, chat: &str, text: &str) -> Result<MessageRow, snug_client::Problem> {
    let options = SendOptions::default();
    person.client.send_text(chat, text, &options).await
}

#[tokio::test]
async fn refusals_are_said_with_their_codes() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let ada = Person::new("Ada", &relay).await;
    let code = |result: Result<_, snug_client::Problem>| result.map(|_: ()| ()).unwrap_err().code;

    let foreign = ada.client.preview("https://example.org").await.map(|_| ());
    assert_eq!(code(foreign), ProblemCode::CodeForeign);
    let long = "x".repeat(snug_wire::TEXT_LIMIT + 1);
    let nowhere = "0".repeat(64);
    assert_eq!(
        code(send(&ada, "?", "x").await.map(|_| ())),
        ProblemCode::NotFound
    );
    assert_eq!(
        code(send(&ada, &nowhere, &long).await.map(|_| ())),
        ProblemCode::TextTooLong
    );
    assert_eq!(
        code(send(&ada, &nowhere, " ").await.map(|_| ())),
        ProblemCode::TextEmpty
    );
    assert_eq!(
        code(ada.client.messages(&nowhere, None, 9).await.map(|_| ())),
        ProblemCode::NotFound
    );

    let nameless = tempfile::tempdir().unwrap();
    let client = open(&nameless, &snug_client::keychain::Keychain::memory(), None).await;
    let url = relay.url();
    assert_eq!(
        code(client.create_account(" ", Some(&url)).await.map(|_| ())),
        ProblemCode::NameEmpty
    );
    let unnamed = client.create_account("Bo", None).await.map(|_| ());
    assert_eq!(code(unnamed), ProblemCode::RelayUnreachable);
    let closed = client
        .create_account("Bo", Some("ws://127.0.0.1:1"))
        .await
        .map(|_| ());
    assert_eq!(code(closed), ProblemCode::RelayUnreachable);

    // Nobody else gets at the data while it is open.
    let busy = DataDir::open_within(nameless.path(), Duration::ZERO)
        .await
        .unwrap_err();
    assert_eq!(busy.code, ProblemCode::DatabaseBusy);
    client.close().await;
    DataDir::open_within(nameless.path(), Duration::ZERO)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_damaged_database_is_said() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let ada = Person::new("Ada", &relay).await;
    ada.client.clone().close().await;
    drop(ada.client);
    let data = DataDir::open(ada.place.path()).await.unwrap();
    std::fs::write(data.database(), vec![7; 8192]).unwrap();
    let _ = std::fs::remove_file(ada.place.path().join("snug.db-wal"));
    let options = snug_client::Options::new(ada.keychain.clone());
    let refused = snug_client::Client::open(data, options)
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::DatabaseDamaged, "{refused}");
}
