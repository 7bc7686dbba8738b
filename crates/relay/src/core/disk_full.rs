//! When the disk is full nothing is done by halves, and all goes on once there is room.

use super::{Core, Job, Out, Peer};
use crate::store::Store;
use snug_wire::frame::{Answer, MailboxKind, Put, Refusal, RelayFrame, Request};
use snug_wire::{Address, EnvelopeId, LockSecret, Seq};

const AT: Address = Address([1; 32]);

fn secret() -> LockSecret {
    LockSecret::new([1; 32])
}

fn put(id: u8, len: usize) -> Request {
    Request::Put(Put {
        address: AT,
        secret: Some(secret()),
        id: EnvelopeId([id; 16]),
        flagged: false,
        rests_on: Seq(0),
        lock: None,
        attachments: Vec::new(),
        bytes: vec![id; len],
    })
}

fn ask(core: &mut Core, requests: Vec<Request>) -> Vec<Out> {
    let jobs = requests.into_iter().zip(0..);
    let mut jobs = jobs.map(|(request, number)| Job {
        peer: Peer(1),
        number,
        request,
    });
    core.apply(&mut jobs, 1, &mut || 1)
}

fn limit(core: &Core, pages: i64) {
    let conn = core.store.reader();
    conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        .unwrap();
}

#[test]
fn a_full_disk_refuses_the_batch_and_delivers_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("relay.db")).unwrap();
    let mut core = Core::open(store, [1; 32]).unwrap();
    let open = Request::Open(AT, secret(), None);
    ask(
        &mut core,
        vec![
            Request::Create(AT, MailboxKind::Conversation, secret().lock()),
            open,
        ],
    );
    assert_eq!(core.pull(Peer(1), 1).unwrap(), [RelayFrame::CaughtUp(AT)]);
    let pages = core
        .store
        .reader()
        .pragma_query_value(None, "page_count", |row| row.get(0));
    limit(&core, pages.unwrap());

    let batch = || vec![put(1, 10), put(2, 100_000), put(3, 10)];
    let refused = ask(&mut core, batch());
    assert!(core.is_failing());
    assert_eq!(refused.len(), 3, "three answers and no delivery");
    for (out, number) in refused.into_iter().zip(0..) {
        assert_eq!(
            out.frame,
            RelayFrame::Answer(number, Answer::Refused(Refusal::Disk))
        );
    }

    limit(&core, 100_000);
    let done = ask(&mut core, batch());
    assert!(!core.is_failing());
    let answers = done.into_iter().filter_map(|out| match out.frame {
        RelayFrame::Answer(_, answer) => Some(answer),
        _ => None,
    });
    assert_eq!(
        answers.collect::<Vec<_>>(),
        [1, 2, 3].map(|seq| Answer::Stored(Seq(seq))),
        "from the first on"
    );
}
