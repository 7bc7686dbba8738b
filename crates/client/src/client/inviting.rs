//! Invitations and requests.

use super::{Client, id, lock, not_found};
use crate::clock::now;
use crate::connection::ask;
use crate::view::{self, InvitationRow, Preview, RequestRow, Standing};
use crate::{Problem, ProblemCode};
use snug_engine::{NewInvitation, View};
use snug_wire::code::InviteCode;
use snug_wire::frame::{Answer, Refusal, Request};
use snug_wire::{ClaimId, InvitationId, RelayAddress};

/// The card behind a code, as its relay gave it.
#[derive(Clone)]
pub(super) struct Fetched {
    invitation: InvitationId,
    relay: RelayAddress,
    sealed: Vec<u8>,
    /// Why it cannot be used any more.
    ended: Option<Refusal>,
}

impl Client {
    /// Makes an invitation; its code works once the relay has the card (`open`).
    ///
    /// # Errors
    /// `nameTooLong` for the greeting, `queueFull`, `diskFull`.
    pub async fn create_invitation(
        &self,
        reusable: bool,
        expires_in_ms: Option<f64>,
        greeting: &str,
    ) -> Result<InvitationRow, Problem> {
        let greeting = greeting.trim().to_owned();
        self.call(move |engine, now| {
            let new = NewInvitation {
                reusable,
                expires_at: expires_in_ms.map(|span| now.saturating_add(span.max(0.0) as u64)),
                greeting,
                group: None,
            };
            let made = engine.create_invitation(&new, now)?;
            invitation_in(engine.view(), made)
        })
        .await?
        .ok_or_else(not_found)
    }

    /// All invitations, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn invitations(&self) -> Result<Vec<InvitationRow>, Problem> {
        self.read(|view| {
            let all = view.invitations()?.into_iter();
            all.map(|found| view::invitation_row(view, found, now()))
                .collect()
        })
        .await
    }

    /// Withdraws an invitation.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn revoke_invitation(&self, invitation: &str) -> Result<(), Problem> {
        let invitation: InvitationId = id(invitation)?;
        self.call(move |engine, now| engine.revoke_invitation(invitation, now))
            .await
    }

    /// What a code says. Nothing is sent but the question for its card.
    ///
    /// # Errors
    /// The `code…`, `invitation…` and `relay…` problems.
    pub async fn preview(&self, code: &str) -> Result<Preview, Problem> {
        let code: InviteCode = code.parse()?;
        let (preview, fetched) = self.look_at(&code).await?;
        let row = view::preview(&code, preview, &fetched.relay);
        // Who asked already, or is connected, is told that instead.
        match &fetched.ended {
            Some(why) if row.standing == Standing::New => Err(ended(why)),
            _ => Ok(row),
        }
    }

    /// Asks to connect. Stored when this returns; [`Client::asked`] waits for the relay.
    ///
    /// # Errors
    /// As [`Client::preview`].
    pub async fn accept(&self, code: &str, greeting: &str) -> Result<RequestRow, Problem> {
        let code: InviteCode = code.parse()?;
        let greeting = greeting.trim().to_owned();
        let Fetched { relay, sealed, .. } = self.fetch(&code).await?;
        let asked = self
            .call(move |engine, now| {
                let claim = engine.accept(&code, &relay, &sealed, &greeting, now)?;
                request_in(engine.view(), claim)
            })
            .await?;
        asked.ok_or_else(not_found)
    }

    /// All requests, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn requests(&self) -> Result<Vec<RequestRow>, Problem> {
        self.read(|view| {
            let all = view.requests()?.into_iter();
            all.map(|found| view::request_row(view, found)).collect()
        })
        .await
    }

    /// Says yes or no to somebody who asks.
    ///
    /// # Errors
    /// `notFound`, also when it was answered before.
    pub async fn answer_request(&self, request: &str, accept: bool) -> Result<(), Problem> {
        let request: ClaimId = id(request)?;
        self.call(move |engine, now| engine.answer_request(request, accept, now))
            .await
    }

    async fn look_at(&self, code: &InviteCode) -> Result<(snug_engine::Preview, Fetched), Problem> {
        let invitation = code.id;
        if self
            .read(move |view| view.invitation(&invitation))
            .await?
            .is_some()
        {
            return Err(Problem::from(snug_engine::Rejection::OwnCode));
        }
        // Always anew: it may have been used or withdrawn since.
        *lock(&self.0.fetched) = None;
        let fetched = self.fetch(code).await?;
        let (code, sealed) = (code.clone(), fetched.sealed.clone());
        let preview = self
            .read(move |view| view.open_card(&code, &sealed, now()))
            .await?;
        Ok((preview, fetched))
    }

    /// The card behind a code: the one last looked at, or its relay's answer.
    async fn fetch(&self, code: &InviteCode) -> Result<Fetched, Problem> {
        let known = lock(&self.0.fetched)
            .clone()
            .filter(|card| card.invitation == code.id);
        if let Some(fetched) = known {
            return Ok(fetched);
        }
        let mut hint = code.relay.clone();
        if let Some(embedded) = self.0.embedded.as_ref().filter(|here| hint.names(here)) {
            hint.url.clone_from(&embedded.url);
        }
        let (relay, answer) = ask(&hint, Request::Card(code.id), &self.way()).await?;
        let relay = self.as_told(relay);
        let (sealed, ended) = match answer {
            Answer::Card(sealed, ended) => (sealed, ended),
            Answer::Refused(why) => return Err(self::ended(&why)),
            _ => return Err(self::ended(&Refusal::Malformed)),
        };
        let fetched = Fetched {
            invitation: code.id,
            relay,
            sealed,
            ended,
        };
        *lock(&self.0.fetched) = Some(fetched.clone());
        Ok(fetched)
    }
}

/// Why an invitation cannot be used, as its relay says.
fn ended(why: &Refusal) -> Problem {
    use snug_engine::Rejection;
    match why {
        Refusal::Used => Rejection::Used.into(),
        Refusal::Expired => Rejection::Expired.into(),
        Refusal::Revoked => Rejection::Revoked.into(),
        Refusal::NoInvitation => Problem::new(
            ProblemCode::InvitationUnknown,
            "The relay does not know this invitation. Ask for a new one.",
        ),
        other => Problem::new(
            ProblemCode::RelayUnreachable,
            format!("The relay does not give out this invitation: {other:?}. Try again later."),
        ),
    }
}

/// An invitation as hosts see it.
pub(super) fn invitation_in(
    view: View<'_>,
    invitation: InvitationId,
) -> snug_engine::Result<Option<InvitationRow>> {
    let found = view.invitation(&invitation)?;
    found
        .map(|found| view::invitation_row(view, found, now()))
        .transpose()
}

/// A request as hosts see it.
pub(super) fn request_in(
    view: View<'_>,
    claim: ClaimId,
) -> snug_engine::Result<Option<RequestRow>> {
    let found = view.request(&claim)?;
    found
        .map(|found| view::request_row(view, found))
        .transpose()
}
