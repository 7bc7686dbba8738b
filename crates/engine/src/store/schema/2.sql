-- 2026-11: what people do with messages; fewer pages for each message sent.

-- OpenMLS' values are one to three KiB: beside the rowid they stay on one page, under a key they do not.
ALTER TABLE mls RENAME TO mls_1;
CREATE TABLE mls (
  key   BLOB NOT NULL UNIQUE,
  value BLOB NOT NULL
) STRICT;
INSERT INTO mls (key, value) SELECT key, value FROM mls_1;
DROP TABLE mls_1;

-- Ids are given by the engine and never twice in a process; frozen rows of a lane are few.
ALTER TABLE outbox RENAME TO outbox_1;
CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY NOT NULL,
  relay      BLOB NOT NULL,
  lane       BLOB NOT NULL,
  priority   INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  stage      INTEGER NOT NULL,
  intent     BLOB NOT NULL,
  request    BLOB,
  message    BLOB,
  added_at   INTEGER NOT NULL,
  bytes      INTEGER NOT NULL
) STRICT;
INSERT INTO outbox (id, relay, lane, priority, not_before, stage, intent, request, message, added_at, bytes)
  SELECT id, relay, lane, priority, not_before, min(stage, 1), intent, request, message,
         CAST(strftime('%s', 'now') AS INTEGER) * 1000, length(intent)
  FROM outbox_1;
DROP TABLE outbox_1;
CREATE INDEX outbox_by_lane ON outbox (lane, stage, priority DESC, id);
CREATE INDEX outbox_by_message ON outbox (message, bytes, added_at) WHERE message IS NOT NULL;
CREATE INDEX outbox_delayed ON outbox (not_before) WHERE not_before > 0;

-- `n` counts messages as they came to this device: the search index names them by it.
ALTER TABLE message RENAME TO message_1;
CREATE TABLE message (
  n            INTEGER PRIMARY KEY NOT NULL,
  id           BLOB NOT NULL UNIQUE,
  conversation BLOB NOT NULL REFERENCES conversation (id),
  place        BLOB NOT NULL,
  group_id     BLOB,
  seq          INTEGER NOT NULL,
  author       BLOB NOT NULL,
  own          INTEGER NOT NULL,
  kind         INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  text         TEXT NOT NULL,
  content      BLOB NOT NULL,
  priority     INTEGER NOT NULL,
  state        INTEGER NOT NULL,
  problem      INTEGER NOT NULL DEFAULT 0,
  amended      INTEGER NOT NULL DEFAULT 0,
  reacted      INTEGER NOT NULL DEFAULT 0,
  to_me        INTEGER NOT NULL DEFAULT 0,
  timer        INTEGER,
  expires_at   INTEGER
) STRICT;
INSERT INTO message (id, conversation, place, group_id, seq, author, own, kind, at, text, content, priority, state)
  SELECT id, conversation, place, group_id, seq, author, own, kind, at, text, content, priority, state
  FROM message_1 ORDER BY place;
DROP TABLE message_1;
CREATE INDEX message_by_place ON message (conversation, place);
CREATE INDEX message_by_log ON message (group_id, seq) WHERE own = 1;
CREATE INDEX message_unread ON message (conversation, place, to_me) WHERE state = 10;
CREATE INDEX message_timers ON message (conversation, place) WHERE kind = 2;
CREATE INDEX message_expiring ON message (expires_at) WHERE expires_at IS NOT NULL;

-- Edits and deletions of a message, whether or not it is here. The one in the highest place counts.
CREATE TABLE amendment (
  message BLOB NOT NULL,
  author  BLOB NOT NULL,
  place   BLOB NOT NULL,
  id      BLOB NOT NULL UNIQUE,
  at      INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (message, author, place)
) STRICT, WITHOUT ROWID;

-- What somebody thinks of a message; empty when taken back. The one in the highest place counts.
CREATE TABLE reaction (
  message BLOB NOT NULL,
  author  BLOB NOT NULL,
  place   BLOB NOT NULL,
  id      BLOB NOT NULL UNIQUE,
  emoji   TEXT NOT NULL,
  PRIMARY KEY (message, author, place)
) STRICT, WITHOUT ROWID;

-- When somebody's watermarks rose: says when a message was delivered and read.
CREATE TABLE receipt_mark (
  group_id BLOB NOT NULL REFERENCES log (group_id),
  account  BLOB NOT NULL,
  read     INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (group_id, account, read, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
  conversation BLOB PRIMARY KEY NOT NULL REFERENCES conversation (id),
  text         TEXT NOT NULL,
  reply_to     BLOB,
  editing      BLOB
) STRICT, WITHOUT ROWID;

-- What is told to whom; an account of zeros is everybody, NULL is as for everybody.
CREATE TABLE privacy (
  account  BLOB PRIMARY KEY NOT NULL,
  typing   INTEGER,
  presence INTEGER,
  receipts INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE presence (
  account   BLOB PRIMARY KEY NOT NULL,
  last_seen INTEGER NOT NULL,
  text      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every three letters of every text, and every two where words are that short (Han, Kana, Hangul).
-- Made a moment after the messages; the setting "indexed" says up to which `n`.
CREATE VIRTUAL TABLE message_text USING fts5 (
  text, content = 'message', content_rowid = 'n', tokenize = 'trigram remove_diacritics 1'
);
INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE message_pairs USING fts5 (
  text, content = 'message', content_rowid = 'n', detail = 'none', tokenize = 'unicode61 remove_diacritics 0'
);
INSERT INTO message_pairs (message_pairs, rank) VALUES ('secure-delete', 1);
