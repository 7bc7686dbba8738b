//! Codes: read whatever way they were copied, and never wrongly.

use crate::fixtures::code;
use crate::hostile::config;
use proptest::prelude::*;
use snug_wire::code::{CodeError, CodeKind, InviteCode, RelayHint};
use snug_wire::{InvitationId, Secret};

const KINDS: [(CodeKind, char); 4] = [
    (CodeKind::Contact, 'C'),
    (CodeKind::Group, 'G'),
    (CodeKind::Device, 'D'),
    (CodeKind::Agent, 'A'),
];

/// A code whose relay is at this URL.
fn at(url: &str) -> InviteCode {
    InviteCode {
        relay: RelayHint {
            url: url.into(),
            ..code().relay
        },
        ..code()
    }
}

/// Codes of every kind and of every length modulo the eight characters of a base32 block.
fn several() -> Vec<InviteCode> {
    let mut codes: Vec<_> = (0..8)
        .map(|n| at(&format!("wss://{}:1", "a".repeat(1 + n))))
        .collect();
    codes.extend(KINDS.map(|(kind, _)| InviteCode { kind, ..code() }));
    codes
}

fn read(text: &str) -> Result<InviteCode, CodeError> {
    text.parse()
}

#[test]
fn every_kind_has_its_letter() {
    for (kind, letter) in KINDS {
        let code = InviteCode { kind, ..code() };
        assert!(code.to_string().starts_with(&format!("SNUG:{letter}1")));
        assert_eq!(read(&code.to_string()), Ok(code));
    }
}

#[test]
fn a_link_and_any_mixture_of_case_is_read() {
    let code = code();
    assert_eq!(read(&code.link()).as_ref(), Ok(&code));
    let mixed: String = code
        .to_string()
        .chars()
        .enumerate()
        .map(|(i, c)| {
            if i % 3 == 0 {
                c.to_ascii_lowercase()
            } else {
                c
            }
        })
        .collect();
    assert_eq!(read(&mixed).as_ref(), Ok(&code));
}

#[test]
fn blanks_and_line_breaks_do_not_matter() {
    let code = code();
    let text = code.to_string();
    for width in 1..text.len() {
        for gap in [" ", "\n", "\r\n", "\t", "\u{a0}"] {
            let pieces: Vec<_> = text
                .as_bytes()
                .chunks(width)
                .map(String::from_utf8_lossy)
                .collect();
            let broken = format!("{gap}{}{gap}", pieces.join(gap));
            if broken.len() <= 1024 {
                assert_eq!(read(&broken).as_ref(), Ok(&code), "{broken:?}");
            }
        }
    }
}

#[test]
fn a_cut_code_is_never_accepted_and_is_called_incomplete() {
    for code in several() {
        let text = code.to_string();
        for end in 0..text.len() {
            let expected = if end < "SNUG:".len() {
                CodeError::Foreign
            } else {
                CodeError::Incomplete
            };
            assert_eq!(read(&text[..end]), Err(expected), "{}", &text[..end]);
        }
    }
}

#[test]
fn a_code_whose_beginning_is_missing_is_never_accepted() {
    for code in several() {
        let text = code.to_string();
        for start in 1..text.len() {
            assert!(read(&text[start..]).is_err());
            if start > 5 {
                assert!(read(&format!("SNUG:{}", &text[start..])).is_err());
            }
        }
    }
}

/// Every other character at every place: the checksum finds them all, not most of them.
#[test]
fn a_wrong_character_is_never_accepted() {
    for code in several() {
        let text = code.to_string().into_bytes();
        for at in 0..text.len() {
            for other in b' '..=b'~' {
                if other.eq_ignore_ascii_case(&text[at]) {
                    continue;
                }
                let mut wrong = text.clone();
                wrong[at] = other;
                assert!(read(std::str::from_utf8(&wrong).unwrap()).is_err());
            }
        }
    }
}

#[test]
fn a_character_too_many_is_never_accepted() {
    for code in several() {
        let text = code.to_string();
        for more in ["A", "7", "=", "AA", "AAA", ".", ")", "AAAAAAAA"] {
            assert!(read(&format!("{text}{more}")).is_err(), "{more}");
        }
    }
}

#[test]
fn two_characters_swapped_are_never_accepted() {
    for code in several() {
        let text = code.to_string().into_bytes();
        for at in 5..text.len() - 1 {
            if text[at] != text[at + 1] {
                let mut wrong = text.clone();
                wrong.swap(at, at + 1);
                assert!(read(std::str::from_utf8(&wrong).unwrap()).is_err());
            }
        }
    }
}

