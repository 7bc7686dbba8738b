//! Codes: what a QR, a link or a copied text holds (rule 28).
//!
//! `SNUG:` + type letter + version digit + upper-case base32 (RFC 4648, no padding) of
//! id (16) + key (32) + relay + checksum (2). The checksum is a CRC over all that stands before it,
//! type and version included. A relay is one byte below 16 for a relay built in,
//! or 16 (`ws`) or 17 (`wss`), a length byte, `host:port`, and 16 bytes of the SHA-256 of its key.
//! Upper case keeps a QR in its alphanumeric mode: at most 41 × 41 modules. A link is the same in
//! lower case.

use crate::verify::VerifyCode;
use crate::{InvitationId, RelayAddress, Secret, local};
use data_encoding::BASE32_NOPAD;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

pub(crate) const SCHEME: &str = "SNUG:";
pub(crate) const VERSION: u8 = b'1';
const LONGEST: usize = 512;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CodeKind {
    /// `C`: to meet a person.
    #[n(0)]
    Contact,
    /// `G`: to join a group.
    #[n(1)]
    Group,
    /// `D`: to link one's own device.
    #[n(2)]
    Device,
    /// `V`: to verify a contact. Its form is [`crate::verify::VerifyCode`].
    #[n(3)]
    Verify,
    /// `A`: to meet an agent.
    #[n(4)]
    Agent,
}

impl CodeKind {
    const ALL: [(Self, u8); 5] = [
        (Self::Contact, b'C'),
        (Self::Group, b'G'),
        (Self::Device, b'D'),
        (Self::Verify, b'V'),
        (Self::Agent, b'A'),
    ];

    fn letter(self) -> u8 {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or(b'C', |(_, letter)| *letter)
    }
}

/// A code.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InviteCode {
    /// What it is for.
    #[n(0)]
    pub kind: CodeKind,
    /// The invitation at the relay.
    #[n(1)]
    pub id: InvitationId,
    /// Opens the card and proves that one holds the code.
    #[n(2)]
    pub key: Secret,
    /// Where the card is.
    #[n(3)]
    pub relay: RelayHint,
}

/// A relay as a code names it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RelayHint {
    /// `ws://host:port` or `wss://host:port`.
    #[n(0)]
    pub url: String,
    /// The start of the SHA-256 of the relay's key.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub key_hash: [u8; 16],
}

impl RelayHint {
    /// How a code names this relay.
    pub fn of(relay: &RelayAddress) -> Self {
        let mut key_hash = [0; 16];
        for (to, from) in key_hash.iter_mut().zip(Sha256::digest(relay.key.0)) {
            *to = from;
        }
        Self {
            url: relay.url.clone(),
            key_hash,
        }
    }

    /// Whether this names that relay, wherever it is.
    pub fn names(&self, relay: &RelayAddress) -> bool {
        Self::of(relay).key_hash == self.key_hash
    }

    /// Whether the relay can be reached from its own computer only.
    pub fn is_loopback(&self) -> bool {
        let host = local::host(&self.url);
        host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<IpAddr>()
                .is_ok_and(|ip| ip.to_canonical().is_loopback())
    }

    /// Whether the relay can be reached from its own local network only, or only from its computer.
    pub fn is_local(&self) -> bool {
        let host = local::host(&self.url);
        self.is_loopback()
            || host.to_ascii_lowercase().ends_with(".local")
            || host.parse().is_ok_and(local::is_local)
    }
}

/// Why a text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// It does not begin like one.
    #[error("this is not a Snug code")]
    Foreign,
    /// Its end is missing.
    #[error("this Snug code is incomplete: copy all of it")]
    Incomplete,
    /// A character is wrong.
    #[error("this Snug code is damaged: ask for it again")]
    Damaged,
    /// Made by a newer Snug.
    #[error("this code is from a newer version of Snug: update to read it")]
    TooNew,
    /// It compares a safety number and invites nobody.
    #[error(
        "this code compares a safety number: scan it in the details of the chat with that person"
    )]
    Verifies,
}

impl fmt::Display for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind.letter(), VERSION];
        bytes.extend_from_slice(&self.id.0);
        bytes.extend_from_slice(self.key.expose());
        let (tag, host) = match self.relay.url.split_once("://") {
            Some(("wss", host)) => (17, host),
            Some((_, host)) => (16, host),
            None => (16, self.relay.url.as_str()),
        };
        bytes.push(tag);
        bytes.push(host.len().min(255) as u8);
        bytes.extend_from_slice(host.as_bytes().get(..255).unwrap_or(host.as_bytes()));
        bytes.extend_from_slice(&self.relay.key_hash);
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        let (prefix, rest) = bytes.split_at(2);
        write!(f, "{SCHEME}{}", String::from_utf8_lossy(prefix))?;
        f.write_str(&BASE32_NOPAD.encode(rest))
    }
}

