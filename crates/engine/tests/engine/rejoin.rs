//! Devices that were lost to a conversation and are taken in again, and how often they ask.

use crate::met::{later, met, outbox_is_empty, told};
use crate::people::{ADA, BO, World};
use snug_engine::{Access, Event, NewInvitation, connect};
use snug_wire::frame::MailboxKind;
use snug_wire::inbox::{JoinRequest, Pointer};
use snug_wire::{ConversationId, GroupId, Secret};

const TEN_MINUTES: u64 = 10 * 60_000;

/// Texts of each to the other arrive.
fn talk(world: &mut World, chat: ConversationId, people: &[usize]) {
    let before = world.texts(people[0], chat);
    let mut all = before.clone();
    for who in people {
        let text = format!("{who} says the {}th", all.len());
        world.send(*who, chat, &text);
        world.rest();
        all.push(text);
    }
    for who in people {
        assert!(
            world.texts(*who, chat).ends_with(&all[before.len()..]),
            "{who}: {:?}",
            world.texts(*who, chat)
        );
    }
}

#[test]
fn a_device_that_was_away_too_long_is_taken_in_again() {
    let (mut world, chat) = World::chat();
    let mailbox = world.mailbox();
    world.send(BO, chat, "before");
    world.rest();
    world.lose(ADA, mailbox);
    world.rest();
    world.wait(60_000);
    assert_eq!(told(&world, ADA, chat, Event::Gap), 1);
    assert_eq!(told(&world, BO, chat, Event::Gap), 0);
    talk(&mut world, chat, &[ADA, BO]);
    talk(&mut world, chat, &[BO, ADA]);
    for who in [ADA, BO] {
        assert_eq!(told(&world, who, chat, Event::Renewed), 0);
        outbox_is_empty(&world, who);
    }
}

#[test]
fn a_conversation_whose_mailbox_went_away_goes_on_in_another() {
    let (mut world, chat) = World::chat();
    talk(&mut world, chat, &[ADA, BO]);
    let mailbox = world.mailbox();
    world.relay.mailboxes.remove(&mailbox);
    for who in [ADA, BO] {
        world.offline(who);
        world.online(who);
    }
    world.rest();
    // The one whose turn is second would have found it anew by then.
    world.wait(2 * TEN_MINUTES);
    assert_ne!(world.mailbox(), mailbox);
    for who in [ADA, BO] {
        assert_eq!(told(&world, who, chat, Event::Renewed), 1);
        assert_eq!(told(&world, who, chat, Event::Gap), 0);
    }
    talk(&mut world, chat, &[ADA, BO]);
    talk(&mut world, chat, &[BO, ADA]);
}

#[test]
fn what_two_devices_of_an_account_write_is_on_both_and_on_the_peers() {
    let (mut world, chat) = World::chat();
    talk(&mut world, chat, &[ADA, BO]);
    let second = world.link(ADA);
    talk(&mut world, chat, &[ADA, second, BO]);
    talk(&mut world, chat, &[second, BO, ADA]);
    let own = |who: usize| {
        let messages = world.messages(who, chat);
        let own: Vec<_> = messages.iter().rev().take(6).map(|m| m.own).collect();
        own
    };
    assert_eq!(own(ADA), own(second), "both are the author's");
    for who in [ADA, BO, second] {
        assert_eq!(told(&world, who, chat, Event::Gap), 0);
        outbox_is_empty(&world, who);
    }
}

#[test]
fn an_account_of_two_devices_meets_people() {
    let mut world = World::new(&["Ada", "Bo"]);
    let second = world.link(BO);
    for guest in [BO, second] {
        let chat = world.meet(ADA, guest);
        talk(&mut world, chat, &[ADA, guest]);
    }
}

#[test]
fn a_device_linked_while_a_request_waits_does_not_spoil_it() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &NewInvitation::default());
    world.offline(ADA);
    let claim = world.ask(BO, &code).unwrap();
    world.rest();
    world.link(BO);
    world.online(ADA);
    world.rest();
    world.wait(20_000);
    let view = world.people[BO].engine.view();
    let chat = view.request(&claim).unwrap().unwrap().conversation;
    talk(&mut world, chat.expect("they are connected"), &[ADA, BO]);
}

/// While Ada's first device was away her second one linked a third, of which the first knows nothing.
#[test]
fn a_device_that_missed_a_newer_list_of_its_account_is_taken_in_again() {
    let (mut world, chat) = World::chat();
    let second = world.link(ADA);
    let mailbox = world.mailbox();
    world.offline(ADA);
    let third = world.link(second);
    world.online(ADA);
    world.lose(ADA, mailbox);
    world.rest();
    world.wait(60_000);
    assert_eq!(told(&world, ADA, chat, Event::Gap), 1);
    talk(&mut world, chat, &[ADA, BO, second, third]);
}

