//! At home, with no server: one window shares its relay on the local network, the other comes over it.

use crate::driver::Light;
use crate::meeting::meet;
use crate::people::{Person, chat_with};
use anyhow::Result;
use serde_json::json;

#[tokio::test]
async fn two_people_in_one_network_need_no_server() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let (hers, his) = tokio::try_join!(ada.open(Light::Day), bo.open(Light::Night))?;
    ada.join(&hers, None).await?;
    bo.join(&his, None).await?;

    hers.click("open-settings").await?;
    hers.click("share-local").await?;
    hers.see("local-outcome p").await?;
    let row = hers.ask("local_network", json!({})).await?;
    let Some(address) = row["address"].as_str() else {
        eprintln!("this computer is in no local network: nothing is tested");
        return Ok(());
    };
    hers.says("local-outcome", address).await?;
    hers.picture("local-network").await?;

    hers.click("open-chats").await?;
    meet((&ada, &hers), (&bo, &his), "local").await?;
    his.write("Anyone home?").await?;
    hers.see_message("Anyone home?", "received").await?;
    hers.write("Come in").await?;
    his.see_message("Come in", "received").await?;
    his.click("open-connection").await?;
    his.says("other-relay", address).await?;
    his.see("other-relay[data-state=\"connected\"]").await?;
    his.picture("local-network-connection").await?;

    // Off: nobody is in any more; and on again.
    hers.click("open-settings").await?;
    hers.click("share-local").await?;
    his.see("other-relay[data-state=\"offline\"]").await?;
    hers.click("share-local").await?;
    his.see("other-relay[data-state=\"connected\"]").await?;
    hers.click("open-chats").await?;
    hers.click(&chat_with(&bo)).await?;
    hers.write("Still here").await?;
    his.click("open-chats").await?;
    his.click(&chat_with(&ada)).await?;
    his.see_message("Still here", "received").await
}
