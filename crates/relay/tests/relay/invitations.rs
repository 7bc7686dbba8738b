//! Rules 13 and 27.

use crate::forms::{claim, invitation, publish, secret};
use crate::world::{ADA, BO, World, everywhere};
use snug_relay::core::limits;
use snug_wire::frame::{Answer, Publish, Refusal, Request, ticket};
use snug_wire::handshake::verify;

/// After the time worlds begin at.
const SOON: u64 = 1_000_000_000_010;

fn with(mut world: World, uses: Option<u32>, expires_at: Option<u64>) -> World {
    assert_eq!(
        world.ask(ADA, Request::Publish(publish(1, uses, expires_at))),
        Some(Answer::Done)
    );
    world
}

fn try_claim(world: &mut World, by: u8) -> Result<(), Refusal> {
    match world.ask(BO, Request::Claim(invitation(1), claim(by))) {
        Some(Answer::Claimed(signature)) => {
            let bytes = ticket(&invitation(1), &claim(by));
            assert!(
                verify(&world.key().0, &bytes, &signature),
                "signed by the relay"
            );
            Ok(())
        }
        Some(Answer::Refused(refusal)) => Err(refusal),
        other => panic!("{other:?}"),
    }
}

fn ended(world: &mut World) -> Option<Refusal> {
    match world.ask(BO, Request::Card(invitation(1))) {
        Some(Answer::Card(card, ended)) => {
            assert_eq!(card, vec![1; 40]);
            ended
        }
        other => panic!("{other:?}"),
    }
}

fn publishing_again_is_fine_and_otherwise_is_not(world: World) {
    let mut world = with(world, Some(1), Some(SOON));
    let first = publish(1, Some(1), Some(SOON));
    assert_eq!(
        world.ask(ADA, Request::Publish(first.clone())),
        Some(Answer::Done)
    );
    for other in [
        Publish {
            uses: None,
            ..first.clone()
        },
        Publish {
            expires_at: Some(SOON + 1),
            ..first.clone()
        },
        Publish {
            card: vec![1; 41],
            ..first.clone()
        },
        Publish {
            lock: crate::forms::lock(9),
            ..first
        },
    ] {
        assert_eq!(
            world.ask(BO, Request::Publish(other)),
            Some(Answer::Refused(Refusal::Taken))
        );
    }
    let endless = publish(2, None, Some(u64::MAX));
    assert_eq!(
        world.ask(ADA, Request::Publish(endless.clone())),
        Some(Answer::Done)
    );
    assert_eq!(
        world.ask(ADA, Request::Publish(endless)),
        Some(Answer::Done)
    );
    let large = Publish {
        card: vec![0; limits::CARD + 1],
        ..publish(3, None, None)
    };
    assert_eq!(
        world.ask(ADA, Request::Publish(large)),
        Some(Answer::Refused(Refusal::TooLarge(65_536)))
    );
}

fn each_use_is_bound_to_one_claim_and_keeps_its_answer(world: World) {
    let mut world = with(world, Some(2), None);
    assert_eq!(try_claim(&mut world, 1), Ok(()));
    assert_eq!(try_claim(&mut world, 1), Ok(()), "again: no second use");
    assert_eq!(ended(&mut world), None);
    assert_eq!(try_claim(&mut world, 2), Ok(()));
    assert_eq!(try_claim(&mut world, 3), Err(Refusal::Used));
    assert_eq!(ended(&mut world), Some(Refusal::Used));
    world.crash();
    assert_eq!(
        try_claim(&mut world, 1),
        Ok(()),
        "used up and after a crash, its answer stands"
    );
    world.ask(ADA, Request::Revoke(invitation(1), secret(1)));
    assert_eq!(try_claim(&mut world, 2), Ok(()));
    assert_eq!(try_claim(&mut world, 3), Err(Refusal::Revoked));
}

fn an_expired_one_takes_no_claim(world: World) {
    let mut world = with(world, None, Some(SOON));
    world.now = SOON - 1;
    assert_eq!(try_claim(&mut world, 1), Ok(()));
    world.now += 1;
    assert_eq!(try_claim(&mut world, 2), Err(Refusal::Expired));
    assert_eq!(ended(&mut world), Some(Refusal::Expired));
    assert_eq!(try_claim(&mut world, 1), Ok(()));
}

fn a_revoke_wins_or_loses_against_a_claim(world: World) {
    let mut world = with(world, Some(1), None);
    let revoke = |with| Request::Revoke(invitation(1), secret(with));
    assert_eq!(
        world.ask(BO, revoke(2)),
        Some(Answer::Refused(Refusal::WrongLock))
    );
    assert_eq!(ended(&mut world), None);
    assert_eq!(world.ask(ADA, revoke(1)), Some(Answer::Done));
    assert_eq!(world.ask(ADA, revoke(1)), Some(Answer::Done), "again");
    assert_eq!(try_claim(&mut world, 1), Err(Refusal::Revoked));
    assert_eq!(ended(&mut world), Some(Refusal::Revoked));
}

fn an_unknown_one_is_not_there(world: World) {
    let mut world = world;
    let none = Some(Answer::Refused(Refusal::NoInvitation));
    assert_eq!(world.ask(BO, Request::Card(invitation(1))), none);
    assert_eq!(world.ask(BO, Request::Claim(invitation(1), claim(1))), none);
    assert_eq!(
        world.ask(BO, Request::Revoke(invitation(1), secret(1))),
        none
    );
}

everywhere![
    publishing_again_is_fine_and_otherwise_is_not,
    each_use_is_bound_to_one_claim_and_keeps_its_answer,
    an_expired_one_takes_no_claim,
    a_revoke_wins_or_loses_against_a_claim,
    an_unknown_one_is_not_there,
];