impl InviteCode {
    /// The same as a link.
    pub fn link(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl FromStr for InviteCode {
    type Err = CodeError;

    /// Reads a code or link; blanks, line breaks and case do not matter.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let text = plain(text)?;
        let rest = text.strip_prefix(SCHEME).ok_or(CodeError::Foreign)?;
        let Some((prefix, rest)) = rest.as_bytes().split_first_chunk::<2>() else {
            return Err(CodeError::Incomplete);
        };
        let [letter, version] = *prefix;
        let kind = CodeKind::ALL
            .iter()
            .find(|(_, l)| *l == letter)
            .map(|(kind, _)| *kind);
        if version != VERSION && version.is_ascii_digit() {
            return Err(CodeError::TooNew);
        }
        let kind = kind
            .filter(|_| version == VERSION)
            .ok_or(CodeError::Damaged)?;
        if kind == CodeKind::Verify {
            return Err(text
                .parse::<VerifyCode>()
                .err()
                .unwrap_or(CodeError::Verifies));
        }
        let mut bytes = prefix.to_vec();
        bytes.extend(decode_base32(rest)?);
        let code = Self::from_bytes(kind, &bytes)?;
        // One text for each code: a character too many at the end is seen here.
        if code.to_string() == text {
            Ok(code)
        } else {
            Err(CodeError::Damaged)
        }
    }
}

impl InviteCode {
    fn from_bytes(kind: CodeKind, bytes: &[u8]) -> Result<Self, CodeError> {
        let mut left = Reader(bytes);
        left.take(2)?;
        let id = InvitationId::from_slice(left.take(16)?).ok_or(CodeError::Incomplete)?;
        let key = Secret::from_slice(left.take(32)?).ok_or(CodeError::Incomplete)?;
        let tag = left.byte()?;
        let scheme = match tag {
            16 => "ws",
            17 => "wss",
            _ => {
                return Err(if sums(bytes) {
                    CodeError::TooNew
                } else {
                    CodeError::Damaged
                });
            }
        };
        let len = usize::from(left.byte()?);
        let host = left.take(len)?;
        let hash = left.take(16)?;
        left.take(2)?;
        if !left.0.is_empty() || !sums(bytes) {
            return Err(CodeError::Damaged);
        }
        let host = std::str::from_utf8(host).map_err(|_| CodeError::Damaged)?;
        if !host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".:-_[]".contains(&b))
        {
            return Err(CodeError::Damaged);
        }
        Ok(Self {
            kind,
            id,
            key,
            relay: RelayHint {
                url: format!("{scheme}://{host}"),
                key_hash: hash.try_into().map_err(|_| CodeError::Incomplete)?,
            },
        })
    }
}

/// A code as it was made: without blanks and line breaks, in upper case.
pub(crate) fn plain(text: &str) -> Result<String, CodeError> {
    if text.len() > LONGEST * 2 {
        return Err(CodeError::Foreign);
    }
    Ok(text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_uppercase())
        .collect())
}

/// Base32 whose length may have been cut: what is whole is decoded, so that a cut code is told
/// from a damaged one.
pub(crate) fn decode_base32(text: &[u8]) -> Result<Vec<u8>, CodeError> {
    let whole = match text.len() % 8 {
        1 | 3 | 6 => text.len() - 1,
        _ => text.len(),
    };
    let text = text.get(..whole).unwrap_or(text);
    BASE32_NOPAD.decode(text).or_else(|error| match error.kind {
        // Bits left over by a cut.
        data_encoding::DecodeKind::Trailing => {
            let full = text.len() / 8 * 8;
            BASE32_NOPAD
                .decode(text.get(..full).unwrap_or_default())
                .map_err(|_| CodeError::Damaged)
        }
        _ => Err(CodeError::Damaged),
    })
}

/// CRC-16 (polynomial 0x1021, start 0xffff). Unlike a piece of a hash it finds for certain whatever
/// is wrong within 16 bits in a row: any character, and any two or three neighbours.
pub(crate) fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut sum = 0xffff_u16;
    for byte in bytes {
        sum ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            let carry = sum >> 15;
            sum = (sum << 1) ^ (carry * 0x1021);
        }
    }
    sum.to_be_bytes()
}

pub(crate) fn sums(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<2>()
        .is_some_and(|(rest, sum)| checksum(rest) == *sum)
}

pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], CodeError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(CodeError::Incomplete)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8, CodeError> {
        self.take(1)?.first().copied().ok_or(CodeError::Incomplete)
    }
}
