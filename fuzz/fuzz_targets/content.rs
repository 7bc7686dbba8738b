//! Checked: what another member's device says inside a message, padded and bare, and what one's own
//! devices say to each other. Reading never panics; a body of an unknown kind keeps every byte; what
//! is read pads and reads again the same.
//!
//! Run: `cargo xtask fuzz content`.
//! Replay: `cargo +nightly fuzz run content fuzz/artifacts/content/crash-…`.
//!
//! Not asserted: the limits of texts and names (the engine refuses those), that an unknown form
//! is itself well-formed beyond its length, and that padding is zeros: a reader looks at neither.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::content::Content;
use snug_wire::own::{Decision, OwnRecord};

fuzz_target!(|bytes: &[u8]| {
    let _ = Content::from_padded(bytes);
    snug_fuzz::holds::<OwnRecord>(bytes);
    snug_fuzz::holds::<Decision>(bytes);
    if let Some(content) = snug_fuzz::holds::<Content>(bytes) {
        assert_eq!(Content::from_padded(&content.to_padded()), Ok(content));
    }
});
