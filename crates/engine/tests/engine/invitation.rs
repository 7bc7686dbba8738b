//! Invitations and their ends, told apart on both sides.

use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{Error, InvitationState, NewInvitation, Rejection, Relation, RequestState};
use snug_wire::code::{CodeKind, InviteCode};
use snug_wire::{ClaimId, GREETING_LIMIT};

fn reusable() -> NewInvitation {
    NewInvitation {
        reusable: true,
        ..NewInvitation::default()
    }
}

fn request(world: &World, who: usize, claim: &ClaimId) -> RequestState {
    world.people[who]
        .engine
        .view()
        .request(claim)
        .unwrap()
        .unwrap()
        .state
}

/// What a person is told who holds this code and card.
fn check(world: &World, who: usize, code: &InviteCode, card: &[u8], expected: Rejection) {
    match world.people[who]
        .engine
        .view()
        .open_card(code, card, world.now)
    {
        Err(Error::Rejected(why)) => assert_eq!(why, expected),
        other => panic!("{other:?} where {expected:?} was expected"),
    }
}

#[test]
fn a_one_time_invitation_connects_by_itself_and_once() {
    let mut world = World::new(&["Ada", "Bo", "Cyan"]);
    let code = world.invite(ADA, &NewInvitation::default());
    let first = world.ask(BO, &code).unwrap();
    world.rest();
    let second = world.ask(CYAN, &code).unwrap();
    world.rest();
    assert_eq!(request(&world, BO, &first), RequestState::Connected);
    assert_eq!(request(&world, CYAN, &second), RequestState::Used);
    assert_eq!(world.invitation(ADA, &code.id).0, InvitationState::Used);
    assert_eq!(request(&world, ADA, &first), RequestState::Connected);
}

#[test]
fn a_reusable_one_asks_each_time() {
    let mut world = World::new(&["Ada", "Bo", "Cyan"]);
    let code = world.invite(ADA, &reusable());
    let yes = world.ask(BO, &code).unwrap();
    let no = world.ask(CYAN, &code).unwrap();
    world.rest();
    assert_eq!(request(&world, ADA, &yes), RequestState::Waiting);
    assert_eq!(request(&world, BO, &yes), RequestState::Waiting);
    let now = world.now;
    world.engine(ADA).answer_request(yes, true, now).unwrap();
    world.engine(ADA).answer_request(no, false, now).unwrap();
    world.rest();
    for (who, claim, state) in [
        (ADA, yes, RequestState::Connected),
        (BO, yes, RequestState::Connected),
        (ADA, no, RequestState::Declined),
        (CYAN, no, RequestState::Declined),
    ] {
        assert_eq!(
            request(&world, who, &claim),
            state,
            "{}",
            world.people[who].name
        );
    }
    assert_eq!(world.invitation(ADA, &code.id).0, InvitationState::Open);
    let again = world.engine(ADA).answer_request(no, true, now);
    assert!(matches!(again, Err(Error::Rejected(Rejection::Answered))));
}

#[test]
fn an_expired_one_says_so() {
    let mut world = World::new(&["Ada", "Bo"]);
    let new = NewInvitation {
        expires_at: Some(world.now + 1_000),
        ..reusable()
    };
    let code = world.invite(ADA, &new);
    let claim = world.ask(BO, &code).unwrap();
    world.rest();
    world.wait(1_000);
    assert_eq!(
        request(&world, BO, &claim),
        RequestState::Expired,
        "nobody answered in time"
    );
    check(&world, BO, &code, &world.card(&code), Rejection::Expired);
    assert!(world.ask(BO, &code).is_err());
}

#[test]
fn one_that_the_relay_finds_expired_says_so() {
    let mut world = World::new(&["Ada", "Bo"]);
    let new = NewInvitation {
        expires_at: Some(world.now + 1_000),
        ..NewInvitation::default()
    };
    let code = world.invite(ADA, &new);
    let claim = world.ask(BO, &code).unwrap();
    // Bo's clock was behind when he asked.
    world.now += 1_000;
    world.rest();
    assert_eq!(request(&world, BO, &claim), RequestState::Expired);
}

#[test]
fn a_revoked_one_says_so() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &NewInvitation::default());
    let now = world.now;
    world.engine(ADA).revoke_invitation(code.id, now).unwrap();
    world.rest();
    let claim = world.ask(BO, &code).unwrap();
    world.rest();
    assert_eq!(request(&world, BO, &claim), RequestState::Revoked);
    assert_eq!(world.invitation(ADA, &code.id).0, InvitationState::Revoked);
}

