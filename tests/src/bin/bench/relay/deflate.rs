//! What compression would save on what crosses the network: on frames, as `permessage-deflate` would do
//! it (RFC 7692, with its window kept), and on answers of long-polling, as `Content-Encoding` would.

use super::line::SIZE;
use crate::figure::{Goal, Report};
use anyhow::Result;
use data_encoding::BASE64;
use flate2::{Compress, Compression, FlushCompress};
use snug_wire::encode;
use snug_wire::frame::{Delivery, RelayFrame};
use snug_wire::{Address, EnvelopeId, Seq};
use std::time::Instant;

/// Of one connection: a few chats, of which texts come.
const FRAMES: u64 = 20_000;
const CHATS: u64 = 4;

/// Prints bytes and time for each.
pub fn run(report: &mut Report) -> Result<()> {
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
    measure(report, "a frame", &frames)?;
    // A burst of sixteen in one answer.
    let answers: Vec<Vec<u8>> = frames
        .chunks(16)
        .map(|burst| {
            let parts: Vec<String> = burst
                .iter()
                .map(|frame| format!("b{}", BASE64.encode(frame)))
                .collect();
            parts.join("\u{1e}").into_bytes()
        })
        .collect();
    measure(report, "an answer of 16 frames", &answers)
}

/// A delivery, sealed: nobody can tell its bytes from random ones.
fn frame(n: u64) -> Vec<u8> {
    let sealed: [u8; SIZE] = std::array::from_fn(|_| rand::random());
    encode(&RelayFrame::Delivery(Delivery {
        address: Address([(n % CHATS) as u8; 32].map(|byte| byte.wrapping_mul(97) ^ 0x5a)),
        seq: Seq(n),
        previous: Seq(n.saturating_sub(1)),
        id: EnvelopeId(rand::random()),
        flagged: false,
        bytes: sealed.to_vec(),
    }))
}

fn measure(report: &mut Report, what: &str, messages: &[Vec<u8>]) -> Result<()> {
    let plain: usize = messages.iter().map(Vec::len).sum();
    let count = messages.len() as f64;
    let began = Instant::now();
    for message in messages {
        std::hint::black_box(message.clone());
    }
    let copying = began.elapsed().as_secs_f64() * 1e6 / count;
    for level in [1, 6] {
        let mut deflate = Compress::new(Compression::new(level), false);
        let mut room = Vec::with_capacity(1 << 20);
        let began = Instant::now();
        let mut packed = 0;
        for message in messages {
            room.clear();
            deflate.compress_vec(message, &mut room, FlushCompress::Sync)?;
            packed += room.len();
        }
        let micros = began.elapsed().as_secs_f64() * 1e6 / count;
        let bytes = |all: usize| all as f64 / count;
        let name = format!("{what}, deflate {level}: size");
        report.add(&name, bytes(packed), "B", Some(bytes(plain)), Goal::None);
        let name = format!("{what}, deflate {level}: CPU beside copying");
        report.add(&name, micros, "µs", Some(copying), Goal::None);
    }
    Ok(())
}
