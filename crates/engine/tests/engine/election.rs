//! Groups whose admins nobody hears from any more: Ada is the only one.

use crate::circle::{circle, rejected};
use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{ChatStanding, GroupWish, Happened, Rejection};
use snug_wire::ConversationId;
use snug_wire::log_state::Role;

const DEE: usize = 3;
const DAY: u64 = 24 * 3_600_000;

/// Ada, Bo, Cyan and Dee in a group that Ada has not been heard of in for so many days.
fn deserted(days: u64) -> (World, ConversationId) {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan", "Dee"]);
    world.send(ADA, group, "I am off");
    world.rest();
    world.offline(ADA);
    world.wait(days * DAY);
    (world, group)
}

fn stand(world: &mut World, who: usize, group: ConversationId) -> snug_engine::Result<()> {
    let now = world.now;
    world.engine(who).stand_for_admin(group, now)
}

fn admins(world: &World, who: usize, group: ConversationId) -> Vec<String> {
    let all = world.group(who, group).unwrap().participants.into_iter();
    let mut names: Vec<_> = all
        .filter(|p| p.role == Role::Admin)
        .map(|p| p.name)
        .collect();
    names.sort();
    names
}

#[test]
fn a_member_becomes_an_admin_where_none_was_heard_of_for_a_month() {
    let (mut world, group) = deserted(31);
    stand(&mut world, BO, group).unwrap();
    world.rest();
    assert_eq!(admins(&world, BO, group), ["Ada"], "the others wait a day");
    let stands = |world: &World, who: usize| world.group(who, group).unwrap().stands;
    assert!(stands(&world, BO) && !stands(&world, CYAN));
    world.wait(DAY);
    assert!(!stands(&world, BO));
    for who in [BO, CYAN, DEE] {
        assert_eq!(admins(&world, who, group), ["Ada", "Bo"]);
        let elected =
            |line: &Happened| matches!(line, Happened::Elected { name, .. } if name == "Bo");
        let told = world.happened(who, group);
        assert_eq!(told.iter().filter(|line| elected(line)).count(), 1);
        assert!(world.ignored(who).is_empty());
        assert!(world.engine(who).is_idle().unwrap());
    }
    // Who was away is an admin still, and the two of them go on.
    world.online(ADA);
    world.rest();
    assert_eq!(admins(&world, ADA, group), ["Ada", "Bo"]);
    let ada = world.account(ADA);
    let wish = GroupWish::Role(ada, Role::Member);
    world.wish(BO, group, &wish).unwrap();
    world.rest();
    for who in [ADA, BO, CYAN, DEE] {
        assert_eq!(admins(&world, who, group), ["Bo"]);
        assert_eq!(world.group(who, group).unwrap().standing, ChatStanding::In);
    }
}

#[test]
fn nobody_stands_while_an_admin_was_heard_of() {
    let (mut world, group) = deserted(29);
    rejected(stand(&mut world, BO, group), Rejection::AdminsThere);
    world.wait(2 * DAY);
    rejected(stand(&mut world, ADA, group), Rejection::AdminsThere);
    world.online(ADA);
    world.rest();
    world.send(ADA, group, "Here I am");
    world.rest();
    for who in [BO, CYAN, DEE] {
        rejected(stand(&mut world, who, group), Rejection::AdminsThere);
    }
    let nowhere = ConversationId([9; 32]);
    rejected(stand(&mut world, BO, nowhere), Rejection::NotFound);
}

#[test]
fn more_than_half_are_needed_and_may_come_one_by_one() {
    let (mut world, group) = deserted(31);
    for who in [CYAN, DEE] {
        world.offline(who);
    }
    stand(&mut world, BO, group).unwrap();
    world.rest();
    assert_eq!(admins(&world, BO, group), ["Ada"]);
    world.online(CYAN);
    world.rest();
    world.wait(DAY);
    assert_eq!(admins(&world, CYAN, group), ["Ada"], "two of four are half");
    world.crash(BO);
    world.online(DEE);
    world.rest();
    world.wait(DAY);
    for who in [BO, CYAN, DEE] {
        assert_eq!(admins(&world, who, group), ["Ada", "Bo"]);
    }
}

#[test]
fn an_admin_who_only_reads_says_that_it_is_there() {
    let (mut world, group) = deserted(31);
    stand(&mut world, BO, group).unwrap();
    world.rest();
    world.online(ADA);
    world.rest();
    world.wait(2 * DAY);
    for who in [ADA, BO, CYAN, DEE] {
        assert_eq!(admins(&world, who, group), ["Ada"]);
        assert!(world.engine(who).is_idle().unwrap());
    }
    rejected(stand(&mut world, BO, group), Rejection::AdminsThere);
}

#[test]
fn who_reads_of_a_stand_and_then_of_an_admin_does_not_vote() {
    let (mut world, group) = deserted(31);
    for who in [CYAN, DEE] {
        world.offline(who);
    }
    stand(&mut world, BO, group).unwrap();
    world.rest();
    world.online(ADA);
    world.rest();
    world.send(ADA, group, "Here I am");
    world.rest();
    world.offline(ADA);
    for who in [CYAN, DEE] {
        world.online(who);
    }
    world.rest();
    world.wait(2 * DAY);
    for who in [BO, CYAN, DEE] {
        assert_eq!(admins(&world, who, group), ["Ada"]);
        assert!(world.engine(who).is_idle().unwrap());
    }
}

#[test]
fn of_two_who_stand_the_later_one_is_chosen() {
    let (mut world, group) = deserted(31);
    stand(&mut world, BO, group).unwrap();
    stand(&mut world, CYAN, group).unwrap();
    world.rest();
    world.wait(DAY);
    let told = world.happened(DEE, group).into_iter();
    let elected = told.filter_map(|line| match line {
        Happened::Elected { name, .. } => Some(name),
        _ => None,
    });
    let elected: Vec<_> = elected.collect();
    assert_eq!(elected.len(), 1);
    for who in [BO, CYAN, DEE] {
        assert_eq!(admins(&world, who, group), ["Ada", elected[0].as_str()]);
        assert!(world.engine(who).is_idle().unwrap());
    }
}

#[test]
fn a_stand_that_some_had_not_heard_of_is_made_again() {
    let (mut world, group) = deserted(31);
    world.offline(DEE);
    stand(&mut world, BO, group).unwrap();
    world.rest();
    world.wait(DAY);
    // Bo is not there any more; Cyan stands, and who voted for Bo votes for Cyan.
    world.offline(BO);
    world.online(DEE);
    stand(&mut world, CYAN, group).unwrap();
    world.rest();
    world.wait(2 * DAY);
    assert_eq!(admins(&world, CYAN, group), ["Ada"], "two of four are half");
    world.online(BO);
    world.rest();
    world.wait(2 * DAY);
    for who in [BO, CYAN, DEE] {
        assert_eq!(admins(&world, who, group), ["Ada", "Cyan"]);
    }
}
