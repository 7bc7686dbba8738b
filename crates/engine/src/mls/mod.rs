//! MLS (RFC 9420) by OpenMLS: one suite, our storage, our rules.

mod crypto;
pub(crate) mod group;
pub(crate) mod key_package;
pub(crate) mod policy;
pub(crate) mod storage;
#[cfg(test)]
mod tests;

use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialType, CredentialWithKey, ExtensionType,
    Lifetime, ProposalType, ProtocolVersion,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_libcrux_crypto::CryptoProvider;
use openmls_traits::OpenMlsProvider;
use openmls_traits::types::SignatureScheme;
use rusqlite::Connection;
use snug_wire::log_state::Credential;
use snug_wire::{FRAME_LIMIT, decode, encode};
use storage::MlsStorage;

pub(crate) use crypto::Crypto;

/// X-Wing, ChaCha20-Poly1305, SHA-256, Ed25519 (draft-ietf-mls-pq-ciphersuites; provisional number).
pub(crate) const SUITE: Ciphersuite = Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519;

/// Private-use extension (RFC 9420 §17.3): the hash of the log state in the GroupContext (rule 20).
pub(crate) const STATE_EXTENSION: u16 = 0xF051;

/// Private-use proposal (RFC 9420 §17.4): a [`snug_wire::log_state::Change`] in a commit (rule 20).
pub(crate) const CHANGE_PROPOSAL: u16 = 0xF052;

/// Crypto shared, storage borrowed from the open transaction.
pub(crate) struct Provider<'a> {
    crypto: &'a Crypto,
    storage: MlsStorage<'a>,
}

impl<'a> Provider<'a> {
    pub fn new(crypto: &'a Crypto, db: &'a Connection) -> Self {
        Self {
            crypto,
            storage: MlsStorage(db),
        }
    }
}

impl<'a> OpenMlsProvider for Provider<'a> {
    type CryptoProvider = Crypto;
    type RandProvider = CryptoProvider;
    type StorageProvider = MlsStorage<'a>;

    fn storage(&self) -> &Self::StorageProvider {
        &self.storage
    }
    fn crypto(&self) -> &Self::CryptoProvider {
        self.crypto
    }
    fn rand(&self) -> &Self::RandProvider {
        self.crypto.rand()
    }
}

/// A device's MLS signer: its device key.
pub(crate) fn signer(seed: &[u8; 32], public: &[u8; 32]) -> SignatureKeyPair {
    SignatureKeyPair::from_raw(SignatureScheme::ED25519, seed.to_vec(), public.to_vec())
}

/// What our leaves say they can do: just what Snug uses.
pub(crate) fn capabilities() -> Capabilities {
    able(&[ExtensionType::Unknown(STATE_EXTENSION)])
}

/// What a leaf of a key package for the last resort says: it has to know its own extension
/// (RFC 9420 §10.1).
pub(crate) fn last_resort_capabilities() -> Capabilities {
    able(&[
        ExtensionType::Unknown(STATE_EXTENSION),
        ExtensionType::LastResort,
    ])
}

fn able(extensions: &[ExtensionType]) -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[SUITE]),
        Some(extensions),
        Some(&[ProposalType::Custom(CHANGE_PROPOSAL)]),
        Some(&[CredentialType::Basic]),
    )
}

/// Never over: OpenMLS would compare with the wall clock, and clocks differ (rule 31).
pub(crate) fn lifetime() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

/// The credential of a leaf.
pub(crate) fn credential(credential: &Credential) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(encode(credential)).into(),
        signature_key: credential.key.0.as_slice().into(),
    }
}

/// Who a leaf says it is, if its signature key is the one it names.
pub(crate) fn identity(
    credential: &openmls::prelude::Credential,
    signature_key: &[u8],
) -> Option<Credential> {
    let basic = BasicCredential::try_from(credential.clone()).ok()?;
    let identity: Credential = decode(basic.identity(), FRAME_LIMIT).ok()?;
    (identity.key.0 == signature_key).then_some(identity)
}
