//! A table is a file: how it is made, its row, its queries.

pub(crate) mod amendment;
pub(crate) mod contact;
pub(crate) mod conversation;
pub(crate) mod draft;
pub(crate) mod gone;
pub(crate) mod inbox;
pub(crate) mod invitation;
pub(crate) mod log;
pub(crate) mod mailbox;
pub(crate) mod message;
pub(crate) mod missed;
pub(crate) mod mls;
pub(crate) mod outbox;
pub(crate) mod presence;
pub(crate) mod privacy;
pub(crate) mod quarantine;
pub(crate) mod reach;
pub(crate) mod reaction;
pub(crate) mod receipt;
pub(crate) mod relay;
pub(crate) mod request;
pub(crate) mod search;
pub(crate) mod setting;
pub(crate) mod wish;
