//! Cards and claims (rules 13 and 27): exactly once over all relays. What is counted and what is bound
//! to a claim are written in one atomic batch, checked against the invitation as it was looked at.

use super::api::{PATIENCE, Write, pause};
use super::asks::{Ask, Asked, Key};
use super::hub::{Hub, IDLE};
use super::names::Stream;
use super::trouble::{Stop, Trouble};
use crate::core::limits;
use crate::core::rules::{ended, forget_later, same};
use crate::store::invitation::Invitation;
use data_encoding::HEXLOWER;
use ed25519_dalek::Signer as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use snug_wire::frame::{Answer, Publish, Refusal, Request, ticket};
use snug_wire::{ClaimId, InvitationId, LockSecret};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long a claim of an invitation without an end keeps its answer.
const CLAIM: u64 = 365 * limits::DAY;

/// The key's value.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    lock: String,
    uses: Option<u32>,
    used: u32,
    expires_at: Option<u64>,
    revoked: bool,
    forget_at: Option<u64>,
    /// SHA-256 of the card, in hexadecimal.
    card: String,
}

/// An invitation as it was looked at.
struct There {
    invitation: Invitation,
    card: String,
    revision: u64,
}

/// An invitation's lane.
pub async fn run(hub: Arc<Hub>, key: Key, mut asks: mpsc::Receiver<Ask>) {
    loop {
        match timeout(IDLE, asks.recv()).await {
            Ok(Some(Ask::Asked(asked))) => {
                let done = asked_of(&hub, &asked).await;
                hub.settle(&asked, done.map(Some));
            }
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(_) if hub.leave(key, &mut asks) => return,
            Err(_) => {}
        }
    }
}

async fn asked_of(hub: &Hub, asked: &Asked) -> Result<Answer, Stop> {
    match &asked.request {
        Request::Publish(publish) => published(hub, publish).await,
        Request::Card(id) => card(hub, id).await,
        Request::Claim(id, by) => claim(hub, id, by).await,
        Request::Revoke(id, secret) => revoke(hub, id, secret).await,
        _ => Err(Refusal::Malformed.into()),
    }
}

async fn published(hub: &Hub, publish: &Publish) -> Result<Answer, Stop> {
    if publish.card.len() > limits::CARD {
        return Err(Refusal::TooLarge(limits::CARD as u64).into());
    }
    let digest = HEXLOWER.encode(&Sha256::digest(&publish.card));
    let begun = Instant::now();
    loop {
        if let Some(there) = find(hub, &publish.id).await? {
            let (mine, same_card) = (there.invitation, there.card == digest);
            let is_same = same(&mine.lock, &publish.lock)
                && mine.uses == publish.uses
                && mine.expires_at == publish.expires_at
                && same_card;
            return match is_same {
                true => Ok(Answer::Done),
                false => Err(Refusal::Taken.into()),
            };
        }
        if hub.is_full.load(Relaxed) {
            return Err(Refusal::Full.into());
        }
        let invitation = Invitation {
            id: publish.id,
            lock: publish.lock,
            uses: publish.uses,
            used: 0,
            expires_at: publish.expires_at,
            revoked: false,
            forget_at: publish
                .expires_at
                .map(|at| at.saturating_add(limits::TIME_TO_LIVE)),
        };
        let card = Write::new(
            hub.nats.names.card(&publish.id, &digest),
            publish.card.clone(),
        );
        let card = card.lasting(left(&invitation, hub.now()));
        let state = write(hub, &invitation, &digest, 0)?;
        match hub.nats.batch(vec![card, state]).await {
            Ok(_) => return Ok(Answer::Done),
            Err(trouble) => again(trouble, begun).await?,
        }
    }
}

async fn card(hub: &Hub, id: &InvitationId) -> Result<Answer, Stop> {
    let there = find(hub, id).await?.ok_or(Refusal::NoInvitation)?;
    let card = hub.nats.names.card(id, &there.card);
    let card = hub.nats.last(Stream::State, &card).await?;
    let card = card.ok_or(Refusal::NoInvitation)?;
    let why = ended(&there.invitation, hub.now());
    Ok(Answer::Card(card.bytes.to_vec(), why))
}

