//! What a change makes of a log's state, and who may make it (rule 20): Ada (a1) is the group's admin,
//! Bo (b1) and Dee (d1) are members, Cyan (c1) is not in it.

use crate::fixtures::{account, devices, first_entry, group_state, key, log_state, participant};
use minicbor::bytes::ByteVec;
use snug_wire::card::{Signable as _, Signed};
use snug_wire::device_list::{DeviceList, Entry, Signer};
use snug_wire::log_state::{
    Change, ConversationKind, DESCRIPTION_LIMIT, Joined, Leave, LogState, MOST_PARTICIPANTS,
    PICTURE_LIMIT, Participant, ParticipantKind, Role, STATE_LIMIT,
};
use snug_wire::{AccountId, ConversationId, DeviceId, JoinId, NAME_LIMIT, encode};

const ADA: u8 = 0xa1;
const BO: u8 = 0xb1;
const CYAN: u8 = 0xc1;
const DEE: u8 = 0xd1;

const NO_ADMIN: &str = "a change by somebody who is no admin";
const NOT_IN: &str = "a change of somebody who is not in the conversation";
const LENGTH: &str = "a text shorter or longer than allowed";

fn changed(state: &LogState, by: u8, change: Change) -> Result<LogState, &'static str> {
    state.changed(&change, &account(by))
}

fn refused(by: u8, change: Change, why: &str) {
    assert_eq!(changed(&group_state(), by, change), Err(why));
}

fn added(byte: u8) -> Change {
    Change::Added(Box::new(participant(byte, Role::Member, "New", 0)))
}

fn renamed() -> Change {
    Change::Renamed("Long walks".into())
}

fn of(state: &LogState, byte: u8) -> &Participant {
    state.participant(&account(byte)).unwrap()
}

/// What only an admin may do.
fn of_admins() -> [Change; 6] {
    [
        added(CYAN),
        Change::Removed(account(BO)),
        Change::Role(account(BO), Role::Admin),
        renamed(),
        Change::Described("In the woods".into()),
        Change::Pictured(None),
    ]
}

#[test]
fn an_admin_may_do_anything() {
    for change in of_admins() {
        let after = changed(&group_state(), ADA, change.clone()).unwrap();
        assert_ne!(after, group_state(), "{change:?}");
    }
}

#[test]
fn a_member_or_a_stranger_may_do_nothing_of_it() {
    for by in [BO, DEE, CYAN] {
        for change in of_admins() {
            refused(by, change, NO_ADMIN);
        }
    }
    // A member does not make an admin of itself, nor take itself out without a signature.
    refused(BO, Change::Role(account(BO), Role::Admin), NO_ADMIN);
    refused(BO, Change::Removed(account(BO)), NO_ADMIN);
}

#[test]
fn each_change_changes_its_own_part() {
    let state = group_state();
    let after = changed(&state, ADA, renamed()).unwrap();
    let expected = LogState {
        name: "Long walks".into(),
        ..state.clone()
    };
    assert_eq!(after, expected);
    let after = changed(&state, ADA, Change::Described(String::new())).unwrap();
    let expected = LogState {
        description: String::new(),
        ..state.clone()
    };
    assert_eq!(after, expected);
    let after = changed(&state, ADA, Change::Pictured(None)).unwrap();
    let expected = LogState {
        picture: None,
        ..state.clone()
    };
    assert_eq!(after, expected);
    let after = changed(&state, BO, Change::Profile(account(BO), "Bob".into())).unwrap();
    assert_eq!(of(&after, BO).name, "Bob");
    assert_eq!(of(&after, ADA), of(&state, ADA));
}

#[test]
fn only_groups_have_these_changes() {
    let direct = log_state();
    let own = LogState {
        kind: ConversationKind::Own,
        ..log_state()
    };
    let leave = leave(&direct, BO, 0, key(BO + 1));
    for state in [direct, own] {
        let mut changes = of_admins().to_vec();
        changes.push(Change::Left(Box::new(leave.clone())));
        changes.push(Change::Profile(account(ADA), "Eve".into()));
        changes.push(Change::Elected(Vec::new()));
        for change in changes {
            assert_eq!(
                changed(&state, ADA, change),
                Err("a change that only a group has")
            );
        }
    }
}

