//! Who becomes an admin where all admins are gone: Ada (a1) is the group's only one, Bo (b1) and Dee (d1)
//! are members, Cyan (c1) is not in it.

use crate::fixtures::{account, group_state, key, participant, relay, vote};
use snug_wire::card::{Signable as _, Signed};
use snug_wire::log_state::{Change, LogState, Role, URL_LIMIT};
use snug_wire::vote::Vote;
use snug_wire::{ConversationId, DeviceId, RelayAddress};

const ADA: u8 = 0xa1;
const BO: u8 = 0xb1;
const CYAN: u8 = 0xc1;
const DEE: u8 = 0xd1;

const VOID: &str = "an election by a vote that does not count";
const FEW: &str = "an election by too few";

fn elected(by: u8, votes: Vec<Signed<Vote>>) -> Result<LogState, &'static str> {
    group_state().changed(&Change::Elected(votes), &account(by))
}

#[test]
fn more_than_half_of_all_make_one_of_them_an_admin() {
    for by in [ADA, BO, DEE] {
        let after = elected(by, vec![vote(DEE, DEE), vote(BO, DEE)]).unwrap();
        assert!(after.is_admin(&account(DEE)) && after.is_admin(&account(ADA)));
        assert!(!after.is_admin(&account(BO)));
    }
}

#[test]
fn fewer_make_nobody_one() {
    assert_eq!(elected(DEE, vec![vote(DEE, DEE)]), Err(FEW));
    assert_eq!(elected(DEE, Vec::new()), Err("an election without votes"));
    // Half is not more than half.
    let four = group_state().changed(
        &Change::Added(Box::new(participant(CYAN, Role::Member, "Cyan", 0))),
        &account(ADA),
    );
    let both = Change::Elected(vec![vote(DEE, DEE), vote(BO, DEE)]);
    assert_eq!(four.unwrap().changed(&both, &account(DEE)), Err(FEW));
}

#[test]
fn a_vote_counts_once_and_for_one() {
    assert_eq!(
        elected(DEE, vec![vote(DEE, DEE), vote(DEE, DEE)]),
        Err(VOID)
    );
    assert_eq!(elected(DEE, vec![vote(DEE, DEE), vote(BO, BO)]), Err(VOID));
}

#[test]
fn members_vote_for_members() {
    for wrong in [vote(ADA, DEE), vote(CYAN, DEE)] {
        assert_eq!(elected(DEE, vec![vote(DEE, DEE), wrong]), Err(VOID));
    }
    for nobody in [ADA, CYAN] {
        let votes = vec![vote(DEE, nobody), vote(BO, nobody)];
        assert_eq!(elected(DEE, votes), Err(VOID));
    }
}

#[test]
fn a_vote_is_signed_by_a_device_of_who_votes() {
    let mut altered = vote(BO, BO);
    altered.form.candidate = account(DEE);
    let unlisted = Signed {
        device: DeviceId([9; 16]),
        ..vote(BO, DEE)
    };
    let by_another = vote(BO, DEE)
        .form
        .signed(DeviceId([BO + 1; 16]), &key(ADA + 1));
    for forged in [altered, unlisted, by_another] {
        assert_eq!(elected(DEE, vec![vote(DEE, DEE), forged]), Err(VOID));
    }
}

#[test]
fn a_vote_is_void_elsewhere_and_once_the_admins_are_others() {
    let mut elsewhere = vote(BO, DEE).form;
    elsewhere.conversation = ConversationId([0x9b; 32]);
    let elsewhere = elsewhere.signed(DeviceId([BO + 1; 16]), &key(BO + 1));
    assert_eq!(elected(DEE, vec![vote(DEE, DEE), elsewhere]), Err(VOID));

    let votes = Change::Elected(vec![vote(DEE, DEE), vote(BO, DEE)]);
    let after = group_state().changed(&votes, &account(DEE)).unwrap();
    let back = Change::Role(account(DEE), Role::Member);
    let back = after.changed(&back, &account(ADA)).unwrap();
    assert!(
        back.changed(&votes, &account(DEE)).is_ok(),
        "Ada still is the one"
    );
    let ada = Change::Removed(account(ADA));
    let without = after.changed(&ada, &account(DEE)).unwrap();
    assert_eq!(without.changed(&votes, &account(DEE)), Err(VOID));
}

#[test]
fn an_admin_moves_a_group_and_nothing_else_changes() {
    let moved = |url: String| {
        let relay = RelayAddress { url, ..relay() };
        Change::Moved(Box::new(relay))
    };
    let to = moved("wss://relay.example:443".into());
    assert_eq!(group_state().changed(&to, &account(ADA)), Ok(group_state()));
    assert_eq!(
        group_state().changed(&to, &account(BO)),
        Err("a change by somebody who is no admin")
    );
    assert!(
        group_state()
            .changed(&moved(String::new()), &account(ADA))
            .is_err()
    );
    let long = "w".repeat(URL_LIMIT + 1);
    assert!(group_state().changed(&moved(long), &account(ADA)).is_err());
}
