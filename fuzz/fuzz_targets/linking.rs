//! Checked: what two devices give each other when one becomes another of an account. Reading never
//! panics, nor does checking the device lists in it.
//!
//! Run: `cargo xtask fuzz linking`.
//! Replay: `cargo +nightly fuzz run linking fuzz/artifacts/linking/crash-…`.
//!
//! Not asserted: that a list is of the account it comes with: the engine looks at both.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::linking::{Admission, NewDevice};

fuzz_target!(|bytes: &[u8]| {
    snug_fuzz::holds::<NewDevice>(bytes);
    if let Some(admission) = snug_fuzz::holds::<Admission>(bytes) {
        let _ = admission.devices.verified(&admission.account);
        for contact in &admission.contacts {
            let _ = contact.devices.verified(&contact.account);
        }
    }
});
