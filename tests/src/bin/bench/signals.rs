//! Typing and presence between two processes over a third: from the line that Ada's `snug-cli listen`
//! reads to the line that Bo's writes.

use crate::baseline;
use crate::figure::{Goal, Report, percentile};
use anyhow::Result;
use serde_json::json;
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;
use std::time::{Duration, Instant};

const ROUNDS: usize = 300;

/// Prints both.
pub async fn run(report: &mut Report) -> Result<()> {
    let echo = baseline::echo().await?;
    let (mut typing, mut ceasing, mut presence) = tokio::task::block_in_place(measure);
    for (name, times, most) in [
        ("typing, screen to screen", &mut typing, 30.0),
        ("presence, screen to screen", &mut presence, 50.0),
        (
            "typing ends with the message, screen to screen",
            &mut ceasing,
            50.0,
        ),
    ] {
        for (part, percent) in [(0.5, 50), (0.99, 99)] {
            report.milliseconds(
                &format!("{name}, p{percent}"),
                percentile(times, part),
                Some(echo),
                Goal::Value(most),
            );
        }
    }
    Ok(())
}

/// Times until typing, its end by a message, and a changed presence are seen.
fn measure() -> (Vec<Duration>, Vec<Duration>, Vec<Duration>) {
    let relay = Relay::start();
    let people = [
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    ];
    let [ada, bo] = &people;
    meet(ada, bo);
    let chat = ada.chat();
    let (mut bo, mut ada) = (bo.listens(), ada.listens());
    bo.until(|line| line["type"] == "presence" && line["state"] == "online");
    let (mut typing, mut ceasing, mut presence) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..ROUNDS {
        let start = Instant::now();
        ada.asks(&json!({ "do": "typing", "chat": chat, "on": true }));
        bo.until(|line| line["type"] == "typing" && line["on"] == true);
        typing.push(start.elapsed());

        let text = format!("message {n}");
        let start = Instant::now();
        ada.asks(&json!({ "do": "send", "chat": chat, "text": text }));
        bo.until(|line| line["type"] == "typing" && line["on"] == false);
        ceasing.push(start.elapsed());
        // What follows is not to be measured with the message's way.
        ada.until(|line| line["type"] == "message" && line["state"] == "delivered");

        let state = if n % 2 == 0 { "busy" } else { "online" };
        let start = Instant::now();
        ada.asks(&json!({ "do": "presence", "state": state, "text": text }));
        bo.until(|line| line["type"] == "presence" && line["text"] == text.as_str());
        presence.push(start.elapsed());
    }
    (typing, ceasing, presence)
}
