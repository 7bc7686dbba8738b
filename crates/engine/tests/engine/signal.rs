//! Typing and presence: who hears what of whom, for how long, and what does not count.

use crate::people::{ADA, BO, World};
use snug_engine::{MessageState, OwnPresence, OwnState, Privacy, PrivacyOverride, Signs};
use snug_wire::frame::{MailboxKind, Request};
use snug_wire::signal::PresenceState::{Away, Busy, Offline, Online};
use snug_wire::signal::{PresenceState, SealedSignal};
use snug_wire::{Address, ConversationId, SIGNAL_LIMIT, decode, encode};

const ALL: Privacy = Privacy {
    typing: true,
    presence: true,
    receipts: true,
};

/// A signal on its way.
type Flying = (Address, Vec<u8>);

/// The signals a person's engine has to send now.
fn said(world: &mut World, who: usize) -> Vec<Flying> {
    let now = world.now;
    let mut out = Vec::new();
    while let Some((_, request)) = world.engine(who).next_signal(now, |_| true).unwrap() {
        let Request::Signal(address, _, bytes) = request else {
            panic!("not a signal");
        };
        assert!(bytes.len() <= SIGNAL_LIMIT);
        out.push((address, bytes));
    }
    out
}

/// Whether it counts.
fn hears(world: &mut World, who: usize, (address, bytes): &Flying) -> bool {
    let (relay, now) = (world.relay.address().key, world.now);
    let engine = world.engine(who);
    engine.receive_signal(&relay, address, bytes, now).unwrap()
}

/// Passes signals on until nobody has any; says how many there were.
fn pass(world: &mut World) -> usize {
    let mut count = 0;
    loop {
        let mut flying = Vec::new();
        for who in [ADA, BO] {
            flying.extend(said(world, who).into_iter().map(|signal| (who, signal)));
        }
        if flying.is_empty() {
            return count;
        }
        count += flying.len();
        assert!(count < 100, "they answer each other for ever");
        for (from, signal) in flying {
            for who in [ADA, BO] {
                if who != from && world.reads(who, &signal.0) {
                    hears(world, who, &signal);
                }
            }
        }
    }
}

fn later(world: &mut World, milliseconds: u64) {
    world.wait(milliseconds);
    let now = world.now;
    for who in [ADA, BO] {
        world.engine(who).tick_signals(now).unwrap();
    }
}

/// As the client does when mailboxes have been read to the end.
fn comes(world: &mut World, who: usize) {
    let now = world.now;
    for address in world.relay.addresses(MailboxKind::Conversation) {
        if world.reads(who, &address) {
            world.engine(who).announce(&address, now).unwrap();
        }
    }
}

fn signs(world: &mut World, who: usize) -> Signs {
    let engine = world.engine(who);
    let changes = engine.take_changes();
    engine.take_signs(&changes).unwrap()
}

/// Who began (`true`) or stopped typing since it was last asked.
fn typing(world: &mut World, who: usize) -> Vec<bool> {
    signs(world, who).typing.iter().map(|t| t.on).collect()
}

/// How the only other person is there.
fn other(world: &mut World, who: usize) -> (PresenceState, String, Option<u64>) {
    let all = world.engine(who).presences().unwrap();
    match all.as_slice() {
        [one] => (one.state, one.text.clone(), one.last_seen),
        [] => (Offline, String::new(), None),
        more => panic!("{more:?}"),
    }
}

fn chooses(world: &mut World, who: usize, state: OwnState, text: &str) {
    let now = world.now;
    let new = OwnPresence {
        state,
        text: text.into(),
        away_after: 60,
    };
    world.engine(who).set_presence(new, now).unwrap();
}

fn types(world: &mut World, who: usize, chat: ConversationId, on: bool) {
    let now = world.now;
    world.engine(who).set_typing(chat, on, now).unwrap();
}

fn account(world: &World, who: usize) -> snug_wire::AccountId {
    let account = world.people[who].engine.view().account().unwrap();
    account.unwrap().id
}

/// Ada and Bo in a chat, both here and heard.
fn together() -> (World, ConversationId) {
    let (mut world, chat) = World::chat();
    comes(&mut world, ADA);
    comes(&mut world, BO);
    pass(&mut world);
    later(&mut world, 5_000);
    pass(&mut world);
    signs(&mut world, ADA);
    signs(&mut world, BO);
    (world, chat)
}

