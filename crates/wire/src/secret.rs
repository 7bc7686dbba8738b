//! Bytes that must not be printed and are wiped when dropped.

use crate::Lock;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 32-byte secret. Prints as `<redacted>`, wipes itself.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(transparent)]
pub struct Secret(#[cbor(with = "minicbor::bytes")] [u8; 32]);

impl Secret {
    /// Wraps the bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret in these bytes, if there are exactly 32 of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes themselves; keep them where they are needed.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// Opens a mailbox, an attachment or the right to revoke: the relay knows only its [`Lock`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct LockSecret(#[n(0)] pub Secret);

impl LockSecret {
    /// Wraps the bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The lock this secret opens.
    pub fn lock(&self) -> Lock {
        Lock(Sha256::digest(self.0.expose()).into())
    }
}

/// Lets its holder use a closed relay: a JSON Web Token (RFC 7519), signed with EdDSA (RFC 8037).
/// Prints as `<redacted>`, wipes itself.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
#[cbor(transparent)]
pub struct Token(#[n(0)] String);

impl Token {
    /// Largest token, in bytes.
    pub const LIMIT: usize = 4 << 10;

    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; keep it where it is needed.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}
