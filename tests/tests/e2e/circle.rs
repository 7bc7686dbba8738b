//! A group of two windows and people with `snug-cli`: who comes and goes is seen by all, as it happens.

use crate::driver::{Light, Window};
use crate::people::Person;
use crate::programs::until;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use snug_tests::person::{self as hands, Listening};
use snug_tests::relay::Relay;

const GROUP: &str = "Physics study group";

/// Somebody with `snug-cli`, who listens.
struct Friend {
    /// Keeps the data.
    _person: hands::Person,
    listening: Listening,
}

impl Friend {
    /// With an account, and in contact with whoever sits at a window.
    async fn of(relay: &Relay, name: &str, windows: &[&Window]) -> Result<Self> {
        let person = hands::Person::on(&relay.url(), name);
        let mut listening = person.listens();
        for window in windows {
            let made = listening.does(json!({ "do": "invite" }));
            let connect = json!({ "code": made[0]["code"], "greeting": "" });
            window.ask("accept", connect).await?;
            listening.until(|line| line["type"] == "chat");
            window.see(&row_of(name)).await?;
        }
        Ok(Self {
            _person: person,
            listening,
        })
    }

    /// Says yes to the group.
    fn comes_in(&mut self) {
        let offered = self
            .listening
            .until(|line| line["type"] == "groupInvitation");
        let yes = json!({ "do": "group", "what": "accept", "invitation": offered["id"] });
        self.listening.does(yes);
        self.listening.until(|line| is_in(line, "in"));
    }

    fn writes(&mut self, text: &str) {
        self.listening
            .does(json!({ "do": "send", "chat": GROUP, "text": text }));
    }
}

fn row_of(name: &str) -> String {
    format!("chat-row[data-title=\"{name}\"]")
}

fn is_in(line: &Value, standing: &str) -> bool {
    line["type"] == "chat" && line["name"] == GROUP && line["standing"] == standing
}

/// A line of a participant in the details, with more conditions.
fn participant(account: &str, more: &str) -> String {
    format!("participant[data-account=\"{account}\"]{more}")
}

/// The account of who is called so, as a window knows it.
async fn account(window: &Window, name: &str) -> Result<String> {
    let contacts = window.ask("contacts", json!({})).await?;
    let all = contacts.as_array().context("contacts")?;
    let one = all.iter().find(|contact| contact["name"] == name);
    let account = one.and_then(|one| one["account"].as_str());
    Ok(account.context("no such contact")?.to_owned())
}

/// Both windows in contact, without a click.
async fn connect(hers: &Window, his: &Window, (ada, bo): (&Person, &Person)) -> Result<()> {
    let new = json!({ "invitation": { "reusable": false, "expiresInMs": null, "greeting": "", "uses": null, "asks": false } });
    hers.ask("create_invitation", new).await?;
    let code = until("a code that works", || async {
        let all = hers.ask("invitations", json!({})).await?;
        Ok((all[0]["state"] == "open").then(|| all[0]["code"].clone()))
    })
    .await?;
    his.ask("accept", json!({ "code": code, "greeting": "" }))
        .await?;
    hers.see(&row_of(bo.name)).await?;
    his.see(&row_of(ada.name)).await?;
    Ok(())
}

/// Opens the dialog, ticks these people and sends.
async fn pick(window: &Window, accounts: &[&str], send: &str) -> Result<()> {
    for account in accounts {
        window
            .click(&format!("pick[data-account=\"{account}\"]"))
            .await?;
    }
    window.click(send).await
}

/// What the button beside somebody offers.
async fn choose(window: &Window, account: &str, act: &str) -> Result<()> {
    window
        .click(&participant(account, " [data-testid=\"participant-more\"]"))
        .await?;
    window.click(act).await
}

