//! Sealing outside MLS: to inboxes (HPKE, RFC 9180, X-Wing), cards under their code's key, and the
//! proof that one holds a code.

use crate::error::{Error, Result};
use crate::mls::{Crypto, SUITE};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::HpkeCiphertext;
use sha2::{Digest, Sha256};
use snug_wire::card::{Card, InboxAddress, Signed};
use snug_wire::inbox::{InboxForm, Joining, SealedForm};
use snug_wire::{
    AccountId, Address, ClaimId, FRAME_LIMIT, GroupId, InvitationId, Secret, decode, encode, pad,
};

const INFO: &[u8] = b"snug/1 inbox";
const NONCE: usize = 24;

/// An X-Wing key pair from 32 random bytes: private, public.
pub(crate) fn inbox_key(crypto: &Crypto, seed: &[u8; 32]) -> Result<(Vec<u8>, Vec<u8>)> {
    let pair = crypto
        .derive_hpke_keypair(SUITE.hpke_config(), seed)
        .map_err(|e| Error::Mls(e.to_string()))?;
    Ok((pair.private.to_vec(), pair.public))
}

/// Seals a form to an inbox; the inbox's address is bound to it. `None` when its key is not one.
pub(crate) fn to_inbox(crypto: &Crypto, inbox: &InboxAddress, form: &InboxForm) -> Option<Vec<u8>> {
    let sealed = crypto
        .hpke_seal(
            SUITE.hpke_config(),
            &inbox.key,
            INFO,
            &inbox.address.0,
            &pad::pad(&encode(form)),
        )
        .ok()?;
    Some(encode(&SealedForm {
        encapsulated: sealed.kem_output.as_slice().to_vec(),
        ciphertext: sealed.ciphertext.as_slice().to_vec(),
    }))
}

/// Opens what was sealed to an inbox of ours; `None` for anything else.
pub(crate) fn from_inbox(
    crypto: &Crypto,
    address: &Address,
    key: &[u8],
    bytes: &[u8],
) -> Option<InboxForm> {
    let sealed: SealedForm = decode(bytes, FRAME_LIMIT).ok()?;
    let ciphertext = HpkeCiphertext {
        kem_output: sealed.encapsulated.into(),
        ciphertext: sealed.ciphertext.into(),
    };
    let plain = crypto
        .hpke_open(SUITE.hpke_config(), &ciphertext, key, INFO, &address.0)
        .ok()?;
    decode(pad::unpad(&plain).ok()?, FRAME_LIMIT).ok()
}

fn derive(code: &Secret, label: &[u8]) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, code.expose())
        .expand(label, &mut key)
        .map_err(|e| Error::Mls(e.to_string()))?;
    Ok(key)
}

/// Seals a card under its code's key: nonce, then XChaCha20-Poly1305.
pub(crate) fn card(code: &Secret, nonce: [u8; NONCE], card: &Signed<Card>) -> Result<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(&derive(code, b"snug/1 card")?.into());
    let payload = Payload {
        msg: &pad::pad(&encode(card)),
        aad: &card.form.invitation.0,
    };
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|e| Error::Mls(e.to_string()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens a card; `None` when it was not sealed under this code.
pub(crate) fn open_card(
    code: &Secret,
    id: &InvitationId,
    bytes: &[u8],
) -> Result<Option<Signed<Card>>> {
    let cipher = XChaCha20Poly1305::new(&derive(code, b"snug/1 card")?.into());
    let Some((nonce, sealed)) = bytes.split_first_chunk::<NONCE>() else {
        return Ok(None);
    };
    let payload = Payload {
        msg: sealed,
        aad: &id.0,
    };
    let Ok(plain) = cipher.decrypt(&XNonce::from(*nonce), payload) else {
        return Ok(None);
    };
    Ok(pad::unpad(&plain)
        .and_then(|plain| decode(plain, FRAME_LIMIT))
        .ok())
}

/// Seals what new leaves of a commit need: nonce, then XChaCha20-Poly1305, the group bound to it.
pub(crate) fn joining(
    key: &Secret,
    nonce: [u8; NONCE],
    group: &GroupId,
    joining: &Joining,
) -> Result<Vec<u8>> {
    let payload = Payload {
        msg: &encode(joining),
        aad: &group.0,
    };
    let sealed = XChaCha20Poly1305::new(key.expose().into())
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|e| Error::Mls(e.to_string()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// Opens it; `None` for anything else.
pub(crate) fn open_joining(key: &Secret, group: &GroupId, bytes: &[u8]) -> Option<Joining> {
    let (nonce, sealed) = bytes.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: sealed,
        aad: &group.0,
    };
    let plain = XChaCha20Poly1305::new(key.expose().into())
        .decrypt(&XNonce::from(*nonce), payload)
        .ok()?;
    decode(&plain, FRAME_LIMIT).ok()
}

/// The proof that this account's request was made by someone who holds the code.
pub(crate) fn proof(
    code: &Secret,
    invitation: &InvitationId,
    claim: &ClaimId,
    account: &AccountId,
) -> Result<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&derive(code, b"snug/1 proof")?)
        .map_err(|e| Error::Mls(e.to_string()))?;
    for part in [&invitation.0[..], &claim.0, &account.0] {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

/// Whether two proofs are equal, in constant time.
pub(crate) fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    Sha256::digest(a) == Sha256::digest(b)
}
