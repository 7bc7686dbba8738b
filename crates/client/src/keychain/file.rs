//! Keys in a file sealed under a passphrase: Argon2id (RFC 9106), then XChaCha20-Poly1305.
//!
//! The parameters stand in the file, so that they can be raised later; a checksum over everything
//! tells a damaged file from a wrong passphrase.

use super::Keys;
use crate::data_dir::write_atomically;
use crate::{Problem, ProblemCode};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;
use zeroize::Zeroizing;

/// RFC 9106 §4, second recommended option: 64 MiB, 3 passes, 4 lanes. More than OWASP asks for.
const COST: Cost = Cost {
    memory: 64 << 10,
    passes: 3,
    lanes: 4,
};
/// No file may make us do more than this.
const DEAREST: Cost = Cost {
    memory: 1 << 20,
    passes: 64,
    lanes: 64,
};
/// A keychain file is far smaller.
const LARGEST: u64 = 16 << 10;

/// What deriving the key costs.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cost {
    /// KiB.
    memory: u32,
    passes: u32,
    lanes: u32,
}

/// The file, as JSON; bytes in hexadecimal.
#[derive(Serialize, Deserialize)]
struct Sealed {
    version: u32,
    cost: Cost,
    salt: String,
    nonce: String,
    sealed: String,
    /// Over all the rest.
    sum: String,
}

/// The keys in the file, made if there is none and `is_new`.
pub(super) fn keys(path: &Path, passphrase: &str, is_new: bool) -> Result<Keys, Problem> {
    match std::fs::metadata(path) {
        Ok(found) if found.len() > LARGEST => Err(damaged(path)),
        Ok(_) => {
            let bytes = std::fs::read(path).map_err(|e| Problem::file(path, &e))?;
            let sealed = Sealed::parse(&bytes).ok_or_else(|| damaged(path))?;
            sealed.open(passphrase).map_err(|wrong| match wrong {
                Wrong::File => damaged(path),
                Wrong::Passphrase => {
                    let text = "This passphrase does not open the keychain file. Try again.";
                    Problem::new(ProblemCode::PassphraseWrong, text)
                }
            })
        }
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Problem::file(path, &e)),
        Err(_) if !is_new => Err(super::lost(&path.display().to_string())),
        Err(_) if passphrase.is_empty() => {
            let text = "A passphrase is needed to protect the keys.";
            Err(Problem::new(ProblemCode::PassphraseWrong, text))
        }
        Err(_) => {
            let keys = Keys::random();
            let sealed = Sealed::of(&keys, passphrase, COST)?;
            let bytes = serde_json::to_vec_pretty(&sealed).map_err(Problem::broken)?;
            write_atomically(path, &bytes).map_err(|e| Problem::file(path, &e))?;
            Ok(keys)
        }
    }
}

fn damaged(path: &Path) -> Problem {
    let text = format!("{} is damaged. Restore it from a backup.", path.display());
    Problem::new(ProblemCode::DatabaseDamaged, text)
}

/// Why a file did not open.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    File,
    Passphrase,
}

impl Sealed {
    const VERSION: u32 = 1;

    fn of(keys: &Keys, passphrase: &str, cost: Cost) -> Result<Self, Problem> {
        let (salt, nonce) = (rand::random::<[u8; 16]>(), rand::random::<[u8; 24]>());
        let mut sealed = Self {
            version: Self::VERSION,
            cost,
            salt: HEXLOWER.encode(&salt),
            nonce: HEXLOWER.encode(&nonce),
            sealed: String::new(),
            sum: String::new(),
        };
        let cipher = cost
            .cipher(passphrase, &salt)
            .ok_or_else(|| Problem::broken("the key cannot be derived"))?;
        let payload = Payload {
            msg: &keys.to_bytes(),
            aad: &sealed.header(),
        };
        let bytes = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(Problem::broken)?;
        sealed.sealed = HEXLOWER.encode(&bytes);
        sealed.sum = sealed.checksum();
        Ok(sealed)
    }

    /// The file's form, if its checksum is right.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let sealed: Self = serde_json::from_slice(bytes).ok()?;
        (sealed.sum == sealed.checksum()).then_some(sealed)
    }

    fn open(&self, passphrase: &str) -> Result<Keys, Wrong> {
        let bytes = |text: &str| HEXLOWER.decode(text.as_bytes()).map_err(|_| Wrong::File);
        if self.version != Self::VERSION || !self.cost.is_bearable() {
            return Err(Wrong::File);
        }
        let nonce: [u8; 24] = bytes(&self.nonce)?.try_into().map_err(|_| Wrong::File)?;
        let cipher = self
            .cost
            .cipher(passphrase, &bytes(&self.salt)?)
            .ok_or(Wrong::File)?;
        let payload = Payload {
            msg: &bytes(&self.sealed)?,
            aad: &self.header(),
        };
        let opened = cipher
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Wrong::Passphrase)?;
        Keys::from_bytes(&Zeroizing::new(opened)).ok_or(Wrong::File)
    }

    /// What stands before the sealed bytes and is authenticated with them.
    fn header(&self) -> Vec<u8> {
        let Cost {
            memory,
            passes,
            lanes,
        } = self.cost;
        format!(
            "snug keys {} {memory} {passes} {lanes} {} {}",
            self.version, self.salt, self.nonce
        )
        .into_bytes()
    }

    fn checksum(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(self.header());
        digest.update(self.sealed.as_bytes());
        HEXLOWER.encode(digest.finalize().get(..16).unwrap_or_default())
    }
}

impl Cost {
    fn is_bearable(&self) -> bool {
        self.memory <= DEAREST.memory
            && self.passes <= DEAREST.passes
            && self.lanes <= DEAREST.lanes
    }

    fn cipher(&self, passphrase: &str, salt: &[u8]) -> Option<XChaCha20Poly1305> {
        let params = Params::new(self.memory, self.passes, self.lanes, Some(32)).ok()?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
            .ok()?;
        XChaCha20Poly1305::new_from_slice(key.as_ref()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory: 64,
        passes: 1,
        lanes: 1,
    };

    #[test]
    fn a_damaged_file_is_told_from_a_wrong_passphrase() {
        let keys = Keys::random();
        let sealed = Sealed::of(&keys, "lamplight", CHEAP).unwrap();
        let bytes = serde_json::to_vec(&sealed).unwrap();

        let parsed = Sealed::parse(&bytes).unwrap();
        assert_eq!(parsed.open("lamplight").unwrap(), keys);
        assert_eq!(parsed.open("daylight").unwrap_err(), Wrong::Passphrase);
        assert!(Sealed::parse(&bytes[..bytes.len() / 2]).is_none());
        let text = String::from_utf8(bytes).unwrap();
        let digit = text.find("\"sealed\":\"").unwrap() + 10;
        let other = if text.as_bytes()[digit] == b'0' {
            "1"
        } else {
            "0"
        };
        let mut flipped = text.clone();
        flipped.replace_range(digit..=digit, other);
        assert!(Sealed::parse(flipped.as_bytes()).is_none());
    }

    #[test]
    fn a_file_cannot_ask_for_endless_work() {
        let mut sealed = Sealed::of(&Keys::random(), "lamplight", CHEAP).unwrap();
        sealed.cost.memory = u32::MAX;
        assert_eq!(sealed.open("lamplight").unwrap_err(), Wrong::File);
    }
}
