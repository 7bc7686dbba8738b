CREATE TABLE amendment (
  message BLOB NOT NULL,
  author  BLOB NOT NULL,
  place   BLOB NOT NULL,
  id      BLOB NOT NULL UNIQUE,
  at      INTEGER NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (message, author, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE blocked (
  account BLOB PRIMARY KEY NOT NULL,
  name    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  ignored INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE candidate (
  pending INTEGER NOT NULL REFERENCES pending (id),
  device  BLOB NOT NULL,
  inbox   BLOB NOT NULL,
  package BLOB,
  PRIMARY KEY (pending, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE contact (
  account BLOB PRIMARY KEY NOT NULL,
  name    TEXT NOT NULL,
  devices BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE conversation (
  id         BLOB PRIMARY KEY NOT NULL,
  kind       INTEGER NOT NULL,
  peer       BLOB,
  created_at INTEGER NOT NULL
, name TEXT NOT NULL DEFAULT '', standing INTEGER NOT NULL DEFAULT 0, picture BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE draft (
  conversation BLOB PRIMARY KEY NOT NULL REFERENCES conversation (id),
  text         TEXT NOT NULL,
  reply_to     BLOB,
  editing      BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE gone (
  message BLOB PRIMARY KEY NOT NULL,
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE inbox (
  address    BLOB PRIMARY KEY NOT NULL REFERENCES mailbox (address),
  key        BLOB NOT NULL,
  invitation BLOB
, pool INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE invitation (
  id         BLOB PRIMARY KEY NOT NULL,
  invited    BLOB NOT NULL,
  state      INTEGER NOT NULL,
  used       INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE keeping (
  conversation BLOB PRIMARY KEY NOT NULL,
  pinned       INTEGER NOT NULL,
  archived     INTEGER NOT NULL,
  muted_until  INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE log (
  group_id     BLOB PRIMARY KEY NOT NULL,
  conversation BLOB NOT NULL REFERENCES conversation (id),
  address      BLOB NOT NULL UNIQUE REFERENCES mailbox (address),
  head         INTEGER NOT NULL,
  ready        INTEGER NOT NULL,
  read         INTEGER NOT NULL
, trouble INTEGER NOT NULL DEFAULT 0, asked_at INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL DEFAULT 0, kind INTEGER NOT NULL DEFAULT 0, moved BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE log_state (
  group_id BLOB NOT NULL UNIQUE REFERENCES log (group_id),
  state    BLOB NOT NULL
) STRICT;
CREATE TABLE mailbox (
  address    BLOB PRIMARY KEY NOT NULL,
  relay      BLOB NOT NULL,
  secret     BLOB NOT NULL,
  standing   INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  envelope   BLOB) STRICT, WITHOUT ROWID;
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
, was_sent INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE VIRTUAL TABLE message_pairs USING fts5 (
  text, content = 'message', content_rowid = 'n', detail = 'none', tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TABLE 'message_pairs_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'message_pairs_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'message_pairs_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'message_pairs_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE VIRTUAL TABLE message_text USING fts5 (
  text, content = 'message', content_rowid = 'n', tokenize = 'trigram remove_diacritics 1'
);
CREATE TABLE 'message_text_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'message_text_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'message_text_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
CREATE TABLE 'message_text_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TABLE missed (
  address  BLOB NOT NULL,
  first    INTEGER NOT NULL,
  last     INTEGER NOT NULL,
  PRIMARY KEY (address, first)
) STRICT, WITHOUT ROWID;
CREATE TABLE mls (
  key   BLOB NOT NULL UNIQUE,
  value BLOB NOT NULL
) STRICT;
CREATE TABLE offer (
  conversation BLOB PRIMARY KEY NOT NULL,
  account      BLOB NOT NULL,
  at           INTEGER NOT NULL,
  state        INTEGER NOT NULL,
  pointer      BLOB NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE participant (
  conversation BLOB NOT NULL REFERENCES conversation (id),
  account      BLOB NOT NULL,
  name         TEXT NOT NULL,
  kind         INTEGER NOT NULL,
  role         INTEGER NOT NULL,
  joined       INTEGER NOT NULL,
  spoke_at     INTEGER NOT NULL,
  PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE pending (
  id           INTEGER PRIMARY KEY NOT NULL,
  conversation BLOB NOT NULL REFERENCES conversation (id),
  at           INTEGER NOT NULL,
  not_before   INTEGER NOT NULL,
  adds         INTEGER NOT NULL,
  wanted       BLOB NOT NULL
) STRICT;
CREATE TABLE presence (
  account   BLOB PRIMARY KEY NOT NULL,
  last_seen INTEGER NOT NULL,
  text      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE privacy (
  account  BLOB PRIMARY KEY NOT NULL,
  typing   INTEGER,
  presence INTEGER,
  receipts INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
  address BLOB NOT NULL,
  seq     INTEGER NOT NULL,
  why     TEXT NOT NULL,
  tries   INTEGER NOT NULL,
  PRIMARY KEY (address, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE reach (
  conversation BLOB NOT NULL,
  device       BLOB NOT NULL,
  account      BLOB NOT NULL,
  inbox        BLOB NOT NULL,
  PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;
CREATE TABLE reaction (
  message BLOB NOT NULL,
  author  BLOB NOT NULL,
  place   BLOB NOT NULL,
  id      BLOB NOT NULL UNIQUE,
  emoji   TEXT NOT NULL,
  PRIMARY KEY (message, author, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE receipt (
  group_id  BLOB NOT NULL REFERENCES log (group_id),
  account   BLOB NOT NULL,
  delivered INTEGER NOT NULL,
  read      INTEGER NOT NULL,
  PRIMARY KEY (group_id, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE receipt_mark (
  group_id BLOB NOT NULL REFERENCES log (group_id),
  account  BLOB NOT NULL,
  read     INTEGER NOT NULL,
  seq      INTEGER NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (group_id, account, read, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE relay (
  key        BLOB PRIMARY KEY NOT NULL,
  url        TEXT NOT NULL,
  connection BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE request (
  claim        BLOB PRIMARY KEY NOT NULL,
  incoming     INTEGER NOT NULL,
  invitation   BLOB NOT NULL,
  account      BLOB NOT NULL,
  name         TEXT NOT NULL,
  greeting     TEXT NOT NULL,
  state        INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  conversation BLOB,
  form         BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE setting (
  name  TEXT PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sqlite_sequence(name,seq);
CREATE TABLE verified (
  account BLOB PRIMARY KEY NOT NULL,
  state   BLOB NOT NULL,
  version INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  holds   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE vote (
  conversation BLOB NOT NULL REFERENCES conversation (id),
  account      BLOB NOT NULL,
  form         BLOB NOT NULL,
  PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;
CREATE TABLE wish (
  id           BLOB NOT NULL,
  conversation BLOB NOT NULL,
  incoming     INTEGER NOT NULL,
  open         INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  form         BLOB NOT NULL,
  PRIMARY KEY (id, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX amendment_by_place ON amendment (author, place);
CREATE INDEX gone_by_time ON gone (at);
CREATE INDEX keeping_muted ON keeping (muted_until) WHERE muted_until IS NOT NULL;
CREATE INDEX log_by_conversation ON log (conversation, group_id);
CREATE INDEX mailbox_by_relay ON mailbox (relay);
CREATE INDEX message_by_log ON message (group_id, seq) WHERE own = 1;
CREATE INDEX message_by_place ON message (conversation, place);
CREATE INDEX message_expiring ON message (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX message_timers ON message (conversation, place) WHERE kind = 2;
CREATE INDEX message_unread ON message (conversation, place, to_me) WHERE state = 10;
CREATE INDEX outbox_by_lane ON outbox (lane, stage, priority DESC, id);
CREATE INDEX outbox_by_message ON outbox (message, bytes, added_at) WHERE message IS NOT NULL;
CREATE INDEX outbox_delayed ON outbox (not_before) WHERE not_before > 0;
CREATE INDEX participant_by_account ON participant (account);
CREATE INDEX pending_by_conversation ON pending (conversation, id);
CREATE INDEX reaction_by_place ON reaction (author, place);
CREATE INDEX request_by_invitation ON request (invitation, incoming, state);
CREATE INDEX request_by_state ON request (incoming, state);
CREATE INDEX wish_open ON wish (conversation, incoming, at) WHERE open = 1;
