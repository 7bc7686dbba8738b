//! Lines of stdin.

use std::io::{BufRead, BufReader, Read as _};
use tokio::sync::mpsc;

/// A text of 64 KiB may need six times as many bytes in JSON.
const LONGEST: u64 = 512 << 10;

/// Lines as they come, read by a thread of its own: reading cannot be taken back, and must not keep
/// the program from ending. One line waits; then no more is read. Ends with stdin.
pub fn lines() -> std::io::Result<mpsc::Receiver<String>> {
    let (line, lines) = mpsc::channel(1);
    std::thread::Builder::new()
        .name("snug-stdin".into())
        .spawn(move || {
            let mut stdin = BufReader::new(std::io::stdin());
            while let Some(next) = next(&mut stdin) {
                if line.blocking_send(next).is_err() {
                    return;
                }
            }
        })?;
    Ok(lines)
}

/// The next line, or as much of it as is allowed, the rest passed over; `None` at the end.
fn next(stdin: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    let read = stdin.by_ref().take(LONGEST).read_until(b'\n', &mut bytes);
    if read.ok()? == 0 {
        return None;
    }
    if bytes.len() as u64 == LONGEST && !bytes.ends_with(b"\n") {
        stdin.skip_until(b'\n').ok()?;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_line_too_long_is_no_line() {
        let long = "x".repeat(LONGEST as usize + 7);
        let text = format!("first\n{long}\nlast");
        let mut stdin = text.as_bytes();
        assert_eq!(next(&mut stdin).as_deref(), Some("first\n"));
        assert_eq!(
            next(&mut stdin).map(|line| line.len()),
            Some(LONGEST as usize)
        );
        assert_eq!(next(&mut stdin).as_deref(), Some("last"));
        assert_eq!(next(&mut stdin), None);
    }
}
