//! Small worlds of which every order is tried, none sampled: two or three accounts, four actions, and
//! one fault at every point between two moves.
//!
//! A move is an action of a person, a device's requests going up to the relay, or what the relay has for
//! a device coming down, or a fault: a cut that loses what is under way, or a crash. Moves that do not
//! touch each other's state lead to the same end in either order, so that of two such neighbours only
//! one order is tried. Before the last action and the fault each device exchanges with the relay once;
//! then it runs on until all is at rest, and is compared as every world is. Every order runs in a world
//! of its own, from the same files. How many there were is printed.

use crate::crowd::Crowd;
use crate::model;
use crate::story;
use crate::world::World;
use crate::written::Written;
use snug_engine::GroupWish;
use snug_wire::log_state::Role;

/// What a person does.
#[derive(Clone, Copy)]
enum Act {
    Write,
    EditOld,
    EditNew,
    DeleteOld,
    DeleteNew,
    React(Option<&'static str>),
    Read,
    Timer(Option<u32>),
}

use Act::{DeleteNew, DeleteOld, EditNew, EditOld, React, Read, Timer, Write};

/// One thing that happens. In the order in which neighbours that do not touch each other are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Move {
    Act(usize),
    Cut(usize),
    Crash(usize),
    Down(usize),
    Up(usize),
    CrashRelay,
}

impl Move {
    /// Whether the two end the same in either order.
    fn is_independent_of(self, other: Self) -> bool {
        use Move::{Act, Crash, CrashRelay, Cut, Down, Up};
        let (one, two) = match (self, other) {
            (CrashRelay, _) | (_, CrashRelay) => return false,
            // Through the relay.
            (Up(_), Up(_) | Down(_) | Cut(_) | Crash(_)) => return false,
            (Down(_) | Cut(_) | Crash(_), Up(_)) => return false,
            (
                Act(one) | Up(one) | Down(one) | Cut(one) | Crash(one),
                Act(two) | Up(two) | Down(two) | Cut(two) | Crash(two),
            ) => (one, two),
        };
        one != two
    }

    fn is_fault(self) -> bool {
        matches!(self, Self::Cut(_) | Self::Crash(_) | Self::CrashRelay)
    }
}

/// How often each device's requests go up, how often it takes what has come, and whether a fault strikes
/// once before all is done. The rest takes its course.
#[derive(Clone, Copy)]
struct Limits {
    ups: usize,
    downs: usize,
    fault: bool,
    /// Which may.
    strikes: fn(Move) -> bool,
}

/// A world on disk, the same for every order.
struct Base {
    dir: tempfile::TempDir,
    accounts: usize,
    now: u64,
    written: Written,
}

/// What people do in a world, and how it is looked at in the end.
trait Play {
    type Act: Copy;
    fn does(&self, world: &mut World, device: usize, act: Self::Act);
    fn compare(&self, world: World);
}

/// Two people in a chat, a message of each in it.
struct Chat;

impl Chat {
    fn base() -> Base {
        let mut world = World::on_disk(1);
        story::meet(&mut world, false);
        world.settle();
        world.write(0, "message-old of Ada");
        world.write(1, "message-old of Bo");
        world.settle();
        world.read_all(1);
        world.settle();
        Base::of(world, 2)
    }
}

impl Base {
    fn of(world: World, accounts: usize) -> Self {
        let (dir, now, written) = world.saved();
        Self {
            dir,
            accounts,
            now,
            written,
        }
    }

    /// All connected, and nothing under way.
    fn world(&self) -> World {
        let mut world = World::resumed(self.dir.path(), 1, self.now, self.accounts);
        world.written = self.written.clone();
        world.settle();
        world
    }
}

impl Play for Chat {
    type Act = Act;

    fn does(&self, world: &mut World, device: usize, act: Act) {
        let of = |world: &World, account: usize| -> Vec<_> {
            let lines = world.written.lines().filter(|line| line.by == account);
            lines.map(|line| line.id).collect()
        };
        let (own, ada) = (of(world, device), of(world, 0));
        let newest = own[own.len() - 1];
        match act {
            Write => world.write(device, "message-new"),
            EditOld => world.edit(device, own[0], "edit-old"),
            EditNew => world.edit(device, newest, "edit-new"),
            DeleteOld => world.delete(device, own[0]),
            DeleteNew => world.delete(device, newest),
            // It may have been taken back by now.
            React(emoji) => {
                let view = world.devices[device].engine.view();
                if !view.message(&ada[0]).unwrap().unwrap().amended.deleted {
                    world.react(device, ada[0], emoji);
                }
            }
            Read => world.read_all(device),
            Timer(seconds) => world.set_timer(device, seconds),
        }
    }

