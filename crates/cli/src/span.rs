//! Spans of time as people write them: `10s`, `30m`, `24h`, `7d`.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use std::time::Duration;

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// The span of a text such as `24h`.
///
/// # Errors
/// A sentence, when it is none or longer than a hundred years.
pub fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a span of time: write it like 10s, 30m, 24h or 7d");
    let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let (_, factor) = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let span = number.checked_mul(*factor).map(Duration::from_millis);
    span.filter(|span| span.as_secs() <= 100 * 365 * 86_400)
        .ok_or_else(wrong)
}

/// The same, for what cannot be over at once.
///
/// # Errors
/// As [`parse`], and for no time at all.
pub fn some(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err(format!(
            "{text:?} is no time at all: name a longer one, such as 24h"
        )),
        span => Ok(span),
    }
}

/// A span in a line of JSON, as [`some`]; with `#[serde(default)]` it may be left out.
///
/// # Errors
/// As [`some`].
pub fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| some(&text).map_err(D::Error::custom))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_a_unit() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse("30m"), Ok(Duration::from_secs(1_800)));
        assert_eq!(parse("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(parse("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "10", "s", "-1s", "1.5h", "1w", "10 s", "99999999999d"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(some("1ms"), parse("1ms"));
        assert!(parse("0s").is_ok() && some("0s").is_err());
    }
}
