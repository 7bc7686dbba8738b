//! Random requests, batches, crashes and time, compared with the model after every step.
//! Replay: proptest prints the failing steps and keeps their seed beside this file.
//! Not asserted: limits and the year of rule 3, which have tests of their own.

use crate::forms::{address, attachment, envelope, lock, secret};
use crate::model::Model;
use crate::world::{World, shown};
use proptest::prelude::*;
use snug_relay::core::Peer;
use snug_wire::Seq;
use snug_wire::frame::{Cursor, MailboxKind, Put, RelayFrame, Request};
use std::collections::BTreeMap;

const MINUTE: u64 = 60_000;
const DAY: u64 = 1_440 * MINUTE;

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<(Peer, Request)>),
    /// A connection catches up, or not yet.
    Pull(Peer),
    Disconnect(Peer),
    Crash,
    Pass(u64),
}

fn peer() -> impl Strategy<Value = Peer> {
    (1..=3_u64).prop_map(Peer)
}

/// Three mailboxes, of one kind each unless somebody confuses them.
fn place() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(1_u8), 2 => Just(2), 1 => Just(3)]
}

fn kind(at: u8) -> MailboxKind {
    match at {
        1 => MailboxKind::Conversation,
        2 => MailboxKind::Inbox,
        _ => MailboxKind::Rendezvous,
    }
}

/// Stands for the newest commit when it is put, so that most puts are taken.
const HEAD: Seq = Seq(99);

fn put() -> impl Strategy<Value = Put> {
    let flags = (
        prop::bool::weighted(0.3),
        prop::option::weighted(0.2, 1..4_u8),
        prop::bool::weighted(0.1),
    );
    let rests_on = prop_oneof![4 => Just(HEAD), 1 => (0..7_u64).prop_map(Seq)];
    (
        place(),
        prop::option::weighted(0.9, 1..4_u8),
        1..12_u8,
        rests_on,
        flags,
    )
        .prop_map(|(at, with, id, rests_on, (flagged, new, attached))| Put {
            address: address(at),
            secret: with.map(secret),
            id: envelope(id),
            flagged: flagged && at == 1,
            rests_on: if at == 1 { rests_on } else { Seq(0) },
            lock: new.filter(|_| flagged).map(lock),
            attachments: if attached && flagged {
                vec![attachment(9, &[id])]
            } else {
                vec![]
            },
            bytes: vec![id],
        })
}

fn request() -> impl Strategy<Value = Request> {
    let cursor = prop::option::of((1..4_u64, 0..9_u64, 1..12_u8)).prop_map(|cursor| {
        cursor.map(|(generation, seq, id)| Cursor {
            generation,
            seq: Seq(seq),
            id: envelope(id),
        })
    });
    prop_oneof![
        2 => (place(), 1..3_u8, prop::bool::weighted(0.05)).prop_map(|(at, by, confused)| {
            Request::Create(address(at), kind(if confused { at + 1 } else { at }), lock(by))
        }),
        4 => (place(), 1..4_u8, cursor).prop_map(|(at, with, cursor)| Request::Open(address(at), secret(with), cursor)),
        1 => place().prop_map(|at| Request::Close(address(at))),
        12 => put().prop_map(Request::Put),
        1 => (place(), 1..9_u64).prop_map(|(at, seq)| Request::Fetch(address(at), Seq(seq), secret(9))),
        1 => (place(), 1..4_u8).prop_map(|(at, with)| Request::Signal(address(at), secret(with), vec![with])),
        1 => (place(), 1..4_u8, 0..9_u64).prop_map(|(at, with, below)| Request::Trim(address(at), secret(with), Seq(below))),
        1 => (2..4_u8, 1..3_u8).prop_map(|(at, with)| Request::Retire(address(at), secret(with))),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => prop::collection::vec((peer(), request()), 1..6).prop_map(Step::Batch),
        8 => peer().prop_map(Step::Pull),
        1 => peer().prop_map(Step::Disconnect),
        1 => Just(Step::Crash),
        1 => prop_oneof![Just(MINUTE), Just(30 * DAY)].prop_map(Step::Pass),
    ]
}

