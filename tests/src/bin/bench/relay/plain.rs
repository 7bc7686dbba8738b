//! The words of `bench/peers`: kind, topic of 32 bytes, number of 8, what is said.

use super::line::{Heard, Line, said, stamp};
use anyhow::Result;
use tokio_tungstenite::tungstenite::Message;

const HEAD: usize = 1 + 32 + 8;

fn topic(number: u64) -> [u8; 32] {
    let mut topic = [b'-'; 32];
    let digits = format!("{number:016x}");
    topic[..16].copy_from_slice(digits.as_bytes());
    topic
}

pub async fn greet(line: &mut Line) -> Result<()> {
    let frame = [[1].as_slice(), &topic(line.topic)].concat();
    line.send(Message::binary(frame)).await?;
    line.receive().await?;
    Ok(())
}

pub fn put(at: u64, number: u64) -> Vec<u8> {
    let number = number.to_be_bytes();
    [[0].as_slice(), &topic(at), &number, &said()].concat()
}

pub fn hear(message: &Message) -> Result<Heard> {
    let Message::Binary(bytes) = message else {
        return Ok(Heard::Other);
    };
    Ok(match bytes.first() {
        Some(0) => Heard::Entry(stamp(bytes.get(HEAD..).unwrap_or_default())),
        Some(2) => Heard::Taken(0),
        _ => Heard::Other,
    })
}
