//! What a member of a chat may put into it, beyond what an honest engine would.

use crate::error::Result;
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox::{self, Mailbox, Standing};
use crate::store::table::message::{MessageKind, MessageState};
use crate::store::table::wish;
use crate::work::Work;
use crate::{Access, Engine, Error, Extras, GroupWish, Rejection, conversation, message, receipt};
use rand::SeedableRng as _;
use snug_wire::content::{Body, Content, Priority, Receipt, Text};
use snug_wire::log_state::{
    ConversationKind, Credential, LogState, MOST_PARTICIPANTS, Participant,
};
use snug_wire::{
    AccountId, Address, ConversationId, DeviceId, DeviceKey, GroupId, JoinId, LockSecret,
    MessageId, RelayAddress, RelayKey, Secret, Seq, encode,
};

const NOW: u64 = 1_800_000_000_000;

#[test]
fn a_wish_nobody_heard_of_may_be_fulfilled_twice() {
    let mut ada = Ada::new(&[2]);
    let (id, chat) = (JoinId([1; 16]), ada.chat(2));
    for _ in 0..2 {
        let known = ada
            .engine
            .write(NOW, |w| wish::fulfilled(w.db, &id, &chat, NOW));
        assert!(known.unwrap().is_none());
    }
}

/// Ada's engine, in a chat with each of these without any of their devices.
struct Ada {
    engine: Engine,
    _dir: tempfile::TempDir,
}

fn author(n: u8) -> Credential {
    Credential {
        account: AccountId([n; 32]),
        device: DeviceId([n; 16]),
        key: DeviceKey([n; 32]),
    }
}

fn group(n: u8) -> GroupId {
    GroupId([n; 16])
}

impl Ada {
    fn new(others: &[u8]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = crate::connect(
            &dir.path().join("a.db"),
            &Secret::new([7; 32]),
            Access::Write,
        );
        let rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        let mut engine = Engine::open(db.unwrap(), Box::new(rng)).unwrap();
        let home = RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: RelayKey([9; 32]),
        };
        engine
            .create_account("Ada", &Secret::new([1; 32]), &home, NOW)
            .unwrap();
        for n in others {
            engine.write(NOW, |w| join(w, *n)).unwrap();
        }
        Self { engine, _dir: dir }
    }

    fn chat(&self, n: u8) -> ConversationId {
        let ada = self.engine.me.as_ref().unwrap().account;
        LogState::direct_id(&ada, &author(n).account)
    }

    /// A content of `n` at a place of the log with them.
    fn says(&mut self, n: u8, seq: u64, body: Body) {
        let content = Content { at: NOW, body };
        self.engine
            .write(NOW, |w| {
                let log = log::get(w.db, &group(n))?.unwrap();
                match &content.body {
                    Body::Receipt(said) => receipt::arrived(w, &log, &author(n), said),
                    _ => {
                        message::arrived(w, &log, Seq(seq), &author(n), &content, &encode(&content))
                    }
                }
            })
            .unwrap();
    }

    fn texts(&self, n: u8) -> Vec<String> {
        let page = self
            .engine
            .view()
            .messages(&self.chat(n), None, 100)
            .unwrap();
        page.into_iter().map(|m| m.text).collect()
    }

    /// A message of Ada's that the log with `n` has at that place.
    fn wrote(&mut self, n: u8, seq: u64) -> MessageId {
        let chat = self.chat(n);
        let id = self
            .engine
            .send_text(chat, "mine", Extras::default(), NOW)
            .unwrap();
        self.engine
            .write(NOW, |w| {
                let row = crate::store::table::outbox::by_message(w.db, &id)?.unwrap();
                crate::store::table::outbox::delete(w.db, row.id)?;
                let log = log::get(w.db, &group(n))?.unwrap();
                mailbox::restart(w.db, &log.address, 7, Seq(seq))?;
                message::echoed(w, &log, Seq(seq), id)
            })
            .unwrap();
        id
    }

    fn state(&self, id: &MessageId) -> MessageState {
        self.engine.view().message(id).unwrap().unwrap().state
    }
}