#[test]
fn a_request_that_was_on_its_way_when_it_was_revoked_is_not_granted() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &NewInvitation::default());
    world.offline(ADA);
    let claim = world.ask(BO, &code).unwrap();
    world.rest();
    let now = world.now;
    world.engine(ADA).revoke_invitation(code.id, now).unwrap();
    world.online(ADA);
    world.rest();
    assert_eq!(request(&world, ADA, &claim), RequestState::Revoked);
    assert_eq!(request(&world, BO, &claim), RequestState::Revoked);
    assert!(world.people[ADA].engine.view().chats().unwrap().is_empty());
}

#[test]
fn one_whose_card_the_relay_refuses_is_over() {
    let mut world = World::new(&["Ada"]);
    let now = world.now;
    let id = world
        .engine(ADA)
        .create_invitation(&NewInvitation::default(), now)
        .unwrap();
    let refusal = snug_wire::frame::Refusal::TooLarge(1);
    // The inbox is made, the card is not.
    let done = |r: &snug_wire::frame::Request| matches!(r, snug_wire::frame::Request::Publish(_));
    for _ in 0..20 {
        let Some((outgoing, request)) = world.outgoing(ADA) else {
            world.rest_receiving(ADA);
            continue;
        };
        let answer = if done(&request) {
            snug_wire::frame::Answer::Refused(refusal.clone())
        } else {
            world.relay.handle(request, now)
        };
        world.engine(ADA).settle(outgoing, &answer, now).unwrap();
    }
    assert_eq!(world.invitation(ADA, &id).0, InvitationState::Revoked);
}

#[test]
fn asking_twice_is_asking_once() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let claim = world.ask(BO, &code).unwrap();
    assert_eq!(world.ask(BO, &code).unwrap(), claim);
    world.rest();
    assert_eq!(world.ask(BO, &code).unwrap(), claim);
    world.rest();
    assert_eq!(world.people[ADA].engine.view().requests().unwrap().len(), 1);
    let preview = world.people[BO].engine.view();
    let preview = preview
        .open_card(&code, &world.card(&code), world.now)
        .unwrap();
    assert_eq!(
        (preview.name.as_str(), preview.relation),
        ("Ada", Relation::Waiting)
    );
}

#[test]
fn two_who_met_are_connected() {
    let (mut world, chat) = World::chat();
    let code = world.invite(ADA, &reusable());
    let view = world.people[BO].engine.view();
    let preview = view
        .open_card(&code, &world.card(&code), world.now)
        .unwrap();
    assert_eq!(preview.relation, Relation::Connected(chat));
}

#[test]
fn codes_that_are_no_invitation_are_told_apart() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &NewInvitation::default());
    let card = world.card(&code);
    check(&world, ADA, &code, &card, Rejection::OwnCode);
    let device = InviteCode {
        kind: CodeKind::Device,
        ..code.clone()
    };
    check(&world, BO, &device, &card, Rejection::OtherCode);
    for at in [0, 23, 24, card.len() / 2, card.len() - 1] {
        let mut damaged = card.clone();
        damaged[at] ^= 1;
        check(&world, BO, &code, &damaged, Rejection::CardDamaged);
        check(&world, BO, &code, &card[..at], Rejection::CardDamaged);
    }
    let other = world.invite(ADA, &NewInvitation::default());
    check(&world, BO, &other, &card, Rejection::CardDamaged);
}

#[test]
fn a_card_is_not_taken_from_another_relay() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &NewInvitation::default());
    let (card, mut at, now) = (world.card(&code), world.relay.address(), world.now);
    at.key.0[0] ^= 1;
    let asked = world.engine(BO).accept(&code, &at, &card, "", now);
    assert!(matches!(
        asked,
        Err(Error::Rejected(Rejection::CardDamaged))
    ));
}

#[test]
fn greetings_have_a_limit() {
    let mut world = World::new(&["Ada"]);
    let now = world.now;
    let mut new = NewInvitation {
        greeting: "ß".repeat(GREETING_LIMIT),
        ..NewInvitation::default()
    };
    world.engine(ADA).create_invitation(&new, now).unwrap();
    new.greeting.push('!');
    let made = world.engine(ADA).create_invitation(&new, now);
    assert!(matches!(made, Err(Error::Rejected(Rejection::NameTooLong))));
}

#[test]
fn both_may_invite_each_other_and_there_is_one_chat() {
    let mut world = World::new(&["Ada", "Bo"]);
    let by_ada = world.invite(ADA, &NewInvitation::default());
    let by_bo = world.invite(BO, &NewInvitation::default());
    world.ask(BO, &by_ada).unwrap();
    world.ask(ADA, &by_bo).unwrap();
    world.rest();
    world.wait(20_000);
    let chat = world.people[ADA].engine.view().chats().unwrap()[0].id;
    world.send(ADA, chat, "one");
    world.rest();
    world.send(BO, chat, "two");
    world.rest();
    for who in [ADA, BO] {
        assert_eq!(world.people[who].engine.view().chats().unwrap().len(), 1);
        assert_eq!(world.texts(who, chat), ["one", "two"]);
    }
}
