//! Invitations: one's own, and those of others.

use crate::chats::PATIENCE;
use crate::output::{self, Line};
use crate::place::{catch_up, look_quietly};
use crate::qr::Reserved;
use anyhow::{Context as _, Result, bail};
use snug_client::Client;
use snug_client::view::{InvitationState, Preview, RequestRow, RequestState, Standing};
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// What a new invitation is to be.
pub struct New {
    pub reusable: bool,
    pub expires: Option<Duration>,
    pub greeting: String,
}

/// Makes an invitation and waits until its code works.
pub async fn new(client: &Client, new: New, qr: Option<&Path>) -> Result<Line> {
    let picture = qr.map(Reserved::new).transpose()?;
    let span = new.expires.map(|span| span.as_millis() as f64);
    let made = client
        .create_invitation(new.reusable, span, &new.greeting)
        .await?;
    let published = timeout(PATIENCE, client.published(&made.id)).await;
    let Ok(published) = published else {
        bail!(
            "The relay has not confirmed the invitation. Its code works as soon as it has: see `snug-cli invite list`."
        );
    };
    let published = published?;
    match published.state {
        InvitationState::Open => {}
        // So soon that it may not have left yet.
        InvitationState::Expired => catch_up(client).await?,
        _ => bail!("The relay did not take the invitation. Make another one."),
    }
    let mut line = output::row("invitation", &published)?;
    if let Some(picture) = picture {
        let file = picture.file;
        client.save_invitation_picture(&made.id, file).await?;
        picture.done();
        line.insert("picture".to_owned(), file.to_string_lossy().into());
    }
    Ok(line)
}

/// What a code says.
pub async fn preview(client: &Client, code: &str) -> Result<Line> {
    output::row("preview", &client.preview(&text_of(code).await?).await?)
}

/// Asks with a code, or lets in who asks.
pub async fn accept(client: &Client, code: &str) -> Result<Line> {
    if is_request(code) {
        return answer(client, code, true).await;
    }
    let code = text_of(code).await?;
    // What one is told about a code that is over comes from looking at it, not from trying.
    let shown = client.preview(&code).await?;
    if shown.standing == Standing::Connected {
        bail!(done_already(&shown));
    }
    let asked = client.accept(&code, "").await?;
    let Ok(asked) = timeout(PATIENCE, client.asked(&asked.id)).await else {
        bail!(
            "The relay has not confirmed the request. It is stored and goes out as soon as the relay answers."
        );
    };
    let asked = asked?;
    match refusal(asked.state) {
        None => output::row("request", &asked),
        Some(why) => bail!(why),
    }
}

/// Says no to who asks. A code is only looked at.
pub async fn decline(client: &Client, code: &str) -> Result<Line> {
    if is_request(code) {
        return answer(client, code, false).await;
    }
    let shown = client.preview(&text_of(code).await?).await?;
    match shown.standing {
        Standing::New => output::row("preview", &shown),
        Standing::Waiting => bail!(
            "{} was asked already; that cannot be taken back.",
            shown.name
        ),
        Standing::Connected => bail!(done_already(&shown)),
    }
}

/// Where a code leads, one is.
fn done_already(shown: &Preview) -> String {
    match &shown.group {
        Some(group) => format!("You are in {} already.", group.name),
        None => format!("You are connected with {} already.", shown.name),
    }
}

async fn answer(client: &Client, request: &str, accept: bool) -> Result<Line> {
    catch_up(client).await?;
    find(client, request).await?;
    client.answer_request(request, accept).await?;
    // The other side is told now if the relay answers, else with the next command.
    look_quietly(client).await;
    output::row("request", &find(client, request).await?)
}

async fn find(client: &Client, request: &str) -> Result<RequestRow> {
    let requests = client.requests().await?;
    let found = requests
        .into_iter()
        .find(|row| row.id == request && row.incoming);
    found.with_context(|| {
        format!("Nobody asks under the id {request}. `snug-cli invite list` shows who does.")
    })
}

/// Own invitations, then requests.
pub async fn list(client: &Client) -> Result<Vec<Line>> {
    let invitations = client.invitations().await?;
    let requests = client.requests().await?;
    let invitations = invitations.iter().map(|row| output::row("invitation", row));
    invitations
        .chain(requests.iter().map(|row| output::row("request", row)))
        .collect()
}

/// Withdraws an invitation, at the relay too.
pub async fn revoke(client: &Client, id: &str) -> Result<Line> {
    catch_up(client).await?;
    client.revoke_invitation(id).await?;
    catch_up(client)
        .await
        .context("The invitation is withdrawn here, and the relay is told as soon as it answers")?;
    let all = client.invitations().await?;
    let row = all.into_iter().find(|row| row.id == id);
    output::row("invitation", &row.context("the invitation is gone")?)
}

/// Whether this is the form of a request's id.
fn is_request(text: &str) -> bool {
    text.parse::<snug_wire::ClaimId>().is_ok()
}

/// The text of a code given as such, as a link, or as a picture file.
pub async fn text_of(code: &str) -> Result<String> {
    let is_text = code
        .trim_start()
        .get(..5)
        .is_some_and(|start| start.eq_ignore_ascii_case("snug:"));
    if is_text {
        return Ok(code.to_owned());
    }
    if !Path::new(code).exists() {
        bail!("{code:?} is neither a Snug code (SNUG:…), nor a link (snug:…), nor a picture file.");
    }
    let text = snug_client::code_in_file(code).await?;
    Ok(text)
}

/// Why a request of ours came to nothing.
fn refusal(state: RequestState) -> Option<&'static str> {
    match state {
        RequestState::Sending | RequestState::Waiting | RequestState::Connected => None,
        RequestState::Declined => Some("The other side said no."),
        RequestState::Used => Some("This invitation was used already. Ask for a new one."),
        RequestState::Expired => Some("This invitation has expired. Ask for a new one."),
        RequestState::Revoked => Some("This invitation was withdrawn. Ask for a new one."),
        RequestState::Failed => {
            Some("The relay does not take this request. Ask for a new invitation.")
        }
    }
}