    fn compare(&self, world: World) {
        model::compare(&world);
    }
}

impl World {
    /// What may happen now.
    fn moves<A>(&self, left: &[Vec<A>], made: &[(Move, Vec<Move>)], limits: Limits) -> Vec<Move> {
        let count = |is: &dyn Fn(Move) -> bool| made.iter().filter(|(m, _)| is(*m)).count();
        let may_strike = limits.fault && count(&Move::is_fault) == 0;
        let mut moves = Vec::new();
        for (n, left) in left.iter().enumerate() {
            if !left.is_empty() {
                moves.push(Move::Act(n));
            }
            if self.has_for(n) && count(&|m| m == Move::Down(n)) < limits.downs {
                moves.push(Move::Down(n));
            }
            let link = self.devices[n].link.as_ref();
            let wants = link.is_none_or(|link| !link.to_relay.is_empty());
            if wants && count(&|m| m == Move::Up(n)) < limits.ups {
                moves.push(Move::Up(n));
            }
            if may_strike {
                moves.extend([Move::Cut(n), Move::Crash(n)]);
            }
        }
        if may_strike {
            moves.push(Move::CrashRelay);
        }
        moves.retain(|m| !m.is_fault() || (limits.strikes)(*m));
        moves
    }

    fn makes<P: Play>(&mut self, play: &P, made: Move, left: &mut [Vec<P::Act>]) {
        match made {
            Move::Act(n) => {
                let act = left[n].remove(0);
                self.now += 7;
                play.does(self, n, act);
                let now = self.now;
                self.devices[n].pump(now);
            }
            Move::Up(n) => {
                self.tend(n);
                self.carry_to_relay(n, 64);
            }
            Move::Down(n) => self.carry_to_device(n, 64),
            Move::Cut(n) => self.disconnect(n),
            Move::Crash(n) => {
                self.disconnect(n);
                self.devices[n].crash();
            }
            Move::CrashRelay => self.crash_relay(),
        }
    }
}

/// A device that sent takes what has come at once, unless a fault strikes between.
fn keep_together(made: &[(Move, Vec<Move>)], moves: &mut Vec<Move>) {
    if let Some((Move::Up(n), _)) = made.last()
        && moves.contains(&Move::Down(*n))
    {
        moves.retain(|m| *m == Move::Down(*n) || m.is_fault());
    }
}

/// Whether the order with this move before the last one, or before an exchange, ends the same.
fn is_tried_elsewhere(made: &[(Move, Vec<Move>)], next: Move, together: bool) -> bool {
    let before = |last: Move| next < last && next.is_independent_of(last);
    match made {
        [.., (Move::Up(up), _), (Move::Down(down), _)] if together && up == down => {
            before(Move::Down(*down)) && before(Move::Up(*up))
        }
        [.., (last, _)] => before(*last),
        [] => false,
    }
}

/// Runs one order: the choices given, then the first of what may happen. Says what it chose among.
fn run<P: Play>(
    (base, play): (&Base, &P),
    acts: &[Vec<P::Act>],
    limits: Limits,
    given: &[usize],
) -> Vec<(Move, Vec<Move>)> {
    let (mut world, mut left) = (base.world(), acts.to_vec());
    let mut made: Vec<(Move, Vec<Move>)> = Vec::new();
    loop {
        let mut moves = world.moves(&left, &made, limits);
        let together = limits.fault;
        if together {
            keep_together(&made, &mut moves);
        }
        moves.retain(|m| !is_tried_elsewhere(&made, *m, together));
        let is_done = left.iter().all(Vec::is_empty) && !moves.iter().any(|m| m.is_fault());
        let choice = given.get(made.len()).copied().unwrap_or(0);
        let Some(next) = moves.get(choice).copied().filter(|_| !is_done) else {
            break;
        };
        made.push((next, moves));
        world.makes(play, next, &mut left);
    }
    world.settle();
    play.compare(world);
    made
}

/// Tries all orders of these actions of each device; says how many there were.
fn every_order<P: Play>(name: &str, of: (&Base, &P), acts: &[&[P::Act]], limits: Limits) {
    let acts: Vec<Vec<P::Act>> = acts.iter().map(|acts| acts.to_vec()).collect();
    let (mut given, mut orders) = (Vec::new(), 0_u64);
    loop {
        let path = std::panic::AssertUnwindSafe(|| run(of, &acts, limits, &given));
        let made = std::panic::catch_unwind(path);
        let Ok(made) = made else {
            panic!("{name}: order {orders}, the choices {given:?}");
        };
        orders += 1;
        let mut choices: Vec<(usize, usize)> = made
            .iter()
            .map(|(m, moves)| (moves.iter().position(|x| x == m).unwrap(), moves.len()))
            .collect();
        while choices.pop_if(|(at, of)| *at + 1 == *of).is_some() {}
        let Some((at, _)) = choices.last_mut() else {
            break;
        };
        *at += 1;
        given = choices.into_iter().map(|(at, _)| at).collect();
    }
    println!("{name}: {orders} orders, all tried");
}

