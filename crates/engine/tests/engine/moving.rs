//! Groups that go on at another relay because an admin wants it: Ada.

use crate::circle::{LATER, circle, rejected};
use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{ChatStanding, Event, GroupWish, Happened, MessageKind, Rejection};
use snug_wire::ConversationId;

fn moves(world: &mut World, group: ConversationId) {
    let to = world.relay.other();
    world.wish(ADA, group, &GroupWish::Move(to)).unwrap();
}

/// Where somebody's group is, by its relay's host.
fn place(world: &World, who: usize, group: ConversationId) -> String {
    let relay = world.group(who, group).unwrap().relay;
    relay.unwrap().host().to_owned()
}

fn says(world: &mut World, group: ConversationId, who: usize, text: &str) {
    world.send(who, group, text);
    world.rest();
}

/// In the end Ada, Bo and Cyan are at the other relay, and each has what each says there.
fn all_are_there(world: &mut World, group: ConversationId) {
    world.wait(LATER);
    world.wait(LATER);
    for who in [ADA, BO, CYAN] {
        assert_eq!(place(world, who, group), "other.example:443");
        says(world, group, who, "All of us");
    }
    for who in [ADA, BO, CYAN] {
        let texts = world.texts(who, group).into_iter();
        assert_eq!(texts.filter(|text| text == "All of us").count(), 3);
    }
}

#[test]
fn all_go_where_an_admin_moves_the_group() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    says(&mut world, group, BO, "Before");
    rejected(
        world.wish(BO, group, &GroupWish::Move(world.relay.other())),
        Rejection::NotAdmin,
    );
    moves(&mut world, group);
    world.rest();
    world.wait(LATER);
    for who in [ADA, BO, CYAN] {
        assert_eq!(place(&world, who, group), "other.example:443");
        assert_eq!(world.names(who, group), ["Ada", "Bo", "Cyan"]);
        let told = world.happened(who, group);
        let is_moved =
            |line: &Happened| matches!(line, Happened::Moved(to) if to == "other.example:443");
        assert_eq!(told.iter().filter(|line| is_moved(line)).count(), 1);
        let lost = |m: &snug_engine::Message| m.kind == MessageKind::Event(Event::Gap);
        assert!(!world.messages(who, group).iter().any(lost));
        assert!(world.engine(who).is_idle().unwrap());
    }
    for who in [CYAN, ADA, BO] {
        says(&mut world, group, who, "After");
    }
    for who in [ADA, BO, CYAN] {
        assert_eq!(
            world.texts(who, group),
            ["Before", "After", "After", "After"]
        );
    }
    // There already, it does not move again.
    moves(&mut world, group);
    assert!(world.group(ADA, group).unwrap().pending.is_empty());
}

#[test]
fn nobody_loses_what_was_said_before_they_followed() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    for who in [BO, CYAN] {
        world.offline(who);
    }
    let (now, text) = (world.now, "Written before one knew of it");
    let extras = snug_engine::Extras::default();
    world
        .engine(CYAN)
        .send_text(group, text, extras, now)
        .unwrap();
    moves(&mut world, group);
    world.rest();
    says(&mut world, group, ADA, "Said alone");
    world.crash(ADA);
    world.online(BO);
    world.rest();
    world.wait(LATER);
    says(&mut world, group, BO, "Said by two");
    world.online(CYAN);
    world.rest();
    world.wait(LATER);
    let mut all = ["Said alone", "Said by two", text];
    all.sort_unstable();
    for who in [ADA, BO, CYAN] {
        let mut texts = world.texts(who, group);
        texts.sort();
        assert_eq!(texts, all, "{}", world.people[who].name);
        assert_eq!(place(&world, who, group), "other.example:443");
    }
}

