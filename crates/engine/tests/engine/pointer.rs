//! Pointers and denials of an inviter who means harm.

use crate::forge::{Stranger, participant};
use crate::people::{ADA, BO, World};
use snug_engine::RequestState;
use snug_wire::card::{InboxAddress, Signable as _};
use snug_wire::frame::MailboxKind;
use snug_wire::inbox::{Denial, DenialReason, InboxForm, Joining, Pointer};
use snug_wire::log_state::{ConversationKind, LogState, Participant, Role};
use snug_wire::{Address, ClaimId, EnvelopeId, GroupId, LockSecret, RelayKey, Secret, Seq};

/// Bo asked the stranger: the world, the stranger, Bo's claim, and where his answers go.
struct Asked {
    world: World,
    stranger: Stranger,
    claim: ClaimId,
    reply: InboxAddress,
    /// The key package of Bo's device.
    package: Vec<u8>,
    /// What would be true.
    state: LogState,
}

fn asked() -> Asked {
    let (mut world, _) = World::chat();
    let stranger = Stranger::new(&mut world, 50);
    let code = stranger.invite(&mut world, |_| ());
    let claim = world.ask(BO, &code).unwrap();
    world.rest();
    let [InboxForm::Request(signed)] = &stranger.received(&world)[..] else {
        panic!("one request came")
    };
    let form = signed.form.clone();
    let mut participants = vec![
        participant(form.account, Role::Admin, form.devices),
        stranger.participant(Role::Admin),
    ];
    participants.sort_by_key(|p| p.account);
    world.ignored(BO);
    Asked {
        claim,
        reply: form.inboxes[0].clone(),
        package: form.key_packages[0].to_vec(),
        state: LogState {
            participants,
            ..LogState::new(
                LogState::direct_id(&form.account, &stranger.account),
                ConversationKind::Direct,
            )
        },
        world,
        stranger,
    }
}

impl Asked {
    fn pointer(&self) -> Pointer {
        Pointer {
            relay: self.world.relay.address(),
            address: Address([77; 32]),
            group: GroupId([77; 16]),
            commit: Seq(1),
            generation: 7,
            envelope: EnvelopeId([77; 16]),
            secret: LockSecret::new([77; 32]),
            fetch: LockSecret::new([77; 32]),
            key: Secret::new([77; 32]),
            conversation: self.state.conversation,
            answers: Some(self.claim),
            joins: None,
            account: self.stranger.account,
            devices: self.stranger.devices.clone(),
            offer: None,
        }
    }

    /// Makes that state come true where a pointer leads.
    fn found(&mut self, state: LogState) -> Pointer {
        let pointer = self.pointer();
        let (commit, welcome) = self.stranger.found(&pointer.group, &state, &self.package);
        let joining = Joining {
            welcome,
            state,
            reach: Vec::new(),
        };
        let attached = Stranger::attach(&pointer, &joining);
        self.world.relay.make(&pointer, commit, attached);
        pointer
    }

    fn say(&mut self, form: &InboxForm) -> Vec<&'static str> {
        let bytes = self.stranger.seal(&self.reply, form);
        self.world.drop_into(self.reply.address, bytes);
        self.world.rest();
        self.world.ignored(BO)
    }

    fn point(&mut self, pointer: Pointer) -> Vec<&'static str> {
        let signed = self.stranger.sign(pointer);
        self.say(&InboxForm::Pointer(Box::new(signed)))
    }

    fn state(&self) -> RequestState {
        let view = self.world.people[BO].engine.view();
        view.request(&self.claim).unwrap().unwrap().state
    }
}

fn check(change: impl FnOnce(&mut Pointer, &World), why: &'static str) {
    let mut asked = asked();
    let mut pointer = asked.pointer();
    change(&mut pointer, &asked.world);
    assert_eq!(asked.point(pointer), [why]);
    assert_eq!(asked.state(), RequestState::Waiting);
    assert_eq!(asked.world.people[BO].engine.relays().unwrap().len(), 1);
}

#[test]
fn a_pointer_must_answer_what_was_asked() {
    check(
        |p, _| p.answers = None,
        "a group of somebody who is no contact",
    );
    check(
        |p, _| p.answers = Some(ClaimId([1; 16])),
        "a pointer to nothing asked",
    );
    let other = "a pointer to another conversation";
    check(|p, _| p.conversation.0[0] ^= 1, other);
}

