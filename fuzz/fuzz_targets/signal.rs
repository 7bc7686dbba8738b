//! Checked: what a relay hands on as a signal, and what another member's device says inside it, padded
//! and bare. Reading never panics; a signal of an unknown kind keeps every byte.
//!
//! Run: `cargo xtask fuzz signal`.
//! Replay: `cargo +nightly fuzz run signal fuzz/artifacts/signal/crash-…`.
//!
//! Not asserted: the limit of a presence's text (the engine refuses those that are longer).
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::signal::{SealedSignal, Signal};

fuzz_target!(|bytes: &[u8]| {
    let _ = Signal::from_padded(bytes);
    snug_fuzz::holds::<SealedSignal>(bytes);
    if let Some(signal) = snug_fuzz::holds::<Signal>(bytes)
        && snug_wire::encode(&signal).len() <= snug_wire::SIGNAL_LIMIT
    {
        assert_eq!(Signal::from_padded(&signal.to_padded()), Ok(signal));
    }
});
