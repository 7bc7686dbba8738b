//! CBOR in and out, whole values only.

use minicbor::bytes::ByteVec;
use minicbor::data::Type;
use minicbor::{Decode, Decoder, Encode, Encoder};

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

/// The same behind what `into` holds already: for many values in turn, without room made for each.
pub fn encode_into<T: Encode<()>>(value: &T, into: &mut Vec<u8>) {
    // As above.
    let _ = minicbor::encode(value, into);
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

/// Writes a kind and its own form, `[kind, form]`. The form is CBOR already.
pub(crate) fn put_kind<W: minicbor::encode::Write>(
    e: &mut Encoder<W>,
    kind: u16,
    form: &[u8],
) -> Result<(), minicbor::encode::Error<W::Error>> {
    e.array(2)?.u16(kind)?;
    e.writer_mut()
        .write_all(form)
        .map_err(minicbor::encode::Error::write)
}

/// Reads a kind and its own form, `[kind, form]`. The form is left as it came: [`form_of`] reads one
/// whose kind is known.
pub(crate) fn kind<'b>(d: &mut Decoder<'b>) -> Result<(u16, &'b [u8]), minicbor::decode::Error> {
    let wrong = |what| Err(minicbor::decode::Error::message(what));
    if d.array()? != Some(2) {
        return wrong("a kind and its form are expected");
    }
    let kind = d.u16()?;
    if d.datatype()? == Type::Break {
        return wrong("a kind without its form");
    }
    let start = d.position();
    d.skip()?;
    let form = d.input().get(start..d.position());
    Ok((
        kind,
        form.ok_or_else(minicbor::decode::Error::end_of_input)?,
    ))
}

/// Reads the form of a known kind.
pub(crate) fn form_of<'b, T: Decode<'b, ()>>(form: &'b [u8]) -> Result<T, minicbor::decode::Error> {
    decode(form, form.len()).map_err(minicbor::decode::Error::message)
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
