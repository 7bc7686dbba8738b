//! Bytes made to do harm: no decoder panics, hangs, overflows the stack or believes a length.

use crate::{fixtures, frames};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use snug_wire::card::{Card, Signable as _, Signed};
use snug_wire::code::InviteCode;
use snug_wire::content::{Body, Content, Text};
use snug_wire::device_list::DeviceList;
use snug_wire::frame::{ClientFrame, Put, RelayFrame, Request, Stock};
use snug_wire::inbox::{GroupOffer, InboxForm, Joining, SealedForm};
use snug_wire::log_state::{Change, Credential, Leave, LogState};
use snug_wire::own::{Decision, OwnRecord};
use snug_wire::{
    Address, EnvelopeId, FRAME_LIMIT, LockSecret, MessageId, Seq, WireError, decode, encode, pad,
};
use std::fmt::Debug;

/// The same cases in every run, and nothing written when one fails.
pub fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 512,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x5e1f),
        ..ProptestConfig::default()
    }
}

/// What decodes also encodes, to something that decodes to the same.
fn holds<T>(bytes: &[u8])
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    if let Ok(value) = decode::<T>(bytes, FRAME_LIMIT) {
        assert_eq!(decode::<T>(&encode(&value), FRAME_LIMIT), Ok(value));
    }
}

fn every_decoder_holds(bytes: &[u8]) {
    holds::<ClientFrame>(bytes);
    holds::<RelayFrame>(bytes);
    holds::<Content>(bytes);
    holds::<OwnRecord>(bytes);
    holds::<Decision>(bytes);
    holds::<SealedForm>(bytes);
    holds::<InboxForm>(bytes);
    holds::<Signed<Card>>(bytes);
    holds::<DeviceList>(bytes);
    holds::<LogState>(bytes);
    holds::<Change>(bytes);
    holds::<Joining>(bytes);
    holds::<GroupOffer>(bytes);
    holds::<Signed<Leave>>(bytes);
    holds::<Credential>(bytes);
    let _ = Content::from_padded(bytes);
    let _ = pad::unpad(bytes);
    let _ = String::from_utf8_lossy(bytes).parse::<InviteCode>();
}

/// Valid bytes of every form.
fn valid() -> Vec<Vec<u8>> {
    let mut all = vec![
        encode(&fixtures::sealed_form()),
        encode(&fixtures::signed_card()),
        encode(&fixtures::devices(0xa1)),
        encode(&fixtures::log_state()),
        encode(&fixtures::group_state()),
        encode(&fixtures::group_card().signed(fixtures::device(0xa2).id, &fixtures::key(0xa2))),
        encode(&fixtures::offer()),
        encode(&fixtures::leave()),
        encode(&fixtures::credential()),
    ];
    all.extend(frames::client_frames().iter().map(encode));
    all.extend(
        frames::requests()
            .into_iter()
            .map(|r| encode(&ClientFrame::Request(7, r))),
    );
    all.extend(frames::relay_frames().iter().map(encode));
    all.extend(
        frames::answers()
            .into_iter()
            .map(|a| encode(&RelayFrame::Answer(7, a))),
    );
    all.extend(
        fixtures::bodies()
            .into_iter()
            .map(|b| encode(&fixtures::content(b))),
    );
    all.extend(fixtures::changes().iter().map(encode));
    all.extend(fixtures::joinings().iter().map(encode));
    all.extend(fixtures::own_records().iter().map(encode));
    all.extend(fixtures::decisions().iter().map(encode));
    all.extend(fixtures::inbox_forms().iter().map(encode));
    all
}

