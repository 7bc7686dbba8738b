//! Rows as the engine writes them (`crates/engine/src/store/schema`), many to a transaction.

use super::{NOW, words};
use anyhow::{Context as _, Result};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use rusqlite::Connection;
use snug_engine::{Access, Engine, connect};
use snug_wire::content::{Body, Content, Edit, Priority, Text};
use snug_wire::log_state::LogState;
use snug_wire::{AccountId, ConversationId, MessageId, Secret, encode};
use std::path::Path;

/// How many chats there are; the first has half of all messages.
const CHATS: usize = 20;
/// How many the person has not seen, at the end.
const UNREAD: u64 = 200;
const BATCH: u64 = 50_000;
/// Between one message and the next, in milliseconds.
const APART: u64 = 40_000;

struct Chat {
    id: ConversationId,
    peer: AccountId,
    group: [u8; 16],
    seq: u64,
}

pub struct Rows {
    db: Connection,
    me: AccountId,
    rng: ChaCha20Rng,
    chats: Vec<Chat>,
}

impl Rows {
    /// Over a new database, of which the engine has made the tables and the account.
    pub fn new(engine: Engine, path: &Path, key: &Secret) -> Result<Self> {
        let me = engine.view().account()?.context("an account")?.id;
        engine.close()?;
        let db = connect(path, key, Access::Write)?;
        db.pragma_update(None, "synchronous", "OFF")?;
        db.pragma_update(None, "cache_size", -400_000)?;
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let mut chats = Vec::new();
        for _ in 0..CHATS {
            let (mut peer, mut group) = ([0; 32], [0; 16]);
            rng.fill_bytes(&mut peer);
            rng.fill_bytes(&mut group);
            let peer = AccountId(peer);
            let id = LogState::direct_id(&me, &peer);
            db.execute(
                "INSERT INTO conversation (id, kind, peer, created_at) VALUES (?1, 0, ?2, 1)",
                (id.0, peer.0),
            )?;
            chats.push(Chat {
                id,
                peer,
                group,
                seq: 0,
            });
        }
        Ok(Self { db, me, rng, chats })
    }

    /// So many messages; the chats, the longest first.
    pub fn write(mut self, count: u64) -> Result<Vec<ConversationId>> {
        for from in (0..count).step_by(BATCH as usize) {
            self.db.execute_batch("BEGIN")?;
            for n in from..count.min(from + BATCH) {
                self.message(n, count)?;
            }
            self.db.execute_batch("COMMIT")?;
        }
        Ok(self.chats.iter().map(|chat| chat.id).collect())
    }

    fn id(&mut self) -> MessageId {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        MessageId(id)
    }

    fn message(&mut self, n: u64, count: u64) -> Result<()> {
        let id = self.id();
        let is_long = self.rng.random_bool(0.5);
        let which = if is_long {
            0
        } else {
            self.rng.random_range(1..CHATS)
        };
        let (own, edited, reacted) = (
            self.rng.random_bool(0.5),
            self.rng.random_bool(0.02),
            self.rng.random_bool(0.03),
        );
        let at = NOW - (count - n) * APART;
        let text = words::text(&mut self.rng);
        let (edit, react) = (self.id(), self.id());
        let said = text.clone();
        let chat = &mut self.chats[which];
        let author = if own { self.me } else { chat.peer };
        // Receipts and what is said about messages take places too.
        chat.seq += 1 + u64::from(n.is_multiple_of(3));
        let (seq, conversation, group) = (chat.seq, chat.id, chat.group);
        let body = Body::Text(Text::new(id, text.clone(), Priority::Normal));
        let state = match own {
            true => 3,
            false if count - n <= UNREAD => 10,
            false => 11,
        };
        self.db
            .prepare_cached(
                "INSERT INTO message (id, conversation, place, group_id, seq, author, own, kind, at,
                 text, content, priority, state, problem, amended, reacted, to_me, timer, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8, ?9, ?10, 1, ?11, 0, ?12, ?13, 0, NULL, NULL)",
            )?
            .execute(rusqlite::params![
                id.0,
                conversation.0,
                place(&group, seq),
                group,
                seq.cast_signed(),
                author.0,
                own,
                at.cast_signed(),
                text,
                encode(&Content { at, body }),
                state,
                i64::from(edited),
                reacted,
            ])?;
        if edited {
            let body = Body::Edit(Edit {
                id: edit,
                message: id,
                text: said,
                mentions: Vec::new(),
            });
            self.db
                .prepare_cached(
                    "INSERT INTO amendment (message, author, place, id, at, content)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute((
                    id.0,
                    author.0,
                    place(&group, seq + 1),
                    edit.0,
                    at.cast_signed(),
                    encode(&Content { at, body }),
                ))?;
        }
        if reacted {
            self.db
                .prepare_cached(
                    "INSERT INTO reaction (message, author, place, id, emoji) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((id.0, self.me.0, place(&group, seq + 1), react.0, "\u{1f44d}"))?;
        }
        Ok(())
    }
}

/// As `Place::of` in the engine: higher groups first.
fn place(group: &[u8; 16], seq: u64) -> Vec<u8> {
    let group = group.iter().map(|byte| !byte);
    group.chain(seq.to_be_bytes()).collect()
}