#[test]
fn an_entry_that_leads_all_astray_is_healed_by_one_founding() {
    let (mut world, chat) = World::chat();
    let mailbox = world.mailbox();
    let count = |world: &World| world.relay.addresses(MailboxKind::Conversation).len();
    let before = count(&world);
    let bytes = later(&world, mailbox, 2);
    world.plant(mailbox, false, bytes);
    world.rest();
    world.wait(2 * TEN_MINUTES);
    assert_eq!(count(&world), before + 1);
    talk(&mut world, chat, &[ADA, BO]);
}

#[test]
fn others_are_asked_once_in_ten_minutes() {
    let mut met = met();
    met.ada_asks();
    for by in 1..20 {
        let bytes = later(&met.world, met.pointer.address, by % 3);
        met.world.plant(met.pointer.address, by % 2 == 0, bytes);
        met.world.wait(TEN_MINUTES / 20 - 1);
        assert_eq!(met.heard(), (1, 1));
    }
    met.world.wait(TEN_MINUTES / 20 + 20);
    assert_eq!(met.heard(), (1, 2), "nobody answered");
    // Less and less often.
    for (wait, asked) in [(9, 2), (2, 3), (19, 3), (3, 4)] {
        met.world.wait(wait * 60_000);
        assert_eq!(met.heard(), (1, asked), "after {wait} minutes");
    }
}

#[test]
fn asked_again_a_wish_is_another_one_of_the_same_loss() {
    let mut met = met();
    let first = met.ada_asks();
    met.world.wait(TEN_MINUTES);
    let second = met.ada_asked();
    assert_ne!(first.id, second.id, "the first may have been obeyed");
    assert_ne!(first.key_package, second.key_package, "and used up");
    assert_eq!((first.group, first.read), (second.group, second.read));
    let pointer = Pointer {
        joins: Some(first.id),
        ..met.lead()
    };
    assert_eq!(met.point(pointer), ["a pointer to nothing asked"]);
}

#[test]
fn a_conversation_led_to_the_lowest_group_is_not_founded_below() {
    let mut met = met();
    met.ada_asks();
    let group = GroupId(1_u128.to_be_bytes());
    let pointer = met.enter(group);
    assert!(met.point(pointer).is_empty());
    assert_eq!(told(&met.world, ADA, met.chat(), Event::Renewed), 1);
    for n in 1..4 {
        let wish = JoinRequest {
            group,
            unusable: true,
            ..met.wish(n)
        };
        let signed = met.stranger.sign(wish);
        assert!(met.ask(signed).is_empty());
        met.world.wait(2 * TEN_MINUTES);
    }
    assert_eq!(told(&met.world, ADA, met.chat(), Event::Renewed), 1);
}

/// What the stranger could not be taken in with left a log behind that never stood: it stands in nobody's
/// way.
#[test]
fn a_log_that_never_stood_does_not_keep_a_device_from_asking() {
    let mut met = met();
    let code = met.world.invite(ADA, &NewInvitation::default());
    let view = met.world.people[ADA].engine.view();
    let card = view.invitation(&code.id).unwrap().unwrap().invited.card;
    let mut request = met
        .stranger
        .request(&met.world, &code, met.stranger.claim(2));
    request.key_packages = vec![met.stranger.key_package(met.stranger.device, &[]).into()];
    met.stranger.send(&mut met.world, &card.inbox, request);
    met.world.rest();
    assert_eq!(met.heard(), (1, 0));
    met.ada_asks();
    assert_eq!(met.heard(), (1, 1));
}

#[test]
fn what_is_said_about_a_message_that_disappeared_is_not_kept() {
    let (mut world, chat) = World::chat();
    let now = world.now;
    world.engine(BO).set_timer(chat, Some(30), now).unwrap();
    world.rest();
    let id = world.send(BO, chat, "soon gone");
    world.rest();
    world.read_all(ADA, chat);
    world.rest();
    // Bo says something about it while Ada is away, and it goes at hers before she hears of it.
    world.offline(ADA);
    let now = world.now;
    world
        .engine(BO)
        .edit(id, "edited", Vec::new(), now)
        .unwrap();
    world.engine(BO).react(id, Some("👍"), now).unwrap();
    world.rest();
    world.wait(40_000);
    assert!(
        world
            .texts(ADA, chat)
            .iter()
            .all(|text| text != "soon gone")
    );
    world.online(ADA);
    world.rest();
    let db = connect(&world.people[ADA].path, &Secret::new([7; 32]), Access::Read).unwrap();
    for table in ["amendment", "reaction"] {
        let count: i64 = db
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
}
