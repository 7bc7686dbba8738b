//! Who may use a relay, and how it is reached safely.

use clap::{Args, value_parser};
use ipnet::IpNet;
use std::net::IpAddr;
use std::path::PathBuf;

/// Who may use a relay.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// Web pages that may connect, by origin, such as https://chat.example; * allows all. Programs are no web pages
    #[arg(
        long,
        value_name = "ORIGIN",
        env = "SNUG_RELAY_ALLOWED_ORIGINS",
        value_delimiter = ','
    )]
    pub allowed_origins: Vec<String>,
    /// Proxies whose word on the client's address counts (Forwarded, X-Forwarded-For), such as 127.0.0.1 or 10.0.0.0/8
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "SNUG_RELAY_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxies: Vec<IpNet>,
    /// File of public keys (JWK Set, Ed25519): the relay is closed to who has no token signed with one of them. Read again when it changes
    #[arg(long, value_name = "FILE", env = "SNUG_RELAY_TOKEN_KEYS")]
    pub token_keys: Option<PathBuf>,
    /// What a token's "aud" must name; without it, tokens that name another relay's key are refused, others are not
    #[arg(long, value_name = "TEXT", env = "SNUG_RELAY_TOKEN_AUDIENCE")]
    pub token_audience: Option<String>,
    /// Seconds by which the clock of who signs tokens may be wrong
    #[arg(long, value_name = "SECONDS", env = "SNUG_RELAY_TOKEN_SKEW_SECONDS", default_value_t = Self::default().token_skew_seconds,
          value_parser = value_parser!(u64).range(..=86_400))]
    pub token_skew_seconds: u64,
    /// Whether Socket.IO is served over WebSocket too, for programs that have nothing else. Snug does not need it, and strangers can make it hold memory
    #[arg(long, value_name = "BOOL", env = "SNUG_RELAY_SOCKET_IO_WEBSOCKET", default_value_t = Self::default().socket_io_websocket,
          default_missing_value = "true", num_args = 0..=1, action = clap::ArgAction::Set)]
    pub socket_io_websocket: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            token_keys: None,
            token_audience: None,
            token_skew_seconds: 60,
            socket_io_websocket: false,
        }
    }
}

/// A relay's certificate. Without one it speaks plain WebSocket: on one computer, or behind a proxy.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "TLS")]
pub struct Tls {
    /// Certificate chain, PEM; read again when it changes
    #[arg(long, value_name = "FILE", env = "SNUG_RELAY_TLS_CERTIFICATE")]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(long, value_name = "FILE", env = "SNUG_RELAY_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<IpAddr>().map(IpNet::from);
    one.or_else(|_| text.parse())
        .map_err(|_| "write an address, such as 127.0.0.1, or a network, such as 10.0.0.0/8".into())
}
