//! Requests that are not what they seem: each ignored with its reason, and nothing of them stays.

use crate::forge::Stranger;
use crate::people::{ADA, BO, World};
use minicbor::bytes::ByteVec;
use openmls::prelude::ExtensionType;
use snug_engine::{NewInvitation, RequestState};
use snug_wire::RelayKey;
use snug_wire::card::{InboxAddress, Signable as _};
use snug_wire::code::InviteCode;
use snug_wire::inbox::{DenialReason, InboxForm, InviteRequest};

fn reusable() -> NewInvitation {
    NewInvitation {
        reusable: true,
        ..NewInvitation::default()
    }
}

/// The inbox of an invitation of Ada's, as its card names it.
fn inbox(world: &World, code: &InviteCode) -> InboxAddress {
    let invitation = world.people[ADA]
        .engine
        .view()
        .invitation(&code.id)
        .unwrap();
    invitation.unwrap().invited.card.inbox
}

fn requests(world: &World) -> usize {
    world.people[ADA].engine.view().requests().unwrap().len()
}

/// A request changed like this is ignored for that reason; unchanged it is taken.
fn check(devices: usize, change: impl FnOnce(&mut InviteRequest, &Stranger), why: &'static str) {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let stranger = Stranger::with_devices(&mut world, 50, devices);
    let to = inbox(&world, &code);
    let mut request = stranger.request(&world, &code, stranger.claim(1));
    change(&mut request, &stranger);
    stranger.send(&mut world, &to, request);
    world.rest();
    assert_eq!(world.ignored(ADA), [why]);
    assert_eq!(requests(&world), 0);
    assert_eq!(world.people[ADA].engine.relays().unwrap().len(), 1);
}

#[test]
fn one_that_holds_is_taken_once() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let stranger = Stranger::new(&mut world, 50);
    let to = inbox(&world, &code);
    for _ in 0..2 {
        let request = stranger.request(&world, &code, stranger.claim(1));
        stranger.send(&mut world, &to, request);
        world.rest();
        assert_eq!(requests(&world), 1);
    }
    assert_eq!(world.ignored(ADA), ["a request that came before"]);
}

#[test]
fn without_a_ticket() {
    check(1, |r, _| r.ticket = [0; 64], "a request without a claim");
    check(1, |r, _| r.claim.0[0] ^= 1, "a request without a claim");
}

#[test]
fn without_the_proof() {
    check(1, |r, _| r.proof[0] ^= 1, "a request without the code");
    check(1, |r, _| r.account.0[0] ^= 1, "a request without the code");
}

#[test]
fn for_another_invitation() {
    check(
        1,
        |r, _| r.invitation.0[0] ^= 1,
        "a request for another invitation",
    );
}

#[test]
fn with_a_false_device_list() {
    let false_list = "a request with a false device list";
    check(1, |r, _| r.devices.0.clear(), false_list);
    check(1, |r, _| r.devices.0[0].signature[0] ^= 1, false_list);
    check(
        1,
        |r, _| r.devices.0[0].entry.devices[0].key.0[0] ^= 1,
        false_list,
    );
    check(
        1,
        |r, _| {
            let mut world = World::new(&[]);
            r.devices = Stranger::new(&mut world, 51).devices;
        },
        false_list,
    );
}

#[test]
fn signed_by_somebody_else() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let stranger = Stranger::new(&mut world, 50);
    let other = Stranger::new(&mut world, 51);
    let to = inbox(&world, &code);
    let request = stranger.request(&world, &code, stranger.claim(1));
    for signed in [
        request.clone().signed(stranger.device, &other.key),
        request.signed(other.device, &other.key),
    ] {
        let form = InboxForm::Request(Box::new(signed));
        let bytes = stranger.seal(&to, &form);
        world.drop_into(to.address, bytes);
        world.rest();
        assert_eq!(world.ignored(ADA), ["a request that nobody signed"]);
    }
    assert_eq!(requests(&world), 0);
}

#[test]
fn with_names_or_words_out_of_bounds() {
    let wrong = "a request with false key packages";
    check(1, |r, _| r.profile.name = String::new(), wrong);
    check(1, |r, _| r.profile.name = "x".repeat(65), wrong);
    check(1, |r, _| r.greeting = "x".repeat(281), wrong);
}

#[test]
fn with_key_packages_that_are_not_its_devices() {
    let wrong = "a request with false key packages";
    check(1, |r, _| r.key_packages.clear(), wrong);
    check(
        1,
        |r, _| r.key_packages[0] = ByteVec::from(vec![1, 2, 3]),
        wrong,
    );
    check(1, |r, _| r.inboxes.clear(), wrong);
    // Two of one device, none of the other.
    check(
        2,
        |r, _| r.key_packages[1] = r.key_packages[0].clone(),
        wrong,
    );
    check(17, |_, _| (), wrong);
    check(
        1,
        |r, _| {
            let mut world = World::new(&[]);
            let other = Stranger::new(&mut world, 51);
            let package = other.key_package(other.device, &[ExtensionType::Unknown(0xF051)]);
            r.key_packages[0] = ByteVec::from(package);
        },
        wrong,
    );
}

