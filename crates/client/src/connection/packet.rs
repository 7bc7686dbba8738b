//! Engine.IO 4 as HTTP long-polling carries it, and the part of Socket.IO 5 that a relay speaks.
//!
//! A body holds packets, with a record separator between two. Text messages are Socket.IO packets; the
//! binary parts of one follow it.

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Value, json};
use snug_wire::FRAME_LIMIT;
use tokio_tungstenite::tungstenite::Bytes;

const SEPARATOR: char = '\u{1e}';
/// The one kind of event.
const EVENT: &str = "frames";
/// Frames in one event, at most.
const TOGETHER: usize = 4_096;

/// What is not understood, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bad(pub &'static str);

/// How a connection begins.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Open {
    /// The connection's name.
    pub sid: String,
    /// The largest body, in bytes.
    pub max_payload: usize,
}

impl Open {
    /// From the first body.
    pub fn read(body: &str) -> Result<Self, Bad> {
        let json = body.strip_prefix('0').ok_or(Bad("no beginning"))?;
        serde_json::from_str(json).map_err(|_| Bad("a beginning of another version"))
    }
}

/// A packet of Engine.IO, after the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Packet {
    Close,
    Ping,
    Pong,
    Message(String),
    Binary(Bytes),
    Noop,
}

impl Packet {
    /// Bytes in a body, the separator included.
    pub fn len(&self) -> usize {
        match self {
            Self::Message(text) => text.len() + 2,
            Self::Binary(bytes) => BASE64.encode_len(bytes.len()) + 2,
            _ => 2,
        }
    }

    fn write(&self, body: &mut String) {
        match self {
            Self::Close => body.push('1'),
            Self::Ping => body.push('2'),
            Self::Pong => body.push('3'),
            Self::Message(text) => {
                body.push('4');
                body.push_str(text);
            }
            Self::Binary(bytes) => {
                body.push('b');
                BASE64.encode_append(bytes, body);
            }
            Self::Noop => body.push('6'),
        }
    }

    fn read(text: &str) -> Result<Self, Bad> {
        let mut rest = text.chars();
        match rest.next() {
            Some('1') => Ok(Self::Close),
            Some('2') => Ok(Self::Ping),
            Some('3') => Ok(Self::Pong),
            Some('4') => Ok(Self::Message(rest.as_str().to_owned())),
            Some('6') => Ok(Self::Noop),
            Some('b') => match BASE64.decode(rest.as_str().as_bytes()) {
                Ok(bytes) => Ok(Self::Binary(bytes.into())),
                Err(_) => Err(Bad("what is no base64")),
            },
            _ => Err(Bad("a packet of an unknown kind")),
        }
    }
}

/// The body with these packets.
pub(super) fn body(packets: &[Packet]) -> String {
    let mut body = String::with_capacity(packets.iter().map(Packet::len).sum());
    for packet in packets {
        if !body.is_empty() {
            body.push(SEPARATOR);
        }
        packet.write(&mut body);
    }
    body
}

/// The packets in a body.
pub(super) fn packets(body: &str) -> impl Iterator<Item = Result<Packet, Bad>> {
    body.split(SEPARATOR).map(Packet::read)
}

/// Joins the default namespace.
pub(super) fn join() -> Packet {
    Packet::Message("0".into())
}

/// Leaves it.
pub(super) fn leave() -> Packet {
    Packet::Message("1".into())
}

/// Frames in an event that is to be acknowledged under this number.
pub(super) fn event(number: u64, frames: Vec<Bytes>) -> impl Iterator<Item = Packet> {
    let places = (0..frames.len()).map(|n| json!({"_placeholder": true, "num": n}));
    let event = json!([EVENT, places.collect::<Value>()]);
    let text = match frames.len() {
        0 => format!("2{number}{event}"),
        parts => format!("5{parts}-{number}{event}"),
    };
    let parts = frames.into_iter().map(Packet::Binary);
    std::iter::once(Packet::Message(text)).chain(parts)
}

/// That the event of that number was taken.
pub(super) fn acknowledgement(number: u64) -> Packet {
    Packet::Message(format!("3{number}[]"))
}

/// What a server says in Socket.IO.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The namespace was joined.
    Joined,
    /// It cannot be.
    NotJoined,
    /// It was left.
    Left,
    /// Frames, to be acknowledged under that number.
    Frames(Vec<Bytes>, Option<u64>),
    /// The event of that number was taken.
    Taken(u64),
}

/// Puts binary parts to their events.
#[derive(Debug, Default)]
pub(super) struct Reader {
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    number: Option<u64>,
    parts: usize,
    came: Vec<Bytes>,
    bytes: usize,
}

impl Reader {
    /// A text message; what it says, unless parts are to follow.
    pub fn text(&mut self, text: &str) -> Result<Option<Said>, Bad> {
        if self.begun.is_some() {
            return Err(Bad("text where a part of an event belongs"));
        }
        let mut rest = text.chars();
        let kind = rest.next();
        let rest = rest.as_str();
        match kind {
            Some('0') => Ok(Some(Said::Joined)),
            Some('1') => Ok(Some(Said::Left)),
            Some('4') => Ok(Some(Said::NotJoined)),
            Some('2') => self.event(0, rest),
            Some('3') => {
                let (number, _) = number(rest);
                Ok(number.map(Said::Taken))
            }
            Some('5') => {
                let (parts, rest) = number(rest);
                let parts = parts.and_then(|parts| usize::try_from(parts).ok());
                let rest = rest.strip_prefix('-');
                let (parts, rest) = parts.zip(rest).ok_or(Bad("an event without its parts"))?;
                self.event(parts, rest)
            }
            _ => Err(Bad("a message of an unknown kind")),
        }
    }

