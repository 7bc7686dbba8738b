//! Signals: their forms frozen, how they grow, and that bytes which are none do no harm.

use crate::forms::{hex, render};
use ciborium::Value;
use minicbor::{Decode, Encode};
use proptest::prelude::*;
use snug_wire::signal::{
    Presence, PresenceState, STATUS_LIMIT, SealedSignal, Signal, SignalBody, Typing,
};
use snug_wire::{SIGNAL_LIMIT, WireError, decode, encode, pad};
use std::fmt::{Debug, Write as _};

fn signal(body: SignalBody) -> Signal {
    Signal {
        run: [0x51; 16],
        counter: 7,
        body,
    }
}

fn presence(state: PresenceState) -> Signal {
    signal(SignalBody::Presence(Presence {
        state,
        text: "Zähle Wolken".into(),
        idle: 90_000,
        ask: true,
    }))
}

fn signals() -> Vec<(&'static str, Signal)> {
    vec![
        ("Typing", signal(SignalBody::Typing(Typing { on: true }))),
        ("Offline", presence(PresenceState::Offline)),
        ("Away", presence(PresenceState::Away)),
        ("Online", presence(PresenceState::Online)),
        ("Busy", presence(PresenceState::Busy)),
        (
            "Unknown",
            signal(SignalBody::Unknown {
                kind: 999,
                form: vec![0xa2, 0x00, 0x01, 0x05, 0x42, 0x00, 0xff],
            }),
        ),
    ]
}

fn sealed() -> SealedSignal {
    SealedSignal {
        leaf: 1,
        nonce: [0x24; 24],
        sealed: vec![0xee; 144],
    }
}

fn tree(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).unwrap()
}

#[test]
fn signals_are_frozen() {
    let mut out = String::new();
    for (name, signal) in signals() {
        writeln!(out, "{}", render(name, &signal)).unwrap();
    }
    writeln!(out, "{}", render("Sealed", &sealed())).unwrap();
    let padded = signals().swap_remove(0).1.to_padded();
    writeln!(out, "Typing, padded\n{}", hex(&padded)).unwrap();
    insta::assert_snapshot!(out);
}

#[test]
fn a_length_tells_no_kind() {
    let lengths: Vec<usize> = signals().iter().map(|(_, s)| s.to_padded().len()).collect();
    assert!(lengths.iter().all(|len| *len == 128), "{lengths:?}");
}

#[test]
fn the_longest_presence_fits() {
    let longest = signal(SignalBody::Presence(Presence {
        state: PresenceState::Busy,
        text: "\u{1f9d1}".repeat(STATUS_LIMIT),
        idle: u64::MAX,
        ask: true,
    }));
    let whole = SealedSignal {
        leaf: u32::MAX,
        nonce: [0xff; 24],
        sealed: [longest.to_padded(), vec![0; 16]].concat(),
    };
    assert!(encode(&whole).len() <= SIGNAL_LIMIT);
    assert_eq!(Signal::from_padded(&longest.to_padded()), Ok(longest));
}

/// Adds a key no form has to every map.
fn grow(tree: &mut Value) {
    match tree {
        Value::Map(entries) => {
            entries.iter_mut().for_each(|(_, value)| grow(value));
            entries.insert(0, (Value::Integer(99.into()), Value::Text("new".into())));
        }
        Value::Array(values) => values.iter_mut().for_each(grow),
        _ => {}
    }
}

#[test]
fn keys_of_a_newer_snug_are_skipped_and_its_kinds_kept() {
    for (name, signal) in signals() {
        if name == "Unknown" {
            let again = encode(&decode::<Signal>(&encode(&signal), SIGNAL_LIMIT).unwrap());
            assert_eq!(again, encode(&signal), "byte for byte");
            continue;
        }
        let mut grown = tree(&encode(&signal));
        grow(&mut grown);
        let mut bytes = Vec::new();
        ciborium::into_writer(&grown, &mut bytes).unwrap();
        assert_eq!(decode::<Signal>(&bytes, SIGNAL_LIMIT), Ok(signal), "{name}");
    }
}

#[test]
fn a_presence_may_say_its_state_alone() {
    let short = [0xa1, 0x00, 0x02];
    let read: Presence = decode(&short, SIGNAL_LIMIT).unwrap();
    assert_eq!(read.state, PresenceState::Online);
    assert_eq!((read.text.as_str(), read.idle, read.ask), ("", 0, false));
    let later = [0xa1, 0x00, 0x09];
    assert!(
        decode::<Presence>(&later, SIGNAL_LIMIT).is_err(),
        "a state of a newer Snug is no guess"
    );
}

#[test]
fn what_is_longer_than_allowed_is_refused() {
    let mut long = sealed();
    long.sealed = vec![0; SIGNAL_LIMIT];
    let refused = decode::<SealedSignal>(&encode(&long), SIGNAL_LIMIT);
    assert!(matches!(refused, Err(WireError::TooLarge { .. })));
    let text = "x".repeat(SIGNAL_LIMIT);
    let long = signal(SignalBody::Presence(Presence {
        state: PresenceState::Online,
        text,
        idle: 0,
        ask: false,
    }));
    assert!(Signal::from_padded(&long.to_padded()).is_err());
}

proptest! {
    #![proptest_config(crate::hostile::config())]

    #[test]
    fn any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Signal::from_padded(&bytes);
        again::<SealedSignal>(&bytes);
        again::<Signal>(&bytes);
        let _ = Signal::from_padded(&pad::pad(&bytes));
    }

    #[test]
    fn spoiled_signals_do_no_harm(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = signals();
        let mut bytes = encode(&all[which.index(all.len())].1);
        let len = bytes.len();
        bytes[at.index(len)] = byte;
        again::<Signal>(&bytes);
        bytes.truncate(cut.index(len));
        again::<Signal>(&bytes);
    }

    #[test]
    fn any_presence_comes_back(
        text in ".{0,140}", idle in any::<u64>(), ask in any::<bool>(), counter in any::<u64>(),
        run in any::<[u8; 16]>(),
    ) {
        let body = SignalBody::Presence(Presence { state: PresenceState::Away, text, idle, ask });
        let signal = Signal { run, counter, body };
        prop_assert_eq!(Signal::from_padded(&signal.to_padded()), Ok(signal));
    }
}

/// What decodes comes back the same.
fn again<T>(bytes: &[u8])
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    if let Ok(value) = decode::<T>(bytes, SIGNAL_LIMIT) {
        assert_eq!(decode::<T>(&encode(&value), SIGNAL_LIMIT), Ok(value));
    }
}
