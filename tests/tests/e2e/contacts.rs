//! Two people make sure of each other, and one does not want to hear the other for a while.

use crate::driver::Light;
use crate::people::{Person, chat_with};
use crate::talking::together;
use anyhow::{Context as _, Result};
use serde_json::json;

#[tokio::test]
async fn two_people_verify_each_other_and_one_blocks_the_other_for_a_while() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let (hers, his) = together(&ada, &bo).await?;
    for window in [&hers, &his] {
        window.click("chat-details").await?;
        window.click("verify-row").await?;
        window.see("safety-number").await?;
    }
    assert_eq!(
        hers.text("safety-number").await?,
        his.text("safety-number").await?
    );
    hers.picture("verify-light").await?;
    his.picture("verify-dark").await?;

    // She pastes the code of his screen; he compares with his eyes.
    let contacts = his.ask("contacts", json!({})).await?;
    let shown = his
        .ask(
            "safety_number",
            json!({ "account": contacts[0]["account"] }),
        )
        .await?;
    let code = shown["code"].as_str().context("a code")?;
    hers.type_into("verify-text", code).await?;
    hers.click("verify-submit").await?;
    hers.see("verify-done").await?;
    hers.picture("verified-light").await?;
    his.click("verify-match").await?;
    his.see("verify-done").await?;
    for window in [&hers, &his] {
        window.click("dialog-close").await?;
        window.see("header-shield").await?;
    }

    his.click("details-block").await?;
    his.says("blocked", "You blocked").await?;
    his.picture("blocked-dark").await?;
    hers.write("Are you cross?").await?;
    hers.see_message("Are you cross?", "sent").await?;
    his.click("blocked [data-testid=\"unblock\"]").await?;
    his.see("composer").await?;
    hers.write("Tea, then?").await?;
    his.see_message("Tea, then?", "received").await?;
    let heard = his.lines().await?;
    let is_lost = |line: &serde_json::Value| line["text"] == "Are you cross?";
    assert!(!heard.iter().any(is_lost), "{heard:?}");

    // Out of sight until she writes again.
    his.click("archive-switch").await?;
    his.says("archived", "Archived").await?;
    his.picture("archived-dark").await?;
    hers.write("Or coffee?").await?;
    his.see(&chat_with(&ada)).await?;
    hers.close().await?;
    his.close().await?;
    // It is all still so.
    let his = bo.open(Light::Night).await?;
    his.click(&chat_with(&ada)).await?;
    his.see("header-shield").await?;
    his.close().await
}
