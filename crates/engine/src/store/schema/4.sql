-- 2026-11: what a person thinks of accounts, and how chats are kept in the list.

-- Whose requests and direct messages are not taken; how many requests that were.
CREATE TABLE blocked (
  account BLOB PRIMARY KEY NOT NULL,
  name    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  ignored INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whose safety number was compared: the last entry of their device list then, its hash and version. It
-- holds until they have a device that was not in that list.
CREATE TABLE verified (
  account BLOB PRIMARY KEY NOT NULL,
  state   BLOB NOT NULL,
  version INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  holds   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How chats are kept; one without a row is not pinned, not archived, not muted.
CREATE TABLE keeping (
  conversation BLOB PRIMARY KEY NOT NULL,
  pinned       INTEGER NOT NULL,
  archived     INTEGER NOT NULL,
  muted_until  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX keeping_muted ON keeping (muted_until) WHERE muted_until IS NOT NULL;
