-- 2026-11: devices that come in again, conversations founded anew, and what has disappeared for good.

-- Why a log cannot be followed; when others were last asked to help.
ALTER TABLE log ADD COLUMN trouble INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0;

-- A log that is not what it was is not read a second time.
ALTER TABLE mailbox DROP COLUMN reached;

-- Where devices of a conversation are reached when the conversation itself does not work.
CREATE TABLE reach (
  conversation BLOB NOT NULL,
  device       BLOB NOT NULL,
  account      BLOB NOT NULL,
  inbox        BLOB NOT NULL,
  PRIMARY KEY (conversation, device)
) STRICT, WITHOUT ROWID;

-- Wishes of devices to be in a conversation: ours, and others' that we may fulfil.
CREATE TABLE wish (
  id           BLOB NOT NULL,
  conversation BLOB NOT NULL,
  incoming     INTEGER NOT NULL,
  open         INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  form         BLOB NOT NULL,
  PRIMARY KEY (id, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX wish_open ON wish (conversation, incoming, at) WHERE open = 1;

-- Ranges of a mailbox that the relay had not kept for us.
CREATE TABLE missed (
  address  BLOB NOT NULL,
  first    INTEGER NOT NULL,
  last     INTEGER NOT NULL,
  PRIMARY KEY (address, first)
) STRICT, WITHOUT ROWID;

-- Messages that disappeared: what is said about them later, or sent again, is about nothing.
CREATE TABLE gone (
  message BLOB PRIMARY KEY NOT NULL,
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_by_time ON gone (at);

-- Whether it was in a log once: others may have it.
ALTER TABLE message ADD COLUMN was_sent INTEGER NOT NULL DEFAULT 0;

CREATE INDEX amendment_by_place ON amendment (author, place);
CREATE INDEX reaction_by_place ON reaction (author, place);
