//! How the two meet: an invitation, its card, a request, a conversation.

use crate::world::World;
use snug_engine::{InvitationState, NewInvitation, RequestState};
use snug_wire::frame::Answer;
use snug_wire::{RelayAddress, RelayKey};

/// Bo uses Ada's invitation; if `mutual`, Ada uses one of Bo's at the same time.
pub fn meet(world: &mut World, mutual: bool) {
    let mut pairs = vec![(0, 1)];
    world.mutual = mutual;
    if mutual {
        pairs.push((1, 0));
    }
    let mut codes = Vec::new();
    for (inviter, guest) in &pairs {
        codes.push((*guest, invite(world, *inviter)));
    }
    for (guest, code) in codes {
        ask(world, guest, &code);
    }
}

pub fn invite(world: &mut World, inviter: usize) -> snug_wire::code::InviteCode {
    let mut id = None;
    while id.is_none() {
        let now = world.now;
        id =
            world.devices[inviter].attempt(|e| e.create_invitation(&NewInvitation::default(), now));
    }
    let id = id.unwrap();
    for _ in 0..20_000 {
        let view = world.devices[inviter].engine.view();
        let invitation = view
            .invitation(&id)
            .unwrap()
            .expect("the invitation is kept");
        if invitation.state == InvitationState::Open {
            return invitation.invited.code;
        }
        world.step();
    }
    panic!("the invitation was never published");
}

pub fn ask(world: &mut World, guest: usize, code: &snug_wire::code::InviteCode) {
    let at = RelayAddress {
        url: code.relay.url.clone(),
        key: relay_key(world, guest),
    };
    for n in 0..20_000 {
        if n % 200 == 0 {
            world.devices[guest].card = None;
            world.devices[guest].ask_for_card(code.id);
        }
        if let Some(Answer::Card(sealed, None)) = world.devices[guest].card.clone() {
            let now = world.now;
            if world.devices[guest]
                .attempt(|e| e.accept(code, &at, &sealed, "Hello", now))
                .is_some()
            {
                break;
            }
        }
        world.step();
    }
    let requests = world.devices[guest].engine.view().requests().unwrap();
    assert!(
        requests
            .iter()
            .any(|r| !r.incoming && r.state != RequestState::Failed),
        "the request is kept"
    );
}

fn relay_key(world: &World, device: usize) -> RelayKey {
    world.devices[device].engine.relays().unwrap()[0].key
}
