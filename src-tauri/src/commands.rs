//! What the page may ask: each a line that asks the client. They refuse with a [`Problem`].

use crate::host::Host;
use snug_client::Problem;
use snug_client::view::{
    AccountRow, ConnectionRow, InvitationRow, NewInvitation, Preview, QrMatrix, RequestRow, Startup,
};
use tauri::{State, command};

/// What every command answers.
pub(crate) type Answer<T> = Result<T, Problem>;

/// How things stand, once the client is open.
#[command]
#[specta::specta]
pub async fn startup(host: State<'_, Host>) -> Answer<Startup> {
    host.client().await?.startup().await
}

/// Opens the client with keys under a passphrase.
#[command]
#[specta::specta]
pub async fn unlock(host: State<'_, Host>, passphrase: String) -> Answer<()> {
    host.unlock(passphrase).await
}

/// Makes the account.
#[command]
#[specta::specta]
pub async fn create_account(
    host: State<'_, Host>,
    name: String,
    relay: Option<String>,
) -> Answer<AccountRow> {
    host.client()
        .await?
        .create_account(&name, relay.as_deref())
        .await
}

/// Makes an invitation.
#[command]
#[specta::specta]
pub async fn create_invitation(
    host: State<'_, Host>,
    invitation: NewInvitation,
) -> Answer<InvitationRow> {
    host.client()
        .await?
        .create_invitation(
            invitation.reusable,
            invitation.expires_in_ms,
            &invitation.greeting,
        )
        .await
}

/// All invitations.
#[command]
#[specta::specta]
pub async fn invitations(host: State<'_, Host>) -> Answer<Vec<InvitationRow>> {
    host.client().await?.invitations().await
}

/// Withdraws an invitation.
#[command]
#[specta::specta]
pub async fn revoke_invitation(host: State<'_, Host>, id: String) -> Answer<()> {
    host.client().await?.revoke_invitation(&id).await
}

/// An invitation's code as a QR.
#[command]
#[specta::specta]
pub async fn invitation_qr(host: State<'_, Host>, id: String) -> Answer<QrMatrix> {
    host.client().await?.invitation_qr(&id).await
}

/// The same as a picture file.
#[command]
#[specta::specta]
pub async fn save_invitation_picture(
    host: State<'_, Host>,
    id: String,
    path: String,
) -> Answer<()> {
    host.client()
        .await?
        .save_invitation_picture(&id, path)
        .await
}

/// The code in a picture.
#[command]
#[specta::specta]
pub async fn code_in_picture(host: State<'_, Host>, base64: String) -> Answer<String> {
    host.client().await?.code_in_picture(&base64).await
}

/// The code in a picture file.
#[command]
#[specta::specta]
pub async fn code_in_file(host: State<'_, Host>, path: String) -> Answer<String> {
    host.client().await?.code_in_file(path).await
}

/// What a code says.
#[command]
#[specta::specta]
pub async fn preview(host: State<'_, Host>, code: String) -> Answer<Preview> {
    host.client().await?.preview(&code).await
}

/// Asks to connect.
#[command]
#[specta::specta]
pub async fn accept(host: State<'_, Host>, code: String, greeting: String) -> Answer<RequestRow> {
    host.client().await?.accept(&code, &greeting).await
}

/// All requests.
#[command]
#[specta::specta]
pub async fn requests(host: State<'_, Host>) -> Answer<Vec<RequestRow>> {
    host.client().await?.requests().await
}

/// Says yes or no to somebody who asks.
#[command]
#[specta::specta]
pub async fn answer_request(host: State<'_, Host>, id: String, accept: bool) -> Answer<()> {
    host.client().await?.answer_request(&id, accept).await
}

/// The connection to the home relay.
#[command]
#[specta::specta]
pub async fn connection(host: State<'_, Host>) -> Answer<ConnectionRow> {
    Ok(host.client().await?.connection())
}

/// Connects at once instead of when the pause is over.
#[command]
#[specta::specta]
pub async fn reconnect(host: State<'_, Host>) -> Answer<()> {
    host.client().await?.reconnect();
    Ok(())
}
