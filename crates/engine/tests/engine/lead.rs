//! Pointers that answer a wish of ours, of somebody who means harm: each ignored with its reason when it
//! comes, or followed to where nothing is joined.

use crate::forge::Stranger;
use crate::met::{Met, met, met_in_group, met_with, outbox_is_empty, told};
use crate::people::{ADA, World};
use snug_engine::{Event, GroupWish};
use snug_wire::card::Signable as _;
use snug_wire::inbox::{InboxForm, Joining, Pointer};
use snug_wire::log_state::{ConversationKind, LogState, Role};
use snug_wire::{GroupId, JoinId, RelayKey, Seq};

/// A pointer changed like this is not followed, for that reason.
fn not_followed(change: impl FnOnce(&mut Pointer, &Met), why: &'static str) {
    not_followed_of(met(), change, why);
}

fn not_followed_of(mut met: Met, change: impl FnOnce(&mut Pointer, &Met), why: &'static str) {
    met.ada_asks();
    let before = met.fetched();
    let mut pointer = met.lead();
    change(&mut pointer, &met);
    assert_eq!(met.point(pointer), [why]);
    assert_eq!(met.fetched(), before);
    assert_eq!(met.world.people[ADA].engine.relays().unwrap().len(), 1);
    outbox_is_empty(&met.world, ADA);
}

#[test]
fn a_pointer_that_answers_a_wish_is_followed() {
    let mut met = met();
    met.ada_asks();
    let before = met.fetched();
    let pointer = met.lead();
    assert!(met.point(pointer).is_empty());
    assert_eq!(met.fetched(), before + 1);
    outbox_is_empty(&met.world, ADA);
}

#[test]
fn a_pointer_answers_a_wish_of_that_conversation() {
    let why = "a pointer to nothing asked";
    not_followed(|p, _| p.joins = Some(JoinId([1; 16])), why);
    not_followed(|p, _| p.conversation.0[0] ^= 1, why);
}

const NOT_THEIRS: &str = "a pointer of somebody who may not take this device in";

#[test]
fn a_pointer_is_signed_by_who_may_take_us_in() {
    let mut met = met();
    met.ada_asks();
    let before = met.fetched();
    let other = Stranger::new(&mut met.world, 60);
    let pointer = met.lead();
    let of_other = Pointer {
        account: other.account,
        devices: other.devices.clone(),
        ..pointer.clone()
    };
    let mut altered = met.stranger.sign(pointer.clone());
    altered.form.commit = Seq(2);
    for forged in [
        pointer.clone().signed(met.stranger.device, &other.key),
        pointer.clone().signed(other.device, &other.key),
        // Of another account, whoever signs.
        of_other.clone().signed(other.device, &other.key),
        of_other.signed(met.stranger.device, &met.stranger.key),
        altered,
    ] {
        let form = InboxForm::Pointer(Box::new(forged));
        assert_eq!(met.say(&form), [NOT_THEIRS]);
    }
    assert_eq!(met.fetched(), before);
}

#[test]
fn a_pointer_brings_no_older_and_no_false_device_list() {
    let met = met_with(|stranger| {
        stranger.list_one_more();
    });
    let older = |p: &mut Pointer, _: &Met| p.devices.0.truncate(1);
    not_followed_of(met, older, NOT_THEIRS);
    // Nor newer without a signature.
    not_followed(
        |p, _| {
            let again = p.devices.0[0].clone();
            p.devices.0.push(again);
        },
        NOT_THEIRS,
    );
}

/// A pointer holds and what it leads to does not: nothing is joined, and a true one still is.
fn not_joined_of(mut met: Met, change: impl FnOnce(&mut LogState, &Met)) {
    met.ada_asks();
    let group = met.lead().group;
    let mut state = met.joining.state.clone();
    change(&mut state, &met);
    let before = met.fetched();
    let pointer = met.found(group, |all| *all = state);
    assert!(met.point(pointer).is_empty());
    assert_eq!(met.fetched(), before + 1);
    assert_eq!(told(&met.world, ADA, met.chat(), Event::Renewed), 0);
    outbox_is_empty(&met.world, ADA);
    let pointer = met.enter(group);
    assert!(met.point(pointer).is_empty());
    assert_eq!(told(&met.world, ADA, met.chat(), Event::Renewed), 1);
}