#[test]
fn who_is_taken_out_while_it_moves_is_out() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    world.offline(CYAN);
    moves(&mut world, group);
    world.rest();
    let cyan = world.account(CYAN);
    world.wish(ADA, group, &GroupWish::Remove(cyan)).unwrap();
    world.rest();
    world.online(CYAN);
    world.rest();
    world.wait(LATER);
    let standing = |who: usize| world.group(who, group).unwrap().standing;
    assert_eq!(standing(CYAN), ChatStanding::Removed);
    assert_eq!(standing(BO), ChatStanding::In);
    for who in [ADA, BO] {
        assert_eq!(world.names(who, group), ["Ada", "Bo"]);
    }
}

#[test]
fn another_admin_founds_it_there_if_the_first_one_vanishes() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    let bo = world.account(BO);
    let role = GroupWish::Role(bo, snug_wire::log_state::Role::Admin);
    world.wish(ADA, group, &role).unwrap();
    world.rest();
    for who in [BO, CYAN] {
        world.offline(who);
    }
    moves(&mut world, group);
    // The commit is at the relay, and Ada is gone before it comes back to her.
    let (_, request) = world.outgoing(ADA).unwrap();
    let now = world.now;
    world.relay.handle(request, now);
    world.offline(ADA);
    for who in [BO, CYAN] {
        world.online(who);
    }
    world.rest();
    assert_eq!(
        world.group(BO, group).unwrap().relay,
        Some(world.relay.address())
    );
    world.wait(LATER);
    world.wait(LATER);
    says(&mut world, group, BO, "Here we are");
    assert_eq!(world.texts(CYAN, group), ["Here we are"]);
    world.online(ADA);
    world.rest();
    all_are_there(&mut world, group);
}

#[test]
fn who_is_alone_in_a_group_moves_it_once() {
    let (mut world, group) = circle(&["Ada"]);
    moves(&mut world, group);
    world.rest();
    world.wait(LATER);
    assert_eq!(place(&world, ADA, group), "other.example:443");
    assert!(world.engine(ADA).is_idle().unwrap());
    says(&mut world, group, ADA, "To myself");
    assert_eq!(world.texts(ADA, group), ["To myself"]);
}

#[test]
fn who_leaves_right_after_moving_it_is_out() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    let bo = world.account(BO);
    let role = GroupWish::Role(bo, snug_wire::log_state::Role::Admin);
    world.wish(ADA, group, &role).unwrap();
    world.rest();
    world.offline(ADA);
    moves(&mut world, group);
    let now = world.now;
    world.engine(ADA).leave_group(group, None, now).unwrap();
    world.online(ADA);
    world.rest();
    world.wait(LATER);
    world.wait(LATER);
    assert_eq!(
        world.group(ADA, group).unwrap().standing,
        ChatStanding::Left
    );
    says(&mut world, group, BO, "The two of us");
    assert_eq!(world.texts(CYAN, group), ["The two of us"]);
    for who in [BO, CYAN] {
        assert_eq!(world.names(who, group), ["Bo", "Cyan"]);
    }
}

#[test]
fn a_member_who_could_not_read_of_it_is_led_there() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    let mailbox = world.mailbox();
    world.offline(CYAN);
    moves(&mut world, group);
    world.rest();
    world.wait(LATER);
    // The relay has kept nothing of it for Cyan.
    world.online(CYAN);
    world.lose(CYAN, mailbox);
    world.rest();
    all_are_there(&mut world, group);
}

#[test]
fn a_code_made_before_leads_there() {
    let mut world = World::new(&["Ada", "Bo"]);
    let group = world.found_group(1);
    let entry = snug_engine::GroupEntry {
        group,
        uses: None,
        asks: false,
    };
    let new = snug_engine::NewInvitation {
        group: Some(entry),
        ..Default::default()
    };
    let code = world.invite(ADA, &new);
    moves(&mut world, group);
    world.rest();
    world.wait(LATER);
    world.ask(BO, &code).unwrap();
    world.rest();
    world.wait(LATER);
    for who in [ADA, BO] {
        assert_eq!(place(&world, who, group), "other.example:443");
        assert_eq!(world.names(who, group), ["Ada", "Bo"]);
    }
}
