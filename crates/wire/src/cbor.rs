//! CBOR in and out, whole values only.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Decoder, Encode};

/// Why bytes were not the form they were expected to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not CBOR, or not of the expected shape.
    #[error("the bytes are not of the expected form: {0}")]
    Malformed(String),
    /// More bytes follow the value.
    #[error("{0} bytes follow the value")]
    Trailing(usize),
    /// Longer than the form may be.
    #[error("{len} bytes where at most {limit} are allowed")]
    TooLarge {
        /// Length of the input, in bytes.
        len: usize,
        /// What is allowed, in bytes.
        limit: usize,
    },
}

/// Encodes a value. Encoding into memory cannot fail for the forms of this crate.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).unwrap_or_default()
}

/// Decodes exactly one value from at most `limit` bytes.
///
/// # Errors
/// [`WireError`] says whether the input was too long, malformed or had bytes left over.
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8], limit: usize) -> Result<T, WireError> {
    if bytes.len() > limit {
        return Err(WireError::TooLarge {
            len: bytes.len(),
            limit,
        });
    }
    let mut decoder = minicbor::Decoder::new(bytes);
    let value = decoder
        .decode()
        .map_err(|e: minicbor::decode::Error| WireError::Malformed(e.to_string()))?;
    match bytes.len() - decoder.position() {
        0 => Ok(value),
        left => Err(WireError::Trailing(left)),
    }
}

/// The most key packages one form may hold.
const MOST_PACKAGES: usize = 256;

/// Reads key packages. Bounded, because an empty one takes a byte here and 24 in memory.
pub(crate) fn key_packages<C>(
    d: &mut Decoder<'_>,
    _: &mut C,
) -> Result<Vec<ByteVec>, minicbor::decode::Error> {
    let mut packages = Vec::new();
    for package in d.array_iter()? {
        if packages.len() == MOST_PACKAGES {
            return Err(minicbor::decode::Error::message("too many key packages"));
        }
        packages.push(package?);
    }
    Ok(packages)
}