fn take(step: Step, world: &mut World, model: &mut Model) {
    match step {
        Step::Batch(mut requests) => {
            for (_, request) in &mut requests {
                if let Request::Put(put) = request
                    && put.rests_on == HEAD
                {
                    put.rests_on = model.head(&put.address);
                }
            }
            let mut expected = Vec::new();
            for ((peer, request), number) in requests.iter().cloned().zip(0..) {
                expected.extend(model.ask(peer, number, request, world.now));
            }
            assert_eq!(world.batch(&requests), expected);
        }
        Step::Pull(peer) => assert_eq!(world.got(peer), model.pull(peer)),
        Step::Disconnect(peer) => {
            world.core().disconnected(peer);
            model.disconnected(peer);
        }
        Step::Crash => {
            world.crash();
            model.restart();
        }
        Step::Pass(time) => {
            world.now += time;
            let now = world.now;
            assert_eq!(world.core().expire(now).unwrap(), model.expire(now));
        }
    }
    assert_eq!(world.drawn, model.drawn, "as many generations");
}

/// The same over NATS, where a batch is one request after the other, and everybody has caught up after
/// each. The clock of NATS cannot be moved.
fn play_on_nats(steps: Vec<Step>) {
    let Some(mut world) = World::on_nats() else {
        return;
    };
    let mut model = Model::default();
    for at in [1, 2, 3] {
        let create = Request::Create(address(at), kind(at), lock(1));
        ask(Peer(1), create, &mut world, &mut model);
    }
    for step in steps {
        match step {
            Step::Batch(requests) => {
                for (peer, request) in requests {
                    ask(peer, request, &mut world, &mut model);
                }
            }
            Step::Disconnect(peer) => {
                world.disconnected(peer);
                model.disconnected(peer);
            }
            Step::Crash => {
                world.crash();
                model.restart();
            }
            Step::Pull(_) | Step::Pass(_) => {}
        }
    }
}

fn ask(peer: Peer, mut request: Request, world: &mut World, model: &mut Model) {
    if let Request::Put(put) = &mut request
        && put.rests_on == HEAD
    {
        put.rests_on = model.head(&put.address);
    }
    let mut answer = None;
    let mut expected: BTreeMap<Peer, Vec<String>> = BTreeMap::new();
    for out in model.ask(peer, 0, request.clone(), world.now) {
        match out.frame {
            RelayFrame::Answer(_, it) => answer = Some(it),
            frame => {
                for to in out.to {
                    expected.entry(to).or_default().push(shown(&frame));
                }
            }
        }
    }
    assert_eq!(world.ask(peer, request.clone()), answer, "{request:?}");
    for peer in [1, 2, 3].map(Peer) {
        let mut frames = expected.remove(&peer).unwrap_or_default();
        frames.extend(model.pull(peer));
        assert_eq!(world.got(peer), frames, "{peer:?} after {request:?}");
    }
}

fn play(steps: Vec<Step>, mut world: World) {
    let mut model = Model::default();
    for at in [1, 2, 3] {
        let create = Request::Create(address(at), kind(at), lock(1));
        take(Step::Batch(vec![(Peer(1), create)]), &mut world, &mut model);
    }
    for step in steps {
        take(step, &mut world, &mut model);
    }
    for peer in [1, 2, 3].map(Peer) {
        take(Step::Pull(peer), &mut world, &mut model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_core_does_what_the_model_does(steps in prop::collection::vec(step(), 1..80)) {
        play(steps, World::new());
    }

    #[test]
    fn so_it_does_in_memory(steps in prop::collection::vec(step(), 1..80)) {
        play(steps, World::forgetful());
    }
}

proptest! {
    // Each case has a server of its own.
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 64, ..ProptestConfig::default() })]

    #[test]
    fn so_it_does_on_nats(steps in prop::collection::vec(step(), 1..20)) {
        play_on_nats(steps);
    }
}
