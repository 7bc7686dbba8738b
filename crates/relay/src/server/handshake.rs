//! The relay's side of [`snug_wire::handshake`].

use super::Shared;
use super::connection::{End, receive, send};
use axum::extract::ws::WebSocket;
use snug_wire::frame::{ClientFrame, Refusal, RelayFrame};
use snug_wire::handshake::{Challenge, Side, Transcript};
use snug_wire::{PROTOCOL_VERSION, RelayKey};

/// Proves the relay's key, and has the client prove its own.
pub async fn handshake(socket: &mut WebSocket, shared: &Shared) -> Result<(), End> {
    let ClientFrame::Hello(hello) = receive(socket).await? else {
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
    send(socket, &RelayFrame::Challenge(challenge)).await?;
    let ClientFrame::Auth(auth) = receive(socket).await? else {
        return Err(Refusal::Malformed.into());
    };
    if !transcript.verify(Side::Device, &auth.signature) {
        return Err(Refusal::NotProved.into());
    }
    send(socket, &RelayFrame::Ready).await
}
