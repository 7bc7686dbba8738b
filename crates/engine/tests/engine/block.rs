//! Blocking, and strangers who ask too often or where none are wanted.

use crate::forge::Stranger;
use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{
    ConnectRequest, Error, MessageState, NewInvitation, Notice, Rejection, RequestState,
};
use snug_wire::card::{InboxAddress, Signable as _};
use snug_wire::code::InviteCode;
use snug_wire::inbox::{DenialReason, InboxForm};
use snug_wire::{AccountId, ClaimId, ConversationId};

fn reusable() -> NewInvitation {
    NewInvitation {
        reusable: true,
        ..NewInvitation::default()
    }
}

fn account(world: &World, who: usize) -> AccountId {
    let account = world.people[who].engine.view().account().unwrap();
    account.unwrap().id
}

fn block(world: &mut World, who: usize, other: usize) {
    let (other, now) = (account(world, other), world.now);
    world.engine(who).block(other, now).unwrap();
    world.rest();
}

fn unblock(world: &mut World, who: usize, other: usize) {
    let (other, now) = (account(world, other), world.now);
    world.engine(who).unblock(other, now).unwrap();
    world.rest();
}

fn requests(world: &World, who: usize) -> Vec<ConnectRequest> {
    world.people[who].engine.view().requests().unwrap()
}

fn inbox(world: &World, code: &InviteCode) -> InboxAddress {
    let invitation = world.people[ADA].engine.view().invitation(&code.id);
    invitation.unwrap().unwrap().invited.card.inbox
}

fn notices(world: &mut World, who: usize) -> Vec<Notice> {
    world.engine(who).take_changes().notices
}

fn is_blocked(world: &World, who: usize, chat: ConversationId) -> bool {
    let chat = world.people[who].engine.view().chat(&chat).unwrap();
    chat.unwrap().blocked
}

fn why<T: std::fmt::Debug>(result: snug_engine::Result<T>) -> Rejection {
    match result {
        Err(Error::Rejected(why)) => why,
        other => panic!("{other:?} where it is refused"),
    }
}

#[test]
fn what_a_blocked_person_writes_is_dropped_and_the_chat_goes_on_afterwards() {
    let (mut world, chat) = World::chat();
    world.send(BO, chat, "before");
    world.rest();
    notices(&mut world, ADA);
    block(&mut world, ADA, BO);
    assert!(is_blocked(&world, ADA, chat));
    let lost = world.send(BO, chat, "while blocked");
    let before = world.messages(BO, chat)[0].id;
    let now = world.now;
    world
        .engine(BO)
        .edit(before, "changed", Vec::new(), now)
        .unwrap();
    world.engine(BO).react(before, Some("👍"), now).unwrap();
    world.rest();
    assert_eq!(world.texts(ADA, chat), ["before"]);
    assert_eq!(notices(&mut world, ADA), []);
    assert_eq!(
        world.state(BO, &lost),
        MessageState::Sent,
        "nothing is told"
    );
    let to_bo = world
        .engine(ADA)
        .send_text(chat, "hello", Default::default(), now);
    assert_eq!(why(to_bo), Rejection::Blocked);
    unblock(&mut world, ADA, BO);
    assert!(!is_blocked(&world, ADA, chat));
    world.send(BO, chat, "after");
    world.rest();
    assert_eq!(world.texts(ADA, chat), ["before", "after"]);
    let said = world.send(ADA, chat, "hello");
    world.rest();
    assert_eq!(world.state(ADA, &said), MessageState::Delivered);
    assert_eq!(world.texts(BO, chat).last().unwrap(), "hello");
    assert_eq!(world.people[ADA].engine.view().quarantined().unwrap(), 0);
}

#[test]
fn what_a_blocked_person_takes_back_goes() {
    let (mut world, chat) = World::chat();
    let said = world.send(BO, chat, "before");
    world.rest();
    block(&mut world, ADA, BO);
    let now = world.now;
    world.engine(BO).delete(said, now).unwrap();
    world.rest();
    assert!(world.messages(ADA, chat)[0].amended.deleted);
}