#[test]
fn with_an_inbox_on_another_relay() {
    let elsewhere = "a request with an inbox on another relay";
    check(
        1,
        |r, _| r.inboxes[0].relay.key = RelayKey([3; 32]),
        elsewhere,
    );
}

#[test]
fn a_requester_does_not_say_where_our_relay_is() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let stranger = Stranger::new(&mut world, 50);
    let to = inbox(&world, &code);
    let mut request = stranger.request(&world, &code, stranger.claim(1));
    request.inboxes[0].relay.url = "ws://evil.example:1".into();
    stranger.send(&mut world, &to, request);
    world.rest();
    let now = world.now;
    world
        .engine(ADA)
        .answer_request(stranger.claim(1), true, now)
        .unwrap();
    world.rest();
    let home = world.relay.address();
    assert_eq!(world.people[ADA].engine.relays().unwrap(), [home]);
    assert!(matches!(
        stranger.received(&world)[..],
        [InboxForm::Pointer(_)]
    ));
}

/// Ada accepts a request that cannot be fulfilled, and goes on with Bo as if nothing had been.
fn harmless(
    change: impl FnOnce(&mut InviteRequest, &Stranger),
    state: RequestState,
) -> (World, Stranger) {
    let (mut world, chat) = World::chat();
    let code = world.invite(ADA, &reusable());
    let stranger = Stranger::with_devices(&mut world, 50, 1);
    let to = inbox(&world, &code);
    let claim = stranger.claim(1);
    let mut request = stranger.request(&world, &code, claim);
    change(&mut request, &stranger);
    stranger.send(&mut world, &to, request);
    world.rest();
    let now = world.now;
    world.engine(ADA).answer_request(claim, true, now).unwrap();
    world.rest();
    let found = world.people[ADA]
        .engine
        .view()
        .request(&claim)
        .unwrap()
        .unwrap();
    assert_eq!(found.state, state);
    world.crash(ADA);
    world.send(ADA, chat, "still here");
    world.rest();
    assert_eq!(world.texts(BO, chat), ["still here"]);
    (world, stranger)
}

#[test]
fn a_leaf_that_cannot_be_added_stops_nothing() {
    let (world, stranger) = harmless(
        |r, s| r.key_packages[0] = ByteVec::from(s.key_package(s.device, &[])),
        RequestState::Failed,
    );
    let [InboxForm::Denied(denial)] = &stranger.received(&world)[..] else {
        panic!("the stranger is told")
    };
    assert_eq!(denial.form.reason, DenialReason::Declined);
}

#[test]
fn an_inbox_key_that_is_none_stops_nothing() {
    for key in [vec![], vec![1; 32], vec![0xff; 1216], vec![0; 1217]] {
        harmless(|r, _| r.inboxes[0].key = key, RequestState::Connected);
    }
}

#[test]
fn a_declined_request_with_an_inbox_key_that_is_none_stops_nothing() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let stranger = Stranger::new(&mut world, 50);
    let to = inbox(&world, &code);
    let mut request = stranger.request(&world, &code, stranger.claim(1));
    request.inboxes[0].key = vec![1];
    stranger.send(&mut world, &to, request);
    world.rest();
    let now = world.now;
    world
        .engine(ADA)
        .answer_request(stranger.claim(1), false, now)
        .unwrap();
    world.rest();
    assert!(world.engine(ADA).is_idle().unwrap());
}

#[test]
fn a_ticket_forged_by_a_relay_does_not_use_an_invitation_twice() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &NewInvitation::default());
    let to = inbox(&world, &code);
    let (one, two) = (Stranger::new(&mut world, 50), Stranger::new(&mut world, 51));
    // Both come in one batch, before Ada's own conversation has her first answer.
    for stranger in [&one, &two] {
        let request = stranger.request(&world, &code, stranger.claim(1));
        stranger.send(&mut world, &to, request);
    }
    world.rest();
    let states = |s: &Stranger| {
        let view = world.people[ADA].engine.view();
        view.request(&s.claim(1)).unwrap().unwrap().state
    };
    assert_eq!(states(&one), RequestState::Connected);
    assert_eq!(states(&two), RequestState::Used);
}

#[test]
fn what_is_printed_of_a_request_holds_neither_names_nor_keys() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    world.ask(BO, &code).unwrap();
    world.rest();
    for who in [ADA, BO] {
        let view = world.people[who].engine.view();
        let invitations = view.invitations().unwrap();
        let printed = format!("{:?} {:?}", view.requests().unwrap(), invitations);
        let key = format!("{:?}", &code.key.expose()[..8]);
        assert!(!printed.contains(key.trim_matches(['[', ']'])), "{printed}");
        assert!(!printed.contains("Hello"), "{printed}");
    }
    let relay = world.relay.address().key;
    let printed = format!("{:?}", world.engine(BO).subscriptions(&relay).unwrap());
    assert!(printed.contains("<redacted>"), "{printed}");
}
