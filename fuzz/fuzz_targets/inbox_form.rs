//! Checked: what a stranger can put into an inbox (`SealedForm`) and what lies in it once opened
//! (`InboxForm`). Reading and checking signatures and device lists never panics.
//!
//! Run: `cargo +nightly fuzz run inbox_form`.
//! Replay: `cargo +nightly fuzz run inbox_form fuzz/artifacts/inbox_form/crash-…`.
//!
//! Not asserted: that a signature is valid: no search finds one. A chain with valid signatures is
//! built in `crates/wire/tests`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::inbox::{InboxForm, SealedForm};
use snug_wire::log_state::Credential;

fuzz_target!(|bytes: &[u8]| {
    snug_fuzz::holds::<SealedForm>(bytes);
    let credential = snug_fuzz::holds::<Credential>(bytes);
    match snug_fuzz::holds::<InboxForm>(bytes) {
        Some(InboxForm::Request(request)) => {
            if let Some(entry) = request.form.devices.verified(&request.form.account) {
                for device in &entry.devices {
                    let _ = request.is_by(&device.key);
                }
            }
        }
        Some(InboxForm::Pointer(pointer)) => {
            let _ = pointer.state.hash();
            for participant in &pointer.state.participants {
                let _ = participant.devices.verified(&participant.account);
            }
            if let Some(credential) = credential {
                let _ = pointer.state.lists(&credential);
            }
        }
        Some(InboxForm::Denied(_)) | None => {}
    }
});
