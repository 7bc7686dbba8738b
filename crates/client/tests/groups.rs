//! Groups, over a real relay: what hosts are told of them.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod people;

use people::{Person, meet, relay, soon};
use snug_client::view::{
    ChatKind, ChatRow, ChatStanding, GroupChange, GroupRow, MessageNotice, MessageState,
    NewInvitation, ParticipantState, Role, SendOptions,
};
use snug_client::{Client, ProblemCode};

/// The group one is in.
async fn group_of(client: &Client) -> Option<ChatRow> {
    let chats = client.chats().await.unwrap();
    chats.into_iter().find(|row| row.kind == ChatKind::Group)
}

async fn account(person: &Person) -> String {
    let startup = person.client.startup().await.unwrap();
    startup.account.unwrap().id
}

impl Person {
    /// Comes into the first group one is invited to.
    async fn comes_in(&self) -> ChatRow {
        let invited = self
            .until(|client| async move { client.group_invitations().await.unwrap().pop() })
            .await;
        self.client.accept_group(&invited.id).await.unwrap();
        self.until(|client| async move { group_of(&client).await })
            .await
    }

    /// Waits until the group is as wanted.
    async fn group_that(&self, is_wanted: impl Fn(&GroupRow) -> bool + Copy) -> GroupRow {
        self.until(|client| async move {
            let chat = group_of(&client).await?;
            let row = client.group(&chat.id).await.unwrap();
            is_wanted(&row).then_some(row)
        })
        .await
    }

    /// What the group's timeline says has changed, by whom.
    async fn changes(&self) -> Vec<(String, GroupChange)> {
        let chat = group_of(&self.client).await.unwrap();
        let page = self.client.messages(&chat.id, None, 100).await.unwrap();
        let rows = page.rows.into_iter();
        rows.flat_map(|row| {
            let changes = match row.notice {
                Some(MessageNotice::Changes { changes }) => changes,
                _ => Vec::new(),
            };
            let by = row.author_name;
            changes.into_iter().map(move |change| (by.clone(), change))
        })
        .collect()
    }
}

#[tokio::test]
async fn three_people_are_in_a_group_and_one_is_taken_out() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let ada = Person::new("Ada", &relay).await;
    let bo = Person::new("Bo", &relay).await;
    let cyan = Person::new("Cyan", &relay).await;
    meet(&ada, &bo).await;
    meet(&ada, &cyan).await;

    let (with_bo, with_cyan) = (account(&bo).await, account(&cyan).await);
    let chat = ada
        .client
        .create_group("Physics", &[with_bo.clone(), with_cyan.clone()])
        .await
        .unwrap();
    let offered = bo
        .until(|client| async move { client.group_invitations().await.unwrap().pop() })
        .await;
    assert_eq!(
        (
            offered.name.as_str(),
            offered.inviter.as_str(),
            offered.accepted
        ),
        ("Physics", "Ada", false)
    );
    assert_eq!(bo.comes_in().await.title, "Physics");
    cyan.comes_in().await;
    let row = ada
        .group_that(|row| {
            let joined = |state| state == ParticipantState::Joined;
            row.participants.len() == 3 && row.participants.iter().all(|it| joined(it.state))
        })
        .await;
    assert!(row.pending.is_empty());
    let names: Vec<&str> = row.participants.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["Ada", "Bo", "Cyan"], "oneself first, then by name");
    assert!(bo.client.group_invitations().await.unwrap().is_empty());

    // Only admins change it.
    let refused = bo.client.rename_group(&chat, "Chemistry").await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAdmin);
    let refused = ada.client.leave_group(&chat, None).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::LastAdmin);

    ada.client
        .set_role(&chat, &with_bo, Role::Admin)
        .await
        .unwrap();
    bo.group_that(|row| row.role == Role::Admin).await;
    bo.client
        .remove_participant(&chat, &with_cyan)
        .await
        .unwrap();
    let out = cyan
        .group_that(|row| row.standing == ChatStanding::Removed)
        .await;
    assert_eq!(out.name, "Physics");
    let options = SendOptions::default();
    let refused = cyan.client.send_text(&chat, "Hello?", &options).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotInGroup);

    // Everybody reads the same story; one's own part is one's own.
    ada.group_that(|row| row.participants.len() == 2).await;
    let story = ada.changes().await;
    let removed = GroupChange::Removed {
        account: with_cyan.clone(),
        name: "Cyan".into(),
    };
    assert!(story.contains(&("Bo".into(), removed)), "{story:?}");
    let promoted = GroupChange::Role {
        account: with_bo.clone(),
        name: "Bo".into(),
        role: Role::Admin,
    };
    assert!(story.contains(&("Ada".into(), promoted)), "{story:?}");

    // What is said carries its author's name in the list.
    bo.client
        .send_text(&chat, "Now there are two", &options)
        .await
        .unwrap();
    let last = ada
        .until(|client| async move {
            let last = group_of(&client).await?.last?;
            (last.text == "Now there are two").then_some(last)
        })
        .await;
    assert_eq!(last.author_name.as_deref(), Some("Bo"));
    relay.stop().await;
}

