//! Checked: an invitation's card, as whoever made the code and its relay can shape it. Reading
//! it and checking its device list and signature never panics.
//!
//! Run: `cargo xtask fuzz card`.
//! Replay: `cargo +nightly fuzz run card fuzz/artifacts/card/crash-…`.
//!
//! Not asserted: that name and greeting keep their limits or that times make sense: the engine
//! judges a card before a person sees it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::card::{Card, Signed};

fuzz_target!(|bytes: &[u8]| {
    if let Some(card) = snug_fuzz::holds::<Signed<Card>>(bytes) {
        if let Some(entry) = card.form.devices.verified(&card.form.account) {
            let _ = entry.key_of(&card.device).map(|key| card.is_by(&key));
        }
    }
});
