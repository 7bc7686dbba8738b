//! Many at two relays at once: what may happen once happens once, and every entry rests on the commit
//! before it.

use super::server::Server;
use super::together::{reader, start};
use crate::client::Client;
use crate::forms::{
    address, claim, commit, create, invitation, open, publish, secret, stock, text,
};
use crate::network::connect;
use futures_util::future::join_all;
use snug_relay::Running;
use snug_wire::frame::MailboxKind::{Conversation, Inbox};
use snug_wire::frame::{Answer, Delivery, Refusal, RelayFrame, Request};
use snug_wire::{EnvelopeId, Seq};
use std::collections::{BTreeMap, BTreeSet};

/// What each of the four does.
const TURNS: u8 = 32;
/// Texts one puts at once.
const AT_ONCE: usize = 6;

async fn relays() -> Option<(Server, Running, Running)> {
    let nats = Server::start()?;
    let servers = [nats.url()];
    // Both find nothing there, and one key is made.
    let (one, other) = tokio::join!(start(&servers), start(&servers));
    assert_eq!(one.key(), other.key());
    Some((nats, one, other))
}

/// Puts texts, several at once, and now and then a commit, each until it is taken; what was taken where, and
/// on what it rests.
async fn author(client: &mut Client, who: u8) -> BTreeMap<Seq, (EnvelopeId, Seq)> {
    let (mut head, mut taken, mut id) = (Seq(0), BTreeMap::new(), 0_u16);
    for turn in 0..TURNS {
        let flagged = (turn + who).is_multiple_of(8);
        let mut left = if flagged { 1 } else { AT_ONCE };
        while left > 0 {
            let mut asked = BTreeMap::new();
            for _ in 0..left {
                id += 1;
                let mut put = match flagged {
                    true => commit(1, 1, who, head.0),
                    false => text(1, 1, who, head.0),
                };
                put.id.0[..2].copy_from_slice(&id.to_be_bytes());
                put.id.0[2] = who;
                let name = put.id;
                asked.insert(client.post(Request::Put(put)).await, name);
            }
            let rests_on = head;
            while !asked.is_empty() {
                let RelayFrame::Answer(number, answer) = client.next().await else {
                    continue;
                };
                let name = asked.remove(&number).unwrap();
                match answer {
                    Answer::Stored(seq) => {
                        left -= 1;
                        taken.insert(seq, (name, rests_on));
                        if flagged {
                            head = seq;
                        }
                    }
                    // Honest: somebody else's commit was first. Encrypted anew, it is another envelope.
                    Answer::Refused(Refusal::Stale(newer)) if newer > rests_on => head = newer,
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    taken
}

async fn log(client: &mut Client, count: usize) -> Vec<Delivery> {
    let mut log: Vec<Delivery> = Vec::new();
    while log.len() < count {
        if let RelayFrame::Delivery(it) = client.next().await {
            assert_eq!(it.previous, log.last().map_or(Seq(0), |before| before.seq));
            log.push(it);
        }
    }
    log
}

#[tokio::test]
async fn every_entry_rests_on_the_commit_before_it() {
    let Some((_nats, one, other)) = relays().await else {
        return;
    };
    let mut authors = Vec::new();
    for relay in [&one, &other, &one, &other] {
        authors.push(reader(relay).await);
    }
    let (mut ada, mut bo) = (reader(&one).await, reader(&other).await);
    let [a, b, c, d] = &mut authors[..] else {
        return;
    };
    let taken = tokio::join!(author(a, 1), author(b, 2), author(c, 3), author(d, 4));
    let mut all = taken.0;
    for more in [taken.1, taken.2, taken.3] {
        all.extend(more);
    }
    let commits = usize::from(TURNS) / 8;
    let each = commits + (usize::from(TURNS) - commits) * AT_ONCE;
    assert_eq!(all.len(), 4 * each, "each at a place of its own");
    let (heard, elsewhere) = (
        log(&mut ada, all.len()).await,
        log(&mut bo, all.len()).await,
    );
    assert_eq!(heard, elsewhere, "one order");
    let mut head = Seq(0);
    for (entry, (seq, (id, rests_on))) in heard.iter().zip(all) {
        assert_eq!((entry.seq, entry.id), (seq, id));
        assert_eq!(rests_on, head, "the entry at {seq:?}");
        if entry.flagged {
            head = seq;
        }
    }
}

/// Puts of different mailboxes share batches, which a repeated put among them makes fail.
#[tokio::test]
async fn each_of_many_mailboxes_gets_its_own_answers() {
    let Some((_nats, one, other)) = relays().await else {
        return;
    };
    let author = async |relay: &Running, at: u8| {
        let mut client = connect(relay).await;
        client.ask(create(at, Conversation, 1)).await;
        let mut asked = BTreeMap::new();
        for id in 1..=60 {
            // Every third one twice.
            for _ in 0..1 + usize::from(id % 3 == 0) {
                let put = Request::Put(text(at, 1, id, 0));
                asked.insert(client.post(put).await, id);
            }
        }
        let mut places = BTreeMap::new();
        while let Some((number, id)) = asked.pop_first() {
            match client.next().await {
                RelayFrame::Answer(to, Answer::Stored(seq)) if to == number => {
                    let before = places.insert(seq, id);
                    assert!(before.is_none_or(|before| before == id));
                }
                frame => panic!("{frame:?}"),
            }
        }
        client.ask(open(at, 1)).await;
        let log = log(&mut client, places.len()).await;
        assert!(log.iter().all(|it| it.address == address(at)));
        let stored: BTreeMap<Seq, u8> = log.iter().map(|it| (it.seq, it.id.0[0])).collect();
        assert_eq!((stored.len(), stored), (60, places));
    };
    // So many that some wait while others are stored.
    let relay = |at| if at % 4 == 0 { &other } else { &one };
    join_all((1..=24).map(|at| author(relay(at), at))).await;
}

#[tokio::test]
async fn an_address_is_taken_once() {
    let Some((_nats, one, other)) = relays().await else {
        return;
    };
    let (mut ada, mut bo) = (connect(&one).await, connect(&other).await);
    for at in 1..=40 {
        let (mine, hers) = (create(at, Inbox, 1), create(at, Inbox, 2));
        let winner = match tokio::join!(ada.ask(mine), bo.ask(hers)) {
            (Answer::Done, Answer::Refused(Refusal::Taken)) => 1,
            (Answer::Refused(Refusal::Taken), Answer::Done) => 2,
            other => panic!("{other:?}"),
        };
        for client in [&mut ada, &mut bo] {
            let opened = client.ask(open(at, winner)).await;
            assert!(matches!(opened, Answer::Opened(_)), "{opened:?}");
        }
    }
}

#[tokio::test]
async fn each_key_package_is_given_once() {
    let Some((_nats, one, other)) = relays().await else {
        return;
    };
    let mut ada = connect(&one).await;
    ada.ask(create(1, Inbox, 1)).await;
    let packages: Vec<Vec<u8>> = (0..40_u8).map(|n| vec![n; 100]).collect();
    let packages: Vec<&[u8]> = packages.iter().map(Vec::as_slice).collect();
    let stocked = ada.ask(stock(1, 1, &packages, Some(b"last"))).await;
    assert_eq!(stocked, Answer::Stocked(40));
    let take = async |relay: &Running| {
        let mut client = connect(relay).await;
        let mut taken = Vec::new();
        for _ in 0..12 {
            match client.ask(Request::Take(address(1))).await {
                Answer::Bytes(bytes) => taken.push(bytes),
                other => panic!("{other:?}"),
            }
        }
        taken
    };
    let taken = tokio::join!(take(&one), take(&other), take(&one), take(&other));
    let all = [taken.0, taken.1, taken.2, taken.3].concat();
    let different: BTreeSet<&Vec<u8>> = all.iter().collect();
    let last = all.iter().filter(|bytes| *bytes == b"last").count();
    assert_eq!((different.len(), last), (41, 8));
}

#[tokio::test]
async fn a_limited_invitation_has_so_many_uses() {
    let Some((_nats, one, other)) = relays().await else {
        return;
    };
    let mut ada = connect(&one).await;
    assert_eq!(
        ada.ask(Request::Publish(publish(1, Some(5), None))).await,
        Answer::Done
    );
    // Six claims, each asked for at both relays at the same time.
    let claims = async |relay: &Running, order: [u8; 6]| {
        let mut client = connect(relay).await;
        let mut won = BTreeSet::new();
        for by in order {
            match client.ask(Request::Claim(invitation(1), claim(by))).await {
                Answer::Claimed(_) => drop(won.insert(by)),
                Answer::Refused(Refusal::Used) => {}
                other => panic!("{other:?}"),
            }
        }
        won
    };
    let (here, there) = tokio::join!(
        claims(&one, [1, 2, 3, 4, 5, 6]),
        claims(&other, [6, 5, 4, 3, 2, 1]),
    );
    let all: BTreeSet<u8> = here.union(&there).copied().collect();
    assert_eq!(all.len(), 5, "{here:?} {there:?}");
    let mut bo = connect(&other).await;
    for by in 1..=6 {
        let again = bo.ask(Request::Claim(invitation(1), claim(by))).await;
        assert_eq!(matches!(again, Answer::Claimed(_)), all.contains(&by));
    }
    let revoked = bo.ask(Request::Revoke(invitation(1), secret(1))).await;
    assert_eq!(revoked, Answer::Done);
    let card = ada.ask(Request::Card(invitation(1))).await;
    assert_eq!(card, Answer::Card(vec![1; 40], Some(Refusal::Revoked)));
}