#[test]
fn a_device_list_and_a_fulfilled_wish_may_come_of_anybody() {
    for (state, by) in [(log_state(), BO), (group_state(), DEE)] {
        let after = changed(&state, by, Change::Devices(account(ADA), devices(ADA))).unwrap();
        assert_eq!(of(&after, ADA).devices, devices(ADA));
        let older = Change::Devices(account(ADA), of(&state, ADA).devices.clone());
        assert_eq!(
            changed(&after, by, older),
            Err("a device list that does not go on from the one there is")
        );
        let stranger = Change::Devices(account(CYAN), devices(CYAN));
        assert_eq!(changed(&state, by, stranger), Err(NOT_IN));
        let joined = Change::Joined(Joined {
            id: JoinId([1; 16]),
            device: DeviceId([2; 16]),
            lost_after: None,
        });
        assert_eq!(changed(&state, by, joined), Ok(state));
    }
}

#[test]
fn a_device_list_without_a_true_signature_is_refused() {
    let why = "a device list that does not go on from the one there is";
    let mut forged = devices(ADA);
    forged.0[1].signature[0] ^= 1;
    refused(BO, Change::Devices(account(ADA), forged), why);
    // Nor one of somebody else.
    refused(BO, Change::Devices(account(ADA), devices(BO)), why);
}

#[test]
fn who_is_added_gets_a_stay_of_the_log_and_stands_in_its_order() {
    let mut new = participant(CYAN, Role::Member, "Cyan", 1);
    new.kind = ParticipantKind::Agent;
    let after = changed(&group_state(), ADA, Change::Added(Box::new(new))).unwrap();
    assert_eq!((of(&after, CYAN).stay, after.added), (4, 4));
    assert_eq!(of(&after, CYAN).kind, ParticipantKind::Agent);
    assert!(after.participants.is_sorted_by_key(|p| p.account));
    // Who comes back is somebody else to what was said before.
    let gone = changed(&after, ADA, Change::Removed(account(CYAN))).unwrap();
    assert_eq!(gone.added, 4);
    let again = changed(&gone, ADA, added(CYAN)).unwrap();
    assert_eq!(of(&again, CYAN).stay, 5);
}

#[test]
fn nobody_is_added_twice() {
    refused(ADA, added(BO), "a participant who is in already");
    let after = changed(&group_state(), ADA, added(CYAN)).unwrap();
    assert_eq!(
        changed(&after, ADA, added(CYAN)),
        Err("a participant who is in already")
    );
}

#[test]
fn who_is_added_brings_a_true_device_list() {
    let with = |devices: DeviceList| {
        Change::Added(Box::new(Participant {
            devices,
            ..participant(CYAN, Role::Member, "Cyan", 0)
        }))
    };
    let why = "a participant with a false device list";
    refused(ADA, with(DeviceList(Vec::new())), why);
    refused(ADA, with(devices(BO)), why);
    let mut forged = devices(CYAN);
    forged.0[1].signature[0] ^= 1;
    refused(ADA, with(forged), why);
}

#[test]
fn texts_and_pictures_have_their_limits() {
    // Characters, not bytes.
    let long = |most: usize| "\u{e9}".repeat(most);
    let state = group_state();
    for (most, change) in [
        (NAME_LIMIT, Change::Renamed as fn(String) -> Change),
        (DESCRIPTION_LIMIT, Change::Described),
        (NAME_LIMIT, |name| Change::Profile(account(ADA), name)),
        (NAME_LIMIT, |name| {
            Change::Added(Box::new(participant(CYAN, Role::Member, &name, 0)))
        }),
    ] {
        assert!(changed(&state, ADA, change(long(most))).is_ok());
        refused(ADA, change(long(most + 1)), LENGTH);
    }
    refused(ADA, Change::Renamed(String::new()), LENGTH);
    refused(ADA, Change::Profile(account(ADA), String::new()), LENGTH);
    let picture = |bytes: usize| Change::Pictured(Some(ByteVec::from(vec![0x89; bytes])));
    assert!(changed(&state, ADA, picture(PICTURE_LIMIT)).is_ok());
    let larger = "a picture larger than allowed";
    refused(ADA, picture(PICTURE_LIMIT + 1), larger);
}

#[test]
fn a_name_is_changed_by_its_own_account() {
    refused(BO, Change::Profile(account(DEE), "Eve".into()), NO_ADMIN);
    // Not by an admin either.
    refused(
        ADA,
        Change::Profile(account(BO), "Eve".into()),
        "a change that cannot be",
    );
    refused(CYAN, Change::Profile(account(CYAN), "Cyan".into()), NOT_IN);
}

