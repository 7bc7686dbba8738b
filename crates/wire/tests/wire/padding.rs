//! Padding: lengths fall into few buckets, cost little, and cannot be made to lie.

use crate::hostile::config;
use proptest::prelude::*;
use snug_wire::pad::{pad, unpad};
use std::collections::BTreeSet;

fn costs_little(len: usize) -> bool {
    let padded = pad(&vec![7; len]).len();
    padded >= len && padded * 100 <= len * 112 + 128 * 100
}

#[test]
fn every_length_up_to_the_text_limit_costs_little() {
    assert!((0..70_000).all(costs_little));
    assert!(
        [1 << 20, (1 << 20) + 1, 4 << 20]
            .into_iter()
            .all(costs_little)
    );
}

#[test]
fn few_lengths_are_seen() {
    let seen: BTreeSet<_> = (0..65_536).map(|len| pad(&vec![0; len]).len()).collect();
    assert_eq!(seen.first(), Some(&128));
    assert!(seen.len() <= 140, "{} lengths", seen.len());
}

#[test]
fn nothing_is_smaller_than_a_short_answer() {
    assert_eq!(pad(b"").len(), 128);
    assert_eq!(pad(&[1; 124]).len(), 128);
    assert_eq!(pad(&[1; 125]).len(), 144);
}

#[test]
fn a_length_beyond_the_bytes_is_refused() {
    let mut padded = pad(b"hello");
    for length in [125, 128, 0x7fff_ffff, u32::MAX] {
        padded[..4].copy_from_slice(&u32::to_be_bytes(length));
        assert!(unpad(&padded).is_err(), "{length}");
    }
    padded[..4].copy_from_slice(&124u32.to_be_bytes());
    assert_eq!(unpad(&padded).unwrap().len(), 124);
    for short in [&[][..], &[0], &[0, 0, 0]] {
        assert!(unpad(short).is_err());
    }
    assert_eq!(unpad(&[0, 0, 0, 0]).unwrap(), b"");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn comes_back(bytes in prop::collection::vec(any::<u8>(), 0..5000)) {
        let padded = pad(&bytes);
        prop_assert_eq!(unpad(&padded).unwrap(), bytes.as_slice());
    }

    #[test]
    fn never_gives_more_than_it_got(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(inner) = unpad(&bytes) {
            prop_assert!(inner.len() + 4 <= bytes.len());
        }
    }
}
