//! A wire tap: a TCP proxy that remembers every byte, also as they were before WebSocket masked them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One direction of one connection.
type Stream = Arc<Mutex<Vec<u8>>>;

/// Listens beside a relay and passes everything on.
pub struct Recorder {
    address: SocketAddr,
    streams: Arc<Mutex<Vec<Stream>>>,
}

impl Recorder {
    /// In front of what listens there. Its threads end with their connections, and with the test.
    pub fn before(relay: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let recorder = Self {
            address: listener.local_addr().unwrap(),
            streams: Arc::default(),
        };
        let streams = Arc::clone(&recorder.streams);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                // The relay may be away: then so is the connection.
                let Ok(far) = TcpStream::connect(relay) else {
                    continue;
                };
                pass(
                    near.try_clone().unwrap(),
                    far.try_clone().unwrap(),
                    &streams,
                );
                pass(far, near, &streams);
            }
        });
        recorder
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a client uses in the relay's place.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// All bytes of each direction of each connection, and behind each the payloads of its
    /// WebSocket frames, unmasked.
    pub fn recorded(&self) -> Vec<Vec<u8>> {
        let streams = self.streams.lock().unwrap();
        let raw = streams.iter().map(|stream| stream.lock().unwrap().clone());
        raw.flat_map(|bytes| [payloads(&bytes), bytes]).collect()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, streams: &Mutex<Vec<Stream>>) {
    let stream = Stream::default();
    streams.lock().unwrap().push(Arc::clone(&stream));
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            stream.lock().unwrap().extend_from_slice(&buffer[..read]);
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        // The other side is told; it may have gone itself.
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// The payloads of the frames after an HTTP head, joined (RFC 6455 §5.2).
fn payloads(bytes: &[u8]) -> Vec<u8> {
    let mut joined = Vec::new();
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let mut rest = head.map_or(&[][..], |at| &bytes[at + 4..]);
    while let Some((payload, after)) = frame(rest) {
        joined.extend(payload);
        rest = after;
    }
    joined
}

/// The first frame's payload, and what follows it; `None` when it is not whole.
fn frame(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (start, rest) = bytes.split_at_checked(2)?;
    let (len, rest) = match start[1] & 127 {
        126 => rest
            .split_first_chunk()
            .map(|(len, rest)| (u64::from(u16::from_be_bytes(*len)), rest))?,
        127 => rest
            .split_first_chunk()
            .map(|(len, rest)| (u64::from_be_bytes(*len), rest))?,
        short => (u64::from(short), rest),
    };
    let masked = start[1] & 128 != 0;
    let (mask, rest) = if masked {
        rest.split_at_checked(4)?
    } else {
        (&[0; 4][..], rest)
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    let payload = payload.iter().zip(mask.iter().cycle());
    Some((payload.map(|(byte, mask)| byte ^ mask).collect(), rest))
}
