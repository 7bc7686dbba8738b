//! What the relay refuses, and what the log says of it.

use crate::people::{ADA, BO, World};
use snug_engine::MessageState;
use snug_wire::frame::{Answer, Delivery, Refusal, Request};
use snug_wire::{ConversationId, EnvelopeId, MessageId};

/// The envelopes asked for since the `n`th.
fn envelopes(world: &World, n: usize) -> Vec<EnvelopeId> {
    world.relay.puts[n..].iter().map(|put| put.id).collect()
}

#[test]
fn stale_bytes_are_encrypted_anew_under_another_envelope() {
    let (mut world, chat) = World::chat();
    world.rest();
    // Before Bo can know, his next words rest on a commit that is not the last any more.
    let (mailbox, before) = (world.mailbox(), world.relay.puts.len());
    world.plant(mailbox, true, b"noise put as a commit".to_vec());
    let first = world.send(BO, chat, "one");
    let second = world.send(BO, chat, "two");
    let (id, request) = world.outgoing(BO).unwrap();
    let now = world.now;
    let answer = world.relay.handle(request, now);
    assert!(
        matches!(answer, Answer::Refused(Refusal::Stale(_))),
        "{answer:?}"
    );
    world.engine(BO).settle(id, &answer, now).unwrap();
    assert!(world.outgoing(BO).is_none(), "he reads first");
    world.rest();
    let asked = envelopes(&world, before);
    assert_ne!(
        asked[0], asked[1],
        "old bytes are never put under a newer head"
    );
    for who in [ADA, BO] {
        assert_eq!(world.texts(who, chat), ["one", "two"]);
    }
    assert_eq!(world.state(BO, &first), MessageState::Delivered);
    assert_eq!(world.state(BO, &second), MessageState::Delivered);
    assert!(world.ignored(ADA).contains(&"not an MLS message"));
}

#[test]
fn other_bytes_under_its_id_bring_a_new_id() {
    let (mut world, chat) = World::chat();
    let before = world.relay.puts.len();
    world.relay.refusals.push_back(Refusal::OtherBytes);
    world.send(ADA, chat, "one");
    world.rest();
    let asked = envelopes(&world, before);
    assert_ne!(asked[0], asked[1]);
    assert_eq!(world.texts(BO, chat), ["one"]);
}

#[test]
fn what_is_refused_for_good_fails_and_can_be_sent_again() {
    for refusal in [Refusal::TooLarge(1), Refusal::Malformed] {
        let (mut world, chat) = World::chat();
        world.relay.refusals.push_back(refusal);
        let id = world.send(ADA, chat, "one");
        world.send(ADA, chat, "two");
        world.rest();
        assert_eq!(world.state(ADA, &id), MessageState::Failed);
        let now = world.now;
        world.engine(ADA).retry(id, now).unwrap();
        assert_eq!(world.state(ADA, &id), MessageState::Sending);
        world.rest();
        assert_eq!(world.texts(BO, chat), ["two", "one"]);
        assert_eq!(world.messages(BO, chat)[1].id, id);
    }
}

#[test]
fn a_failed_message_can_be_discarded() {
    let (mut world, chat) = World::chat();
    world.relay.refusals.push_back(Refusal::TooLarge(1));
    let id = world.send(ADA, chat, "one");
    world.rest();
    let now = world.now;
    world.engine(ADA).discard(id, now).unwrap();
    assert!(world.texts(ADA, chat).is_empty());
}

/// A relay that cannot take one message now: the next must not overtake it.
fn waits_in_order(refusal: Refusal) {
    let (mut world, chat) = World::chat();
    world.relay.refusals.push_back(refusal);
    world.send(ADA, chat, "one");
    world.send(ADA, chat, "two");
    world.rest();
    assert!(world.texts(BO, chat).is_empty(), "nothing overtakes");
    let now = world.now;
    let due = world.engine(ADA).next_deadline(now).unwrap().unwrap();
    world.wait(due - now);
    assert_eq!(world.texts(BO, chat), ["one", "two"]);
}

#[test]
fn a_busy_relay_is_left_alone_and_order_is_kept() {
    waits_in_order(Refusal::Busy(500));
    waits_in_order(Refusal::Full);
    waits_in_order(Refusal::Disk);
}

#[test]
fn a_relay_that_is_busy_for_ever_is_asked_again_in_an_hour() {
    let (mut world, chat) = World::chat();
    world.relay.refusals.push_back(Refusal::Busy(u64::MAX));
    world.send(ADA, chat, "one");
    world.rest();
    world.wait(3_600_000);
    assert_eq!(world.texts(BO, chat), ["one"]);
}

#[test]
fn a_retry_sends_the_same_bytes() {
    let (mut world, chat) = World::chat();
    world.send(ADA, chat, "one");
    let (_, first) = world.outgoing(ADA).unwrap();
    world.crash(ADA);
    world.rest_receiving(ADA);
    world.rest();
    let Request::Put(first) = first else {
        panic!("a text is put")
    };
    assert_eq!(world.relay.puts.last().unwrap().address, first.address);
    assert!(world.relay.puts.contains(&first));
    assert_eq!(world.texts(BO, chat), ["one"]);
}

