//! Pointers that answer a wish of ours, of somebody who means harm: each ignored with its reason.

use crate::forge::Stranger;
use crate::met::{Met, met, met_with, outbox_is_empty};
use crate::people::{ADA, World};
use snug_wire::inbox::Pointer;
use snug_wire::log_state::Role;
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
    not_followed(|p, _| p.state.conversation.0[0] ^= 1, why);
}

#[test]
fn a_pointer_leads_to_the_same_people() {
    let why = "a pointer to another conversation";
    not_followed(|p, _| p.state.participants[0].role = Role::Member, why);
    not_followed(
        |p, _| {
            let third = p.state.participants[0].clone();
            p.state.participants.push(third);
        },
        why,
    );
    not_followed(
        |p, met| {
            let mut world = World::new(&[]);
            let other = Stranger::new(&mut world, 60);
            let all = &mut p.state.participants;
            let at = all.iter().position(|p| p.account == met.stranger.account);
            all[at.unwrap()].account = other.account;
            all[at.unwrap()].devices = other.devices;
        },
        why,
    );
    not_followed(
        |p, met| {
            let all = &mut p.state.participants;
            all.retain(|p| p.account == met.stranger.account);
        },
        "a pointer to a conversation without this device",
    );
}

#[test]
fn a_pointer_does_not_make_a_device_list_older() {
    let met = met_with(|stranger| {
        stranger.list_one_more();
    });
    let older = |p: &mut Pointer, met: &Met| {
        for one in &mut p.state.participants {
            if one.account == met.stranger.account {
                one.devices.0.truncate(1);
            }
        }
    };
    not_followed_of(met, older, "a pointer to another conversation");
    // Nor newer without a signature.
    not_followed(
        |p, met| {
            for one in &mut p.state.participants {
                if one.account == met.stranger.account {
                    let again = one.devices.0[0].clone();
                    one.devices.0.push(again);
                }
            }
        },
        "a pointer to another conversation",
    );
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
