//! What a log has established: whose leaves are listed, and one hash for one state.

use crate::fixtures::{account, credential, device, first_entry, group_state, key, log_state};
use snug_wire::DeviceKey;
use snug_wire::device_list::DeviceList;
use snug_wire::log_state::{ConversationKind, Credential, LogState, ParticipantKind, Role};

#[test]
fn a_listed_device_is_recognised() {
    assert!(log_state().lists(&credential()));
}

#[test]
fn any_other_credential_is_not() {
    let state = log_state();
    let unlisted = Credential {
        device: device(0xa4).id,
        ..credential()
    };
    let wrong_key = Credential {
        key: DeviceKey([9; 32]),
        ..credential()
    };
    let another_account = Credential {
        account: account(0xb1),
        ..credential()
    };
    let stranger = Credential {
        account: account(0xd1),
        ..credential()
    };
    for credential in [unlisted, wrong_key, another_account, stranger] {
        assert!(!state.lists(&credential));
    }
}

#[test]
fn a_forged_list_lists_nobody() {
    let mut state = log_state();
    for one in &mut state.participants {
        one.devices = DeviceList(vec![first_entry(0xa1).sign(&key(0xb1))]);
    }
    assert!(!state.lists(&credential()));
}

#[test]
fn every_part_is_in_the_hash() {
    let state = log_state();
    let mut other = state.clone();
    for one in &mut other.participants {
        one.role = Role::Admin;
    }
    assert_ne!(state.hash(), other.hash());
    let mut other = state.clone();
    other.participants.pop();
    assert_ne!(state.hash(), other.hash());
    assert_eq!(state.hash(), log_state().hash());
    let group = group_state();
    let changes: [fn(&mut LogState); 8] = [
        |state| state.name.push('s'),
        |state| state.description.clear(),
        |state| state.picture = None,
        |state| state.added += 1,
        |state| state.kind = ConversationKind::Own,
        |state| state.participants[0].name.push('s'),
        |state| state.participants[0].stay += 10,
        |state| {
            let kind = &mut state.participants[0].kind;
            *kind = match kind {
                ParticipantKind::User => ParticipantKind::Agent,
                ParticipantKind::Agent => ParticipantKind::User,
            };
        },
    ];
    for change in changes {
        let mut other = group.clone();
        change(&mut other);
        assert_ne!(group.hash(), other.hash());
    }
}

#[test]
fn a_pair_of_accounts_has_one_conversation() {
    let (ada, bo, cyan) = (account(0xa1), account(0xb1), account(0xc1));
    assert_eq!(
        LogState::direct_id(&ada, &bo),
        LogState::direct_id(&bo, &ada)
    );
    assert_ne!(
        LogState::direct_id(&ada, &bo),
        LogState::direct_id(&ada, &cyan)
    );
}