#[test]
fn typing_is_seen_and_ends_by_itself() {
    let (mut world, chat) = together();
    types(&mut world, ADA, chat, true);
    assert_eq!(pass(&mut world), 1);
    assert_eq!(typing(&mut world, BO), [true]);
    for _ in 0..10 {
        later(&mut world, 100);
        types(&mut world, ADA, chat, true);
    }
    assert_eq!(pass(&mut world), 0, "one within three seconds is enough");
    later(&mut world, 2_000);
    types(&mut world, ADA, chat, true);
    assert_eq!(pass(&mut world), 1);
    assert!(typing(&mut world, BO).is_empty(), "it goes on");
    later(&mut world, 4_999);
    assert!(typing(&mut world, BO).is_empty());
    // Ada has vanished.
    let due = world.engine(BO).signals_due().unwrap();
    assert!(due <= world.now + 1_000);
    later(&mut world, 1);
    assert_eq!(typing(&mut world, BO), [false]);
}

#[test]
fn typing_ends_when_it_is_said_and_when_the_message_comes() {
    let (mut world, chat) = together();
    types(&mut world, ADA, chat, true);
    types(&mut world, ADA, chat, false);
    pass(&mut world);
    assert!(typing(&mut world, BO).is_empty(), "never mind");
    later(&mut world, 3_000);
    types(&mut world, ADA, chat, true);
    pass(&mut world);
    assert_eq!(typing(&mut world, BO), [true]);
    types(&mut world, ADA, chat, false);
    pass(&mut world);
    assert_eq!(typing(&mut world, BO), [false]);

    later(&mut world, 3_000);
    types(&mut world, ADA, chat, true);
    pass(&mut world);
    assert_eq!(typing(&mut world, BO), [true]);
    world.send(ADA, chat, "Hello");
    signs(&mut world, ADA);
    world.rest();
    assert_eq!(typing(&mut world, BO), [false], "with the message");
    types(&mut world, ADA, chat, true);
    assert_eq!(pass(&mut world), 1, "the next one is typed at once");
    assert_eq!(typing(&mut world, BO), [true]);
}

#[test]
fn what_is_typed_without_a_connection_is_never_said() {
    let (mut world, chat) = together();
    world.offline(ADA);
    types(&mut world, ADA, chat, true);
    assert!(said(&mut world, ADA).is_empty());
    world.online(ADA);
    world.rest();
    assert!(said(&mut world, ADA).is_empty());
}

#[test]
fn without_room_typing_is_dropped_and_presence_put_off() {
    let (mut world, chat) = together();
    types(&mut world, ADA, chat, true);
    chooses(&mut world, ADA, OwnState::Busy, "");
    let now = world.now;
    let none = world.engine(ADA).next_signal(now, |_| false).unwrap();
    assert!(none.is_none());
    assert!(said(&mut world, ADA).is_empty());
    later(&mut world, 20);
    assert_eq!(pass(&mut world), 1);
    assert!(typing(&mut world, BO).is_empty());
    assert_eq!(other(&mut world, BO).0, Busy);
}

#[test]
fn who_comes_knows_at_once_and_nobody_answers_for_ever() {
    let (mut world, _) = World::chat();
    chooses(&mut world, ADA, OwnState::Busy, "Writing");
    comes(&mut world, ADA);
    assert_eq!(pass(&mut world), 3, "Bo answers and asks, Ada answers");
    comes(&mut world, BO);
    pass(&mut world);
    later(&mut world, 1_000);
    pass(&mut world);
    let now = world.now;
    assert_eq!(other(&mut world, ADA).0, Online);
    let (state, text, seen) = other(&mut world, BO);
    assert_eq!((state, text.as_str()), (Busy, "Writing"));
    assert!(seen.unwrap() <= now);
    later(&mut world, 10_000);
    assert_eq!(pass(&mut world), 0);
    // A refresh each, and no answers.
    later(&mut world, 60_000);
    assert_eq!(pass(&mut world), 2);
}

#[test]
fn presence_changes_are_seen_and_silence_is_offline() {
    let (mut world, _) = together();
    chooses(&mut world, ADA, OwnState::Online, "");
    pass(&mut world);
    let now = world.now;
    world.engine(ADA).set_idle(90, now).unwrap();
    pass(&mut world);
    let (state, _, seen) = other(&mut world, BO);
    assert_eq!((state, seen), (Away, Some(now - 90_000)));
    world.engine(ADA).set_idle(0, now).unwrap();
    pass(&mut world);
    assert_eq!(other(&mut world, BO).0, Online);
    assert_eq!(signs(&mut world, BO).presence.len(), 1, "told once");

    let heard = world.now;
    later(&mut world, 149_999);
    said(&mut world, ADA);
    assert_eq!(other(&mut world, BO).0, Online);
    later(&mut world, 1);
    let gone = signs(&mut world, BO).presence;
    assert_eq!((gone[0].state, gone[0].last_seen), (Offline, Some(heard)));
    world.crash(BO);
    world.rest();
    assert_eq!(other(&mut world, BO), (Offline, String::new(), Some(heard)));
}

