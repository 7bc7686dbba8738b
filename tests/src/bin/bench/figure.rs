//! A figure, what it was measured beside, and what it should be.

use std::time::Duration;

/// What a figure should come to.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At most this many times the baseline.
    Ratio(f64),
    /// At least this many times the baseline.
    Times(f64),
    /// At most this value.
    Value(f64),
    /// None: a baseline itself, or something to watch.
    None,
}

/// Prints figures as they come.
pub struct Report {
    json: bool,
}

impl Report {
    pub fn new(json: bool) -> Self {
        if !json {
            println!(
                "{:<44} {:>12} {:>14} {:>8}  goal",
                "figure", "value", "baseline", "ratio"
            );
        }
        Self { json }
    }

    /// A line for people, beside the figures.
    pub fn note(&self, line: &str) {
        if !self.json {
            println!("{line}");
        }
    }

    pub fn milliseconds(
        &mut self,
        name: &str,
        value: Duration,
        baseline: Option<Duration>,
        goal: Goal,
    ) {
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        self.add(name, ms(value), "ms", baseline.map(ms), goal);
    }

    pub fn add(&mut self, name: &str, value: f64, unit: &str, baseline: Option<f64>, goal: Goal) {
        let ratio = baseline.filter(|b| *b > 0.0).map(|b| value / b);
        let (goal_text, met) = match goal {
            Goal::Ratio(most) => (format!("≤ {most} ×"), ratio.map(|r| r <= most)),
            Goal::Times(least) => (format!("≥ {least} ×"), ratio.map(|r| r >= least)),
            Goal::Value(most) => (format!("≤ {most} {unit}"), Some(value <= most)),
            Goal::None => (String::new(), None),
        };
        if self.json {
            let line = serde_json::json!({
                "name": name, "value": value, "unit": unit, "baseline": baseline, "ratio": ratio,
                "goal": (!goal_text.is_empty()).then_some(goal_text), "met": met,
            });
            println!("{line}");
            return;
        }
        let beside = baseline.map_or(String::new(), |b| format!("{b:.2} {unit}"));
        let ratio = ratio.map_or(String::new(), |r| format!("{r:.2} ×"));
        let mark = match met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        println!("{name:<44} {value:>9.2} {unit:<2} {beside:>14} {ratio:>8}  {goal_text} {mark}");
    }
}

/// The value below which `part` of all lie.
pub fn percentile(times: &mut [Duration], part: f64) -> Duration {
    times.sort_unstable();
    let last = times.len().saturating_sub(1);
    times
        .get(((last as f64) * part).round() as usize)
        .copied()
        .unwrap_or_default()
}
