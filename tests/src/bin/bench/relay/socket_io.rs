//! Socket.IO 5 over Engine.IO 4, WebSocket only: events with one binary part and acknowledgements.

use super::line::{Heard, Line, said, stamp};
use anyhow::Result;
use tokio_tungstenite::tungstenite::Message;

pub const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// One frame of the relay in an event, which is not to be acknowledged: the relay answers the frame.
pub const FRAME: &str = r#"451-["frames",[{"_placeholder":true,"num":0}]]"#;

/// Opens and joins the default namespace.
pub async fn join(line: &mut Line) -> Result<()> {
    line.receive().await?;
    line.send(Message::text("40")).await?;
    loop {
        let message = line.receive().await?;
        if starts(&message, "40") {
            return Ok(());
        }
        answer(line, &message).await?;
    }
}

/// Pings, and events of the relay that want to be acknowledged.
pub async fn answer(line: &mut Line, message: &Message) -> Result<()> {
    let Message::Text(text) = message else {
        return Ok(());
    };
    if text.as_str() == "2" {
        return line.send(Message::text("3")).await;
    }
    let event = text
        .strip_prefix("45")
        .and_then(|rest| rest.split_once('-'));
    let number = event.and_then(|(_, rest)| Some(rest.split_once('[')?.0));
    if let Some(number) = number.filter(|number| !number.is_empty()) {
        line.send(Message::text(format!("43{number}[]"))).await?;
    }
    Ok(())
}

/// Opens, joins the room of the topic, and waits until both are done.
pub async fn greet(line: &mut Line) -> Result<()> {
    join(line).await?;
    let join = format!(r#"420["join","{:016x}"]"#, line.topic);
    line.send(Message::text(join)).await?;
    while !starts(&line.receive().await?, "430") {}
    Ok(())
}

/// An event and its binary part.
pub fn put(topic: u64, number: u64) -> (String, Vec<u8>) {
    let event = format!(r#"451-{number}["put","{topic:016x}",{{"_placeholder":true,"num":0}}]"#);
    (event, said())
}

pub async fn hear(line: &mut Line, message: &Message) -> Result<Heard> {
    if let Message::Binary(bytes) = message {
        return Ok(Heard::Entry(stamp(bytes)));
    }
    if starts(message, "43") {
        return Ok(Heard::Taken(0));
    }
    answer(line, message).await?;
    Ok(Heard::Other)
}

fn starts(message: &Message, with: &str) -> bool {
    matches!(message, Message::Text(text) if text.starts_with(with))
}
