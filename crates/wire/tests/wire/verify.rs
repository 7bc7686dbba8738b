//! Safety numbers and their codes: the same on both sides, different for everybody else.

use crate::fixtures::{card, code};
use crate::hostile::config;
use proptest::prelude::*;
use snug_wire::AccountId;
use snug_wire::code::{CodeError, InviteCode};
use snug_wire::device_list::DeviceList;
use snug_wire::verify::{Half, VerifyCode, digits, state_of};

fn ada() -> Half {
    Half::of(&AccountId([1; 32]), &DeviceList(Vec::new()))
}

fn bo() -> Half {
    Half::of(&card().account, &card().devices)
}

#[test]
fn both_see_the_same_sixty_digits() {
    let number = digits(&ada(), &bo());
    assert_eq!(number, digits(&bo(), &ada()));
    assert_eq!(number.len(), 12);
    let is_group = |g: &String| g.len() == 5 && g.bytes().all(|b| b.is_ascii_digit());
    assert!(number.iter().all(is_group));
    assert_eq!(
        number.join(" "),
        "44570 54240 19998 07687 21368 72776 40985 14664 28550 48655 87735 45700",
        "what people have compared must not change by itself"
    );
}

#[test]
fn another_account_and_other_devices_change_one_half() {
    let before = digits(&ada(), &bo());
    let other = Half::of(&AccountId([2; 32]), &DeviceList(Vec::new()));
    assert_eq!(digits(&other, &bo())[6..], before[6..]);
    assert_ne!(digits(&other, &bo())[..6], before[..6]);
    let fewer = Half::of(&card().account, &DeviceList(Vec::new()));
    assert_eq!(digits(&ada(), &fewer)[..6], before[..6]);
    assert_ne!(digits(&ada(), &fewer)[6..], before[6..]);
    assert_eq!(state_of(&DeviceList(Vec::new())), [0; 32]);
}

#[test]
fn a_code_is_read_however_it_was_copied() {
    let code = VerifyCode::new(&ada(), &bo());
    let text = code.to_string();
    assert_eq!(text.len(), 113, "{text}");
    assert!(text.starts_with("SNUG:V1"));
    assert_eq!(text.parse(), Ok(code));
    let spaced: String = text.to_lowercase().chars().flat_map(|c| [c, ' ']).collect();
    assert_eq!(spaced.parse(), Ok(code));
}

#[test]
fn what_is_no_such_code_is_said() {
    let text = VerifyCode::new(&ada(), &bo()).to_string();
    let read = |text: &str| text.parse::<VerifyCode>();
    assert_eq!(read("hello"), Err(CodeError::Foreign));
    assert_eq!(read(&code().to_string()), Err(CodeError::Foreign));
    assert_eq!(read("SNUG:V"), Err(CodeError::Incomplete));
    assert_eq!(read(&text.replace("V1", "V2")), Err(CodeError::TooNew));
    for end in 7..text.len() {
        let cut = read(&text[..end]);
        assert!(
            matches!(cut, Err(CodeError::Incomplete | CodeError::Damaged)),
            "{end}: {cut:?}"
        );
    }
    assert_eq!(read(&format!("{text}A")), Err(CodeError::Damaged));
    let invites = text.parse::<InviteCode>();
    assert_eq!(invites, Err(CodeError::Verifies), "it is no invitation");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_wrong_character_is_accepted(at in 7..113_usize, by in 1..32_u8) {
        let text = VerifyCode::new(&ada(), &bo()).to_string();
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut bytes = text.into_bytes();
        let n = alphabet.iter().position(|c| *c == bytes[at]).unwrap();
        bytes[at] = alphabet[(n + usize::from(by)) % 32];
        let damaged = String::from_utf8(bytes).unwrap();
        prop_assert!(damaged.parse::<VerifyCode>().is_err());
    }
}