#[tokio::test]
async fn people_come_and_go_before_the_eyes_of_all() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let relay = Relay::start();
    let (hers, his) = tokio::try_join!(ada.open(Light::Day), bo.open(Light::Night))?;
    let address = relay.address().to_string();
    ada.join(&hers, Some(&address)).await?;
    bo.join(&his, Some(&address)).await?;
    connect(&hers, &his, (&ada, &bo)).await?;
    let mut cyan = Friend::of(&relay, "Cyan Liu", &[&hers]).await?;
    let mut dee = Friend::of(&relay, "Dee Kaur", &[&hers]).await?;
    let mut hana = Friend::of(&relay, "Hana Novak", &[&hers]).await?;
    let (bo_is, cyan_is) = (
        &account(&hers, bo.name).await?,
        &account(&hers, "Cyan Liu").await?,
    );
    let dee_is = &account(&hers, "Dee Kaur").await?;
    let hana_is = &account(&hers, "Hana Novak").await?;

    // She makes it with three of them.
    hers.click("add").await?;
    hers.click("add-group").await?;
    hers.type_into("group-name", GROUP).await?;
    pick(&hers, &[bo_is, cyan_is, dee_is], "group-create").await?;
    his.click("group-invitation-accept").await?;
    his.click(&row_of(GROUP)).await?;
    his.says("presence", "4 participants").await?;
    for friend in [&mut cyan, &mut dee] {
        friend.comes_in();
    }
    his.write("Why does the wheel keep its axis when I tilt it?")
        .await?;
    dee.listening
        .until(|line| line["text"] == "Why does the wheel keep its axis when I tilt it?");
    dee.writes("Because torque changes the direction of the angular momentum, not its size.");
    hers.see_message(
        "Why does the wheel keep its axis when I tilt it?",
        "received",
    )
    .await?;
    for window in [&hers, &his] {
        window.click("group-header").await?;
        window.says("participants", "Dee Kaur").await?;
    }
    for account in [bo_is, dee_is] {
        hers.see(&participant(account, ".joined")).await?;
    }

    // One more: nobody touches his window.
    hers.click("add-participant").await?;
    pick(&hers, &[hana_is], "add-send").await?;
    his.notices("Ada Moreau added Hana Novak").await?;
    his.see(&participant(hana_is, ".invited")).await?;
    his.says("presence", "5 participants").await?;
    let added = |line: &Value| line["type"] == "participant_added" && line["name"] == "Hana Novak";
    cyan.listening.until(added);
    hana.comes_in();
    hana.writes("Try holding it at arm's length and turning it: which way does it push?");
    for window in [&hers, &his] {
        window.see(&participant(hana_is, ".joined")).await?;
    }

    // Promoted, he may do what she may.
    his.misses("add-participant").await?;
    choose(&hers, bo_is, "participant-admin").await?;
    his.notices("Ada Moreau made you an admin").await?;
    his.see("add-participant").await?;
    cyan.listening.until(|line| line["type"] == "role_changed");
    hers.write("Sideways! 90° from where I push.").await?;
    his.see_message("Sideways! 90° from where I push.", "received")
        .await?;
    hers.picture("circle-light").await?;
    his.picture("circle-dark").await?;

    choose(&his, dee_is, "participant-remove").await?;
    his.click("remove-sure").await?;
    hers.notices("Bo Okafor removed Dee Kaur").await?;
    hers.misses(&participant(dee_is, "")).await?;
    dee.listening.until(|line| is_in(line, "removed"));

    // Leaving, by hand and by window.
    cyan.listening
        .does(json!({ "do": "group", "what": "leave", "chat": GROUP }));
    for window in [&hers, &his] {
        window.notices("Cyan Liu left").await?;
        window.says("presence", "3 participants").await?;
    }
    hers.click("leave").await?;
    hers.click("leave-sure").await?;
    hers.says("gone", "You left this group").await?;
    his.notices("Ada Moreau left").await?;
    let left = |line: &Value| line["type"] == "left" && line["name"] == "Ada Moreau";
    hana.listening.until(left);
    his.says("presence", "2 participants").await?;
    his.picture("circle-left").await?;
    hers.close().await?;
    his.close().await
}

#[tokio::test]
async fn what_is_asked_for_offline_waits_and_happens() -> Result<()> {
    let ada = Person::new("Ada Moreau")?;
    let mut relay = Relay::start();
    let window = ada.open(Light::Day).await?;
    ada.join(&window, Some(&relay.address().to_string()))
        .await?;
    let mut cyan = Friend::of(&relay, "Cyan Liu", &[&window]).await?;
    let cyan_is = account(&window, "Cyan Liu").await?;
    window.click("add").await?;
    window.click("add-group").await?;
    window.type_into("group-name", GROUP).await?;
    pick(&window, &[&cyan_is], "group-create").await?;
    cyan.comes_in();
    window.click("group-header").await?;
    window.see(&participant(&cyan_is, "")).await?;

    relay.kill();
    window
        .misses("connection-state[data-state=\"connected\"]")
        .await?;
    choose(&window, &cyan_is, "participant-admin").await?;
    window.says("pending-change", "an admin").await?;
    // Without the relay nobody is known to be there.
    until("a header without presence", || async {
        Ok((window.text("presence").await? == "2 participants").then_some(()))
    })
    .await?;
    window.picture("pending-light").await?;
    window.kill().await?;

    let window = ada.open(Light::Night).await?;
    window.click(&row_of(GROUP)).await?;
    window.click("group-header").await?;
    window
        .says("pending-change", "waiting for the connection")
        .await?;
    window.see(&participant(&cyan_is, "")).await?;
    window.picture("pending-dark").await?;
    relay.restart();
    window.notices("You made Cyan Liu an admin").await?;
    window.misses("pending-change").await?;
    cyan.listening.until(|line| line["type"] == "role_changed");
    window.close().await
}
