//! What people do with messages: answer, change, react, take back, find, and begin to write.

use crate::driver::{Light, Window};
use crate::meeting::meet;
use crate::people::{Person, chat_with};
use crate::programs::until;
use anyhow::Result;
use serde_json::json;

/// The arrow up, as WebDriver writes it.
const UP: &str = "\u{e013}";

/// Two windows in one chat.
pub async fn together(ada: &Person, bo: &Person) -> Result<(Window, Window)> {
    let (hers, his) = tokio::try_join!(ada.open(Light::Day), bo.open(Light::Night))?;
    ada.join(&hers, None).await?;
    bo.join(&his, None).await?;
    meet((ada, &hers), (bo, &his), "talking").await?;
    Ok((hers, his))
}

#[tokio::test]
async fn two_people_answer_change_react_take_back_and_find() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let (hers, his) = together(&ada, &bo).await?;
    his.see("presence").await?;
    hers.see("presence").await?;

    hers.write("Tea at four?").await?;
    his.see_message("Tea at four?", "received").await?;

    // Writing shows while it lasts, and ends with the message.
    his.begin("Gladly").await?;
    hers.says("typing", "Bo").await?;
    hers.picture("typing-light").await?;
    his.act("Tea at four?", "act-reply").await?;
    his.says("composer-bar", "Tea at four?").await?;
    his.write("Gladly, I bring bred").await?;
    hers.see_message("Gladly, I bring bred", "received").await?;
    hers.says("quote", "Tea at four?").await?;
    hers.says("typing", "").await?;

    // The arrow up in an empty field changes the last one.
    his.type_into("composer", UP).await?;
    his.says("composer-bar", "bred").await?;
    his.write("Gladly, I bring bread").await?;
    hers.see_message("Gladly, I bring bread", "received")
        .await?;
    hers.see("edited").await?;

    hers.act("Gladly, I bring bread", "act-react").await?;
    hers.click("emoji-picker button[data-emoji]").await?;
    his.see("reaction").await?;
    his.picture("talking-dark").await?;

    hers.write("And a secret").await?;
    his.see_message("And a secret", "received").await?;
    hers.act("And a secret", "act-more").await?;
    hers.click("menu-delete").await?;
    hers.see("going").await?;
    his.see("message[data-kind=\"deleted\"]").await?;
    hers.misses("going").await?;
    hers.picture("talking-light").await?;

    hers.click("find-here").await?;
    hers.type_into("search", "bread").await?;
    hers.says("hit", "bread").await?;
    hers.picture("search-light").await?;
    hers.click("hit").await?;
    hers.message("Gladly, I bring bread").await?;

    // How the connection goes, and what can be set.
    his.click("open-connection").await?;
    his.see("connection-page").await?;
    his.picture("connection-dark").await?;
    his.click("open-settings").await?;
    his.picture("settings-dark").await?;
    hers.close().await?;
    his.close().await
}

#[tokio::test]
async fn what_was_begun_is_kept_and_what_was_written_offline_leaves_by_itself() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let (hers, his) = together(&ada, &bo).await?;
    hers.write("Are you there?").await?;
    his.see_message("Are you there?", "received").await?;
    his.begin("Half a tho").await?;
    hers.says("typing", "Bo").await?;
    until("a draft on disk", || async {
        let chats = his.ask("chats", json!({})).await?;
        Ok((chats[0]["draft"] == "Half a tho").then_some(()))
    })
    .await?;
    his.kill().await?;
    // He vanished; nobody types for ever.
    hers.says("typing", "").await?;

    // Her window has the relay: without it he writes into the void.
    hers.kill().await?;
    let his = bo.open(Light::Night).await?;
    his.says(&chat_with(&ada), "Half a tho").await?;
    his.click(&chat_with(&ada)).await?;
    assert_eq!(his.value("composer").await?, "Half a tho");
    his.write("Half a thought, written offline").await?;
    his.see_message("Half a thought, written offline", "sending")
        .await?;
    his.picture("offline-dark").await?;

    let hers = ada.open(Light::Day).await?;
    hers.click(&chat_with(&bo)).await?;
    hers.see_message("Half a thought, written offline", "received")
        .await?;
    hers.click("composer").await?;
    his.see_message("Half a thought, written offline", "read")
        .await?;
    hers.close().await?;
    his.close().await
}
