//! What is signed under which label, by whom, and that nothing signed passes for something else.

use crate::fixtures::{self, key};
use crate::frames::transcript;
use snug_wire::card::{Card, Signable};
use snug_wire::frame::ticket;
use snug_wire::handshake::{Side, verify};
use snug_wire::inbox::{Denial, InviteRequest};
use snug_wire::{ClaimId, ConnectionKey, DeviceKey, InvitationId, RelayKey};

#[test]
fn a_transcript_is_proved_by_each_side_with_its_own_key() {
    let transcript = transcript();
    let relay = transcript.sign(Side::Relay, &key(0x7e));
    let device = transcript.sign(Side::Device, &key(0xc0));
    assert!(transcript.verify(Side::Relay, &relay));
    assert!(transcript.verify(Side::Device, &device));
    // One side's proof sent back is not the other's.
    assert!(!transcript.verify(Side::Device, &relay));
    assert!(!transcript.verify(Side::Relay, &device));
    // Nor if both had the same key.
    let mut mirrored = transcript;
    mirrored.connection = ConnectionKey(mirrored.relay.0);
    let proof = mirrored.sign(Side::Relay, &key(0x7e));
    assert!(mirrored.verify(Side::Relay, &proof));
    assert!(!mirrored.verify(Side::Device, &proof));
}

#[test]
fn a_proof_is_of_this_connection_alone() {
    let said = transcript();
    let proof = said.sign(Side::Device, &key(0xc0));
    let other = |change: fn(&mut snug_wire::handshake::Transcript)| {
        let mut other = said.clone();
        change(&mut other);
        other.verify(Side::Device, &proof)
    };
    assert!(!other(|t| t.device_nonce[0] ^= 1));
    assert!(!other(|t| t.relay_nonce[31] ^= 1));
    assert!(!other(|t| t.relay = RelayKey([9; 32])));
    assert!(!other(
        |t| t.connection = ConnectionKey(key(0xc1).verifying_key().to_bytes())
    ));
    assert!(!other(|t| std::mem::swap(
        &mut t.device_nonce,
        &mut t.relay_nonce
    )));
}

#[test]
fn transcripts_are_frozen() {
    let transcript = transcript();
    let hex = |side, byte| data_encoding::HEXLOWER.encode(&transcript.sign(side, &key(byte)));
    insta::assert_snapshot!(format!(
        "relay  {}\ndevice {}\nticket {}",
        hex(Side::Relay, 0x7e),
        hex(Side::Device, 0xc0),
        data_encoding::HEXLOWER.encode(&ticket(&InvitationId([0x11; 16]), &ClaimId([0x44; 16]))),
    ));
}

#[test]
fn a_signed_form_is_by_its_device_and_as_it_was() {
    let mut card = fixtures::signed_card();
    let ada = fixtures::device(0xa2).key;
    assert!(card.is_by(&ada));
    assert!(!card.is_by(&fixtures::device(0xb2).key));
    card.form.name = "Dee".into();
    assert!(!card.is_by(&ada));
}

/// All-zero and other small-order keys accept signatures nobody made, unless checked strictly.
#[test]
fn weak_keys_sign_nothing() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    for weak in [identity, [0; 32]] {
        assert!(!verify(&weak, b"anything", &signature));
        assert!(!fixtures::signed_card().is_by(&DeviceKey(weak)));
    }
}

/// If one label began another, bytes could be found that both cover.
#[test]
fn no_label_begins_another() {
    let labels: [&[u8]; 9] = [
        b"snug/1 relay",
        b"snug/1 connection",
        b"snug/1 device list",
        b"snug/1 log state",
        b"snug/1 direct",
        b"snug/1 claim",
        Card::LABEL,
        InviteRequest::LABEL,
        Denial::LABEL,
    ];
    for (i, a) in labels.iter().enumerate() {
        for (j, b) in labels.iter().enumerate() {
            assert!(i == j || !b.starts_with(a));
        }
    }
}
