//! Where a relay keeps what it is given.

use std::fmt;
use std::str::FromStr;

/// Where entries are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// In the data directory.
    Disk,
    /// In memory, for trying out and measuring: all is forgotten when the relay stops.
    Memory,
    /// In NATS JetStream, at these servers: `nats://HOST:PORT`, or `tls://HOST:PORT`.
    Nats(Vec<String>),
}

impl fmt::Display for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk => f.write_str("disk"),
            Self::Memory => f.write_str("memory"),
            Self::Nats(servers) => f.write_str(&servers.join(",")),
        }
    }
}

impl FromStr for Keeping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "disk" => return Ok(Self::Disk),
            "memory" => return Ok(Self::Memory),
            _ => {}
        }
        let servers: Vec<String> = text.split(',').map(|part| part.trim().to_owned()).collect();
        for server in &servers {
            let host = server
                .strip_prefix("nats://")
                .or_else(|| server.strip_prefix("tls://"));
            let Some(host) = host.filter(|host| !host.is_empty()) else {
                return Err(
                    "write disk, memory, or nats://HOST:PORT, several with commas between".into(),
                );
            };
            if host.contains('@') {
                // Settings are printed; passwords have one of their own that is not.
                return Err(
                    "name the user by nats-user and nats-password, not in the address".into(),
                );
            }
        }
        Ok(Self::Nats(servers))
    }
}