#[test]
fn the_inbox_a_blocked_person_knows_is_closed_and_another_one_opened() {
    let (mut world, _) = World::chat();
    assert_eq!(world.relay.retired.len(), 0);
    block(&mut world, ADA, BO);
    // The one of the chat, and that of the invitation only Bo could use.
    assert_eq!(world.relay.retired.len(), 2);
    let boxes = world.relay.mailboxes.len();
    unblock(&mut world, ADA, BO);
    assert_eq!(world.relay.mailboxes.len(), boxes + 1);
    // Bo's device finds Ada's again when it needs help.
    let address = world.mailbox();
    world.lose(BO, address);
    world.rest();
    world.wait(60_000);
    assert!(
        world.people[BO].engine.is_idle().unwrap(),
        "it was taken in"
    );
}

#[test]
fn a_log_that_is_lost_while_its_other_is_blocked_wedges_nothing() {
    let (mut world, chat) = World::chat();
    block(&mut world, ADA, BO);
    let address = world.mailbox();
    world.lose(ADA, address);
    world.rest();
    world.wait(60_000);
    assert!(world.people[ADA].engine.is_idle().unwrap());
    unblock(&mut world, ADA, BO);
    world.wait(60_000);
    world.send(BO, chat, "there again");
    world.rest();
    assert_eq!(world.texts(ADA, chat), ["there again"]);
}

#[test]
fn requests_of_a_blocked_account_are_ignored_without_a_word_and_counted() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let claim = world.ask(BO, &code).unwrap();
    world.rest();
    assert_eq!(requests(&world, ADA)[0].state, RequestState::Waiting);
    block(&mut world, ADA, BO);
    assert_eq!(requests(&world, ADA)[0].state, RequestState::Declined);
    let at_bo = world.people[BO].engine.view().request(&claim).unwrap();
    assert_eq!(
        at_bo.unwrap().state,
        RequestState::Waiting,
        "he is not told"
    );
    let again = world.invite(ADA, &reusable());
    world.ask(BO, &again).unwrap();
    world.rest();
    assert_eq!(requests(&world, ADA).len(), 1);
    assert_eq!(world.ignored(ADA), ["a request of somebody blocked"]);
    let blocked = world.people[ADA].engine.view().blocked().unwrap();
    assert_eq!((blocked[0].name.as_str(), blocked[0].ignored), ("Bo", 1));
    let of_bo = world.invite(BO, &NewInvitation::default());
    assert_eq!(why(world.ask(ADA, &of_bo)), Rejection::Blocked);
    unblock(&mut world, ADA, BO);
    world.wait(1_000);
    let third = world.invite(ADA, &reusable());
    world.ask(BO, &third).unwrap();
    world.rest();
    assert_eq!(requests(&world, ADA)[0].state, RequestState::Waiting);
}

