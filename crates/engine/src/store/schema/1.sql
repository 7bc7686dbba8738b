-- 2026-11: the first schema.
CREATE TABLE setting (
  name  TEXT PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE mls (
  key   BLOB PRIMARY KEY NOT NULL,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE relay (
  key        BLOB PRIMARY KEY NOT NULL,
  url        TEXT NOT NULL,
  connection BLOB NOT NULL
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
) STRICT, WITHOUT ROWID;

CREATE TABLE mailbox (
  address    BLOB PRIMARY KEY NOT NULL,
  relay      BLOB NOT NULL,
  secret     BLOB NOT NULL,
  standing   INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  seq        INTEGER NOT NULL,
  envelope   BLOB,
  reached    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_by_relay ON mailbox (relay);

CREATE TABLE log (
  group_id     BLOB PRIMARY KEY NOT NULL,
  conversation BLOB NOT NULL REFERENCES conversation (id),
  address      BLOB NOT NULL UNIQUE REFERENCES mailbox (address),
  state        BLOB NOT NULL,
  head         INTEGER NOT NULL,
  ready        INTEGER NOT NULL,
  read         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX log_by_conversation ON log (conversation, group_id);

CREATE TABLE inbox (
  address    BLOB PRIMARY KEY NOT NULL REFERENCES mailbox (address),
  key        BLOB NOT NULL,
  invitation BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
  id           BLOB PRIMARY KEY NOT NULL,
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
  state        INTEGER NOT NULL
) STRICT;
CREATE INDEX message_by_place ON message (conversation, place);
CREATE INDEX message_by_log ON message (group_id, seq) WHERE own = 1;
CREATE INDEX message_unread ON message (conversation, place) WHERE state = 10;

CREATE TABLE receipt (
  group_id  BLOB NOT NULL REFERENCES log (group_id),
  account   BLOB NOT NULL,
  delivered INTEGER NOT NULL,
  read      INTEGER NOT NULL,
  PRIMARY KEY (group_id, account)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  relay      BLOB NOT NULL,
  lane       BLOB NOT NULL,
  priority   INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  stage      INTEGER NOT NULL,
  intent     BLOB NOT NULL,
  request    BLOB,
  envelope   BLOB,
  message    BLOB
) STRICT;
CREATE INDEX outbox_by_lane ON outbox (lane, stage, priority DESC, id);
CREATE INDEX outbox_by_envelope ON outbox (envelope) WHERE envelope IS NOT NULL;
CREATE UNIQUE INDEX outbox_by_message ON outbox (message) WHERE message IS NOT NULL;
CREATE INDEX outbox_messages ON outbox (stage) WHERE message IS NOT NULL;

CREATE TABLE invitation (
  id         BLOB PRIMARY KEY NOT NULL,
  invited    BLOB NOT NULL,
  state      INTEGER NOT NULL,
  used       INTEGER NOT NULL,
  created_at INTEGER NOT NULL
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
CREATE INDEX request_by_invitation ON request (invitation, incoming, state);
CREATE INDEX request_by_state ON request (incoming, state);

CREATE TABLE quarantine (
  address BLOB NOT NULL,
  seq     INTEGER NOT NULL,
  why     TEXT NOT NULL,
  tries   INTEGER NOT NULL,
  PRIMARY KEY (address, seq)
) STRICT, WITHOUT ROWID;
