//! Under which keys signals are sealed (rule 23).
//!
//! Every member can derive every member's key: who is in a conversation could pose as another member
//! there. That costs no ratchet step and nothing on disk, and is stated in `docs/SECURITY.md`.

use crate::error::{Error, Result};
use crate::mls::{Provider, group, policy};
use crate::store::table::log::Log;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use openmls::prelude::MlsGroup;
use openmls_traits::OpenMlsProvider;
use sha2::Sha256;
use snug_wire::log_state::{Credential, LogState};
use snug_wire::signal::{SealedSignal, Signal};
use snug_wire::{GroupId, Secret, Seq};
use std::collections::BTreeMap;

/// What a group's signals need, kept so that they touch no MLS state.
pub(super) struct Keys {
    /// The last commit when it was derived: another one, another epoch.
    head: Seq,
    secret: Secret,
    own: u32,
    /// Listed devices only.
    leaves: BTreeMap<u32, Credential>,
    /// Something could not be opened in this epoch, and its authors were asked to say it again.
    pub asked: bool,
}

impl Keys {
    /// Of the epoch that stands after that log's head. `None` without a group.
    pub fn derive(
        provider: &Provider<'_>,
        groups: &BTreeMap<GroupId, MlsGroup>,
        (log, state): (&Log, &LogState),
    ) -> Result<Option<Self>> {
        let loaded;
        let group = match groups.get(&log.group) {
            Some(group) => group,
            None => match group::load(provider, &log.group)? {
                Some(group) => {
                    loaded = group;
                    &loaded
                }
                None => return Ok(None),
            },
        };
        let broken = |e: &dyn std::fmt::Display| Error::Mls(e.to_string());
        let secret = group
            .export_secret(provider.crypto(), "snug/1 signal", &[], 32)
            .map_err(|e| broken(&e))?;
        let secret = Secret::from_slice(&secret)
            .ok_or_else(|| broken(&"an exported secret has another length"))?;
        let listed = |(leaf, who): (u32, Option<Credential>)| {
            who.filter(|who| state.names(who)).map(|who| (leaf, who))
        };
        Ok(Some(Self {
            head: log.head,
            secret,
            own: group.own_leaf_index().u32(),
            leaves: policy::leaves(group).filter_map(listed).collect(),
            asked: false,
        }))
    }

    /// Whether these are still the keys of that log.
    pub fn are_of(&self, log: &Log) -> bool {
        self.head == log.head
    }

    fn cipher(&self, leaf: u32) -> Result<XChaCha20Poly1305> {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, self.secret.expose())
            .expand(&leaf.to_be_bytes(), &mut key)
            .map_err(|e| Error::Mls(e.to_string()))?;
        let cipher = XChaCha20Poly1305::new(&key.into());
        zeroize::Zeroize::zeroize(&mut key);
        Ok(cipher)
    }

    /// Seals a signal of ours.
    pub fn seal(&self, nonce: [u8; 24], signal: &Signal) -> Result<SealedSignal> {
        let sealed = self
            .cipher(self.own)?
            .encrypt(&XNonce::from(nonce), signal.to_padded().as_slice())
            .map_err(|e| Error::Mls(e.to_string()))?;
        Ok(SealedSignal {
            leaf: self.own,
            nonce,
            sealed,
        })
    }

    /// Whose a signal says it is; `None` for nobody listed, and for ourselves.
    pub fn author(&self, signal: &SealedSignal) -> Option<&Credential> {
        self.leaves
            .get(&signal.leaf)
            .filter(|_| signal.leaf != self.own)
    }

    /// Opens a signal; `None` when it was not sealed under that leaf's key.
    pub fn open(&self, signal: &SealedSignal) -> Result<Option<Signal>> {
        let plain = self
            .cipher(signal.leaf)?
            .decrypt(&XNonce::from(signal.nonce), signal.sealed.as_slice());
        Ok(plain.ok().and_then(|p| Signal::from_padded(&p).ok()))
    }
}
