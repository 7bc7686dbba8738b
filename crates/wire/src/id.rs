//! Identifiers: fixed-size byte strings, each its own type.

use data_encoding::HEXLOWER;
use minicbor::{Decode, Encode};
use std::fmt;
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[cbor(with = "minicbor::bytes")] pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The identifier in these bytes, if there are exactly enough of them.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }
        }

        /// Short: the first four bytes in hexadecimal, enough for a log.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let hex = HEXLOWER.encode(&self.0);
                write!(f, "{}({})", stringify!($name), hex.get(..8).unwrap_or(&hex))
            }
        }

        /// Whole, in hexadecimal: how identifiers cross to hosts.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = crate::WireError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                HEXLOWER
                    .decode(text.as_bytes())
                    .ok()
                    .and_then(|bytes| Self::from_slice(&bytes))
                    .ok_or_else(|| {
                        crate::WireError::Malformed(format!("not a {}", stringify!($name)))
                    })
            }
        }
    };
}

id!(
    /// An account: its Ed25519 public key.
    AccountId, 32
);
id!(
    /// One device of an account; random.
    DeviceId, 16
);
id!(
    /// A device's Ed25519 public key, which is also its MLS signature key.
    DeviceKey, 32
);
id!(
    /// What a person opens as one chat. For a direct conversation a hash of its two accounts (rule 19).
    ConversationId, 32
);
id!(
    /// One MLS group, that is one log; a conversation may have had several (rules 18, 19).
    GroupId, 16
);
id!(
    /// One message, the same however often it has to be encrypted (rule 16).
    MessageId, 16
);
id!(
    /// One sealed entry; makes `Put` idempotent (rule 6).
    EnvelopeId, 16
);
id!(
    /// A mailbox on a relay; random.
    Address, 32
);
id!(
    /// A relay: its Ed25519 public key (rule 1).
    RelayKey, 32
);
id!(
    /// A connection's random Ed25519 public key, one per relay (rule 10).
    ConnectionKey, 32
);
id!(
    /// SHA-256 of a [`crate::LockSecret`] (rule 4).
    Lock, 32
);
id!(
    /// An invitation as the relay knows it; the first part of its code.
    InvitationId, 16
);
id!(
    /// One use of an invitation by one requester (rule 13); also names the request.
    ClaimId, 16
);
id!(
    /// A device's wish to be in a conversation, again or for the first time (rules 17, 21).
    JoinId, 16
);

/// Position of an entry in a mailbox's log: rising, holes allowed, 0 stands before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Seq(#[n(0)] pub u64);
