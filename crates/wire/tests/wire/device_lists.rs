//! Device lists: a chain is believed whole or not at all.

use crate::fixtures::{account, device, devices, first_entry, key};
use snug_wire::device_list::{DeviceList, Entry, Signer};
use snug_wire::{ConversationId, DeviceId};

/// The entry after `before`, with one more device, signed by the account key.
fn next(before: &Entry, added: u8) -> Entry {
    let mut devices = before.devices.clone();
    devices.push(device(added));
    Entry {
        version: before.version + 1,
        previous: before.hash(),
        devices,
        signer: Signer::Account,
        ..before.clone()
    }
}

fn is_valid(list: &DeviceList) -> bool {
    list.verified(&account(0xa1)).is_some()
}

#[test]
fn a_chain_signed_by_the_account_then_a_listed_device_is_believed() {
    let list = devices(0xa1);
    let last = list.verified(&account(0xa1)).unwrap();
    assert_eq!(last.version, 2);
    assert_eq!(list.version(), 2);
    assert_eq!(last.key_of(&DeviceId([0xa4; 16])), Some(device(0xa4).key));
    assert_eq!(last.key_of(&DeviceId([0xee; 16])), None);
}

#[test]
fn an_empty_list_is_of_nobody() {
    let list = DeviceList(vec![]);
    assert!(!is_valid(&list));
    assert_eq!(list.version(), 0);
}

#[test]
fn another_accounts_list_is_refused() {
    assert!(devices(0xa1).verified(&account(0xb1)).is_none());
    // Also when its second entry is put behind one's own first.
    let mut list = devices(0xa1);
    list.0[1] = devices(0xb1).0[1].clone();
    assert!(!is_valid(&list));
}

#[test]
fn the_wrong_signer_is_refused() {
    let first = first_entry(0xa1);
    // Another account's key.
    assert!(!is_valid(&DeviceList(vec![first.clone().sign(&key(0xb1))])));
    // The first entry cannot be signed by a device it lists itself.
    let own = Entry {
        signer: Signer::Device(DeviceId([0xa2; 16])),
        ..first.clone()
    };
    assert!(!is_valid(&DeviceList(vec![own.sign(&key(0xa2))])));
    // Nor the second by a device the second adds.
    let second = Entry {
        signer: Signer::Device(DeviceId([0xa4; 16])),
        ..next(&first, 0xa4)
    };
    let signed = first.clone().sign(&key(0xa1));
    assert!(!is_valid(&DeviceList(vec![
        signed.clone(),
        second.sign(&key(0xa4))
    ])));
    // Nor by a listed device's name with another key.
    let second = Entry {
        signer: Signer::Device(DeviceId([0xa2; 16])),
        ..next(&first, 0xa4)
    };
    assert!(!is_valid(&DeviceList(vec![
        signed,
        second.sign(&key(0xa4))
    ])));
}

#[test]
fn a_removed_device_signs_nothing_more() {
    let first = first_entry(0xa1);
    let second = Entry {
        devices: vec![device(0xa4)],
        ..next(&first, 0xa4)
    };
    let third = Entry {
        signer: Signer::Device(DeviceId([0xa2; 16])),
        ..next(&second, 0xa5)
    };
    let mut list = DeviceList(vec![first.sign(&key(0xa1)), second.sign(&key(0xa1))]);
    assert!(is_valid(&list));
    list.0.push(third.sign(&key(0xa2)));
    assert!(!is_valid(&list));
}

#[test]
fn the_wrong_previous_is_refused() {
    let first = first_entry(0xa1);
    let second = Entry {
        previous: [9; 32],
        ..next(&first, 0xa4)
    };
    assert!(!is_valid(&DeviceList(vec![
        first.sign(&key(0xa1)),
        second.sign(&key(0xa1)),
    ])));
}

#[test]
fn a_fork_does_not_join_the_other_branch() {
    let first = first_entry(0xa1);
    let (left, right) = (next(&first, 0xa4), next(&first, 0xa5));
    let after_right = next(&right, 0xa6).sign(&key(0xa1));
    let sign = |entry: &Entry| entry.clone().sign(&key(0xa1));
    let branch = DeviceList(vec![sign(&first), sign(&right), after_right.clone()]);
    assert!(is_valid(&branch));
    assert!(!is_valid(&DeviceList(vec![
        sign(&first),
        sign(&left),
        after_right
    ])));
    // Both branches one behind the other are no chain either.
    assert!(!is_valid(&DeviceList(vec![
        sign(&first),
        sign(&left),
        sign(&right)
    ])));
}

#[test]
fn order_and_completeness_matter() {
    let list = devices(0xa1);
    let (first, second) = (list.0[0].clone(), list.0[1].clone());
    assert!(!is_valid(&DeviceList(vec![second.clone(), first.clone()])));
    assert!(!is_valid(&DeviceList(vec![second])));
    assert!(!is_valid(&DeviceList(vec![first.clone(), first])));
}

#[test]
fn versions_rise_by_one() {
    let first = first_entry(0xa1);
    for version in [0, 1, 3, u64::MAX] {
        let second = Entry {
            version,
            ..next(&first, 0xa4)
        };
        assert!(!is_valid(&DeviceList(vec![
            first.clone().sign(&key(0xa1)),
            second.sign(&key(0xa1)),
        ])));
    }
}

#[test]
fn the_own_conversation_does_not_change() {
    let first = first_entry(0xa1);
    let second = Entry {
        own: ConversationId([1; 32]),
        ..next(&first, 0xa4)
    };
    assert!(!is_valid(&DeviceList(vec![
        first.sign(&key(0xa1)),
        second.sign(&key(0xa1)),
    ])));
}

#[test]
fn a_changed_entry_is_refused() {
    let mut list = devices(0xa1);
    list.0[1].entry.devices.pop();
    assert!(!is_valid(&list));
    let mut list = devices(0xa1);
    list.0[0].signature[0] ^= 1;
    assert!(!is_valid(&list));
}

#[test]
fn a_list_is_not_endless() {
    let mut entry = first_entry(0xa1);
    let mut list = DeviceList(vec![entry.clone().sign(&key(0xa1))]);
    for version in 2..=257 {
        entry = Entry {
            version,
            previous: entry.hash(),
            ..entry
        };
        list.0.push(entry.clone().sign(&key(0xa1)));
    }
    assert!(!is_valid(&list));
    list.0.pop();
    assert!(is_valid(&list));
}
