//! Everything the Connection page shows.

use super::{ConnectionRow, ConnectionState, Millis, count, millis};
use crate::ProblemCode;
use crate::connection::{Messages, Reconnect, Statistics};
use serde::{Deserialize, Serialize};
use snug_wire::code::RelayHint;
use snug_wire::{RelayAddress, content};
use std::time::Duration;

/// How urgent a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Priority {
    /// It may wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Before all others.
    Urgent,
}

/// What carries frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Transport {
    /// A WebSocket.
    WebSocket,
    /// Socket.IO over HTTP.
    Http,
}

/// A ping and its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct RoundTrip {
    /// When the answer came.
    pub at: Millis,
    /// How long it took.
    pub ms: Millis,
}

/// The connection was there again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ReconnectRow {
    /// When.
    pub at: Millis,
    /// Why it had ended; `None` when it was given up on purpose.
    pub reason: Option<ProblemCode>,
    /// The same in words.
    pub text: String,
    /// How long it was away.
    pub after: Millis,
}

/// How often something went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ErrorCount {
    /// What.
    pub code: ProblemCode,
    /// How often.
    pub count: u32,
}

/// How many messages wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct QueueCount {
    /// How urgent they are.
    pub priority: Priority,
    /// How many.
    pub count: u32,
}

/// The connection to another relay than the home relay: chats live on the relay of the invitation they
/// came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct OtherRelay {
    /// `host:port`, as it is reached now.
    pub relay: String,
    /// It is in the local network.
    pub nearby: bool,
    /// Whether TLS is below it.
    pub encrypted: bool,
    /// How it is.
    pub state: ConnectionState,
    /// The last round trip.
    pub round_trip: Option<Millis>,
    /// Why it is not connected.
    pub problem: Option<ProblemCode>,
}

/// Everything known of the connection to the home relay, and of messages on their way. Counts are
/// since Snug was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionDetails {
    /// What is shown everywhere.
    pub row: ConnectionRow,
    /// Other relays, by address.
    pub others: Vec<OtherRelay>,
    /// What carries frames.
    pub transport: Transport,
    /// Why it is no WebSocket, in a few words.
    pub instead: Option<String>,
    /// Whether TLS is below it. What is sent is encrypted in any case.
    pub encrypted: bool,
    /// The proxy between, `http://host:port` or `socks5://host:port`.
    pub proxy: Option<String>,
    /// Since when it is up.
    pub up_since: Option<Millis>,
    /// Of the last hour, oldest first.
    pub round_trips: Vec<RoundTrip>,
    /// Half of them took at most this long.
    pub round_trip_p50: Option<Millis>,
    /// Nearly all of them took at most this long.
    pub round_trip_p99: Option<Millis>,
    /// How often it was tried to connect.
    pub attempts: u32,
    /// The last 50, oldest first.
    pub reconnects: Vec<ReconnectRow>,
    /// Bytes of frames received.
    pub bytes_in: f64,
    /// Bytes of frames sent.
    pub bytes_out: f64,
    /// Frames received.
    pub frames_in: f64,
    /// Frames sent.
    pub frames_out: f64,
    /// Messages of others that came, over all relays.
    pub messages_in: u32,
    /// Own messages that a relay has on disk, over all relays.
    pub messages_out: u32,
    /// How often attempts and connections failed, by reason.
    pub errors: Vec<ErrorCount>,
    /// Entries set aside because they cannot be opened, ever.
    pub unreadable: u32,
    /// Entries that did not count.
    pub ignored: u32,
    /// Messages that wait to be sent; priorities of which none waits are left out.
    pub queue: Vec<QueueCount>,
    /// Half of one's own messages of the last hour were delivered this long after they were written.
    pub delivery_p50: Option<Millis>,
    /// Nearly all of them.
    pub delivery_p99: Option<Millis>,
}

