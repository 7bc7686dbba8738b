//! Lines of stdin.

use std::io::{BufRead as _, BufReader, Read as _};
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

/// The next line, or as much of it as is allowed; `None` at the end.
fn next(stdin: &mut BufReader<std::io::Stdin>) -> Option<String> {
    let mut bytes = Vec::new();
    let read = stdin.by_ref().take(LONGEST).read_until(b'\n', &mut bytes);
    match read {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&bytes).into_owned()),
    }
}
