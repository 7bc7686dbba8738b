//! What the page may ask about groups: each a line that asks the client.

use crate::commands::Answer;
use crate::host::Host;
use snug_client::view::{GroupInvitationRow, GroupRow, InvitationRow, NewInvitation, Role};
use tauri::{State, command};

/// Makes a group with contacts; its chat.
#[command]
#[specta::specta]
pub async fn create_group(
    host: State<'_, Host>,
    name: String,
    accounts: Vec<String>,
) -> Answer<String> {
    host.client().await?.create_group(&name, &accounts).await
}

/// All about a group.
#[command]
#[specta::specta]
pub async fn group(host: State<'_, Host>, chat: String) -> Answer<GroupRow> {
    host.client().await?.group(&chat).await
}

/// Adds contacts.
#[command]
#[specta::specta]
pub async fn add_participants(
    host: State<'_, Host>,
    chat: String,
    accounts: Vec<String>,
) -> Answer<()> {
    let client = host.client().await?;
    client.add_participants(&chat, &accounts).await
}

/// Takes somebody out.
#[command]
#[specta::specta]
pub async fn remove_participant(
    host: State<'_, Host>,
    chat: String,
    account: String,
) -> Answer<()> {
    let client = host.client().await?;
    client.remove_participant(&chat, &account).await
}

/// Makes somebody an admin, or a member again.
#[command]
#[specta::specta]
pub async fn set_role(
    host: State<'_, Host>,
    chat: String,
    account: String,
    role: Role,
) -> Answer<()> {
    host.client().await?.set_role(&chat, &account, role).await
}

/// Gives a group another name.
#[command]
#[specta::specta]
pub async fn rename_group(host: State<'_, Host>, chat: String, name: String) -> Answer<()> {
    host.client().await?.rename_group(&chat, &name).await
}

/// Says what a group is about.
#[command]
#[specta::specta]
pub async fn describe_group(host: State<'_, Host>, chat: String, text: String) -> Answer<()> {
    host.client().await?.describe_group(&chat, &text).await
}

/// Gives a group a picture, or none.
#[command]
#[specta::specta]
pub async fn set_group_picture(
    host: State<'_, Host>,
    chat: String,
    picture: Option<Vec<u8>>,
) -> Answer<()> {
    host.client().await?.set_group_picture(&chat, picture).await
}

/// Has a group go on at another relay.
#[command]
#[specta::specta]
pub async fn move_group(host: State<'_, Host>, chat: String, relay: String) -> Answer<()> {
    host.client().await?.move_group(&chat, &relay).await
}

/// Stands for an admin of a group whose admins are silent.
#[command]
#[specta::specta]
pub async fn stand_for_admin(host: State<'_, Host>, chat: String) -> Answer<()> {
    host.client().await?.stand_for_admin(&chat).await
}

/// Leaves a group.
#[command]
#[specta::specta]
pub async fn leave_group(
    host: State<'_, Host>,
    chat: String,
    successor: Option<String>,
) -> Answer<()> {
    let client = host.client().await?;
    client.leave_group(&chat, successor.as_deref()).await
}

/// Takes back a change that is not done yet.
#[command]
#[specta::specta]
pub async fn cancel_change(host: State<'_, Host>, chat: String, id: String) -> Answer<()> {
    host.client().await?.cancel_change(&chat, &id).await
}

/// Makes a code that leads into a group.
#[command]
#[specta::specta]
pub async fn create_group_invitation(
    host: State<'_, Host>,
    chat: String,
    invitation: NewInvitation,
) -> Answer<InvitationRow> {
    let client = host.client().await?;
    client.create_group_invitation(&chat, &invitation).await
}

/// Groups one is invited to.
#[command]
#[specta::specta]
pub async fn group_invitations(host: State<'_, Host>) -> Answer<Vec<GroupInvitationRow>> {
    host.client().await?.group_invitations().await
}

/// Comes into a group one is invited to.
#[command]
#[specta::specta]
pub async fn accept_group(host: State<'_, Host>, id: String) -> Answer<()> {
    host.client().await?.accept_group(&id).await
}

/// Says no to an invitation to a group.
#[command]
#[specta::specta]
pub async fn decline_group(host: State<'_, Host>, id: String) -> Answer<()> {
    host.client().await?.decline_group(&id).await
}