/// A change to valid bytes.
#[derive(Clone, Debug)]
enum Edit {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Delete(prop::sample::Index),
    Cut(prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    // Heads of arrays, maps, strings, tags and breaks are tried more often than chance would.
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(vec![
            0x5b_u8, 0x5f, 0x7b, 0x7f, 0x80, 0x82, 0x9b, 0x9f, 0xa0, 0xa1, 0xbb, 0xbf, 0xc0, 0xf6,
            0xff,
        ]),
    ];
    prop_oneof![
        (at(), byte.clone()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (at(), prop::collection::vec(byte, 1..9)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        at().prop_map(Edit::Delete),
        at().prop_map(Edit::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: Edit) {
    if bytes.is_empty() {
        return;
    }
    match edit {
        Edit::Set(at, byte) => *at.get_mut(bytes) = byte,
        Edit::Insert(at, new) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, new);
        }
        Edit::Delete(at) => {
            bytes.remove(at.index(bytes.len()));
        }
        Edit::Cut(at) => bytes.truncate(at.index(bytes.len())),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        every_decoder_holds(&bytes);
    }

    #[test]
    fn spoiled_forms(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(edit(), 1..6),
    ) {
        let valid = valid();
        let mut bytes = which.get(&valid).clone();
        for edit in edits {
            apply(&mut bytes, edit);
        }
        every_decoder_holds(&bytes);
    }

    #[test]
    fn any_text_comes_back(text in ".{0,200}", id in any::<[u8; 16]>(), at in any::<u64>()) {
        let content = Content {
            at,
            body: Body::Text(Text::new(MessageId(id), text, Default::default())),
        };
        prop_assert_eq!(Content::from_padded(&content.to_padded()), Ok(content));
    }

    #[test]
    fn any_put_comes_back(
        ids in any::<([u8; 32], [u8; 16], u64)>(),
        secret in any::<Option<[u8; 32]>>(),
        flagged in any::<bool>(),
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let (address, id, rests_on) = ids;
        let put = Put {
            address: Address(address),
            secret: secret.map(LockSecret::new),
            id: EnvelopeId(id),
            flagged,
            rests_on: Seq(rests_on),
            lock: None,
            attachments: vec![],
            bytes,
        };
        let frame = ClientFrame::Request(id[0].into(), Request::Put(put));
        prop_assert_eq!(decode(&encode(&frame), FRAME_LIMIT), Ok(frame));
    }
}

#[test]
fn a_length_that_is_not_there_is_not_believed() {
    let heads = [0x5b, 0x7b, 0x9b, 0xbb].map(|head| {
        let mut bytes = vec![head];
        bytes.extend([0xff; 8]);
        bytes
    });
    for valid in valid() {
        for at in 0..valid.len() {
            for head in &heads {
                let mut bytes = valid.clone();
                bytes.splice(at..=at, head.iter().copied());
                every_decoder_holds(&bytes);
            }
        }
    }
}

#[test]
fn every_beginning_of_a_form_is_refused() {
    for frame in frames::client_frames() {
        let bytes = encode(&frame);
        for end in 0..bytes.len() {
            assert!(decode::<ClientFrame>(&bytes[..end], FRAME_LIMIT).is_err());
        }
    }
}

/// Where a value nobody knows may stand: behind a known key, as a body, in place of a frame.
fn hosts(value: &[u8]) -> Vec<Vec<u8>> {
    let mut hosts = vec![value.to_vec()];
    for before in [
        &[0x82, 0x00, 0x81, 0xa4, 0x18, 0x63][..],
        &[0xa2, 0x00, 0x00, 0x01, 0x82, 0x19, 0x03, 0xe7],
        &[0xa1, 0x18, 0x63],
        &[0x81, 0xa1, 0x18, 0x63],
    ] {
        hosts.push([before, value].concat());
    }
    hosts
}

#[test]
fn deep_nesting_needs_no_stack() {
    let deep = || {
        for unit in [
            &[0x81][..],
            &[0x9f],
            &[0x82, 0x00, 0x9f],
            &[0x82, 0x9f],
            &[0xa1, 0x00],
            &[0xbf, 0x00],
            &[0xc0],
            &[0xd8, 0x20],
        ] {
            let mut value = unit.repeat((512 << 10) / unit.len());
            for host in hosts(&value) {
                every_decoder_holds(&host);
            }
            value.push(0x00);
            for host in hosts(&value) {
                every_decoder_holds(&host);
            }
        }
    };
    // A sixteenth of what a thread usually gets: recursion would end it.
    let thread = std::thread::Builder::new()
        .stack_size(128 << 10)
        .spawn(deep)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn a_kept_body_may_be_nested_deeply() {
    let mut form = vec![0x81; 100_000];
    form.push(0x00);
    let content = fixtures::content(Body::Unknown { kind: 999, form });
    assert_eq!(decode(&encode(&content), FRAME_LIMIT), Ok(content));
}

/// An empty byte string takes one byte in a frame and a whole `Vec` in memory.
#[test]
fn a_frame_full_of_empty_key_packages_is_refused() {
    let stock = |count| {
        ClientFrame::Request(
            1,
            Request::Stock(Stock {
                address: Address([1; 32]),
                secret: LockSecret::new([2; 32]),
                packages: vec![ByteVec::from(vec![]); count],
                last_resort: None,
            }),
        )
    };
    let most = stock(256);
    assert_eq!(decode(&encode(&most), FRAME_LIMIT), Ok(most));
    for count in [257, 4_000_000] {
        let bytes = encode(&stock(count));
        let refused = decode::<ClientFrame>(&bytes, FRAME_LIMIT).unwrap_err();
        assert!(refused.to_string().contains("too many key packages"));
    }
}

#[test]
fn the_limit_is_kept_to_the_byte() {
    let bytes = encode(&fixtures::sealed_form());
    assert!(decode::<SealedForm>(&bytes, bytes.len()).is_ok());
    assert_eq!(
        decode::<SealedForm>(&bytes, bytes.len() - 1),
        Err(WireError::TooLarge {
            len: bytes.len(),
            limit: bytes.len() - 1,
        })
    );
    assert_eq!(
        decode::<ClientFrame>(&vec![0; FRAME_LIMIT + 1], FRAME_LIMIT),
        Err(WireError::TooLarge {
            len: FRAME_LIMIT + 1,
            limit: FRAME_LIMIT,
        })
    );
}

#[test]
fn nothing_may_follow_a_form() {
    let mut bytes = encode(&fixtures::sealed_form());
    bytes.push(0);
    assert_eq!(
        decode::<SealedForm>(&bytes, FRAME_LIMIT),
        Err(WireError::Trailing(1))
    );
}

#[test]
fn an_identifier_has_its_length() {
    // `CaughtUp` with an address of 31 and of 33 bytes.
    for len in [31_u8, 33] {
        let mut bytes = vec![0x82, 0x04, 0x81, 0x58, len];
        bytes.extend(vec![0; len.into()]);
        assert!(decode::<RelayFrame>(&bytes, FRAME_LIMIT).is_err());
    }
    assert!("00".parse::<Address>().is_err());
    assert!("0g".repeat(32).parse::<Address>().is_err());
    let address = Address([0xab; 32]);
    assert_eq!(address.to_string().parse(), Ok(address));
}

#[test]
fn secrets_do_not_print() {
    // A pointer's secrets: of the mailbox, of the attachment, its key.
    for form in fixtures::inbox_forms() {
        let printed = format!("{form:?}");
        for byte in [0x14, 0x15, 0x1f] {
            let secret = format!("{byte}, {byte}, {byte}, {byte}");
            assert!(!printed.contains(&secret), "{printed}");
        }
    }
    for record in fixtures::own_records() {
        let printed = format!("{record:?}");
        // The code's key, the revoking secret, the inbox's secret and its private key.
        for byte in [0x22, 0x16, 0x17, 0x18] {
            assert!(
                !printed.contains(&format!("{byte}, {byte}, {byte}")),
                "{printed}"
            );
        }
    }
}