#[test]
fn who_closes_says_so() {
    let (mut world, _) = together();
    let now = world.now;
    world.engine(ADA).farewell(now).unwrap();
    assert_eq!(pass(&mut world), 1);
    assert_eq!(signs(&mut world, BO).presence[0].state, Offline);
}

#[test]
fn who_is_invisible_sends_nothing_at_all() {
    let (mut world, chat) = World::chat();
    chooses(&mut world, ADA, OwnState::Invisible, "nobody sees this");
    comes(&mut world, ADA);
    assert!(said(&mut world, ADA).is_empty(), "no arrival");
    comes(&mut world, BO);
    pass(&mut world);
    for _ in 0..5 {
        types(&mut world, ADA, chat, true);
        let now = world.now;
        world.engine(ADA).set_idle(900, now).unwrap();
        chooses(&mut world, ADA, OwnState::Invisible, "nor this");
        assert!(said(&mut world, ADA).is_empty(), "no answer, no refresh");
        later(&mut world, 60_000);
        let bo = said(&mut world, BO);
        assert_eq!(bo.len(), 1);
        assert!(hears(&mut world, ADA, &bo[0]));
    }
    let now = world.now;
    world.engine(ADA).farewell(now).unwrap();
    assert!(said(&mut world, ADA).is_empty(), "no goodbye");
    assert!(world.engine(BO).presences().unwrap().is_empty());
    assert_eq!(other(&mut world, ADA).0, Online, "others can be seen");
}

#[test]
fn who_becomes_invisible_is_gone_and_comes_back() {
    let (mut world, chat) = together();
    chooses(&mut world, ADA, OwnState::Invisible, "");
    assert_eq!(pass(&mut world), 1, "as if the program ended");
    assert_eq!(other(&mut world, BO).0, Offline);
    types(&mut world, ADA, chat, true);
    later(&mut world, 120_000);
    assert!(said(&mut world, ADA).is_empty());
    chooses(&mut world, ADA, OwnState::Online, "");
    pass(&mut world);
    assert_eq!(other(&mut world, BO).0, Online);
}

#[test]
fn privacy_is_mutual() {
    let (mut world, chat) = together();
    let now = world.now;
    let quiet = Privacy {
        typing: false,
        presence: false,
        receipts: true,
    };
    world.engine(ADA).set_privacy(quiet, now).unwrap();
    assert_eq!(world.engine(ADA).view().privacy().unwrap(), quiet);
    pass(&mut world);
    assert_eq!(other(&mut world, BO).0, Offline, "Ada said goodbye");
    let hidden = signs(&mut world, ADA).presence;
    assert_eq!((hidden[0].state, hidden[0].last_seen), (Offline, None));
    types(&mut world, ADA, chat, true);
    types(&mut world, BO, chat, true);
    chooses(&mut world, BO, OwnState::Busy, "x");
    pass(&mut world);
    assert!(typing(&mut world, BO).is_empty());
    assert!(typing(&mut world, ADA).is_empty(), "nor does Ada see Bo's");
    assert_eq!(other(&mut world, ADA), (Offline, String::new(), None));

    // For Bo alone it is on again.
    let bo = account(&world, BO);
    let on = PrivacyOverride {
        typing: Some(true),
        presence: Some(true),
        receipts: None,
    };
    world.engine(ADA).set_contact_privacy(bo, on, now).unwrap();
    assert_eq!(world.engine(ADA).view().contact_privacy(&bo).unwrap(), on);
    pass(&mut world);
    later(&mut world, 3_000);
    pass(&mut world);
    assert_eq!(other(&mut world, ADA).0, Busy, "Bo was asked");
    assert_eq!(other(&mut world, BO).0, Online);
    types(&mut world, BO, chat, true);
    pass(&mut world);
    assert_eq!(typing(&mut world, ADA), [true]);
    let off = PrivacyOverride {
        typing: Some(false),
        ..on
    };
    let now = world.now;
    world.engine(ADA).set_contact_privacy(bo, off, now).unwrap();
    assert_eq!(typing(&mut world, ADA), [false], "at once");
    let stranger = snug_wire::AccountId([9; 32]);
    let nobody = world.engine(ADA).set_contact_privacy(stranger, on, now);
    assert!(nobody.is_err());
}

