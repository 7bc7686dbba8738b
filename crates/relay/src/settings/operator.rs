//! What a relay's operator sees, and how it stops.

use clap::{Args, value_parser};

/// What a relay's operator sees, and how it stops.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Operation")]
pub struct Operator {
    /// Password for /stats, /metrics and /dashboard (as Bearer token, or with any name by Basic); without it they answer this computer only
    #[arg(
        long,
        value_name = "TEXT",
        env = "SNUG_RELAY_OPERATOR_TOKEN",
        hide_env_values = true
    )]
    pub operator_token: Option<String>,
    /// Whether to serve /dashboard, a page with live charts
    #[arg(long, value_name = "BOOL", env = "SNUG_RELAY_DASHBOARD", default_value_t = false,
          action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub dashboard: bool,
    /// Whether to name the network addresses of those who are turned away
    #[arg(long, value_name = "BOOL", env = "SNUG_RELAY_LOG_ADDRESSES", default_value_t = false,
          action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    pub log_addresses: bool,
    /// Seconds for connections to take their leave when the relay is asked to stop
    #[arg(long, value_name = "SECONDS", env = "SNUG_RELAY_DRAIN_SECONDS", default_value_t = Self::default().drain_seconds,
          value_parser = value_parser!(u64).range(1..=600))]
    pub drain_seconds: u64,
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            operator_token: None,
            dashboard: false,
            log_addresses: false,
            drain_seconds: 10,
        }
    }
}
