//! Checked: whatever text a person pastes or a picture holds. Parsing never panics; a text that
//! is accepted is, but for case and blanks, the one text of its code, as is its link.
//!
//! Run: `cargo xtask fuzz invite_code`.
//! Replay: `cargo +nightly fuzz run invite_code fuzz/artifacts/invite_code/crash-…`.
//!
//! Not asserted: which error a refused text gets, and that damage is always seen: the checksum
//! has 16 bits and is there for typing errors, not against forgers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::code::InviteCode;
use snug_wire::verify::VerifyCode;

fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_whitespace());
    kept.map(|c| c.to_ascii_uppercase()).collect()
}

fuzz_target!(|text: &str| {
    if let Ok(code) = text.parse::<VerifyCode>() {
        assert_eq!(code.to_string(), plain(text));
    }
    if let Ok(code) = text.parse::<InviteCode>() {
        assert_eq!(code.to_string(), plain(text));
        assert_eq!(code.link().parse(), Ok(code.clone()));
        let _ = code.relay.is_loopback();
    }
});
