//! How NATS is used, if a relay keeps everything there.

use clap::{Args, value_parser};
use std::path::PathBuf;

/// How NATS is used, with `--store nats://…`.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "NATS")]
pub struct Nats {
    /// User of NATS
    #[arg(long, value_name = "TEXT", env = "SNUG_RELAY_NATS_USER")]
    pub nats_user: Option<String>,
    /// The user's password
    #[arg(
        long,
        value_name = "TEXT",
        env = "SNUG_RELAY_NATS_PASSWORD",
        hide_env_values = true
    )]
    pub nats_password: Option<String>,
    /// Certificate, PEM, that signed those of NATS' servers; without it the system's count
    #[arg(long, value_name = "FILE", env = "SNUG_RELAY_NATS_CA")]
    pub nats_ca: Option<PathBuf>,
    /// Servers that keep a copy of everything, when streams are made: 3 in a cluster, 1 alone, unless told otherwise
    #[arg(long, value_name = "N", env = "SNUG_RELAY_NATS_REPLICAS", value_parser = value_parser!(u8).range(1..=5))]
    pub nats_replicas: Option<u8>,
    /// What streams and subjects there begin with: relays with the same name are one relay
    #[arg(long, value_name = "NAME", env = "SNUG_RELAY_NATS_NAME", default_value_t = Self::default().nats_name)]
    pub nats_name: String,
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            nats_user: None,
            nats_password: None,
            nats_ca: None,
            nats_replicas: None,
            nats_name: "snug".into(),
        }
    }
}
