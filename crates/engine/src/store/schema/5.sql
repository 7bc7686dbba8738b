-- 2026-11: groups.

-- What a log has established is large in a group: it is read when it is needed, and kept in memory by
-- its version.
CREATE TABLE log_state (
  group_id BLOB NOT NULL UNIQUE REFERENCES log (group_id),
  state    BLOB NOT NULL
) STRICT;
INSERT INTO log_state (group_id, state) SELECT group_id, state FROM log;
ALTER TABLE log DROP COLUMN state;
ALTER TABLE log ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
UPDATE log SET kind = (SELECT kind FROM conversation WHERE id = conversation);

-- Groups as they are shown.
ALTER TABLE conversation ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE conversation ADD COLUMN standing INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN picture BLOB;
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
CREATE INDEX participant_by_account ON participant (account);

-- Changes of a group that are wished and not done yet.
CREATE TABLE pending (
  id           INTEGER PRIMARY KEY NOT NULL,
  conversation BLOB NOT NULL REFERENCES conversation (id),
  at           INTEGER NOT NULL,
  not_before   INTEGER NOT NULL,
  adds         INTEGER NOT NULL,
  wanted       BLOB NOT NULL
) STRICT;
CREATE INDEX pending_by_conversation ON pending (conversation, id);

-- Whom members of a group would have for an admin, as long as theirs are silent.
CREATE TABLE vote (
  conversation BLOB NOT NULL REFERENCES conversation (id),
  account      BLOB NOT NULL,
  form         BLOB NOT NULL,
  PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;

-- At which relay a log's conversation goes on, in another log.
ALTER TABLE log ADD COLUMN moved BLOB;

-- Devices of those who are to be added: their key packages, once the relay has given them.
CREATE TABLE candidate (
  pending INTEGER NOT NULL REFERENCES pending (id),
  device  BLOB NOT NULL,
  inbox   BLOB NOT NULL,
  package BLOB,
  PRIMARY KEY (pending, device)
) STRICT, WITHOUT ROWID;

-- Groups one is invited to.
CREATE TABLE offer (
  conversation BLOB PRIMARY KEY NOT NULL,
  account      BLOB NOT NULL,
  at           INTEGER NOT NULL,
  state        INTEGER NOT NULL,
  pointer      BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Pointers of a form that is no more lead nowhere: what was being fetched by one is over.
UPDATE request SET state = 8 WHERE state = 2 AND incoming = 0 AND EXISTS
  (SELECT 1 FROM outbox WHERE substr(intent, 1, 2) = x'820b');
DELETE FROM outbox WHERE substr(intent, 1, 2) = x'820b';

-- How many key packages of ours wait beside an inbox.
ALTER TABLE inbox ADD COLUMN pool INTEGER NOT NULL DEFAULT 0;
