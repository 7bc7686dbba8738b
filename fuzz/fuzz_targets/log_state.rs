//! Checked: what is attached to a commit (`Joining`), the state in it (`LogState`), and what a commit
//! says (`Change`). A state changed by anything is still one: its participants in order and no two of
//! one account, an admin among them if there was one, and not longer than a log can hold. Nothing
//! panics.
//!
//! The input is a state, then a change, each behind its length in two bytes.
//!
//! Run: `cargo xtask fuzz log_state`.
//! Replay: `cargo +nightly fuzz run log_state fuzz/artifacts/log_state/crash-…`.
//!
//! Not asserted: anything about a state that was not in order before: nobody takes such a one in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use snug_wire::encode;
use snug_wire::inbox::Joining;
use snug_wire::log_state::{Change, LogState, Participant, Role, STATE_LIMIT};

fuzz_target!(|bytes: &[u8]| {
    snug_fuzz::holds::<Joining>(bytes);
    snug_fuzz::holds::<Change>(bytes);
    snug_fuzz::holds::<LogState>(bytes);
    let Some((state, rest)) = part(bytes) else {
        return;
    };
    let Some((change, _)) = part(rest) else {
        return;
    };
    let (Some(state), Some(change)) = (
        snug_fuzz::holds::<LogState>(state),
        snug_fuzz::holds::<Change>(change),
    ) else {
        return;
    };
    let accounts: Vec<_> = state.participants.iter().map(|p| p.account).collect();
    for by in &accounts {
        if let Ok(after) = state.changed(&change, by) {
            still_holds(&state, &after);
        }
    }
});

/// Bytes behind their length, and what follows.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}

fn still_holds(before: &LogState, after: &LogState) {
    let in_order = |state: &LogState| {
        state
            .participants
            .is_sorted_by(|a, b| a.account < b.account)
    };
    let has_admin = |state: &LogState| {
        let admin = |p: &Participant| p.role == Role::Admin;
        state.participants.is_empty() || state.participants.iter().any(admin)
    };
    assert!(!in_order(before) || in_order(after));
    assert!(!has_admin(before) || has_admin(after));
    let most = STATE_LIMIT.max(encode(before).len());
    assert!(encode(after).len() <= most);
}