#[test]
fn damage_is_told_from_a_newer_version() {
    let text = code().to_string();
    assert_eq!(read(&text.replacen("C1", "C2", 1)), Err(CodeError::TooNew));
    assert_eq!(read(&text.replacen("C1", "CA", 1)), Err(CodeError::Damaged));
    assert_eq!(read(&text.replacen("C1", "X1", 1)), Err(CodeError::Damaged));
    let mut wrong = text.clone();
    wrong.replace_range(20..21, if &text[20..21] == "A" { "B" } else { "A" });
    assert_eq!(read(&wrong), Err(CodeError::Damaged));
}

#[test]
fn what_is_not_ours_is_called_foreign() {
    for text in [
        "",
        " ",
        "hello",
        "SNUG",
        "snug",
        "https://example.org/C1AAAA",
        "https://snug.example/",
        "ada@example.org",
        "mailto:ada@example.org",
        "WIFI:T:WPA;S:home;P:secret;;",
        "BEGIN:VCARD\nFN:Ada\nEND:VCARD",
        "tel:+4912345",
        "bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
        "SMUG:C1AAAA",
        "Look: snug:c1aaaa",
        "\u{1f600}\u{1f600}",
    ] {
        assert_eq!(read(text), Err(CodeError::Foreign), "{text:?}");
    }
    assert_eq!(read(&"SNUG:C1".repeat(200)), Err(CodeError::Foreign));
}

/// ISO/IEC 18004: 41 × 41 modules (version 6) hold 195 alphanumeric characters at level L and 154
/// at level M, as long as every character is of that mode's alphabet.
#[test]
fn a_code_fits_its_picture() {
    let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    for code in several() {
        assert!(code.to_string().chars().all(|c| alphabet.contains(c)));
    }
    // The longest address of four numbers and a port, and longer names.
    assert!(at("ws://255.255.255.255:65535").to_string().len() <= 154);
    let longest = |host: usize| at(&format!("wss://{}", "a".repeat(host))).to_string().len();
    assert!(longest(23) <= 154);
    assert!(longest(49) <= 195);
}

#[test]
fn a_relay_only_this_computer_reaches_is_seen() {
    for url in [
        "ws://127.0.0.1:7010",
        "ws://127.8.8.8:1",
        "ws://127.0.0.1",
        "ws://[::1]:7010",
        "ws://[::1]",
        "ws://[::ffff:127.0.0.1]:1",
        "ws://localhost:7010",
        "ws://LocalHost:7010",
        "wss://localhost",
    ] {
        assert!(at(url).relay.is_loopback(), "{url}");
    }
    for url in [
        "ws://192.168.1.20:7010",
        "ws://[fe80::1]:7010",
        "ws://localhost.example.org:7010",
        "ws://127.example.org:1",
        "wss://relay.example.org:443",
        "ws://10.0.0.1",
        "",
    ] {
        assert!(!at(url).relay.is_loopback(), "{url}");
    }
}

#[test]
fn a_relay_only_its_network_reaches_is_seen() {
    for url in [
        "wss://192.168.1.20:7010",
        "wss://[fd00::2]:7010",
        "wss://Kitchen.local:7010",
        "ws://127.0.0.1:1",
        "ws://localhost:1",
    ] {
        assert!(at(url).relay.is_local(), "{url}");
    }
    for url in [
        "wss://relay.example.org:443",
        "wss://9.9.9.9:443",
        "wss://local.example.org",
        "",
    ] {
        assert!(!at(url).relay.is_local(), "{url}");
    }
}

#[test]
fn a_hint_names_its_relay_wherever_it_is() {
    let relay = crate::fixtures::relay();
    let moved = snug_wire::RelayAddress {
        url: "wss://relay.example.org:443".into(),
        ..relay.clone()
    };
    let other = snug_wire::RelayAddress {
        key: snug_wire::RelayKey([3; 32]),
        ..relay.clone()
    };
    let hint = RelayHint::of(&relay);
    assert!(hint.names(&relay) && hint.names(&moved) && !hint.names(&other));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_code_comes_back(
        id in any::<[u8; 16]>(),
        key in any::<[u8; 32]>(),
        key_hash in any::<[u8; 16]>(),
        scheme in "wss?",
        host in "[a-zA-Z0-9.:_\\[\\]-]{1,60}",
        kind in 0..4_usize,
    ) {
        let code = InviteCode {
            kind: KINDS[kind].0,
            id: InvitationId(id),
            key: Secret::new(key),
            relay: RelayHint { url: format!("{scheme}://{host}"), key_hash },
        };
        prop_assert_eq!(read(&code.to_string()), Ok(code.clone()));
        prop_assert_eq!(read(&code.link()), Ok(code));
    }

    #[test]
    fn any_text_is_read_without_harm(text in "(SNUG:|snug:[cgdva]1)?\\PC{0,300}") {
        prop_assert!(read(&text).is_err());
    }

    #[test]
    fn any_base32_is_refused(text in "[A-Z2-7]{0,300}", version in "[0-9]") {
        let text = format!("SNUG:C{version}{text}");
        prop_assert!(read(&text).is_err());
    }
}