fn not_joined(change: impl FnOnce(&mut LogState, &Met)) {
    not_joined_of(met(), change);
}

#[test]
fn a_pointer_leads_to_the_same_people() {
    not_joined(|state, _| {
        let third = state.participants[0].clone();
        state.participants.push(third);
    });
    not_joined(|state, _| state.participants.reverse());
    not_joined(|state, _| state.participants[0].role = Role::Member);
    not_joined(|state, met| {
        let third = Stranger::new(&mut World::new(&[]), 60);
        let third = third.participant(Role::Member);
        assert_ne!(third.account, met.stranger.account);
        state.participants.push(third);
        state.participants.sort_by_key(|p| p.account);
    });
    not_joined(|state, met| {
        let other = Stranger::new(&mut World::new(&[]), 60);
        let all = &mut state.participants;
        let at = all.iter().position(|p| p.account == met.stranger.account);
        all[at.unwrap()] = other.participant(Role::Admin);
        all.sort_by_key(|p| p.account);
    });
}

#[test]
fn a_pointer_leads_to_where_this_device_is() {
    not_joined(|state, met| {
        let all = &mut state.participants;
        all.retain(|p| p.account == met.stranger.account);
    });
}

#[test]
fn a_pointer_leads_to_the_same_conversation() {
    not_joined(|state, _| state.conversation.0[0] ^= 1);
    for kind in [ConversationKind::Group, ConversationKind::Own] {
        not_joined(|state, _| state.kind = kind);
    }
}

#[test]
fn a_pointer_does_not_make_a_device_list_older() {
    let of_stranger = |state: &mut LogState, met: &Met| {
        let all = state.participants.iter();
        let at = all.clone().position(|p| p.account == met.stranger.account);
        at.unwrap()
    };
    let met = met_with(|stranger| {
        stranger.list_one_more();
    });
    not_joined_of(met, |state, met| {
        let at = of_stranger(state, met);
        state.participants[at].devices.0.truncate(1);
    });
    // Nor newer without a signature.
    not_joined(|state, met| {
        let at = of_stranger(state, met);
        let devices = &mut state.participants[at].devices;
        let again = devices.0[0].clone();
        devices.0.push(again);
    });
}

#[test]
fn a_welcome_that_does_not_open_leaves_the_wish_as_it_was() {
    let mut met = met();
    met.ada_asks();
    let group = met.lead().group;
    let pointer = met.enter(group);
    let noise = [
        Vec::new(),
        vec![1; 20],
        vec![2; 4_000],
        Stranger::attach(
            &pointer,
            &Joining {
                welcome: vec![3; 500],
                state: met.joining.state.clone(),
                reach: Vec::new(),
            },
        ),
        // Sealed for another group.
        Stranger::attach(
            &Pointer {
                group: GroupId([9; 16]),
                ..pointer.clone()
            },
            &met.joining,
        ),
    ];
    for bytes in noise {
        met.world.relay.make(&pointer, vec![1], bytes);
        assert!(met.point(pointer.clone()).is_empty());
        assert_eq!(told(&met.world, ADA, met.chat(), Event::Renewed), 0);
        outbox_is_empty(&met.world, ADA);
    }
    let pointer = met.enter(group);
    assert!(met.point(pointer).is_empty());
    assert_eq!(told(&met.world, ADA, met.chat(), Event::Renewed), 1);
}

#[test]
fn a_pointer_leads_to_a_relay_of_ours() {
    not_followed(
        |p, _| p.relay.key = RelayKey([3; 32]),
        "a pointer to another relay",
    );
}

