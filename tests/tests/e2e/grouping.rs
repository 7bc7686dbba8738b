//! A group: made with a picture, come into, talked in, and left by being taken out.

use crate::driver::Light;
use crate::meeting::meet;
use crate::people::Person;
use anyhow::Result;

#[tokio::test]
async fn two_people_are_in_a_group_until_one_is_taken_out() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let (hers, his) = tokio::try_join!(ada.open(Light::Day), bo.open(Light::Night))?;
    ada.join(&hers, None).await?;
    bo.join(&his, None).await?;
    meet((&ada, &hers), (&bo, &his), "group").await?;

    hers.click("add").await?;
    hers.click("add-group").await?;
    hers.type_into("group-name", "Physics study group").await?;
    // Any picture will do; it is made small and square by the page.
    hers.choose_file("picture-file", &ada.file("code.png"))
        .await?;
    hers.see("picture img").await?;
    hers.click("pick").await?;
    hers.says("chip", "Bo Okafor").await?;
    hers.picture("group-new").await?;
    hers.click("group-create").await?;
    hers.says("presence", "2 participants").await?;

    his.says("group-invitation-card", "Physics study group")
        .await?;
    his.picture("group-invited").await?;
    his.click("group-invitation-accept").await?;
    his.click("chat-row[data-title=\"Physics study group\"]")
        .await?;
    his.see("group-header img").await?;
    his.write("Why does the wheel keep its axis?").await?;
    hers.see_message("Why does the wheel keep its axis?", "received")
        .await?;
    his.see_message("Why does the wheel keep its axis?", "read")
        .await?;
    hers.see("group-header img").await?;

    hers.click("group-header").await?;
    hers.says("participants", "Bo Okafor").await?;
    hers.click("rename").await?;
    hers.type_into("edit-line", "Gyroscopes").await?;
    hers.click("edit-keep").await?;
    his.says("group-header", "Gyroscopes").await?;
    hers.picture("group-light").await?;
    his.click("group-header").await?;
    his.says("participants", "Ada Moreau").await?;
    his.misses("add-participant").await?;
    his.picture("group-dark").await?;

    hers.click("participant-more").await?;
    hers.click("participant-remove").await?;
    hers.picture("group-remove").await?;
    hers.click("remove-sure").await?;
    his.says("gone", "removed you from this group").await?;
    his.misses("composer").await?;
    his.says("message-text", "Why does the wheel keep its axis?")
        .await?;
    his.picture("group-removed").await?;
    Ok(())
}
