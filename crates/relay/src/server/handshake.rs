//! The relay's side of [`snug_wire::handshake`].

use super::connection::End;
use super::line::Line;
use super::{Shared, writer};
use crate::tokens::Tokens;
use snug_wire::frame::{ClientFrame, Refusal, RelayFrame};
use snug_wire::handshake::{Auth, Challenge, Side, Transcript};
use snug_wire::{PROTOCOL_VERSION, RelayKey};
use std::time::Duration;
use tokio::time::Instant;

/// A year, in seconds: nobody stays connected for longer.
const FAR: u64 = 365 * 24 * 3_600;

/// Proves the relay's key, and has the client prove its own, and that it may come in. Says until
/// when it may stay, if not for ever.
pub async fn handshake(line: &mut Line, shared: &Shared) -> Result<Option<Instant>, End> {
    let ClientFrame::Hello(hello) = line.receive().await? else {
        return Err(Refusal::Malformed.into());
    };
    if hello.version != PROTOCOL_VERSION {
        return Err(Refusal::Version(PROTOCOL_VERSION).into());
    }
    let transcript = Transcript {
        device_nonce: hello.nonce,
        relay_nonce: rand::random(),
        connection: hello.key,
        relay: RelayKey(shared.key.verifying_key().to_bytes()),
    };
    let challenge = Challenge {
        version: PROTOCOL_VERSION,
        relay: transcript.relay,
        nonce: transcript.relay_nonce,
        signature: transcript.sign(Side::Relay, &shared.key),
    };
    line.send(&RelayFrame::Challenge(challenge)).await?;
    let ClientFrame::Auth(auth) = line.receive().await? else {
        return Err(Refusal::Malformed.into());
    };
    if !transcript.verify(Side::Device, &auth.signature) {
        return Err(Refusal::NotProved.into());
    }
    let until = match &shared.tokens {
        Some(tokens) => Some(stay(tokens, &auth)?),
        None => None,
    };
    line.send(&RelayFrame::Ready).await?;
    Ok(until)
}

/// Until when that token is good.
fn stay(tokens: &Tokens, auth: &Auth) -> Result<Instant, Refusal> {
    let now = writer::now() / 1_000;
    let until = tokens.check(auth.token.as_ref(), now)?;
    // A token of centuries would be beyond what a timer knows.
    let left = Duration::from_secs((until - now).min(FAR));
    Ok(Instant::now() + left)
}