async fn claim(hub: &Hub, id: &InvitationId, by: &ClaimId) -> Result<Answer, Stop> {
    let begun = Instant::now();
    let mine = hub.nats.names.claim(id, by);
    loop {
        let mut there = find(hub, id).await?.ok_or(Refusal::NoInvitation)?;
        // The same claim keeps its answer, whatever has become of the invitation.
        let bound = hub.nats.last(Stream::State, &mine).await?;
        if bound.is_some() {
            return Ok(claimed(hub, id, by));
        }
        let now = hub.now();
        let invitation = &mut there.invitation;
        if let Some(why) = ended(invitation, now) {
            return Err(why.into());
        }
        invitation.used = invitation.used.saturating_add(1);
        if invitation.uses.is_some_and(|uses| invitation.used >= uses) {
            forget_later(invitation, now);
        }
        let kept = left(invitation, now).unwrap_or(Duration::from_millis(CLAIM));
        let bound = Write::new(mine.clone(), "1").after(0).lasting(Some(kept));
        let state = write(hub, invitation, &there.card, there.revision)?;
        match hub.nats.batch(vec![bound, state]).await {
            Ok(_) => return Ok(claimed(hub, id, by)),
            // Perhaps it was done: then the claim is found bound.
            Err(trouble) => again(trouble, begun).await?,
        }
    }
}

fn claimed(hub: &Hub, id: &InvitationId, by: &ClaimId) -> Answer {
    Answer::Claimed(hub.key.sign(&ticket(id, by)).to_bytes())
}

async fn revoke(hub: &Hub, id: &InvitationId, secret: &LockSecret) -> Result<Answer, Stop> {
    let begun = Instant::now();
    loop {
        let mut there = find(hub, id).await?.ok_or(Refusal::NoInvitation)?;
        let invitation = &mut there.invitation;
        if !same(&invitation.lock, &secret.lock()) {
            return Err(Refusal::WrongLock.into());
        }
        if invitation.revoked {
            return Ok(Answer::Done);
        }
        invitation.revoked = true;
        forget_later(invitation, hub.now());
        match hub
            .nats
            .write(write(hub, invitation, &there.card, there.revision)?)
            .await
        {
            Ok(_) => return Ok(Answer::Done),
            Err(trouble) => again(trouble, begun).await?,
        }
    }
}

/// Whether it is worth trying again: everything here may be done twice.
pub(super) async fn again(trouble: Trouble, begun: Instant) -> Result<(), Trouble> {
    if trouble.is_full() || begun.elapsed() >= PATIENCE {
        return Err(trouble);
    }
    pause().await;
    Ok(())
}

async fn find(hub: &Hub, id: &InvitationId) -> Result<Option<There>, Trouble> {
    let subject = hub.nats.names.invitation(id);
    let Some(stored) = hub.nats.last(Stream::State, &subject).await? else {
        return Ok(None);
    };
    let form = |what: String| Trouble::Form(format!("{subject}: {what}"));
    let kept: Kept =
        serde_json::from_slice(&stored.bytes).map_err(|error| form(error.to_string()))?;
    if kept.forget_at.is_some_and(|at| hub.now() >= at) {
        return Ok(None);
    }
    let lock = kept.lock.parse().map_err(|_| form("no lock".into()))?;
    Ok(Some(There {
        invitation: Invitation {
            id: *id,
            lock,
            uses: kept.uses,
            used: kept.used,
            expires_at: kept.expires_at,
            revoked: kept.revoked,
            forget_at: kept.forget_at,
        },
        card: kept.card,
        revision: stored.seq,
    }))
}

/// How long it is kept.
fn left(invitation: &Invitation, now: u64) -> Option<Duration> {
    let left = invitation.forget_at?.saturating_sub(now);
    // A date in 292 million years is none.
    (left < 100 * 365 * limits::DAY).then_some(Duration::from_millis(left))
}

fn write(hub: &Hub, invitation: &Invitation, card: &str, revision: u64) -> Result<Write, Trouble> {
    let kept = Kept {
        lock: invitation.lock.to_string(),
        uses: invitation.uses,
        used: invitation.used,
        expires_at: invitation.expires_at,
        revoked: invitation.revoked,
        forget_at: invitation.forget_at,
        card: card.to_owned(),
    };
    let bytes = serde_json::to_vec(&kept).map_err(|error| Trouble::Form(error.to_string()))?;
    let write = Write::new(hub.nats.names.invitation(&invitation.id), bytes);
    Ok(write.after(revision).lasting(left(invitation, hub.now())))
}