#[test]
fn a_group_has_an_admin() {
    let why = "a group without an admin";
    refused(ADA, Change::Role(account(ADA), Role::Member), why);
    refused(ADA, Change::Role(account(CYAN), Role::Admin), NOT_IN);
    refused(ADA, Change::Removed(account(CYAN)), NOT_IN);
    let two = changed(&group_state(), ADA, Change::Role(account(BO), Role::Admin)).unwrap();
    let one = changed(&two, BO, Change::Role(account(ADA), Role::Member)).unwrap();
    assert!(one.is_admin(&account(BO)) && !one.is_admin(&account(ADA)));
    assert_eq!(changed(&one, ADA, renamed()), Err(NO_ADMIN));
    assert!(changed(&one, BO, renamed()).is_ok());
}

/// A leave of somebody's stay, signed by that key in the name of their first device.
fn leave(state: &LogState, byte: u8, stay: u64, by: ed25519_dalek::SigningKey) -> Signed<Leave> {
    Leave {
        conversation: state.conversation,
        account: account(byte),
        stay,
    }
    .signed(DeviceId([byte + 1; 16]), &by)
}

fn left(byte: u8, stay: u64) -> Change {
    Change::Left(Box::new(leave(&group_state(), byte, stay, key(byte + 1))))
}

#[test]
fn anybody_carries_out_that_somebody_left() {
    for by in [ADA, BO, DEE] {
        let after = changed(&group_state(), by, left(BO, 2)).unwrap();
        assert!(after.participant(&account(BO)).is_none());
        assert_eq!(after.participants.len(), 2);
        let again = "somebody who is not in the conversation leaves it";
        assert_eq!(changed(&after, by, left(BO, 2)), Err(again));
    }
}

#[test]
fn a_leave_is_of_one_stay_in_one_conversation() {
    let why = "somebody who is not in the conversation leaves it";
    refused(ADA, left(BO, 1), why);
    refused(ADA, left(BO, 3), why);
    refused(ADA, left(CYAN, 2), why);
    let elsewhere = LogState {
        conversation: ConversationId([0x9b; 32]),
        ..group_state()
    };
    let elsewhere = leave(&elsewhere, BO, 2, key(BO + 1));
    refused(ADA, Change::Left(Box::new(elsewhere)), why);
    // Who was added again is not put out by what was said before.
    let gone = changed(&group_state(), ADA, left(BO, 2)).unwrap();
    let back = changed(&gone, ADA, added(BO)).unwrap();
    assert_eq!(changed(&back, ADA, left(BO, 2)), Err(why));
    assert!(changed(&back, ADA, left(BO, 4)).is_ok());
}

#[test]
fn a_leave_is_signed_by_a_device_of_who_leaves() {
    let state = group_state();
    let mut altered = leave(&state, DEE, 3, key(DEE + 1));
    altered.form.account = account(BO);
    altered.form.stay = 2;
    let unlisted = Signed {
        device: DeviceId([9; 16]),
        ..leave(&state, BO, 2, key(BO + 1))
    };
    for forged in [
        leave(&state, BO, 2, key(ADA + 1)),
        // The account's own key is no device's.
        leave(&state, BO, 2, key(BO)),
        unlisted,
        altered,
    ] {
        refused(
            ADA,
            Change::Left(Box::new(forged)),
            "somebody leaves who did not say so",
        );
    }
}

#[test]
fn a_device_that_is_listed_no_more_cannot_leave_for_its_account() {
    let state = changed(
        &group_state(),
        BO,
        Change::Devices(account(BO), without_first(BO)),
    )
    .unwrap();
    assert_eq!(
        changed(&state, ADA, left(BO, 2)),
        Err("somebody leaves who did not say so")
    );
}

/// A list whose second entry names another device in place of the first.
fn without_first(byte: u8) -> DeviceList {
    let mut list = devices(byte);
    let mut entry = list.0.pop().unwrap().entry;
    entry.devices.remove(0);
    list.0.push(entry.sign(&key(byte + 1)));
    list
}

