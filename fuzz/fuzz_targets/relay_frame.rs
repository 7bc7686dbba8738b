//! Checked: what a device reads from a relay it need not trust. Decoding never panics, a frame
//! that decodes comes back the same, and verifying a challenge from it never panics either.
//!
//! Run: `cargo xtask fuzz relay_frame`.
//! Replay: `cargo +nightly fuzz run relay_frame fuzz/artifacts/relay_frame/crash-…`.
//!
//! Not asserted: that an answer fits the request it names, that `Seq`s rise, or that the input
//! was canonical: the engine's and the client's business, or allowed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::ConnectionKey;
use snug_wire::frame::RelayFrame;
use snug_wire::handshake::{Side, Transcript};

fuzz_target!(|bytes: &[u8]| {
    if let Some(RelayFrame::Challenge(challenge)) = snug_fuzz::holds(bytes) {
        let transcript = Transcript {
            device_nonce: [1; 32],
            relay_nonce: challenge.nonce,
            connection: ConnectionKey([2; 32]),
            relay: challenge.relay,
        };
        let _ = transcript.verify(Side::Relay, &challenge.signature);
    }
});