#[test]
fn a_pointer_is_signed_by_the_inviter() {
    let why = "a pointer that the inviter did not sign";
    let mut asked = asked();
    let other = Stranger::new(&mut asked.world, 51);
    let pointer = asked.pointer();
    let of_other = Pointer {
        account: other.account,
        devices: other.devices.clone(),
        ..pointer.clone()
    };
    let mut altered = asked.stranger.sign(pointer.clone());
    altered.form.commit = Seq(2);
    for forged in [
        pointer.clone().signed(asked.stranger.device, &other.key),
        pointer.clone().signed(other.device, &other.key),
        of_other.signed(other.device, &other.key),
        altered,
    ] {
        let form = InboxForm::Pointer(Box::new(forged));
        assert_eq!(asked.say(&form), [why]);
    }
    assert_eq!(asked.state(), RequestState::Waiting);
    check(|p, _| p.devices.0.clear(), why);
    check(|p, _| p.devices.0[0].signature[0] ^= 1, why);
    check(
        |p, _| {
            let again = p.devices.0[0].clone();
            p.devices.0.push(again);
        },
        why,
    );
}

/// A pointer holds and what it leads to does not: the request fails, nothing is joined, and a true
/// pointer may still come.
fn fails(change: impl FnOnce(&mut LogState, &Asked)) {
    let mut asked = asked();
    let mut state = asked.state.clone();
    change(&mut state, &asked);
    let chats = |asked: &Asked| asked.world.people[BO].engine.view().chats().unwrap().len();
    let before = chats(&asked);
    let pointer = asked.found(state);
    assert!(asked.point(pointer).is_empty());
    assert_eq!(asked.state(), RequestState::Failed);
    assert_eq!(chats(&asked), before);
    assert_eq!(asked.world.people[BO].engine.relays().unwrap().len(), 1);
    let pointer = asked.found(asked.state.clone());
    assert!(asked.point(pointer).is_empty());
    assert_eq!(asked.state(), RequestState::Connected);
    assert_eq!(chats(&asked), before + 1);
}

#[test]
fn a_state_is_of_the_two_and_of_nobody_else() {
    fails(|state, _| {
        let third = state.participants[0].clone();
        state.participants.push(third);
    });
    fails(|state, _| state.participants.reverse());
    fails(|state, _| state.participants[0].role = Role::Member);
    fails(|state, _| state.participants[0].stay = 1);
    fails(|state, _| {
        let third = Stranger::new(&mut World::new(&[]), 51);
        state.participants.push(third.participant(Role::Member));
        state.participants.sort_by_key(|p| p.account);
    });
    fails(|state, asked| {
        let all = &mut state.participants;
        all.retain(|p| p.account == asked.stranger.account);
    });
    fails(|state, asked| {
        let all = &mut state.participants;
        all.retain(|p| p.account != asked.stranger.account);
    });
}

#[test]
fn a_state_is_of_the_conversation_and_its_kind() {
    fails(|state, _| state.conversation.0[0] ^= 1);
    fails(|state, _| state.kind = ConversationKind::Own);
    fails(|state, _| state.kind = ConversationKind::Group);
    fails(|state, _| state.name = "Walks".into());
    fails(|state, _| state.added = 2);
}

#[test]
fn a_state_has_true_device_lists() {
    fn of_stranger<'a>(state: &'a mut LogState, asked: &Asked) -> &'a mut Participant {
        let mut all = state.participants.iter_mut();
        all.find(|p| p.account == asked.stranger.account).unwrap()
    }
    fails(|state, asked| of_stranger(state, asked).devices.0.clear());
    fails(|state, asked| {
        let devices = &mut of_stranger(state, asked).devices;
        devices.0[0].signature[0] ^= 1;
    });
    fails(|state, asked| {
        let mut all = state.participants.iter_mut();
        let own = all.find(|p| p.account != asked.stranger.account).unwrap();
        own.devices.0.clear();
    });
}

#[test]
fn a_pointer_leads_to_the_relay_of_the_invitation() {
    let elsewhere = "a pointer to another relay";
    check(|p, _| p.relay.key = RelayKey([3; 32]), elsewhere);
}

