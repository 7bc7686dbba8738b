//! The connection's row.

use super::{ConnectionRow, ConnectionState, millis};
use crate::Problem;
use crate::connection::Statistics;
use snug_wire::RelayAddress;

/// How people are told of a relay, and whether it runs inside the application.
pub(crate) fn relay_name(relay: &RelayAddress, embedded: Option<&RelayAddress>) -> (String, bool) {
    match embedded {
        Some(embedded) if embedded.key == relay.key => ("this computer".to_owned(), true),
        _ => (relay.host().to_owned(), false),
    }
}

/// Before any attempt.
pub(crate) fn connection_at_first(
    home: Option<&RelayAddress>,
    embedded: Option<&RelayAddress>,
    now: u64,
) -> ConnectionRow {
    let named = home.or(embedded).map(|relay| relay_name(relay, embedded));
    let (relay, embedded) = named.unwrap_or_default();
    ConnectionRow {
        relay,
        embedded,
        state: ConnectionState::Offline,
        since: millis(now),
        round_trip: None,
        retry_at: None,
        problem: None,
        waiting: 0,
    }
}

/// As it is now. `before` stands where nothing is known.
pub(crate) fn connection_row(
    home: (Option<&RelayAddress>, Option<&RelayAddress>),
    statistics: Option<&Statistics>,
    ill: Option<&Problem>,
    waiting: u32,
    before: &ConnectionRow,
) -> ConnectionRow {
    let mut row = ConnectionRow {
        waiting,
        ..connection_at_first(home.0, home.1, 0)
    };
    match statistics {
        Some(statistics) => {
            row.state = statistics.state;
            row.since = millis(statistics.since);
            row.round_trip = statistics
                .round_trip
                .map(|trip| trip.as_secs_f64() * 1_000.0);
            row.retry_at = statistics.retry_at.map(millis);
            row.problem = statistics.problem.as_ref().map(|problem| problem.code);
        }
        None => row.since = before.since,
    }
    if let Some(ill) = ill {
        row.state = ConnectionState::Offline;
        row.problem = Some(ill.code);
    }
    row
}
