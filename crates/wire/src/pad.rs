//! Padding to buckets, so that a length says little (rule 12).
//!
//! Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
//! PURBs", 2019, §4): at most 12 % more, and only O(log log n) bits of the length are seen.
//! Nothing is smaller than 128 bytes.

use crate::WireError;

const LEAST: usize = 128;
const LENGTH: usize = 4;

fn bucket(len: usize) -> usize {
    let len = len.max(LEAST);
    let exponent = len.ilog2();
    let size_bits = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - size_bits)) - 1;
    (len + mask) & !mask
}

/// The bytes with their length before and zeros behind, in a bucket's size.
pub fn pad(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bucket(LENGTH + bytes.len()));
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
    out.resize(bucket(out.len()), 0);
    out
}

/// What was padded.
///
/// # Errors
/// When the length does not fit the bytes.
pub fn unpad(bytes: &[u8]) -> Result<&[u8], WireError> {
    let wrong = || WireError::Malformed("the padding is wrong".into());
    let (length, rest) = bytes.split_first_chunk::<LENGTH>().ok_or_else(wrong)?;
    rest.get(..u32::from_be_bytes(*length) as usize)
        .ok_or_else(wrong)
}