#[test]
fn who_has_been_in_for_longest_succeeds_the_last_admin() {
    // Bo leaves and comes back: Dee has been in for longer then.
    let gone = changed(&group_state(), ADA, left(BO, 2)).unwrap();
    let back = changed(&gone, ADA, added(BO)).unwrap();
    for (state, next) in [(group_state(), BO), (back, DEE)] {
        for change in [left(ADA, 1), Change::Removed(account(ADA))] {
            let after = changed(&state, ADA, change).unwrap();
            let admins: Vec<AccountId> = after
                .participants
                .iter()
                .filter(|p| p.role == Role::Admin)
                .map(|p| p.account)
                .collect();
            assert_eq!(admins, [account(next)]);
        }
    }
}

#[test]
fn nobody_succeeds_while_another_admin_stays() {
    let two = changed(&group_state(), ADA, Change::Role(account(DEE), Role::Admin)).unwrap();
    let after = changed(&two, BO, left(ADA, 1)).unwrap();
    assert!(after.is_admin(&account(DEE)) && !after.is_admin(&account(BO)));
}

#[test]
fn the_last_one_may_leave_too() {
    let mut state = group_state();
    for (byte, stay) in [(ADA, 1), (BO, 2), (DEE, 3)] {
        state = changed(&state, byte, left(byte, stay)).unwrap();
    }
    assert!(state.participants.is_empty());
}

#[test]
fn a_group_has_so_many_participants_and_no_more() {
    let mut state = group_state();
    // Whose they are matters to nobody here.
    for n in 0..(MOST_PARTICIPANTS - state.participants.len()) as u64 {
        let mut one = participant(ADA, Role::Member, "", n);
        one.account.0[..8].copy_from_slice(&n.to_be_bytes());
        one.devices = DeviceList(Vec::new());
        state.participants.push(one);
    }
    state.participants.sort_by_key(|p| p.account);
    let why = "a group larger than any may be";
    assert_eq!(changed(&state, ADA, added(CYAN)), Err(why));
    let one_less = changed(&state, ADA, Change::Removed(account(DEE))).unwrap();
    assert!(changed(&one_less, ADA, added(CYAN)).is_ok());
}

/// A true list of so many entries with the same device.
fn long_list(byte: u8, entries: u64) -> DeviceList {
    let mut entry = first_entry(byte);
    entry.devices = vec![entry.devices[0].clone(); 256];
    let mut list = vec![entry.clone().sign(&key(byte))];
    for version in 2..=entries {
        entry = Entry {
            version,
            previous: entry.hash(),
            signer: Signer::Account,
            ..entry
        };
        list.push(entry.clone().sign(&key(byte)));
    }
    DeviceList(list)
}

/// A state with room for only so many bytes.
fn nearly_full(room: usize) -> LogState {
    let mut state = group_state();
    let list = |entries| Change::Devices(account(BO), long_list(BO, entries));
    let mut bo = participant(BO, Role::Member, "Bo", 2);
    bo.devices = long_list(BO, 1);
    let at = state.participants.iter().position(|p| p.stay == 2).unwrap();
    state.participants[at] = bo;
    let mut entries = 2;
    while let Ok(next) = changed(&state, BO, list(entries)) {
        state = next;
        entries += 1;
    }
    let why = "a state longer than a log can hold";
    assert_eq!(changed(&state, BO, list(entries)), Err(why));
    // The rest, whatever it is called.
    state.description = String::new();
    let left = STATE_LIMIT - encode(&state).len() - room;
    state.description = "x".repeat(left - 4);
    state
}

#[test]
fn a_state_grows_up_to_what_a_log_can_hold() {
    let state = nearly_full(100);
    let why = "a state longer than a log can hold";
    let bytes = encode(&state).len();
    assert!((STATE_LIMIT - 110..=STATE_LIMIT).contains(&bytes));
    for change in [
        added(CYAN),
        Change::Pictured(Some(ByteVec::from(vec![0; 1_000]))),
        Change::Renamed("\u{1f375}".repeat(NAME_LIMIT)),
        Change::Profile(account(ADA), "\u{1f375}".repeat(NAME_LIMIT)),
        Change::Devices(account(DEE), devices(DEE)),
    ] {
        assert_eq!(changed(&state, ADA, change), Err(why));
    }
    // What makes it no longer is done: the one who filled it can be taken out.
    assert!(changed(&state, ADA, Change::Role(account(DEE), Role::Admin)).is_ok());
    let emptied = changed(&state, ADA, Change::Removed(account(BO))).unwrap();
    assert!(changed(&emptied, ADA, added(CYAN)).is_ok());
}
