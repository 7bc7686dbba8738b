//! Checked: what a device reads where no WebSocket gets through: bodies of Engine.IO, and the Socket.IO
//! in them. Reading never panics, and what is understood holds no more bytes than were sent.
//!
//! Run: `cargo xtask fuzz engine_io`.
//! Replay: `cargo +nightly fuzz run engine_io fuzz/artifacts/engine_io/crash-…`.
//!
//! Not asserted: what the frames say (`relay_frame` does), nor what a relay reads, which
//! `socketioxide` does.
#![no_main]

// Private to the client: nobody else is to speak it.
#[allow(dead_code)]
#[path = "../../crates/client/src/connection/packet.rs"]
mod packet;

use libfuzzer_sys::fuzz_target;
use packet::{Open, Packet, Reader, Said};

fuzz_target!(|body: &str| {
    let _ = Open::read(body);
    let mut reader = Reader::default();
    let mut bytes = 0;
    for packet in packet::packets(body) {
        let said = match packet {
            Ok(Packet::Message(text)) => reader.text(&text),
            Ok(Packet::Binary(bytes)) => reader.binary(bytes),
            Ok(_) => Ok(None),
            Err(_) => return,
        };
        match said {
            Ok(Some(Said::Frames(frames, _))) => bytes += frames.iter().map(|f| f.len()).sum::<usize>(),
            Ok(_) => {}
            Err(_) => return,
        }
    }
    assert!(bytes <= body.len());
});
