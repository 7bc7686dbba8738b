//! Checked: what a stranger can put into an inbox (`SealedForm`) and what lies in it once opened
//! (`InboxForm`). Reading and checking signatures and device lists never panics.
//!
//! Run: `cargo xtask fuzz inbox_form`.
//! Replay: `cargo +nightly fuzz run inbox_form fuzz/artifacts/inbox_form/crash-…`.
//!
//! Not asserted: that a signature is valid: no search finds one. A chain with valid signatures is
//! built in `crates/wire/tests`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::AccountId;
use snug_wire::card::{Signable, Signed};
use snug_wire::device_list::DeviceList;
use snug_wire::inbox::{InboxForm, SealedForm};
use snug_wire::log_state::Credential;

fuzz_target!(|bytes: &[u8]| {
    snug_fuzz::holds::<SealedForm>(bytes);
    snug_fuzz::holds::<Credential>(bytes);
    match snug_fuzz::holds::<InboxForm>(bytes) {
        Some(InboxForm::Request(signed)) => {
            check(&signed, &signed.form.devices, &signed.form.account);
        }
        Some(InboxForm::Pointer(signed)) => {
            check(&signed, &signed.form.devices, &signed.form.account);
        }
        Some(InboxForm::Join(signed)) => {
            check(&signed, &signed.form.devices, &signed.form.account);
        }
        Some(InboxForm::Removed(signed)) => {
            check(&signed, &signed.form.devices, &signed.form.account);
        }
        Some(InboxForm::Denied(_) | InboxForm::Declined(_)) | None => {}
    }
});

/// Whether a device of the list signed.
fn check<T: Signable>(signed: &Signed<T>, devices: &DeviceList, account: &AccountId) {
    if let Some(entry) = devices.verified(account) {
        for device in &entry.devices {
            let _ = signed.is_by(&device.key);
        }
    }
}