#[test]
fn a_pointer_leads_to_no_higher_log() {
    not_followed(
        |p, _| p.group = GroupId([0xff; 16]),
        "a pointer to an older log",
    );
    let why = "a pointer to a place that cannot be";
    not_followed(|p, _| p.group = GroupId([0; 16]), why);
    not_followed(|p, _| p.commit = Seq(u64::MAX), why);
}

#[test]
fn a_pointer_mixes_no_mailboxes() {
    let why = "a pointer to a mailbox of something else";
    not_followed(|p, met| p.address = met.ada().address, why);
    not_followed(|p, met| p.address = met.pointer.address, why);
    // The log's own group, elsewhere: its entries would be read by another group's cursor.
    not_followed(|p, met| p.group = met.pointer.group, why);
    not_followed(
        |p, met| {
            p.group = met.pointer.group;
            p.address = met.pointer.address;
            p.relay.key = RelayKey([3; 32]);
        },
        why,
    );
}

#[test]
fn a_member_leads_nobody_into_another_log_of_a_group() {
    let mut met = met_in_group();
    met.ada_asks();
    let before = met.fetched();
    let pointer = met.lead();
    assert_eq!(met.point(pointer), [NOT_THEIRS]);
    // The relay would have had a whole group there, of which the stranger is the admin.
    let group = met.lead().group;
    let stranger = met.stranger.account;
    let pointer = met.found(group, |state| {
        for one in &mut state.participants {
            let own = one.account == stranger;
            one.role = if own { Role::Admin } else { Role::Member };
        }
    });
    assert_eq!(met.point(pointer), [NOT_THEIRS]);
    assert_eq!(met.fetched(), before);
    // Into the log there is anybody in it may lead: only who can commit there has something to fetch.
    let there = Pointer {
        group: met.pointer.group,
        address: met.pointer.address,
        ..met.lead()
    };
    assert!(met.point(there).is_empty());
    assert_eq!(met.fetched(), before + 1);
    assert_eq!(told(&met.world, ADA, met.chat(), Event::Gap), 0);
    outbox_is_empty(&met.world, ADA);
}

#[test]
fn who_was_removed_is_not_taken_in_again_by_a_wish() {
    let mut met = met_in_group();
    let remove = GroupWish::Remove(met.stranger.account);
    met.world.wish(ADA, met.chat(), &remove).unwrap();
    met.world.rest();
    let before = met.entries();
    let signed = met.stranger.sign(met.wish(1));
    let why = "a wish of somebody who is not in the conversation";
    assert_eq!(met.ask(signed), [why]);
    assert_eq!(met.entries(), before);
    assert_eq!(met.world.names(ADA, met.chat()), ["Ada"]);
    // Nor does a pointer of theirs lead Ada away, when she asks whoever stays.
    met.world.wait(120_000);
    outbox_is_empty(&met.world, ADA);
}

#[test]
fn a_member_who_wishes_to_be_in_again_is_taken_in_once() {
    let mut met = met_in_group();
    let before = met.entries();
    let (pointers, _) = met.heard();
    let signed = met.stranger.sign(met.wish(1));
    assert!(met.ask(signed.clone()).is_empty());
    assert_eq!(met.entries(), before + 1);
    assert_eq!(met.heard().0, pointers + 1);
    assert_eq!(met.ask(signed), ["a wish that came before"]);
    // The leaf that was replaced had a secret: the lock is another one.
    let mailbox = &met.world.relay.mailboxes[&met.pointer.address];
    assert_ne!(mailbox.lock, met.pointer.secret.lock());
    let pointer = match met.stranger.received(&met.world).pop() {
        Some(InboxForm::Pointer(signed)) => signed.form.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pointer.secret.lock(), mailbox.lock);
    assert_eq!(
        Stranger::opened(&met.world, &pointer).state,
        met.joining.state
    );
}
