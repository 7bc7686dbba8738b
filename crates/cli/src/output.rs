//! Lines of JSON.

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::{Map, Value};
use snug_client::view::{ChatRow, MessageRow};
use std::io::Write as _;

/// One line: an object.
pub type Line = Map<String, Value>;

/// Stdout. A line is flushed as it is written: who reads acts on it.
#[derive(Default)]
pub struct Output(());

impl Output {
    /// Writes a line.
    ///
    /// # Errors
    /// When nobody reads any more ([`is_closed`]), or the disk behind stdout is full.
    pub fn line(&mut self, line: Line) -> Result<()> {
        let mut text = tame(&serde_json::to_string(&line)?);
        text.push('\n');
        let mut stdout = std::io::stdout().lock();
        let written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        written.context("the result could not be written")
    }

    /// Writes lines.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn lines(&mut self, lines: Vec<Line>) -> Result<()> {
        lines.into_iter().try_for_each(|line| self.line(line))
    }
}

/// Text that does not steer the terminal it is shown on, with control characters as JSON writes them:
/// names and greetings come from strangers.
pub fn tame(text: &str) -> String {
    let mut tame = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c.is_control() {
            tame.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            tame.push(c);
        }
    }
    tame
}

/// Whether an error only says that nobody reads stdout any more.
pub fn is_closed(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// A row as a line of that type.
///
/// # Errors
/// Never for rows, which are objects with names as keys.
pub fn row(kind: &str, row: &impl Serialize) -> Result<Line> {
    let mut line = Line::new();
    line.insert("type".to_owned(), kind.into());
    let mut fields = serde_json::to_value(row)?;
    integers(&mut fields);
    if let Value::Object(fields) = fields {
        line.extend(fields);
    }
    Ok(line)
}

/// Above this not every integer is a floating-point number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes whole numbers without a point: rows have times and counts as floating-point numbers.
fn integers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let whole = number
                .as_f64()
                .filter(|n| n.fract() == 0.0 && n.abs() < EXACT);
            if let Some(whole) = whole {
                *number = (whole as i64).into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(integers),
        Value::Object(fields) => fields.values_mut().for_each(integers),
        _ => {}
    }
}

/// A chat: its title is a name.
///
/// # Errors
/// As [`row`].
pub fn chat(chat: &ChatRow) -> Result<Line> {
    let mut line = row("chat", chat)?;
    rename(&mut line, "title", "name");
    Ok(line)
}

/// A message: its author's name is a name.
///
/// # Errors
/// As [`row`].
pub fn message(message: &MessageRow) -> Result<Line> {
    let mut line = row("message", message)?;
    rename(&mut line, "authorName", "name");
    Ok(line)
}

fn rename(line: &mut Line, from: &str, to: &str) {
    if let Some(value) = line.remove(from) {
        line.insert(to.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_numbers_have_no_point() {
        let seen = json!({ "at": 1.8e12, "n": [3.0, 3], "took": { "ms": 0.25 }, "far": 1e300 });
        let line = row("seen", &seen).unwrap();
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            r#"{"at":1800000000000,"far":1e+300,"n":[3,3],"took":{"ms":0.25},"type":"seen"}"#
        );
    }
}
