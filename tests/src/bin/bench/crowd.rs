//! Twenty processes in one group on one relay, two admins acting at the same instant: how long until the last
//! of the twenty has the same roster.
//!
//! Time goes from the moment both were asked to the last line of `snug-cli listen` that says so, with all
//! processes on this machine's cores; beside it stands a text's way to the last of them.

use crate::figure::{Goal, Report, percentile};
use serde_json::{Value, json};
use snug_tests::crowd::{ADMINS, Crowd, accounts};
use std::time::{Duration, Instant};

const PEOPLE: usize = 20;
/// Of each act.
const ROUNDS: usize = 10;

pub fn run(report: &mut Report) {
    let mut crowd = Crowd::gather(PEOPLE);
    let all: Vec<_> = crowd.members.iter_mut().map(|m| m.known()).collect();
    let (mut roles, mut out, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Two others each time, and all of them in turn.
        let [one, other] = [0, 1].map(|n| ADMINS.len() + (2 * round + n) % (PEOPLE - ADMINS.len()));
        let [(first, _), (second, _)] = [&all[one], &all[other]];
        let both = [first.as_str(), second.as_str()];
        for what in ["promote", "demote"] {
            let began = asked(&mut crowd, what, both.map(|who| json!({ "person": who })));
            roles.push(told(&mut crowd, "role_changed", &both, &[]).duration_since(began));
        }
        let apart = [one, other];
        let began = asked(
            &mut crowd,
            "remove",
            both.map(|who| json!({ "person": who })),
        );
        out.push(told(&mut crowd, "participant_removed", &both, &apart).duration_since(began));
        for member in apart {
            crowd.members[member].settles(|row| row["standing"] == "removed");
        }
        let names = apart.map(|n| json!({ "contacts": [all[n].1] }));
        let began = asked(&mut crowd, "invite", names);
        let mut last = told(&mut crowd, "participant_added", &both, &apart);
        for member in apart {
            let is_whole = |row: &Value| row["standing"] == "in" && accounts(row).len() == PEOPLE;
            crowd.members[member].settles(is_whole);
            last = last.max(Instant::now());
        }
        back.push(last.duration_since(began));
    }
    // Last, because what everybody says of having it goes on for seconds.
    let texts = (0..ROUNDS).map(|round| a_text(&mut crowd, round));
    let text = percentile(&mut texts.collect::<Vec<_>>(), 0.5);
    report.milliseconds("20 have a text, p50", text, None, Goal::None);
    for (what, mut times) in [("roles", roles), ("two go", out), ("two come", back)] {
        tell(report, what, &mut times, text);
    }
}

/// Both admins are asked for the same, each with their own; when.
fn asked(crowd: &mut Crowd, what: &str, with: [Value; 2]) -> Instant {
    let began = Instant::now();
    for (admin, with) in ADMINS.into_iter().zip(with) {
        crowd.asks(admin, what, with);
    }
    began
}

/// When the last of all but those apart was told of both.
fn told(crowd: &mut Crowd, kind: &str, both: &[&str], apart: &[usize]) -> Instant {
    let all = crowd.members.iter_mut().enumerate();
    let others = all.filter(|(n, _)| !apart.contains(n));
    let times = others.map(|(_, member)| {
        let of = |account: String| {
            move |line: &Value| line["type"] == kind && line["participant"] == account
        };
        member.is_told(
            both.iter()
                .map(|account| of((*account).to_owned()))
                .collect(),
        )
    });
    times.max().unwrap_or_else(Instant::now)
}

/// How long until the last has a text, which changes nothing.
fn a_text(crowd: &mut Crowd, round: usize) -> Duration {
    let text = format!("Round {round}");
    let send = json!({ "do": "send", "chat": crowd.group, "text": text, "for": "text" });
    let began = Instant::now();
    crowd.members[0].asks(&send);
    let (_, others) = crowd.members.split_at_mut(1);
    let is_it = |line: &Value| line["type"] == "message" && line["text"] == text;
    let times = others.iter_mut().map(|member| member.is_told(vec![is_it]));
    times.max().unwrap_or(began).duration_since(began)
}

fn tell(report: &mut Report, what: &str, times: &mut [Duration], text: Duration) {
    let goal = Goal::Value(2_000.0);
    let name = |part| format!("20 agree, {what}, {part}");
    report.milliseconds(&name("p50"), percentile(times, 0.5), Some(text), goal);
    report.milliseconds(
        &name("worst"),
        percentile(times, 1.0),
        Some(text),
        Goal::None,
    );
}
