//! Bytes that leave a Snug process and outlive a release.
//!
//! Every form is CBOR (RFC 8949) as maps with integer keys. A decoder accepts keys it does not
//! know and skips them; bodies of a kind it does not know are kept as they came. No decoder
//! panics, allocates more than its input warrants, or accepts trailing bytes. The exact forms are
//! in `docs/PROTOCOL.md`; snapshots under `tests/wire/snapshots/` freeze them.
//!
//! Absent on purpose: sockets, storage and encryption. This crate only says what the bytes are.

pub mod card;
mod cbor;
pub mod code;
pub mod content;
pub mod device_list;
pub mod frame;
pub mod handshake;
mod id;
pub mod inbox;
pub mod linking;
mod local;
pub mod log_state;
pub mod own;
pub mod pad;
mod refusal;
mod relay_address;
mod secret;
pub mod signal;
pub mod verify;
pub mod vote;

pub use cbor::{WireError, decode, encode, encode_into};
pub use id::{
    AccountId, Address, ClaimId, ConnectionKey, ConversationId, DeviceId, DeviceKey, EnvelopeId,
    GroupId, InvitationId, JoinId, Lock, MessageId, RelayKey, Seq,
};
pub use local::is_local;
pub use relay_address::RelayAddress;
pub use secret::{LockSecret, Secret, Token};

/// Version of the protocol between devices and relays, said in `Hello`.
pub const PROTOCOL_VERSION: u16 = 1;

/// Largest frame either side accepts, in bytes (rule 12).
pub const FRAME_LIMIT: usize = 4 << 20;
/// Largest text of one message, in bytes of UTF-8 (rule 12).
pub const TEXT_LIMIT: usize = 64 << 10;
/// Largest signal, in bytes (rule 12).
pub const SIGNAL_LIMIT: usize = 4 << 10;
/// Largest name of an account, in characters.
pub const NAME_LIMIT: usize = 64;
/// Largest greeting of an invitation or request, in characters.
pub const GREETING_LIMIT: usize = 280;