#[tokio::test]
async fn a_message_has_arrived_when_all_who_came_in_have_it() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let ada = Person::new("Ada", &relay).await;
    let bo = Person::new("Bo", &relay).await;
    let cyan = Person::new("Cyan", &relay).await;
    meet(&ada, &bo).await;
    meet(&ada, &cyan).await;
    let accounts = [account(&bo).await, account(&cyan).await];
    let chat = ada.client.create_group("Tea", &accounts).await.unwrap();
    bo.comes_in().await;
    let options = SendOptions::default();

    // Cyan was asked, and has not come in: nobody waits for her.
    let invited = bo.group_that(|row| row.participants.len() == 3).await;
    let states = invited.participants.iter();
    let states: Vec<_> = states.map(|row| (row.name.as_str(), row.state)).collect();
    assert_eq!(
        states,
        [
            ("Bo", ParticipantState::Joined),
            ("Ada", ParticipantState::Joined),
            ("Cyan", ParticipantState::Invited)
        ]
    );
    for person in [&ada, &bo] {
        let said = person.client.send_text(&chat, "Hello", &options).await;
        person.sees(&said.unwrap(), MessageState::Delivered).await;
    }

    cyan.comes_in().await;
    let said = ada.client.send_text(&chat, "All here?", &options).await;
    let said = said.unwrap();
    ada.sees(&said, MessageState::Delivered).await;
    for person in [&bo, &cyan] {
        let row = person.client.message(&said.id).await.unwrap();
        person.client.mark_read(&chat, &row.id).await.unwrap();
    }
    ada.sees(&said, MessageState::Read).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_code_leads_a_stranger_into_a_group() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let ada = Person::new("Ada", &relay).await;
    let dee = Person::new("Dee", &relay).await;
    let chat = ada.client.create_group("Tea", &[]).await.unwrap();
    ada.group_that(|row| row.participants.len() == 1).await;

    let new = NewInvitation {
        uses: Some(3),
        ..NewInvitation::default()
    };
    let made = ada
        .client
        .create_group_invitation(&chat, &new)
        .await
        .unwrap();
    let made = soon(ada.client.published(&made.id)).await.unwrap();
    assert_eq!(
        (made.group.as_deref(), made.uses, made.asks),
        (Some(chat.as_str()), Some(3), false)
    );
    let preview = soon(dee.client.preview(&made.code)).await.unwrap();
    assert_eq!(
        preview.group.map(|group| group.name).as_deref(),
        Some("Tea")
    );
    let asked = dee.client.accept(&made.code, "").await.unwrap();
    assert_eq!(
        (asked.name.as_str(), asked.group.as_deref()),
        ("Ada", Some("Tea"))
    );
    let row = dee
        .until(|client| async move { group_of(&client).await })
        .await;
    assert_eq!((row.title.as_str(), row.id), ("Tea", chat));
    ada.group_that(|row| row.participants.iter().any(|it| it.name == "Dee"))
        .await;
    relay.stop().await;
}
