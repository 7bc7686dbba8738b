//! What this disk and this loopback can do, measured a moment before.

use crate::figure::percentile;
use anyhow::Result;
use futures_util::{SinkExt as _, StreamExt as _};
use rusqlite::Connection;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

/// How often each baseline is taken.
const TIMES: usize = 200;
/// Bytes of a typical entry.
const ENTRY: usize = 512;

/// The median of appending an entry to a file and `fdatasync`.
pub fn fdatasync(dir: &Path) -> Result<Duration> {
    let mut file = std::fs::File::create(dir.join("append"))?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let start = Instant::now();
        file.write_all(&[7; ENTRY])?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    Ok(percentile(&mut times, 0.5))
}

/// The median of one transaction that inserts an entry, write-ahead log, `synchronous=FULL`; with a key
/// for a database as the engine's.
pub fn commit(path: &Path, key: bool) -> Result<Duration> {
    let db = Connection::open(path)?;
    if key {
        db.pragma_update(None, "key", format!("x'{}'", "07".repeat(32)))?;
    }
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.execute_batch("CREATE TABLE entry (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT")?;
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let start = Instant::now();
        db.execute("INSERT INTO entry (bytes) VALUES (?1)", [[7u8; ENTRY]])?;
        times.push(start.elapsed());
    }
    Ok(percentile(&mut times, 0.5))
}

/// The median round trip of an entry over a WebSocket on loopback.
pub async fn echo() -> Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = async {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut socket = tokio_tungstenite::accept_async(stream).await?;
        while let Some(Ok(message)) = socket.next().await {
            if message.is_binary() {
                socket.send(message).await?;
            }
        }
        anyhow::Ok(())
    };
    let client = async {
        let (mut socket, _) =
            tokio_tungstenite::connect_async_with_config(format!("ws://{address}"), None, true)
                .await?;
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let start = Instant::now();
            socket.send(Message::binary(vec![7; ENTRY])).await?;
            socket.next().await;
            times.push(start.elapsed());
        }
        socket.close(None).await?;
        anyhow::Ok(percentile(&mut times, 0.5))
    };
    let (_, time) = tokio::try_join!(server, client)?;
    Ok(time)
}
