//! Wishes to be taken in again, of somebody who means harm: each ignored with its reason.

use crate::forge::Stranger;
use crate::met::{Met, OWN, met, met_with, outbox_is_empty};
use crate::people::{ADA, World};
use snug_wire::card::Signable as _;
use snug_wire::device_list::DeviceList;
use snug_wire::inbox::{InboxForm, JoinRequest};
use snug_wire::{DeviceId, JoinId, RelayKey, Seq};

#[test]
fn a_wish_that_holds_is_obeyed_once() {
    let mut met = met();
    let before = met.entries();
    let signed = met.stranger.sign(met.wish(1));
    assert!(met.ask(signed.clone()).is_empty());
    assert_eq!(met.entries(), before + 1, "one commit");
    assert_eq!(met.heard(), (2, 0));
    assert_eq!(met.ask(signed), ["a wish that came before"]);
    assert_eq!(met.entries(), before + 1);
    assert_eq!(met.heard(), (2, 0));
}

/// A wish changed like this is ignored for that reason.
fn refused(change: impl FnOnce(&mut JoinRequest, &Met), why: &'static str) {
    refused_of(met(), change, why);
}

fn refused_of(mut met: Met, change: impl FnOnce(&mut JoinRequest, &Met), why: &'static str) {
    let before = met.entries();
    let mut wish = met.wish(1);
    change(&mut wish, &met);
    let signed = met.stranger.sign(wish);
    assert_eq!(met.ask(signed), [why]);
    assert_eq!(met.entries(), before);
    assert_eq!(met.heard(), (1, 0));
    assert_eq!(met.world.people[ADA].engine.relays().unwrap().len(), 1);
}

#[test]
fn a_wish_is_signed_by_the_device_that_asks() {
    let mut met = met();
    let other = Stranger::new(&mut met.world, 60);
    let wish = met.wish(1);
    for forged in [
        wish.clone().signed(met.stranger.device, &other.key),
        wish.clone().signed(other.device, &other.key),
        wish.clone().signed(DeviceId([1; 16]), &met.stranger.key),
    ] {
        assert_eq!(met.ask(forged), ["a wish that nobody signed"]);
    }
    let mut forged = met.stranger.sign(wish);
    forged.form.read = Seq(0);
    assert_eq!(met.ask(forged), ["a wish that nobody signed"]);
    assert_eq!(met.heard(), (1, 0));
}

#[test]
fn a_wish_is_of_somebody_in_a_conversation_of_ours() {
    refused(
        |wish, _| wish.conversation.0[0] ^= 1,
        "a wish to be in a conversation nobody knows",
    );
    let mut met = met();
    let other = Stranger::new(&mut met.world, 60);
    let wish = JoinRequest {
        account: other.account,
        devices: other.devices.clone(),
        key_package: other.key_package(other.device, &OWN),
        inbox: other.inbox.clone(),
        ..met.wish(1)
    };
    let why = "a wish of somebody who is not in the conversation";
    assert_eq!(met.ask(other.sign(wish)), [why]);
    assert!(other.received(&met.world).is_empty());
}

#[test]
fn a_wish_is_of_a_device_that_the_newest_list_names() {
    // The list that Ada knows names another device only.
    let mut met = met_with(Stranger::replace_device);
    let gone = DeviceId([50; 16]);
    let older = JoinRequest {
        devices: DeviceList(vec![met.stranger.devices.0[0].clone()]),
        ..met.wish(1)
    };
    let of_gone = JoinRequest {
        key_package: met.stranger.key_package(gone, &OWN),
        ..older.clone()
    };
    let signed = of_gone.signed(gone, &met.stranger.key);
    assert_eq!(met.ask(signed), ["a wish with an older device list"]);
    assert_eq!(met.heard(), (1, 0));
    // Who is in the newest list may not know it yet.
    let signed = met.stranger.sign(older);
    assert!(met.ask(signed).is_empty());
    assert_eq!(met.heard(), (2, 0));
    refused(
        |wish, met| {
            let mut world = World::new(&[]);
            let mut other = Stranger::new(&mut world, 50);
            other.list_one_more();
            wish.devices = DeviceList(vec![other.devices.0[1].clone()]);
            assert_eq!(other.account, met.stranger.account);
        },
        "a wish with another device list",
    );
    refused(
        |wish, met| {
            let mut list = met.stranger.devices.clone();
            let again = list.0[0].clone();
            list.0.push(again);
            wish.devices = list;
        },
        "a wish that nobody signed",
    );
}

#[test]
fn a_wish_brings_a_key_package_of_its_own_device() {
    let wrong = "a wish with a false key package";
    refused(|wish, _| wish.key_package = vec![1, 2, 3], wrong);
    refused(
        |wish, _| {
            let mut world = World::new(&[]);
            let other = Stranger::new(&mut world, 60);
            wish.key_package = other.key_package(other.device, &OWN);
        },
        wrong,
    );
    refused(
        |wish, met| wish.key_package = met.stranger.key_package(DeviceId([9; 16]), &OWN),
        wrong,
    );
}

#[test]
fn a_wish_names_an_inbox_on_a_relay_of_ours() {
    refused(
        |wish, _| wish.inbox.relay.key = RelayKey([3; 32]),
        "a wish with an inbox on another relay",
    );
}

#[test]
fn a_wish_is_no_larger_than_needed() {
    let large = "a wish larger than allowed";
    refused(|wish, _| wish.inbox.key = vec![1; 4_000], large);
    refused(|wish, _| wish.inbox.relay.url = "x".repeat(4_000), large);
    refused(|wish, _| wish.key_package = vec![1; 200_000], large);
}

#[test]
fn a_wish_that_no_commit_can_fulfil_holds_nobody_up() {
    let mut met = met_with(|stranger| {
        stranger.list_one_more();
    });
    let before = met.entries();
    // Ada's device is at rest while both come.
    met.world.offline(ADA);
    let unfit = JoinRequest {
        key_package: met.stranger.key_package(met.stranger.device, &[]),
        ..met.wish(1)
    };
    let other = DeviceId([51; 16]);
    let fit = JoinRequest {
        key_package: met.stranger.key_package(other, &OWN),
        ..met.wish(2)
    };
    let unfit = met.stranger.sign(unfit);
    let fit = fit.signed(other, &met.stranger.key_of(other));
    met.ask(unfit);
    met.ask(fit);
    met.world.online(ADA);
    met.world.rest();
    assert!(met.world.ignored(ADA).is_empty());
    assert_eq!(met.entries(), before + 1);
    let joins: Vec<_> = met.stranger.received(&met.world);
    let Some(InboxForm::Pointer(pointer)) = joins.last() else {
        panic!("{joins:?}")
    };
    assert_eq!(pointer.form.joins, Some(JoinId([2; 16])));
    let open: i64 = met
        .database()
        .query_row("SELECT count(*) FROM wish WHERE open = 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(open, 0, "nothing is tried for ever");
    outbox_is_empty(&met.world, ADA);
}

#[test]
fn of_what_a_device_wished_again_and_again_only_the_newest_is_obeyed() {
    let mut met = met();
    let before = met.entries();
    met.world.offline(ADA);
    for n in 1..=5 {
        let signed = met.stranger.sign(met.wish(n));
        met.ask(signed);
    }
    met.world.online(ADA);
    met.world.rest();
    assert_eq!(met.entries(), before + 1);
    assert_eq!(met.heard(), (2, 0));
    let kept: i64 = met
        .database()
        .query_row("SELECT sum(length(form)) FROM wish", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 0, "nothing of a wish stays but that it was heard");
}