/// Nothing goes wrong: what crosses ends the same on both sides.
const CALM: Limits = Limits {
    ups: 1,
    downs: 1,
    fault: false,
    strikes: |_| true,
};

/// One fault strikes before, between and after all moves.
const ONE_FAULT: Limits = Limits {
    fault: true,
    ..CALM
};

#[test]
fn every_order_of_small_worlds() {
    let thumb = React(Some("\u{1f44d}"));
    let both: [(&str, [&[Act]; 2]); 4] = [
        (
            "write, edit; write, react",
            [&[Write, EditNew], &[Write, thumb]],
        ),
        (
            "edit, delete; react, react no more",
            [&[EditOld, DeleteOld], &[thumb, React(None)]],
        ),
        (
            "timer, write; read, write",
            [&[Timer(Some(9)), Write], &[Read, Write]],
        ),
        (
            "write, delete; timer, react",
            [&[Write, DeleteNew], &[Timer(Some(9)), thumb]],
        ),
    ];
    let base = Chat::base();
    for (name, acts) in both {
        every_order(name, (&base, &Chat), &acts, CALM);
    }
}

#[test]
fn every_order_with_a_fault_at_every_point() {
    let thumb = React(Some("\u{1f44d}"));
    let acts: [&[Act]; 2] = [&[Write, EditNew], &[Write, thumb]];
    let name = "write, edit; write, react; a cut or crash";
    every_order(name, (&Chat::base(), &Chat), &acts, ONE_FAULT);
}

/// Three people in a group, two of them its admins.
struct Trio(Crowd);

/// What one of them does.
#[derive(Clone, Copy)]
enum Change {
    Remove(usize),
    Demote(usize),
    Rename(&'static str),
    Say,
    Go,
}

use Change::{Demote, Go, Remove, Rename, Say};

impl Play for Trio {
    type Act = Change;

    fn does(&self, world: &mut World, device: usize, act: Change) {
        let of = |n: usize| self.0.account(n);
        let wish = match act {
            Remove(n) => GroupWish::Remove(of(n)),
            Demote(n) => GroupWish::Role(of(n), Role::Member),
            Rename(name) => GroupWish::Rename(name.into()),
            Say => return self.0.says(world, device, "message-new"),
            Go => return self.0.goes(world, device, None),
        };
        self.0.wishes(world, device, &wish);
    }

    fn compare(&self, world: World) {
        let mut crowd = self.0.again(world);
        crowd.end();
    }
}

impl Trio {
    fn base() -> (Base, Self) {
        let (crowd, world) = Crowd::of_three();
        (Base::of(world, 3), Self(crowd))
    }
}

#[test]
fn every_order_of_small_groups() {
    let (base, trio) = Trio::base();
    let all: [(&str, [&[Change]; 3]); 2] = [
        (
            "remove the other admin; remove the other admin; say",
            [&[Remove(1)], &[Remove(0)], &[Say]],
        ),
        (
            "demote; rename; go",
            [&[Demote(1)], &[Rename("Two")], &[Go]],
        ),
    ];
    for (name, acts) in all {
        every_order(name, (&base, &trio), &acts, CALM);
    }
}

/// As in [`every_order_of_small_groups`], with a fourth action, and a crash at every point.
fn with_a_crash_at_every_point(whose: &str, strikes: fn(Move) -> bool) {
    let (base, trio) = Trio::base();
    let acts: [&[Change]; 3] = [&[Remove(2), Rename("One")], &[Demote(0), Say], &[]];
    let name = format!("remove, rename; demote, say; {whose} crashes");
    let limits = Limits {
        strikes,
        ..ONE_FAULT
    };
    every_order(&name, (&base, &trio), &acts, limits);
}

#[test]
fn every_order_of_a_small_group_where_an_admin_crashes() {
    with_a_crash_at_every_point("an admin", |m| matches!(m, Move::Crash(0 | 1)));
}

#[test]
fn every_order_of_a_small_group_where_a_member_or_the_relay_crashes() {
    let strikes = |m| matches!(m, Move::Crash(2) | Move::CrashRelay);
    with_a_crash_at_every_point("a member or the relay", strikes);
}
