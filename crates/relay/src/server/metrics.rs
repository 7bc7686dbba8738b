//! `/metrics`: the same numbers for Prometheus, in its text format 0.0.4. Names are stable; a test
//! holds them against `docs/relay/metrics.md`.

use super::Shared;
use super::stats::{BOUNDS, Count};
use std::fmt::{Display, Write as _};
use std::sync::atomic::Ordering;

/// All of it.
pub fn text(shared: &Shared) -> String {
    let mut out = Text(String::with_capacity(8 << 10));
    let stats = &shared.stats;
    let (traffic, written) = (&stats.traffic, &stats.written);
    let ready = u64::from(shared.is_ready());
    out.labelled(
        "snug_relay_info",
        "gauge",
        "Always 1; the version is its label",
        "version",
        [(env!("CARGO_PKG_VERSION"), 1)],
    );
    out.gauge("ready", "1 if devices can be served", ready);
    out.gauge(
        "uptime_seconds",
        "Since the relay was started",
        stats.uptime().as_secs_f64(),
    );
    out.gauge("connections", "Devices connected now", stats.connections());
    out.count(
        "connections_total",
        "Connections that proved their key",
        &traffic.connected,
    );
    out.labelled(
        "snug_relay_turned_away_total",
        "counter",
        "Connections that were not let in",
        "reason",
        stats.aways(),
    );
    out.count(
        "frames_received_total",
        "Frames from devices",
        &traffic.frames_in,
    );
    out.count(
        "frames_sent_total",
        "Frames to devices",
        &traffic.frames_out,
    );
    out.count(
        "received_bytes_total",
        "Bytes of frames from devices",
        &traffic.bytes_in,
    );
    out.count(
        "sent_bytes_total",
        "Bytes of frames to devices",
        &traffic.bytes_out,
    );
    out.count(
        "requests_total",
        "Requests done or refused by the store",
        &written.requests,
    );
    out.count("puts_total", "Entries stored", &written.puts);
    out.count("opens_total", "Mailboxes opened", &written.opens);
    out.count(
        "deliveries_total",
        "Entries queued for devices",
        &written.deliveries,
    );
    out.count(
        "signals_total",
        "Signals queued for devices",
        &written.signals,
    );
    out.count(
        "signals_dropped_total",
        "Signals dropped because much waited for their reader",
        &written.signals_dropped,
    );
    out.count(
        "signals_held_total",
        "Signals dropped because their sender sent too many",
        &traffic.signals_held,
    );
    out.labelled(
        "snug_relay_refusals_total",
        "counter",
        "Requests and connections refused",
        "reason",
        stats.refusals(),
    );
    let waiting = shared.writer.waiting();
    out.gauge(
        "queue_requests",
        "Requests that wait for the store",
        waiting,
    );
    let waiting = stats.waiting_out.load(Ordering::Relaxed);
    out.gauge(
        "queue_outgoing_bytes",
        "Bytes that wait for devices",
        waiting,
    );
    out.gauge("mailboxes", "Mailboxes there are", written.mailboxes.get());
    out.gauge(
        "store_bytes",
        "Bytes the relay's file holds",
        written.store_bytes.get(),
    );
    batches(&mut out, &written.batch_buckets, written.batch_micros.get());
    out.0
}

/// How long transactions take, as a histogram.
fn batches(out: &mut Text, buckets: &[Count], micros: u64) {
    let name = "snug_relay_batch_seconds";
    out.head(
        name,
        "histogram",
        "How long a transaction of the store takes, its write to disk included",
    );
    let mut so_far = 0;
    let bounds = BOUNDS.iter().map(|bound| (*bound as f64 / 1e6).to_string());
    let bounds = bounds.chain(["+Inf".to_owned()]);
    for (bound, count) in bounds.zip(buckets) {
        so_far += count.get();
        out.line(&format!("{name}_bucket{{le=\"{bound}\"}}"), so_far);
    }
    out.line(&format!("{name}_sum"), micros as f64 / 1e6);
    out.line(&format!("{name}_count"), so_far);
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        let name = format!("snug_relay_{name}");
        self.head(&name, "gauge", help);
        self.line(&name, value);
    }

    fn count(&mut self, name: &str, help: &str, count: &Count) {
        let name = format!("snug_relay_{name}");
        self.head(&name, "counter", help);
        self.line(&name, count.get());
    }

    fn labelled<'a>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'a str, u64)>,
    ) {
        self.head(name, kind, help);
        for (value, count) in values {
            self.line(&format!("{name}{{{label}=\"{value}\"}}"), count);
        }
    }
}
