//! Three NATS servers and two relays, of which one each is killed in the middle of things.

use super::server::Server;
use crate::client::Client;
use crate::forms::{address, create, open, text};
use crate::process::Process;
use serde_json::Value;
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Delivery, Put, Refusal, RelayFrame, Request};
use snug_wire::{EnvelopeId, Seq};
use std::collections::BTreeMap;

/// Entries each of two authors puts.
const EACH: u64 = 300;
/// How many of them are under way at once.
const AT_ONCE: usize = 8;

/// Every acknowledged entry, by its place.
type Acknowledged = BTreeMap<Seq, EnvelopeId>;

fn numbered(author: u8, n: u64) -> Put {
    let mut put = text(1, 1, author, 0);
    put.id.0[8..].copy_from_slice(&n.to_be_bytes());
    put
}

/// Which of the servers leads the log.
async fn leader(servers: &[Server]) -> usize {
    let client = async_nats::connect(servers[0].url()).await.unwrap();
    let info = client
        .request("$JS.API.STREAM.INFO.snug-log", "".into())
        .await
        .unwrap();
    let info: Value = serde_json::from_slice(&info.payload).unwrap();
    assert_eq!(
        info["config"]["num_replicas"], 3,
        "as many copies as servers"
    );
    let leader = info["cluster"]["leader"].as_str().unwrap();
    servers
        .iter()
        .position(|server| server.name() == leader)
        .unwrap()
}

/// Puts entries through a relay until so many are acknowledged; those that are not are put again.
async fn write(client: &mut Client, author: u8, upto: u64, acknowledged: &mut Acknowledged) {
    let done = |n: u64, all: &Acknowledged| all.values().any(|id| *id == numbered(author, n).id);
    let mut waiting: Vec<u64> = (0..upto)
        .filter(|n| !done(*n, acknowledged))
        .rev()
        .collect();
    let mut asked = BTreeMap::new();
    loop {
        while asked.len() < AT_ONCE
            && let Some(n) = waiting.pop()
        {
            asked.insert(client.post(Request::Put(numbered(author, n))).await, n);
        }
        if asked.is_empty() {
            return;
        }
        let RelayFrame::Answer(number, answer) = client.next().await else {
            continue;
        };
        let n = asked.remove(&number).unwrap();
        match answer {
            Answer::Stored(seq) => {
                let before = acknowledged.insert(seq, numbered(author, n).id);
                assert!(before.is_none_or(|id| id == numbered(author, n).id));
            }
            // No leader for a while: nothing is promised, and it may be there or not.
            Answer::Refused(Refusal::Disk) => waiting.push(n),
            other => panic!("{other:?}"),
        }
    }
}

/// Deliveries until the last of these entries, each after the one before.
async fn read(client: &mut Client, acknowledged: &Acknowledged) -> Vec<Delivery> {
    let mut got: Vec<Delivery> = Vec::new();
    let last = *acknowledged.keys().next_back().unwrap();
    while got.last().is_none_or(|it| it.seq < last) {
        match client.next().await {
            RelayFrame::Delivery(delivery) => {
                let before = got.last().map_or(Seq(0), |it| it.seq);
                assert_eq!(delivery.previous, before, "each after the one before");
                got.push(delivery);
            }
            RelayFrame::CaughtUp(_) => {}
            other => panic!("{other:?}"),
        }
    }
    got
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_a_server_and_a_relay_are_killed() {
    let Some(mut servers) = Server::cluster() else {
        return;
    };
    let urls: Vec<String> = servers.iter().map(Server::url).collect();
    let urls = urls.join(",");
    let mut one = Process::on_nats(&urls);
    let other = Process::on_nats(&urls);
    assert_eq!(one.key, other.key);
    let mut ada = one.connect().await;
    let mut bo = other.connect().await;
    let mut cyan = other.connect().await;
    assert_eq!(ada.ask(create(1, Conversation, 1)).await, Answer::Done);
    assert!(matches!(cyan.ask(open(1, 1)).await, Answer::Opened(_)));
    assert_eq!(cyan.next().await, RelayFrame::CaughtUp(address(1)));

    let (mut of_ada, mut of_bo) = (Acknowledged::new(), Acknowledged::new());
    tokio::join!(
        write(&mut ada, 1, EACH / 3, &mut of_ada),
        write(&mut bo, 2, EACH / 3, &mut of_bo),
    );
    let leader = leader(&servers).await;
    tokio::join!(
        write(&mut ada, 1, EACH * 2 / 3, &mut of_ada),
        write(&mut bo, 2, EACH * 2 / 3, &mut of_bo),
        async { servers[leader].kill() },
    );
    for n in EACH * 2 / 3..EACH * 2 / 3 + 5 {
        ada.post(Request::Put(numbered(1, n))).await;
    }
    one.child.kill().unwrap();
    one.child.wait().unwrap();
    let mut ada = other.connect().await;
    tokio::join!(
        write(&mut ada, 1, EACH, &mut of_ada),
        write(&mut bo, 2, EACH, &mut of_bo),
    );
    let mut all = of_ada;
    all.extend(of_bo);
    assert_eq!(all.len() as u64, 2 * EACH, "each at a place of its own");

    let live = read(&mut cyan, &all).await;
    let third = Process::on_nats(&urls);
    let mut dee = third.connect().await;
    assert!(matches!(dee.ask(open(1, 1)).await, Answer::Opened(_)));
    let stored = read(&mut dee, &all).await;
    assert_eq!(live, stored, "one order for all");
    let places: Acknowledged = stored.iter().map(|it| (it.seq, it.id)).collect();
    assert_eq!(
        places, all,
        "what was acknowledged, where it was, and nothing twice"
    );
}
