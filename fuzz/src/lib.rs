//! What all targets ask of a decoder.

pub mod relay;

use minicbor::{Decode, Encode};
use snug_wire::{FRAME_LIMIT, decode, encode};
use std::fmt::Debug;

/// Decodes the bytes as `T`. What decodes must encode to bytes that decode to the same value.
///
/// Returns the value, for a target that asks more of it.
pub fn holds<T>(bytes: &[u8]) -> Option<T>
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let value: T = decode(bytes, FRAME_LIMIT).ok()?;
    let again = encode(&value);
    assert_eq!(decode::<T>(&again, FRAME_LIMIT).as_ref(), Ok(&value));
    assert_eq!(encode(&decode::<T>(&again, FRAME_LIMIT).ok()?), again);
    Some(value)
}
