//! Safety numbers: what two people compare to know that nobody stands between them (rule 28).
//!
//! Either person's half comes from their account key and the last entry of their device list, whose hash
//! names all entries before it. So a number changes with an account's devices, and only then: another
//! account key is another account. Whoever compares sees the devices of both as the other sees them.

use crate::AccountId;
use crate::code::{CodeError, Reader, SCHEME, VERSION, checksum, decode_base32, plain, sums};
use crate::device_list::DeviceList;
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha512};
use std::fmt;
use std::str::FromStr;

const LETTER: u8 = b'V';
/// Groups of five digits of a person.
const GROUPS: usize = 6;

/// A person's half of a safety number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half {
    account: AccountId,
    digest: [u8; 64],
}

/// The hash of a device list's last entry, which names all before it; zeros for an empty one.
pub fn state_of(devices: &DeviceList) -> [u8; 32] {
    devices.0.last().map_or([0; 32], |last| last.entry.hash())
}

impl Half {
    /// Of an account with these devices.
    pub fn of(account: &AccountId, devices: &DeviceList) -> Self {
        let label = b"snug/1 safety number".as_slice();
        let bytes = [label, &account.0, &state_of(devices)].concat();
        Self {
            account: *account,
            digest: Sha512::digest(bytes).into(),
        }
    }

    /// Six groups of five digits.
    fn digits(&self) -> Vec<String> {
        let (fives, _) = self.digest.as_chunks::<5>();
        let number = |five: &[u8; 5]| five.iter().fold(0, |n: u64, b| n << 8 | u64::from(*b));
        let digits = fives
            .iter()
            .map(|five| format!("{:05}", number(five) % 100_000));
        digits.take(GROUPS).collect()
    }

    /// What stands in a code.
    fn short(&self) -> [u8; 16] {
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(self.digest) {
            *to = from;
        }
        short
    }
}

/// Twelve groups of five digits, the same whoever asks: the lower account's half comes first.
pub fn digits(a: &Half, b: &Half) -> Vec<String> {
    let (low, high) = if a.account <= b.account {
        (a, b)
    } else {
        (b, a)
    };
    [low.digits(), high.digits()].concat()
}

/// What the other scans: `SNUG:V1` + upper-case base32 of the account that shows it (32), its half (16),
/// the other's half as it sees it (16), and a checksum (2) as in other codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifyCode {
    /// Whose screen shows it.
    pub account: AccountId,
    /// The start of its half.
    pub own: [u8; 16],
    /// The start of the other's.
    pub other: [u8; 16],
}

impl VerifyCode {
    /// What `own` shows to `other`.
    pub fn new(own: &Half, other: &Half) -> Self {
        Self {
            account: own.account,
            own: own.short(),
            other: other.short(),
        }
    }
}

impl fmt::Display for VerifyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = [LETTER, VERSION];
        let mut bytes = [prefix.as_slice(), &self.account.0, &self.own, &self.other].concat();
        let sum = checksum(&bytes);
        bytes.extend_from_slice(&sum);
        write!(f, "{SCHEME}{}", String::from_utf8_lossy(&prefix))?;
        f.write_str(&BASE32_NOPAD.encode(bytes.get(2..).unwrap_or_default()))
    }
}

impl FromStr for VerifyCode {
    type Err = CodeError;

    /// Reads a code; blanks, line breaks and case do not matter.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let text = plain(text)?;
        let rest = text.strip_prefix(SCHEME).ok_or(CodeError::Foreign)?;
        let Some(([letter, version], rest)) = rest.as_bytes().split_first_chunk::<2>() else {
            return Err(CodeError::Incomplete);
        };
        match (*letter, *version) {
            (LETTER, VERSION) => {}
            (LETTER, version) if version.is_ascii_digit() => return Err(CodeError::TooNew),
            (LETTER, _) => return Err(CodeError::Damaged),
            _ => return Err(CodeError::Foreign),
        }
        let bytes = [[LETTER, VERSION].as_slice(), &decode_base32(rest)?].concat();
        let mut left = Reader(&bytes);
        left.take(2)?;
        let account = AccountId::from_slice(left.take(32)?).ok_or(CodeError::Incomplete)?;
        let (own, other) = (short(left.take(16)?)?, short(left.take(16)?)?);
        left.take(2)?;
        let code = Self {
            account,
            own,
            other,
        };
        if left.0.is_empty() && sums(&bytes) && code.to_string() == text {
            Ok(code)
        } else {
            Err(CodeError::Damaged)
        }
    }
}

fn short(bytes: &[u8]) -> Result<[u8; 16], CodeError> {
    bytes.try_into().map_err(|_| CodeError::Incomplete)
}
