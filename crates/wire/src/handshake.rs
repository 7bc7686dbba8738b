//! How a connection begins: both sides prove a key, then requests may flow.
//!
//! `Hello` → `Challenge` → `Auth` → `Ready`. The relay proves its own key over both nonces, the
//! device proves a random key it keeps for this relay alone (rule 10). Requests may follow `Auth`
//! at once, without waiting for `Ready`.

use crate::{ConnectionKey, RelayKey, Token};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use minicbor::{Decode, Encode};

/// First frame of a connection, from the device.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// [`crate::PROTOCOL_VERSION`] of the device.
    #[n(0)]
    pub version: u16,
    /// The connection's key.
    #[n(1)]
    pub key: ConnectionKey,
    /// 32 random bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
}

/// The relay's answer to `Hello`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Challenge {
    /// [`crate::PROTOCOL_VERSION`] of the relay.
    #[n(0)]
    pub version: u16,
    /// The relay's key.
    #[n(1)]
    pub relay: RelayKey,
    /// 32 random bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub nonce: [u8; 32],
    /// The relay's Ed25519 signature over the transcript.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

/// The device's proof of its connection key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Auth {
    /// Ed25519 signature over the transcript.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub signature: [u8; 64],
    /// For a relay that wants one. Said only after the relay has proved its key.
    #[n(1)]
    pub token: Option<Token>,
}

/// Who signs a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The relay, in `Challenge`.
    Relay,
    /// The device, in `Auth`.
    Device,
}

/// What both sides sign: everything said so far, under a label of the side.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The device's nonce.
    pub device_nonce: [u8; 32],
    /// The relay's nonce.
    pub relay_nonce: [u8; 32],
    /// The connection's key.
    pub connection: ConnectionKey,
    /// The relay's key.
    pub relay: RelayKey,
}

impl Transcript {
    fn bytes(&self, side: Side) -> Vec<u8> {
        let label: &[u8] = match side {
            Side::Relay => b"snug/1 relay",
            Side::Device => b"snug/1 connection",
        };
        [
            label,
            &self.device_nonce,
            &self.relay_nonce,
            &self.connection.0,
            &self.relay.0,
        ]
        .concat()
    }

    /// Signs as `side`.
    pub fn sign(&self, side: Side, key: &SigningKey) -> [u8; 64] {
        key.sign(&self.bytes(side)).to_bytes()
    }

    /// Whether `side` signed this transcript with its key.
    pub fn verify(&self, side: Side, signature: &[u8; 64]) -> bool {
        let key = match side {
            Side::Relay => &self.relay.0,
            Side::Device => &self.connection.0,
        };
        verify(key, &self.bytes(side), signature)
    }
}

/// Strict Ed25519 verification (RFC 8032, no small-order keys).
pub fn verify(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| {
        key.verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    })
}
