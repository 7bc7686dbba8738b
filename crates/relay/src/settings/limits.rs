//! How much a relay takes.

use crate::core::limits::Quotas;
use clap::{Args, value_parser};

/// How much a relay takes. What is beyond is refused with its own reason. The usual limits are such
/// that honest devices never meet them, a thousand of them behind one address included.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// Devices connected at once; more are told to come back later
    #[arg(long, value_name = "N", env = "SNUG_RELAY_MAX_CONNECTIONS", default_value_t = Self::default().max_connections,
          value_parser = value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// The same from one network address (IPv6: one /64). This computer and trusted proxies are not counted
    #[arg(long, value_name = "N", env = "SNUG_RELAY_MAX_CONNECTIONS_PER_ADDRESS", default_value_t = Self::default().max_connections_per_address,
          value_parser = value_parser!(u32).range(1..))]
    pub max_connections_per_address: u32,
    /// New connections of one network address, a second
    #[arg(long, value_name = "N", env = "SNUG_RELAY_CONNECTS_PER_SECOND_PER_ADDRESS", default_value_t = Self::default().connects_per_second_per_address,
          value_parser = value_parser!(u32).range(1..))]
    pub connects_per_second_per_address: u32,
    /// New connections of one network address at once, such as after a power cut
    #[arg(long, value_name = "N", env = "SNUG_RELAY_CONNECT_BURST_PER_ADDRESS", default_value_t = Self::default().connect_burst_per_address,
          value_parser = value_parser!(u32).range(1..))]
    pub connect_burst_per_address: u32,
    /// Requests of one connection, a second
    #[arg(long, value_name = "N", env = "SNUG_RELAY_REQUESTS_PER_SECOND", default_value_t = Self::default().requests_per_second,
          value_parser = value_parser!(u32).range(1..))]
    pub requests_per_second: u32,
    /// Requests of one connection at once, such as when a device opens all its chats
    #[arg(long, value_name = "N", env = "SNUG_RELAY_REQUEST_BURST", default_value_t = Self::default().request_burst,
          value_parser = value_parser!(u32).range(1..))]
    pub request_burst: u32,
    /// Requests of all connections from one network address, a second
    #[arg(long, value_name = "N", env = "SNUG_RELAY_REQUESTS_PER_SECOND_PER_ADDRESS", default_value_t = Self::default().requests_per_second_per_address,
          value_parser = value_parser!(u32).range(1..))]
    pub requests_per_second_per_address: u32,
    /// Requests of all connections from one network address at once
    #[arg(long, value_name = "N", env = "SNUG_RELAY_REQUEST_BURST_PER_ADDRESS", default_value_t = Self::default().request_burst_per_address,
          value_parser = value_parser!(u32).range(1..))]
    pub request_burst_per_address: u32,
    /// Mailboxes one connection may have open
    #[arg(long, value_name = "N", env = "SNUG_RELAY_OPENS_PER_CONNECTION", default_value_t = Self::default().opens_per_connection,
          value_parser = value_parser!(u32).range(1..))]
    pub opens_per_connection: u32,
    /// For a client to say what it wants, TLS included
    #[arg(long, value_name = "SECONDS", env = "SNUG_RELAY_HEADER_SECONDS", default_value_t = Self::default().header_seconds,
          value_parser = value_parser!(u32).range(1..))]
    pub header_seconds: u32,
    /// For a client to prove its key
    #[arg(long, value_name = "SECONDS", env = "SNUG_RELAY_HANDSHAKE_SECONDS", default_value_t = Self::default().handshake_seconds,
          value_parser = value_parser!(u32).range(1..))]
    pub handshake_seconds: u32,
    /// How long a connection may be silent; devices are heard every 20 seconds
    #[arg(long, value_name = "SECONDS", env = "SNUG_RELAY_SILENCE_SECONDS", default_value_t = Self::default().silence_seconds,
          value_parser = value_parser!(u32).range(10..))]
    pub silence_seconds: u32,
    /// What may wait for one device that does not read; more, and it is cut off and catches up later
    #[arg(long, value_name = "MIB", env = "SNUG_RELAY_QUEUE_MIB", default_value_t = Self::default().queue_mib,
          value_parser = value_parser!(u32).range(5..))]
    pub queue_mib: u32,
    /// What may wait for all devices together; more, and those are cut off for whom much waits
    #[arg(long, value_name = "MIB", env = "SNUG_RELAY_QUEUES_MIB", default_value_t = Self::default().queues_mib,
          value_parser = value_parser!(u32).range(64..))]
    pub queues_mib: u32,
    /// Entries one inbox holds until its owner reads
    #[arg(long, value_name = "N", env = "SNUG_RELAY_INBOX_ENTRIES", default_value_t = Self::default().inbox_entries,
          value_parser = value_parser!(u32).range(1..))]
    pub inbox_entries: u32,
    /// The same in size
    #[arg(long, value_name = "MIB", env = "SNUG_RELAY_INBOX_MIB", default_value_t = Self::default().inbox_mib,
          value_parser = value_parser!(u32).range(1..))]
    pub inbox_mib: u32,
    /// What one conversation's mailbox holds
    #[arg(long, value_name = "MIB", env = "SNUG_RELAY_CONVERSATION_MIB", default_value_t = Self::default().conversation_mib,
          value_parser = value_parser!(u32).range(16..))]
    pub conversation_mib: u32,
    /// Mailboxes the relay has
    #[arg(long, value_name = "N", env = "SNUG_RELAY_MAX_MAILBOXES", default_value_t = Self::default().max_mailboxes,
          value_parser = value_parser!(u32).range(1..))]
    pub max_mailboxes: u32,
    /// What the relay's file may hold before nothing new is taken; 0 for as much as the disk has
    #[arg(long, value_name = "MIB", env = "SNUG_RELAY_STORE_MIB", default_value_t = Self::default().store_mib,
          value_parser = value_parser!(u32).range(0..))]
    pub store_mib: u32,
}

impl Limits {
    /// What of them the core keeps.
    pub fn quotas(&self) -> Quotas {
        let mib = |number: u32| u64::from(number) << 20;
        Quotas {
            opens: self.opens_per_connection as usize,
            inbox_entries: self.inbox_entries.into(),
            inbox_bytes: mib(self.inbox_mib),
            conversation_bytes: mib(self.conversation_mib),
            mailboxes: self.max_mailboxes.into(),
            store_bytes: (self.store_mib > 0).then(|| mib(self.store_mib)),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 50_000,
            max_connections_per_address: 2_000,
            connects_per_second_per_address: 100,
            connect_burst_per_address: 2_000,
            requests_per_second: 500,
            request_burst: 20_000,
            requests_per_second_per_address: 5_000,
            request_burst_per_address: 100_000,
            opens_per_connection: 10_000,
            header_seconds: 10,
            handshake_seconds: 10,
            silence_seconds: 90,
            queue_mib: 16,
            queues_mib: 1_024,
            inbox_entries: 1_000,
            inbox_mib: 16,
            conversation_mib: 4_096,
            max_mailboxes: 10_000_000,
            store_mib: 0,
        }
    }
}
