//! Checked: padding. Taking it off never panics and never gives more than there was; putting it
//! on costs at most 12 % and 128 bytes, and comes off again.
//!
//! Run: `cargo xtask fuzz pad`.
//! Replay: `cargo +nightly fuzz run pad fuzz/artifacts/pad/crash-…`.
//!
//! Not asserted: that what stands behind the content is zeros. A reader does not look.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::pad::{pad, unpad};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(inner) = unpad(bytes) {
        assert!(inner.len() + 4 <= bytes.len());
    }
    let padded = pad(bytes);
    assert!(padded.len() * 100 <= bytes.len() * 112 + 128 * 100);
    assert_eq!(unpad(&padded), Ok(bytes));
});
