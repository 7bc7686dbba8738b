//! What hosts show: rows, pages and updates. The user interface's types are made from these.
//!
//! Ids cross as hexadecimal strings, times as milliseconds of Unix time in `f64`; there are no
//! 64-bit integers.

mod connection;
mod contacts;
mod details;
mod from_engine;
mod from_groups;
mod groups;
mod local_network;
mod messages;
mod presence;
mod rows;
mod settings;
mod talk;
mod update;

pub use contacts::{BlockedRow, ContactRow, SafetyNumber, Trust};
pub use details::{
    ConnectionDetails, ErrorCount, OtherRelay, Priority, QueueCount, ReconnectRow, RoundTrip,
    Transport,
};
pub use groups::{
    ChatStanding, GroupChange, GroupInvitationRow, GroupPreview, GroupRow, NewInvitation,
    ParticipantKind, ParticipantRow, ParticipantState, PendingRow, Role,
};
pub use local_network::LocalNetworkRow;
pub use presence::{OwnPresence, OwnState, PresenceRow, PresenceState, Privacy, PrivacyOverride};
pub use rows::{
    AccountRow, ChatKind, ChatRow, ConnectionRow, ConnectionState, InvitationRow, InvitationState,
    LastLine, MessageKind, MessageRow, MessageState, Page, Preview, QrMatrix, RequestRow,
    RequestState, Standing, Startup,
};
pub use settings::{ConnectionSettings, Proxy, ProxyKind};
pub use talk::{
    Draft, Mention, MessageDetails, MessageNotice, Quote, Reaction, RecipientRow, SearchHit,
    SearchPage, SearchQuery, SendOptions, VersionRow,
};
pub use update::{Gone, GoneKind, Update};

pub(crate) use connection::{connection_at_first, connection_row, relay_name};
pub(crate) use contacts::{blocked_row, contact_row, muted_until, safety_number};
pub(crate) use details::{connection_details, other_relay, queue};
pub(crate) use from_engine::{
    Names, account_row, chat_row, count, invitation_row, place, preview, request_row,
};
pub(crate) use from_groups::{group_change, group_invitation_row, group_row, pending_rows};
pub(crate) use messages::{
    draft_row, from_draft, last_line, mentions, message_row, options, search_hit,
};
pub(crate) use presence::presence_row;

/// Milliseconds of Unix time, or a span of milliseconds.
pub type Millis = f64;

/// A time as hosts see it.
pub(crate) fn millis(time: u64) -> Millis {
    time as f64
}