#[test]
fn an_echo_with_other_bytes_is_not_ours() {
    let (mut world, chat) = World::chat();
    let id = world.send(ADA, chat, "one");
    let (_, request) = world.outgoing(ADA).unwrap();
    let Request::Put(mut put) = request else {
        panic!("a text is put")
    };
    put.bytes[20] ^= 1;
    world.relay.put(put);
    world.crash(ADA);
    world.rest();
    assert!(
        world
            .ignored(ADA)
            .contains(&"an entry under an id of ours with other bytes")
    );
    assert_eq!(
        world.state(ADA, &id),
        MessageState::Delivered,
        "sent under a new id"
    );
    assert_eq!(world.texts(BO, chat), ["one"]);
}

#[test]
fn a_doubled_delivery_counts_once_and_a_gap_is_read_again() {
    let (mut world, chat) = World::chat();
    let (mailbox, key, now) = (world.mailbox(), world.relay.address().key, world.now);
    world.offline(BO);
    for text in ["one", "two", "three"] {
        world.send(ADA, chat, text);
    }
    world.rest();
    let entries: Vec<Delivery> = world.relay.mailboxes[&mailbox].entries.clone();
    let last = entries.last().unwrap().clone();
    world.engine(BO).receive(&key, &[last], now).unwrap();
    assert!(world.texts(BO, chat).is_empty());
    let open = world.engine(BO).take_subscriptions(&key).unwrap();
    assert!(
        open.iter().any(|s| s.address == mailbox),
        "a gap is read again"
    );
    for _ in 0..2 {
        world.engine(BO).receive(&key, &entries, now).unwrap();
    }
    assert_eq!(world.texts(BO, chat), ["one", "two", "three"]);
    assert_eq!(world.people[BO].engine.view().quarantined().unwrap(), 0);
}

fn message(world: &World, who: usize, chat: ConversationId, text: &str) -> MessageId {
    let found = world
        .messages(who, chat)
        .into_iter()
        .find(|m| m.text == text);
    found
        .unwrap_or_else(|| panic!("{} has {text}", world.people[who].name))
        .id
}

/// A relay restored from a backup: it has only the first entries again.
fn restored(mut world: World, chat: ConversationId, generation: u64, others: bool) {
    let mailbox = world.mailbox();
    world.send(ADA, chat, "kept");
    world.rest();
    world.read_all(BO, chat);
    world.rest();
    let backup = world.relay.mailboxes[&mailbox].entries.len();
    world.offline(BO);
    let lost = world.send(ADA, chat, "lost");
    world.rest();
    assert_eq!(world.state(ADA, &lost), MessageState::Sent);
    world.offline(ADA);
    let log = world.relay.mailboxes.get_mut(&mailbox).unwrap();
    log.entries.truncate(backup);
    log.generation = generation;
    world.online(BO);
    if others {
        world.send(BO, chat, "meanwhile");
        world.rest();
    }
    world.online(ADA);
    world.rest();
    let order = |who| world.texts(who, chat);
    let mut expected = vec!["kept", "lost"];
    if others {
        expected.insert(1, "meanwhile");
    }
    assert_eq!(order(BO), expected);
    assert_eq!(order(ADA), expected);
    assert_eq!(message(&world, BO, chat, "lost"), lost, "under the same id");
    assert_eq!(world.state(ADA, &lost), MessageState::Delivered);
    let kept = message(&world, ADA, chat, "kept");
    assert_eq!(
        world.state(ADA, &kept),
        MessageState::Read,
        "what was read stays so"
    );
    assert_eq!(world.unread(BO, chat), 1);
    for person in &world.people {
        let unopened = person.engine.view().quarantined().unwrap();
        assert_eq!(unopened, 0, "{} read nothing twice in vain", person.name);
    }
}

#[test]
fn a_restored_relay_loses_nothing() {
    let (world, chat) = World::chat();
    restored(world, chat, 7, false);
}

#[test]
fn a_restored_relay_that_grew_again_loses_nothing() {
    let (world, chat) = World::chat();
    restored(world, chat, 7, true);
}

#[test]
fn another_generation_loses_nothing() {
    let (world, chat) = World::chat();
    restored(world, chat, 8, true);
}

#[test]
fn a_poisonous_entry_is_set_aside_after_five_tries() {
    let (mut world, chat) = World::chat();
    let mailbox = world.mailbox();
    world.offline(BO);
    world.send(ADA, chat, "poison");
    world.send(ADA, chat, "after");
    world.rest();
    let (key, now) = (world.relay.address().key, world.now);
    let entries = world.relay.mailboxes[&mailbox].entries.clone();
    let bad = entries[entries.len() - 2].seq;
    world.crash(BO);
    for _ in 0..5 {
        world
            .engine(BO)
            .set_interrupt(Box::new(|step| step == "store message"));
        assert!(world.engine(BO).receive(&key, &entries, now).is_err());
        world.crash(BO);
    }
    world.rest();
    assert_eq!(world.texts(BO, chat), ["after"]);
    assert_eq!(world.people[BO].engine.view().quarantined().unwrap(), 1);
    let poisoned = world.messages(ADA, chat);
    assert_eq!(poisoned[0].seq, bad);
    assert_eq!(
        poisoned[0].state,
        MessageState::Failed,
        "its author is told"
    );
}
