//! How much of each thing a relay takes. What is beyond is refused with its own reason.
//! Some of it an operator may set otherwise: [`Quotas`].

use snug_wire::FRAME_LIMIT;

/// What an operator may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Mailboxes one connection may have open.
    pub opens: usize,
    /// Entries an inbox or rendezvous holds.
    pub inbox_entries: u64,
    /// Bytes an inbox or rendezvous holds.
    pub inbox_bytes: u64,
    /// Bytes a conversation holds, attachments included.
    pub conversation_bytes: u64,
    /// Mailboxes there may be.
    pub mailboxes: u64,
    /// Bytes the relay's file may hold before it takes nothing new; `None` for what the disk has.
    pub store_bytes: Option<u64>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            opens: OPENS,
            inbox_entries: INBOX_ENTRIES,
            inbox_bytes: INBOX_BYTES,
            conversation_bytes: CONVERSATION_BYTES,
            mailboxes: MAILBOXES,
            store_bytes: None,
        }
    }
}

/// Largest sealed entry, attachment, in bytes: a frame with room for the other fields.
pub const ENTRY: usize = FRAME_LIMIT - 1_024;
/// Attachments of one commit (rule 12: as many adds).
pub const ATTACHMENTS: usize = 100;
/// Mailboxes one connection may have open.
pub const OPENS: usize = 10_000;
/// Entries an inbox or rendezvous holds; then `Full` until its owner trims.
pub const INBOX_ENTRIES: u64 = 1_000;
/// Bytes an inbox or rendezvous holds; then `Full` until its owner trims.
pub const INBOX_BYTES: u64 = 16 << 20;
/// Bytes a conversation holds; then `Full` until it is trimmed or old entries expire.
pub const CONVERSATION_BYTES: u64 = 4 << 30;
/// Mailboxes a relay has; then `Full`.
pub const MAILBOXES: u64 = 10_000_000;
/// Largest sealed card, in bytes.
pub const CARD: usize = 64 << 10;
/// Largest key package, in bytes.
pub const KEY_PACKAGE: usize = 16 << 10;
/// Key packages waiting in one pool, the last resort not counted.
pub const POOL: u32 = 200;
/// Bytes of answers after which a batch ends, so that many large fetches do not fill memory.
pub const BATCH_ANSWERS: usize = 16 << 20;
/// What one piece of trimming or forgetting may cost, in bytes, a row counting 4 KiB: tens of
/// milliseconds, during which nothing is put.
pub const PIECE: u64 = 32 << 20;

const MINUTE: u64 = 60_000;
/// A day, in milliseconds.
pub const DAY: u64 = 24 * 60 * MINUTE;
/// How long entries, key packages and ended invitations are kept (rule 11), in milliseconds.
pub const TIME_TO_LIVE: u64 = 90 * DAY;
/// How long a rendezvous is kept (rule 11), in milliseconds.
pub const RENDEZVOUS: u64 = 10 * MINUTE;
/// How long a mailbox that nobody opens is kept (rule 3), in milliseconds.
pub const UNOPENED: u64 = 365 * DAY;