fn join(w: &mut Work<'_>, n: u8) -> Result<()> {
    let me = w.me()?.account;
    let peer = author(n).account;
    let id = LogState::direct_id(&me, &peer);
    conversation::insert_direct(w, id, peer)?;
    let address = Address([n; 32]);
    mailbox::insert(
        w.db,
        &Mailbox {
            address,
            relay: RelayKey([9; 32]),
            secret: LockSecret::new([n; 32]),
            standing: Standing::There,
            generation: 7,
            seq: Seq(0),
            envelope: None,
        },
    )?;
    let kind = ConversationKind::Direct;
    log::insert(
        w.db,
        &Log {
            group: group(n),
            conversation: id,
            address,
            kind,
            head: Seq(0),
            ready: true,
            read: Seq(0),
            trouble: None,
        },
        &LogState::new(id, kind),
    )
}

fn text(id: u8, text: &str) -> Body {
    Body::Text(Text::new(
        MessageId([id; 16]),
        text.into(),
        Priority::Normal,
    ))
}

#[test]
fn an_id_of_somebody_elses_message_suppresses_nothing() {
    let mut ada = Ada::new(&[2, 3]);
    // Bo knows the id of what Cyan is about to write, and is first.
    ada.says(2, 1, text(42, "by Bo"));
    ada.says(3, 1, text(42, "by Cyan"));
    assert_eq!(ada.texts(2), ["by Bo"]);
    assert_eq!(ada.texts(3), ["by Cyan"]);
    // Each is still stored once.
    ada.says(3, 2, text(42, "by Cyan"));
    ada.says(2, 2, text(42, "by Bo, changed"));
    assert_eq!(ada.texts(2), ["by Bo"]);
    assert_eq!(ada.texts(3), ["by Cyan"]);
}

#[test]
fn an_id_of_ones_own_message_overwrites_nothing() {
    let mut ada = Ada::new(&[2]);
    let id = ada.wrote(2, 1);
    let body = Body::Text(Text::new(id, "not mine".into(), Priority::Normal));
    ada.says(2, 2, body);
    assert_eq!(ada.texts(2), ["mine", "not mine"]);
    let page = ada.engine.view().messages(&ada.chat(2), None, 10).unwrap();
    assert_eq!(
        page.iter().map(|m| m.own).collect::<Vec<_>>(),
        [true, false]
    );
}

#[test]
fn two_entries_at_one_place_are_both_kept() {
    let mut ada = Ada::new(&[2]);
    ada.says(2, 1, text(1, "one"));
    ada.says(2, 1, text(2, "another, of a log that lost the first"));
    assert_eq!(ada.texts(2).len(), 2);
}

#[test]
fn what_is_not_known_is_kept_as_it_came() {
    let mut ada = Ada::new(&[2]);
    let form = vec![0xa2, 0, 0x18, 99, 0x19, 0x0f, 0xff, 0x63, b'n', b'e', b'w'];
    let body = Body::Unknown { kind: 4_000, form };
    let content = encode(&Content {
        at: NOW,
        body: body.clone(),
    });
    ada.says(2, 1, body);
    let page = ada.engine.view().messages(&ada.chat(2), None, 10).unwrap();
    assert_eq!(page[0].kind, MessageKind::Unknown);
    assert_eq!(page[0].content, content);
    assert_eq!(page[0].text, "");
}

#[test]
fn two_unknown_ones_do_not_collide() {
    let mut ada = Ada::new(&[2, 3]);
    for n in [2, 3] {
        for seq in [1, 2] {
            let form = vec![0xa0];
            ada.says(n, seq, Body::Unknown { kind: 4_000, form });
        }
        assert_eq!(ada.texts(n).len(), 2);
    }
}

fn says(delivered: u64, read: u64, unopened: Vec<Seq>) -> Body {
    Body::Receipt(Receipt {
        delivered: Seq(delivered),
        read: Seq(read),
        unopened,
        missed: Vec::new(),
    })
}

#[test]
fn a_receipt_about_the_future_is_about_the_past() {
    let mut ada = Ada::new(&[2]);
    let first = ada.wrote(2, 1);
    ada.says(2, 2, says(u64::MAX, u64::MAX, vec![]));
    assert_eq!(ada.state(&first), MessageState::Read);
    let next = ada.wrote(2, 3);
    assert_eq!(ada.state(&next), MessageState::Sent);
    ada.says(2, 4, says(0, 0, vec![]));
    assert_eq!(ada.state(&next), MessageState::Sent);
}

