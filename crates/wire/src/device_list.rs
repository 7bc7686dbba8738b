//! Which devices an account has: a hash chain of signed entries (rule 25).

use crate::handshake::verify;
use crate::{AccountId, ConversationId, DeviceId, DeviceKey, encode};
use ed25519_dalek::{Signer as _, SigningKey};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

/// An account's device list: every entry since the account was made, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct DeviceList(#[n(0)] pub Vec<SignedEntry>);

/// One entry and its signature.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedEntry {
    /// What is signed.
    #[n(0)]
    pub entry: Entry,
    /// Ed25519 over the entry's CBOR under a label.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

/// The devices of an account from this version on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Entry {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// 1 for the first, one more for each that follows.
    #[n(1)]
    pub version: u64,
    /// SHA-256 of the entry before, zeros for the first.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub previous: [u8; 32],
    /// All devices, in the order they were added.
    #[n(3)]
    pub devices: Vec<ListedDevice>,
    /// The own conversation (rule 26).
    #[n(4)]
    pub own: ConversationId,
    /// Who signed.
    #[n(5)]
    pub signer: Signer,
}

/// A device of the list.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ListedDevice {
    /// The device.
    #[n(0)]
    pub id: DeviceId,
    /// Its key.
    #[n(1)]
    pub key: DeviceKey,
}

/// Whose key signed an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Signer {
    /// The account key.
    #[n(0)]
    Account,
    /// A device listed in the entry before.
    #[n(1)]
    Device(#[n(0)] DeviceId),
}

/// The most entries and devices a list may have; a larger one is refused.
const MOST: usize = 256;

impl Entry {
    fn signed_bytes(&self) -> Vec<u8> {
        [b"snug/1 device list".as_slice(), &encode(self)].concat()
    }

    /// Signs the entry with the key its signer names.
    pub fn sign(self, key: &SigningKey) -> SignedEntry {
        let signature = key.sign(&self.signed_bytes()).to_bytes();
        SignedEntry {
            entry: self,
            signature,
        }
    }

    /// What the next entry names as `previous`.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(encode(self)).into()
    }
}

impl DeviceList {
    /// The list's last entry, if the whole chain is valid for `account`.
    pub fn verified(&self, account: &AccountId) -> Option<&Entry> {
        if self.0.len() > MOST {
            return None;
        }
        let mut before: Option<&Entry> = None;
        for signed in &self.0 {
            let entry = &signed.entry;
            let (version, previous) = before.map_or((1, [0; 32]), |b| (b.version + 1, b.hash()));
            let key = match entry.signer {
                Signer::Account => account.0,
                Signer::Device(id) => before?.key_of(&id)?.0,
            };
            let valid = entry.account == *account
                && entry.version == version
                && entry.previous == previous
                && entry.devices.len() <= MOST
                && before.is_none_or(|b| b.own == entry.own)
                && verify(&key, &entry.signed_bytes(), &signed.signature);
            if !valid {
                return None;
            }
            before = Some(entry);
        }
        before
    }

    /// Whether this list is that one and more.
    pub fn continues(&self, older: &Self) -> bool {
        self.0.len() > older.0.len() && self.0.starts_with(&older.0)
    }

    /// The list with one device more, signed by a device that it names; `None` for an empty list.
    pub fn with(&self, new: ListedDevice, by: DeviceId, key: &SigningKey) -> Option<Self> {
        let last = &self.0.last()?.entry;
        let mut devices = last.devices.clone();
        devices.push(new);
        let entry = Entry {
            version: last.version + 1,
            previous: last.hash(),
            devices,
            signer: Signer::Device(by),
            ..last.clone()
        };
        let mut list = self.clone();
        list.0.push(entry.sign(key));
        Some(list)
    }

    /// The last entry's version, not verified; 0 for an empty list.
    pub fn version(&self) -> u64 {
        self.0.last().map_or(0, |signed| signed.entry.version)
    }
}

impl Entry {
    /// The key of a listed device.
    pub fn key_of(&self, id: &DeviceId) -> Option<DeviceKey> {
        self.devices.iter().find(|d| d.id == *id).map(|d| d.key)
    }
}