    /// Only what a relay sends: one array, its parts in order.
    fn event(&mut self, parts: usize, rest: &str) -> Result<Option<Said>, Bad> {
        let (number, json) = number(rest);
        let event: (String, Vec<Place>) =
            serde_json::from_str(json).map_err(|_| Bad("an event of another form"))?;
        let in_order = event.1.iter().map(|place| place.num).eq(0..parts);
        if event.0 != EVENT || !in_order || parts > TOGETHER {
            return Err(Bad("an event of another kind"));
        }
        self.begun = Some(Begun {
            number,
            parts,
            came: Vec::new(),
            bytes: 0,
        });
        Ok(self.whole())
    }

    /// A binary message.
    pub fn binary(&mut self, bytes: Bytes) -> Result<Option<Said>, Bad> {
        let begun = self.begun.as_mut().ok_or(Bad("a part of no event"))?;
        begun.bytes += bytes.len();
        if bytes.len() > FRAME_LIMIT || begun.bytes > 2 * FRAME_LIMIT {
            return Err(Bad("an event that is too large"));
        }
        begun.came.push(bytes);
        Ok(self.whole())
    }

    fn whole(&mut self) -> Option<Said> {
        let whole = self
            .begun
            .take_if(|begun| begun.came.len() == begun.parts)?;
        Some(Said::Frames(whole.came, whole.number))
    }
}

#[derive(Deserialize)]
struct Place {
    num: usize,
}

/// The number at the beginning, and what follows.
fn number(text: &str) -> (Option<u64>, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (digits.parse().ok(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &str) -> Result<Vec<Said>, Bad> {
        let mut reader = Reader::default();
        let mut all = Vec::new();
        for packet in packets(body) {
            let said = match packet? {
                Packet::Message(text) => reader.text(&text)?,
                Packet::Binary(bytes) => reader.binary(bytes)?,
                _ => None,
            };
            all.extend(said);
        }
        Ok(all)
    }

    #[test]
    fn a_connection_begins_as_the_specification_shows() {
        let body = r#"0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
        let open = Open::read(body).unwrap();
        assert_eq!(open.sid, "lv_VI97HAXpY6yYWAAAC");
        assert_eq!(open.max_payload, 1_000_000);
        assert!(Open::read("2").is_err());
        assert!(Open::read(r#"0{"sid":"x"}"#).is_err());
    }

    #[test]
    fn what_is_written_is_read() {
        let frames = vec![Bytes::from_static(b"one"), Bytes::new()];
        let mut all: Vec<Packet> = event(7, frames.clone()).collect();
        all.extend([Packet::Noop, acknowledgement(3)]);
        all.extend(event(8, Vec::new()));
        let text = body(&all);
        assert!(text.len() <= all.iter().map(Packet::len).sum());
        assert!(text.starts_with(
            "452-7[\"frames\",[{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]]\u{1e}bb25l\u{1e}b"
        ));
        let said = [
            Said::Frames(frames, Some(7)),
            Said::Taken(3),
            Said::Frames(Vec::new(), Some(8)),
        ];
        assert_eq!(read(&text).unwrap(), said);
    }

    #[test]
    fn an_event_holds_no_more_than_frames_may() {
        let mut reader = Reader::default();
        let three = r#"53-["frames",[{"num":0},{"num":1},{"num":2}]]"#;
        assert_eq!(reader.text(three), Ok(None));
        let frame = Bytes::from(vec![0; FRAME_LIMIT]);
        assert_eq!(reader.binary(frame.clone()), Ok(None));
        assert_eq!(reader.binary(frame.clone()), Ok(None));
        assert!(reader.binary(frame).is_err());
        let mut reader = Reader::default();
        assert_eq!(reader.text(three), Ok(None));
        assert!(reader.binary(vec![0; FRAME_LIMIT + 1].into()).is_err());
    }

    #[test]
    fn what_no_relay_says_is_refused() {
        for bad in [
            "",
            "x",
            "4",
            "49",
            "bAA==",
            "b?",
            "42[]",
            "42[\"other\",[]]",
            "451-[\"frames\",[]]",
            "45[\"frames\",[{\"num\":0}]]",
            "451-[\"frames\",[{\"_placeholder\":true,\"num\":1}]]",
            "451-[\"frames\",[{\"_placeholder\":true,\"num\":0}]]\u{1e}40",
            "4518446744073709551616-[\"frames\",[]]",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert_eq!(read("40{\"sid\":\"x\"}"), Ok(vec![Said::Joined]));
        assert_eq!(read("44{\"message\":\"no\"}"), Ok(vec![Said::NotJoined]));
        assert_eq!(read("41"), Ok(vec![Said::Left]));
    }

    proptest! {
        /// Whatever a relay sends is understood or refused, and what is understood holds no more than
        /// was sent.
        #[test]
        fn anything_is_read(body in "[0-6b]?[0-6]?[0-9]{0,4}-?[0-9]{0,3}(\\[\"frames\",\\[(\\{\"num\":[0-9]\\}|,){0,4}\\]\\])?(\u{1e}|b|4|AAAA|.){0,12}") {
            if let Ok(said) = read(&body) {
                let bytes = said.iter().map(|said| match said {
                    Said::Frames(frames, _) => frames.iter().map(Bytes::len).sum(),
                    _ => 0,
                });
                prop_assert!(bytes.sum::<usize>() <= body.len());
            }
        }

        #[test]
        fn frames_come_back(frames in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..6), number: u64) {
            let frames: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
            let packets: Vec<Packet> = event(number, frames.clone()).collect();
            prop_assert_eq!(read(&body(&packets)), Ok(vec![Said::Frames(frames, Some(number))]));
        }
    }
}