#[test]
fn read_is_never_more_than_delivered() {
    let mut ada = Ada::new(&[2]);
    let (first, next) = (ada.wrote(2, 1), ada.wrote(2, 2));
    ada.says(2, 3, says(1, 2, vec![]));
    assert_eq!(ada.state(&first), MessageState::Read);
    assert_eq!(ada.state(&next), MessageState::Sent);
}

#[test]
fn a_receipt_of_another_chat_changes_nothing_here() {
    let mut ada = Ada::new(&[2, 3]);
    let id = ada.wrote(2, 1);
    ada.wrote(3, 1);
    ada.says(3, 2, says(9, 9, vec![Seq(1)]));
    assert_eq!(ada.state(&id), MessageState::Sent);
}

#[test]
fn only_so_much_of_a_list_of_unopened_entries_counts() {
    let mut ada = Ada::new(&[2]);
    let id = ada.wrote(2, 1_000);
    let mut unopened: Vec<Seq> = (1..=256).map(Seq).collect();
    unopened.push(Seq(1_000));
    ada.says(2, 1_001, says(1_000, 0, unopened));
    assert_eq!(ada.state(&id), MessageState::Delivered);
    ada.says(2, 1_002, says(1_000, 0, vec![Seq(1_000)]));
    assert_eq!(ada.state(&id), MessageState::Failed);
}

#[test]
fn what_a_person_saw_does_not_fail() {
    let mut ada = Ada::new(&[2]);
    let id = ada.wrote(2, 1);
    ada.says(2, 2, says(1, 1, vec![]));
    ada.says(2, 3, says(1, 1, vec![Seq(1)]));
    assert_eq!(ada.state(&id), MessageState::Read);
}

#[test]
fn a_group_is_full_with_so_many_in_it_or_wished_for() {
    let mut ada = Ada::new(&[]);
    let own = ada.engine.me.as_ref().unwrap().account;
    let group = ada.engine.create_group("Walks", &[], NOW).unwrap();
    let fill = |ada: &mut Ada, count: usize| {
        let written = ada.engine.write(NOW, |w| {
            for n in [2, 3] {
                let none = snug_wire::device_list::DeviceList(Vec::new());
                crate::store::table::contact::put(w.db, &author(n).account, "Bo", &none)?;
            }
            let log = log::of(w.db, &group)?.remove(0);
            let mut state = LogState::clone(&*w.state(&log.group)?);
            state.participants.retain(|p| p.account == own);
            let one = state.participants[0].clone();
            for n in 1..count as u64 {
                let mut account = AccountId([0xff; 32]);
                account.0[..8].copy_from_slice(&n.to_be_bytes());
                state.participants.push(Participant {
                    account,
                    ..one.clone()
                });
            }
            state.participants.sort_by_key(|p| p.account);
            crate::store::table::log_state::put(w.db, &log.group, &state)
        });
        written.unwrap();
    };
    let add = |ada: &mut Ada, n: u8| {
        let wish = GroupWish::Add(author(n).account);
        ada.engine.change_group(group, &wish, NOW)
    };
    fill(&mut ada, MOST_PARTICIPANTS - 1);
    add(&mut ada, 2).unwrap();
    let full = add(&mut ada, 3);
    assert!(matches!(full, Err(Error::Rejected(Rejection::GroupFull))));
    let wish = GroupWish::Remove(author(2).account);
    ada.engine.change_group(group, &wish, NOW).unwrap();
    add(&mut ada, 3).unwrap();
}

#[test]
fn secrets_print_nothing_of_themselves() {
    let ada = Ada::new(&[2]);
    let there = mailbox::there(&ada.engine.db, &RelayKey([9; 32])).unwrap();
    let printed = format!(
        "{there:?} {:?}",
        ada.engine.me.as_ref().unwrap().device_seed
    );
    assert!(printed.contains("<redacted>"));
    assert!(!printed.contains("2, 2, 2, 2"), "{printed}");
}
