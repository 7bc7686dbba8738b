//! Checked: what a relay reads from anyone who connects. Decoding never panics, and a frame that
//! decodes comes back the same from its own encoding.
//!
//! Run: `cargo xtask fuzz client_frame`.
//! Replay: `cargo +nightly fuzz run client_frame fuzz/artifacts/client_frame/crash-…`.
//!
//! Not asserted: that the input was its own canonical encoding (longer integer heads, indefinite
//! maps, keys in any order and unknown keys are read on purpose), nor what a relay does with it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::frame::ClientFrame;

fuzz_target!(|bytes: &[u8]| {
    snug_fuzz::holds::<ClientFrame>(bytes);
});
