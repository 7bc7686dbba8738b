//! One stranger's connection.

use anyhow::{Result, bail};
use snug_client::connection::{Direct, Timing};
use snug_client::view::Transport;
use snug_wire::frame::{Answer, ClientFrame, Delivery, Refusal, RelayFrame, Request};
use snug_wire::{RelayKey, Token};
use std::collections::VecDeque;

pub struct Peer {
    line: Direct,
    asked: u64,
    /// Came while an answer was awaited.
    waiting: VecDeque<RelayFrame>,
}

impl Peer {
    pub async fn connect(url: &str, token: Option<&Token>, over: Transport) -> Result<Self> {
        let line = Direct::dial_by(over, url, token, &Timing::default()).await?;
        Ok(Self {
            line,
            asked: 0,
            waiting: VecDeque::new(),
        })
    }

    pub fn relay(&self) -> RelayKey {
        self.line.relay().key
    }

    /// Sends a request without waiting; its number.
    pub async fn post(&mut self, request: Request) -> Result<u64> {
        self.asked += 1;
        self.line
            .send(&ClientFrame::Request(self.asked, request))
            .await?;
        Ok(self.asked)
    }

    /// The answer to a request; other frames wait.
    pub async fn ask(&mut self, request: Request) -> Result<Answer> {
        let number = self.post(request).await?;
        loop {
            match self.line.receive().await? {
                RelayFrame::Answer(to, answer) if to == number => return Ok(answer),
                RelayFrame::Goodbye(why) => bail!("the relay ended the connection: {why}"),
                frame => self.waiting.push_back(frame),
            }
        }
    }

    /// Asks what must be answered like this.
    pub async fn must(&mut self, request: Request, expected: &Answer) -> Result<()> {
        let answer = self.ask(request).await?;
        if answer != *expected {
            bail!("answered {}, not {}", brief(&answer), brief(expected));
        }
        Ok(())
    }

    /// Asks what must be refused like this.
    pub async fn refused(&mut self, request: Request, why: Refusal) -> Result<()> {
        self.must(request, &Answer::Refused(why)).await
    }

    /// The next frame.
    pub async fn next(&mut self) -> Result<RelayFrame> {
        match self.waiting.pop_front() {
            Some(frame) => Ok(frame),
            None => Ok(self.line.receive().await?),
        }
    }

    /// The next entry delivered.
    pub async fn delivery(&mut self) -> Result<Delivery> {
        loop {
            if let RelayFrame::Delivery(delivery) = self.next().await? {
                return Ok(delivery);
            }
        }
    }

    pub async fn close(self) {
        self.line.close().await;
    }
}

/// An answer without its bytes.
pub fn brief(answer: &Answer) -> String {
    match answer {
        Answer::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Answer::Card(bytes, ended) => format!("a card of {} bytes ({ended:?})", bytes.len()),
        Answer::Claimed(_) => "claimed".to_owned(),
        other => format!("{other:?}"),
    }
}