#[test]
fn a_pointer_does_not_say_where_a_known_relay_is() {
    let mut asked = asked();
    let mut pointer = asked.pointer();
    pointer.relay.url = "ws://evil.example:1".into();
    asked.point(pointer);
    let home = asked.world.relay.address();
    assert_eq!(asked.world.people[BO].engine.relays().unwrap(), [home]);
}

#[test]
fn a_pointer_does_not_lead_into_a_mailbox_one_reads() {
    let why = "a pointer to a log one reads";
    check(|p, world| p.address = world.mailbox(), why);
    for kind in [MailboxKind::Inbox, MailboxKind::Conversation] {
        check(
            |p, world| {
                let all = world.relay.addresses(kind);
                p.address = *all.iter().find(|a| world.reads(BO, a)).unwrap();
            },
            why,
        );
    }
}

#[test]
fn a_pointer_to_a_place_that_cannot_be_is_ignored() {
    let why = "a pointer to a place that cannot be";
    check(|p, _| p.group = GroupId([0; 16]), why);
    check(|p, _| p.commit = Seq(u64::MAX), why);
}

#[test]
fn one_pointer_is_followed_at_a_time() {
    let mut asked = asked();
    // Both in one batch, before the relay was asked for the first Welcome.
    let first = asked.pointer();
    let second = Pointer {
        group: GroupId([78; 16]),
        ..asked.pointer()
    };
    for pointer in [first, second] {
        let form = InboxForm::Pointer(Box::new(asked.stranger.sign(pointer)));
        let bytes = asked.stranger.seal(&asked.reply, &form);
        asked.world.drop_into(asked.reply.address, bytes);
    }
    asked.world.rest();
    assert_eq!(
        asked.world.ignored(BO),
        ["a pointer while another is followed"]
    );
    assert_eq!(asked.state(), RequestState::Failed, "there is no Welcome");
}

#[test]
fn a_welcome_of_noise_fails_and_the_next_may_do_better() {
    let mut asked = asked();
    let pointer = asked.pointer();
    assert!(asked.point(pointer).is_empty());
    assert_eq!(asked.state(), RequestState::Failed);
    let again = Pointer {
        address: Address([78; 32]),
        ..asked.pointer()
    };
    assert!(asked.point(again).is_empty(), "it is followed");
    asked.world.crash(BO);
    asked.world.rest();
}

#[test]
fn a_denial_is_the_inviters() {
    let mut asked = asked();
    let other = Stranger::new(&mut asked.world, 51);
    let denial = |asked: &Asked| Denial {
        claim: asked.claim,
        reason: DenialReason::Declined,
    };
    let forged = denial(&asked).signed(other.device, &other.key);
    assert_eq!(
        asked.say(&InboxForm::Denied(forged)),
        ["an answer that the inviter did not sign"]
    );
    assert_eq!(asked.state(), RequestState::Waiting);
    let signed = asked.stranger.sign(denial(&asked));
    assert!(asked.say(&InboxForm::Denied(signed.clone())).is_empty());
    assert_eq!(asked.state(), RequestState::Declined);
    assert_eq!(
        asked.say(&InboxForm::Denied(signed)),
        ["an answer to nothing asked"]
    );
}

#[test]
fn a_pointer_does_not_belong_into_an_invitations_inbox() {
    let mut asked = asked();
    let code = asked
        .world
        .invite(ADA, &snug_engine::NewInvitation::default());
    let view = asked.world.people[ADA].engine.view();
    let inbox = view
        .invitation(&code.id)
        .unwrap()
        .unwrap()
        .invited
        .card
        .inbox;
    let form = InboxForm::Pointer(Box::new(asked.stranger.sign(asked.pointer())));
    let bytes = asked.stranger.seal(&inbox, &form);
    asked.world.drop_into(inbox.address, bytes);
    asked.world.rest();
    let why = asked.world.ignored(ADA);
    assert_eq!(why, ["a form that does not belong into this inbox"]);
}

#[test]
fn a_card_whose_inbox_key_is_none_fails_the_request() {
    let mut world = World::new(&["Ada", "Bo"]);
    let stranger = Stranger::new(&mut world, 50);
    let code = stranger.invite(&mut world, |card| card.inbox.key = vec![1; 7]);
    let claim = world.ask(BO, &code).unwrap();
    world.rest();
    let view = world.people[BO].engine.view();
    assert_eq!(
        view.request(&claim).unwrap().unwrap().state,
        RequestState::Failed
    );
}