/// From what was counted. Proxy, queue and what cannot be read are left for the caller to fill in.
pub(crate) fn connection_details(
    row: ConnectionRow,
    home: Option<&RelayAddress>,
    statistics: Option<&Statistics>,
    messages: &Messages,
    now: u64,
) -> ConnectionDetails {
    let mut details = ConnectionDetails {
        up_since: (row.state == ConnectionState::Connected).then_some(row.since),
        row,
        others: Vec::new(),
        transport: Transport::WebSocket,
        instead: None,
        encrypted: home.is_some_and(|home| home.url.starts_with("wss://")),
        proxy: None,
        round_trips: Vec::new(),
        round_trip_p50: None,
        round_trip_p99: None,
        attempts: 0,
        reconnects: Vec::new(),
        bytes_in: 0.0,
        bytes_out: 0.0,
        frames_in: 0.0,
        frames_out: 0.0,
        messages_in: count(messages.received),
        messages_out: count(messages.sent),
        errors: Vec::new(),
        unreadable: 0,
        ignored: count(messages.ignored),
        queue: Vec::new(),
        delivery_p50: None,
        delivery_p99: None,
    };
    (details.delivery_p50, details.delivery_p99) = halves(messages.deliveries(now));
    if let Some(statistics) = statistics {
        add(&mut details, statistics, now);
    }
    details
}

/// A relay that is not the home relay.
pub(crate) fn other_relay(relay: &RelayAddress, statistics: &Statistics) -> OtherRelay {
    let hint = RelayHint::of(relay);
    OtherRelay {
        relay: relay.host().to_owned(),
        nearby: hint.is_local() && !hint.is_loopback(),
        encrypted: relay.url.starts_with("wss://"),
        state: statistics.state,
        round_trip: statistics.round_trip.map(span),
        problem: statistics.problem.as_ref().map(|problem| problem.code),
    }
}

fn add(details: &mut ConnectionDetails, statistics: &Statistics, now: u64) {
    let trips = statistics.trips(now).map(|(at, trip)| RoundTrip {
        at: millis(at),
        ms: span(trip),
    });
    details.round_trips = trips.collect();
    let times = details.round_trips.iter().map(|trip| trip.ms).collect();
    (details.round_trip_p50, details.round_trip_p99) = halves(times);
    details.instead.clone_from(&statistics.instead);
    if details.instead.is_some() {
        details.transport = Transport::Http;
    }
    details.attempts = count(statistics.attempts);
    details.reconnects = statistics.reconnects.iter().map(reconnect).collect();
    (details.frames_out, details.frames_in) =
        (statistics.frames.0 as f64, statistics.frames.1 as f64);
    (details.bytes_out, details.bytes_in) = (statistics.bytes.0 as f64, statistics.bytes.1 as f64);
    let errors = statistics.errors.iter().map(|(code, n)| ErrorCount {
        code: *code,
        count: count(*n),
    });
    details.errors = errors.collect();
}

fn reconnect(one: &Reconnect) -> ReconnectRow {
    ReconnectRow {
        at: millis(one.at),
        reason: one.reason,
        text: one.text.clone(),
        after: span(one.after),
    }
}

/// Messages that wait, the most urgent first.
pub(crate) fn queue(waiting: Vec<(content::Priority, u64)>) -> Vec<QueueCount> {
    let mut queue: Vec<QueueCount> = waiting
        .into_iter()
        .map(|(priority, n)| QueueCount {
            priority: match priority {
                content::Priority::Low => Priority::Low,
                content::Priority::Normal => Priority::Normal,
                content::Priority::High => Priority::High,
                content::Priority::Urgent => Priority::Urgent,
            },
            count: count(n),
        })
        .collect();
    queue.sort_by_key(|row| std::cmp::Reverse(row.priority));
    queue
}

fn span(time: Duration) -> Millis {
    time.as_secs_f64() * 1_000.0
}

/// The 50th and the 99th percentile (nearest rank).
fn halves(mut times: Vec<Millis>) -> (Option<Millis>, Option<Millis>) {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let rank = (times.len() as f64 * part).ceil() as usize;
        times.get(rank.saturating_sub(1)).copied()
    };
    (at(0.5), at(0.99))
}

#[cfg(test)]
mod tests {
    use super::halves;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        assert_eq!(halves(Vec::new()), (None, None));
        assert_eq!(halves(vec![7.0]), (Some(7.0), Some(7.0)));
        let all: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(halves(all), (Some(100.0), Some(198.0)));
    }
}