#[test]
fn oneself_and_somebody_unheard_of_cannot_be_blocked_and_twice_is_once() {
    let (mut world, _) = World::chat();
    let now = world.now;
    let own = account(&world, ADA);
    assert_eq!(why(world.engine(ADA).block(own, now)), Rejection::Oneself);
    let nobody = AccountId([3; 32]);
    assert_eq!(
        why(world.engine(ADA).block(nobody, now)),
        Rejection::NotFound
    );
    world.engine(ADA).unblock(nobody, now).unwrap();
    block(&mut world, ADA, BO);
    block(&mut world, ADA, BO);
    assert_eq!(world.people[ADA].engine.view().blocked().unwrap().len(), 1);
    unblock(&mut world, ADA, BO);
    unblock(&mut world, ADA, BO);
    assert!(
        world.people[ADA]
            .engine
            .view()
            .blocked()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn one_s_other_device_blocks_too_and_the_last_word_stands() {
    let (mut world, chat) = World::chat();
    let second = world.link(ADA);
    block(&mut world, ADA, BO);
    assert!(is_blocked(&world, second, chat));
    world.send(BO, chat, "while blocked");
    world.rest();
    assert_eq!(world.texts(second, chat), Vec::<String>::new());
    // Both decide while they do not hear each other.
    world.offline(ADA);
    world.offline(second);
    let (bo, now) = (account(&world, BO), world.now);
    world.engine(ADA).unblock(bo, now).unwrap();
    world.engine(ADA).block(bo, now).unwrap();
    world.engine(ADA).unblock(bo, now).unwrap();
    world.engine(second).unblock(bo, now).unwrap();
    world.engine(second).block(bo, now).unwrap();
    world.online(second);
    world.rest();
    world.online(ADA);
    world.rest();
    assert!(!is_blocked(&world, ADA, chat), "hers came last");
    assert!(!is_blocked(&world, second, chat));
}

#[test]
fn where_no_strangers_are_wanted_only_contacts_may_ask() {
    let mut world = World::new(&["Ada", "Bo", "Cyan"]);
    world.meet(ADA, CYAN);
    let now = world.now;
    world.engine(ADA).refuse_strangers(true, now).unwrap();
    world.rest();
    let code = world.invite(ADA, &reusable());
    notices(&mut world, ADA);
    let before = requests(&world, ADA).len();
    let of_bo = world.ask(BO, &code).unwrap();
    world.rest();
    assert_eq!(requests(&world, ADA).len(), before, "nothing of it stays");
    assert_eq!(notices(&mut world, ADA), []);
    let at_bo = world.people[BO].engine.view().request(&of_bo).unwrap();
    assert_eq!(at_bo.unwrap().state, RequestState::Declined);
    world.ask(CYAN, &code).unwrap();
    world.rest();
    assert_eq!(requests(&world, ADA).len(), before + 1);
    world.engine(ADA).refuse_strangers(false, now).unwrap();
    world.rest();
    let another = world.invite(ADA, &reusable());
    world.ask(BO, &another).unwrap();
    world.rest();
    assert_eq!(requests(&world, ADA).len(), before + 2);
}

/// A stranger's `n`th request.
fn claim(n: u32) -> ClaimId {
    let mut id = [50; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    ClaimId(id)
}

/// As many requests of one stranger, each one valid.
fn flood(world: &mut World, code: &InviteCode, stranger: &Stranger, count: u32) {
    let to = inbox(world, code);
    let first = stranger.request(world, code, claim(0));
    for n in 0..count {
        let mut next = first.clone();
        next.claim = claim(n);
        next.ticket = world.relay.ticket(&code.id, &next.claim);
        next.proof = crate::forge::proof(&code.key, &code.id, &next.claim, &stranger.account);
        let signed = next.signed(stranger.device, &stranger.key);
        let form = InboxForm::Request(Box::new(signed));
        let bytes = stranger.seal(&to, &form);
        world.plant(to.address, false, bytes);
    }
    world.rest();
}

#[test]
fn ten_thousand_requests_of_a_stranger_are_one() {
    let mut world = World::new(&["Ada", "Bo"]);
    let code = world.invite(ADA, &reusable());
    let stranger = Stranger::new(&mut world, 50);
    flood(&mut world, &code, &stranger, 10_000);
    assert_eq!(requests(&world, ADA).len(), 1);
    assert_eq!(notices(&mut world, ADA), [Notice::Request(claim(0))]);
    let ignored = world.ignored(ADA);
    assert_eq!(ignored.len(), 9_999);
    assert_eq!(ignored[0], "a request while another of theirs waits");
    assert!(world.people[ADA].engine.is_idle().unwrap());
    // And others still come through.
    world.ask(BO, &code).unwrap();
    world.rest();
    assert_eq!(requests(&world, ADA).len(), 2);
    let now = world.now;
    world
        .engine(ADA)
        .answer_request(claim(0), false, now)
        .unwrap();
    world.rest();
    assert_eq!(stranger.received(&world).len(), 1);
}

#[test]
fn who_asks_where_nobody_is_wanted_is_answered_a_few_times_a_minute() {
    let mut world = World::new(&["Ada"]);
    let code = world.invite(ADA, &reusable());
    let now = world.now;
    world.engine(ADA).refuse_strangers(true, now).unwrap();
    let stranger = Stranger::new(&mut world, 50);
    flood(&mut world, &code, &stranger, 100);
    assert!(requests(&world, ADA).is_empty());
    let told = stranger.received(&world);
    assert_eq!(told.len(), 20);
    let is_no = |form: &InboxForm| matches!(form, InboxForm::Denied(no) if no.form.reason == DenialReason::Declined);
    assert!(told.iter().all(is_no));
    assert!(world.people[ADA].engine.is_idle().unwrap());
}