#[test]
fn read_receipts_are_mutual_and_not_even_their_time_is_told() {
    let (mut world, chat) = together();
    let now = world.now;
    let discreet = Privacy {
        receipts: false,
        ..ALL
    };
    world.engine(BO).set_privacy(discreet, now).unwrap();
    let from_ada = world.send(ADA, chat, "Have you seen this?");
    let from_bo = world.send(BO, chat, "And you this?");
    world.rest();
    let before = world.relay.puts.len();
    world.read_all(BO, chat);
    world.rest();
    assert_eq!(world.relay.puts.len(), before, "nothing leaves");
    world.read_all(ADA, chat);
    world.rest();
    assert_eq!(world.state(ADA, &from_ada), MessageState::Delivered);
    assert_eq!(world.state(BO, &from_bo), MessageState::Delivered);
    // For Ada alone it is on: what comes from now on is told.
    let ada = account(&world, ADA);
    let on = PrivacyOverride {
        receipts: Some(true),
        ..PrivacyOverride::default()
    };
    world.engine(BO).set_contact_privacy(ada, on, now).unwrap();
    let next = world.send(ADA, chat, "Now?");
    world.rest();
    world.read_all(BO, chat);
    world.rest();
    assert_eq!(world.state(ADA, &next), MessageState::Read);
}

#[test]
fn what_was_heard_once_is_not_heard_again() {
    let (mut world, chat) = together();
    types(&mut world, ADA, chat, true);
    let first = said(&mut world, ADA).remove(0);
    chooses(&mut world, ADA, OwnState::Busy, "");
    let second = said(&mut world, ADA).remove(0);
    assert!(hears(&mut world, BO, &second));
    assert!(!hears(&mut world, BO, &first), "an older one");
    assert!(!hears(&mut world, BO, &second), "the same");
    world.crash(ADA);
    world.rest();
    comes(&mut world, ADA);
    let again = said(&mut world, ADA).remove(0);
    assert!(hears(&mut world, BO, &again), "a new run");
    types(&mut world, ADA, chat, true);
    let fresh = said(&mut world, ADA).remove(0);
    for old in [&first, &second, &again] {
        assert!(!hears(&mut world, BO, old));
    }
    assert!(hears(&mut world, BO, &fresh));
}

#[test]
fn forged_and_foreign_signals_do_not_count() {
    let (mut world, chat) = together();
    types(&mut world, ADA, chat, true);
    let (address, bytes) = said(&mut world, ADA).remove(0);
    let whole: SealedSignal = decode(&bytes, SIGNAL_LIMIT).unwrap();
    let mut forged = Vec::new();
    for leaf in [0, 1, 2, u32::MAX] {
        if leaf != whole.leaf {
            forged.push(SealedSignal {
                leaf,
                ..whole.clone()
            });
        }
    }
    for at in 0..whole.sealed.len() {
        let mut one = whole.clone();
        one.sealed[at] ^= 1;
        forged.push(one);
    }
    let mut one = whole.clone();
    one.nonce[3] ^= 1;
    forged.push(one);
    one = whole.clone();
    one.sealed.clear();
    forged.push(one);
    for one in forged {
        assert!(!hears(&mut world, BO, &(address, encode(&one))));
    }
    for garbage in [Vec::new(), vec![0xff; 300], vec![0; SIGNAL_LIMIT + 1]] {
        assert!(!hears(&mut world, BO, &(address, garbage)));
    }
    let nowhere = Address([9; 32]);
    assert!(!hears(&mut world, BO, &(nowhere, bytes.clone())));
    assert!(
        !hears(&mut world, ADA, &(address, bytes.clone())),
        "our own"
    );
    for other in world.relay.addresses(MailboxKind::Conversation) {
        if other != address {
            assert!(!hears(&mut world, BO, &(other, bytes.clone())));
        }
    }
    assert!(typing(&mut world, BO).is_empty());
    assert!(
        hears(&mut world, BO, &(address, bytes)),
        "the true one still"
    );
    // What did not open was asked for again, once.
    later(&mut world, 1_000);
    let asked = said(&mut world, BO);
    assert_eq!(asked.len(), 1);
    later(&mut world, 1_000);
    assert!(said(&mut world, BO).is_empty());
}

#[test]
fn a_text_beyond_its_limit_is_refused() {
    let (mut world, _) = together();
    let now = world.now;
    let long = OwnPresence {
        text: "x".repeat(141),
        ..OwnPresence::default()
    };
    assert!(world.engine(ADA).set_presence(long, now).is_err());
    chooses(&mut world, ADA, OwnState::Online, &"ü".repeat(140));
    assert_eq!(
        world.engine(ADA).own_presence().unwrap().text,
        "ü".repeat(140)
    );
    pass(&mut world);
    assert_eq!(other(&mut world, BO).1, "ü".repeat(140));
    world.crash(ADA);
    let kept = world.engine(ADA).own_presence().unwrap();
    assert_eq!((kept.text, kept.away_after), ("ü".repeat(140), 60));
}
