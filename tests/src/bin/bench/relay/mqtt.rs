//! MQTT 3.1.1 over WebSocket (OASIS, 2014), as much of it as putting and reading need: what is put is
//! acknowledged (QoS 1), what is delivered is not (QoS 0).

use super::line::{Heard, Line, said, stamp};
use anyhow::{Result, ensure};
use tokio_tungstenite::tungstenite::Message;

/// What the WebSocket's request says it speaks.
pub const PROTOCOL: &str = "mqtt";

const CONNECT: u8 = 0x10;
const PUBLISH: u8 = 0x30;
const PUBLISH_ACKNOWLEDGED: u8 = 0x32;
const PUBACK: u8 = 0x40;
const SUBSCRIBE: u8 = 0x82;
/// A clean start, no time-out.
const CLEAN: [u8; 3] = [2, 0, 0];

/// Connects and subscribes, and waits until both are done.
pub async fn greet(line: &mut Line, who: u64) -> Result<()> {
    let name = format!("{:x}-{who:x}", line.topic);
    let connect = [text("MQTT").as_slice(), &[4], &CLEAN, &text(&name)].concat();
    line.send(Message::binary(packet(CONNECT, &connect)))
        .await?;
    let answer = line.receive().await?.into_data();
    ensure!(answer.get(3) == Some(&0), "the broker does not let us in");
    let subscribe = [[0, 1].as_slice(), &text(&topic(line.topic)), &[0]].concat();
    line.send(Message::binary(packet(SUBSCRIBE, &subscribe)))
        .await?;
    line.receive().await?;
    Ok(())
}

pub fn put(at: u64, number: u64) -> Vec<u8> {
    // Any number but 0.
    let number = (number % 0xffff + 1) as u16;
    let body = [text(&topic(at)).as_slice(), &number.to_be_bytes(), &said()].concat();
    packet(PUBLISH_ACKNOWLEDGED, &body)
}

/// Several packets may come in one message, and a packet in several.
pub fn hear(waiting: &mut Vec<u8>) -> Option<Heard> {
    let (kind, body, size) = first(waiting)?;
    let heard = match kind & 0xf0 {
        PUBLISH => {
            let topic = body
                .first_chunk::<2>()
                .map_or(0, |len| u16::from_be_bytes(*len));
            Heard::Entry(stamp(
                body.get(2 + usize::from(topic)..).unwrap_or_default(),
            ))
        }
        PUBACK => Heard::Taken(0),
        _ => Heard::Other,
    };
    waiting.drain(..size);
    Some(heard)
}

/// The first packet's kind and body, and its length in all.
fn first(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let (kind, rest) = bytes.split_first()?;
    let mut length = 0;
    for (n, byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 127) << (7 * n);
        if byte & 128 == 0 {
            let body = rest.get(n + 1..n + 1 + length)?;
            return Some((*kind, body, n + 2 + length));
        }
    }
    None
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut left = body.len();
    loop {
        let more = if left > 127 { 128 } else { 0 };
        packet.push((left & 127) as u8 | more);
        left >>= 7;
        if more == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

fn topic(number: u64) -> String {
    format!("{number:016x}")
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}
