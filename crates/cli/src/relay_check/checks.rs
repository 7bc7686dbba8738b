//! The checks, in the order in which one builds on the other.

use super::peer::{Peer, brief};
use anyhow::{Result, bail, ensure};
use snug_wire::frame::{
    Answer, Attachment, Cursor, MailboxKind, Opened, Publish, Put, Refusal, RelayFrame, Request,
    Stock, ticket,
};
use snug_wire::handshake::verify;
use snug_wire::{Address, ClaimId, EnvelopeId, InvitationId, LockSecret, Seq};

/// A relay under test, with what was made on it.
pub struct Relay {
    does: Peer,
    sees: Peer,
    address: Address,
    secret: LockSecret,
    inbox: Address,
    invitation: InvitationId,
    first: Put,
    /// Where its first entry, its first commit and its second one stand: rising, holes are allowed.
    at: [Seq; 3],
}

fn secret() -> LockSecret {
    LockSecret::new(rand::random())
}

impl Relay {
    pub fn new(does: Peer, sees: Peer) -> Self {
        let (address, secret) = (Address(rand::random()), secret());
        let first = Put {
            address,
            secret: Some(secret.clone()),
            id: EnvelopeId(rand::random()),
            flagged: false,
            rests_on: Seq(0),
            lock: None,
            attachments: Vec::new(),
            bytes: b"a check".to_vec(),
        };
        Self {
            does,
            sees,
            address,
            secret,
            inbox: Address(rand::random()),
            invitation: InvitationId(rand::random()),
            first,
            at: [Seq(0); 3],
        }
    }

    /// Puts what is to be stored; its place, which must be behind that one.
    async fn stored(&mut self, put: Put, behind: Seq) -> Result<Seq> {
        match self.does.ask(Request::Put(put)).await? {
            Answer::Stored(seq) if seq > behind => Ok(seq),
            other => bail!("answered {}", brief(&other)),
        }
    }

    pub async fn close(self) {
        self.does.close().await;
        self.sees.close().await;
    }

    fn put(&self, rests_on: Seq, flagged: bool) -> Put {
        Put {
            id: EnvelopeId(rand::random()),
            rests_on,
            flagged,
            ..self.first.clone()
        }
    }

    pub async fn create(&mut self) -> Result<()> {
        let create = |lock| Request::Create(self.address, MailboxKind::Conversation, lock);
        let (own, other) = (create(self.secret.lock()), create(secret().lock()));
        self.does.must(own.clone(), &Answer::Done).await?;
        self.does.must(own, &Answer::Done).await?;
        self.does.refused(other, Refusal::Taken).await
    }

    pub async fn open(&mut self) -> Result<()> {
        for peer in [&mut self.does, &mut self.sees] {
            let opened = open(peer, self.address, &self.secret, None).await?;
            ensure!(
                opened.last == Seq(0) && opened.head == Seq(0),
                "a new mailbox is not empty"
            );
            let next = peer.next().await?;
            ensure!(
                next == RelayFrame::CaughtUp(self.address),
                "an empty mailbox has entries"
            );
        }
        Ok(())
    }

    pub async fn put_and_echo(&mut self) -> Result<()> {
        let first = self.stored(self.first.clone(), Seq(0)).await?;
        self.at[0] = first;
        for peer in [&mut self.does, &mut self.sees] {
            let echo = peer.delivery().await?;
            ensure!(
                echo.id == self.first.id && echo.bytes == self.first.bytes,
                "another entry came back"
            );
            ensure!(
                (echo.seq, echo.previous) == (first, Seq(0)),
                "its place is wrong"
            );
        }
        Ok(())
    }

    pub async fn idempotent_put(&mut self) -> Result<()> {
        self.does
            .must(
                Request::Put(self.first.clone()),
                &Answer::Stored(self.at[0]),
            )
            .await
    }

    pub async fn other_bytes(&mut self) -> Result<()> {
        let other = Put {
            bytes: b"other bytes".to_vec(),
            ..self.first.clone()
        };
        self.does
            .refused(Request::Put(other), Refusal::OtherBytes)
            .await
    }

    pub async fn stale_commit(&mut self) -> Result<()> {
        let (commit, late) = (self.put(Seq(0), true), self.put(Seq(0), true));
        let text = self.put(Seq(0), false);
        let head = self.stored(commit, self.at[0]).await?;
        self.at[1] = head;
        self.sees
            .refused(Request::Put(late), Refusal::Stale(head))
            .await?;
        self.sees
            .refused(Request::Put(text), Refusal::Stale(head))
            .await
    }

    pub async fn wrong_lock(&mut self) -> Result<()> {
        let wrong = secret();
        let put = Put {
            secret: Some(wrong.clone()),
            ..self.put(self.at[1], false)
        };
        self.does
            .refused(Request::Put(put), Refusal::WrongLock)
            .await?;
        self.does
            .refused(Request::Open(self.address, wrong, None), Refusal::WrongLock)
            .await
    }

    pub async fn attachment(&mut self) -> Result<()> {
        let key = secret();
        let attachment = Attachment {
            lock: key.lock(),
            bytes: b"a welcome".to_vec(),
        };
        let commit = Put {
            attachments: vec![attachment.clone()],
            ..self.put(self.at[1], true)
        };
        let head = self.stored(commit, self.at[1]).await?;
        self.at[2] = head;
        let address = self.address;
        let fetch = |key| Request::Fetch(address, head, key);
        self.sees
            .must(fetch(key), &Answer::Bytes(attachment.bytes))
            .await?;
        self.sees.refused(fetch(secret()), Refusal::Nothing).await
    }

    pub async fn replay(&mut self) -> Result<()> {
        let opened = open(&mut self.sees, self.address, &self.secret, None).await?;
        ensure!(
            (opened.last, opened.head) == (self.at[2], self.at[2]),
            "last entry and head are not what was put"
        );
        let cursor = Cursor {
            generation: opened.generation,
            seq: self.at[0],
            id: self.first.id,
        };
        open(&mut self.sees, self.address, &self.secret, Some(cursor)).await?;
        let elsewhere = Cursor {
            generation: opened.generation.wrapping_add(1),
            ..cursor
        };
        let answer = self
            .sees
            .ask(Request::Open(
                self.address,
                self.secret.clone(),
                Some(elsewhere),
            ))
            .await?;
        ensure!(
            matches!(answer, Answer::Diverged(_)),
            "a cursor of another log was answered {}",
            brief(&answer)
        );
        Ok(())
    }

    pub async fn signal(&mut self) -> Result<()> {
        let signal = Request::Signal(self.address, self.secret.clone(), b"typing".to_vec());
        self.does.post(signal).await?;
        loop {
            match self.sees.next().await? {
                RelayFrame::Signal(from, bytes) => {
                    ensure!(
                        from == self.address && bytes == b"typing",
                        "another signal came"
                    );
                    return Ok(());
                }
                RelayFrame::Goodbye(why) => bail!("the relay ended the connection: {why:?}"),
                _ => {}
            }
        }
    }

    pub async fn publish(&mut self) -> Result<()> {
        let publish = self.card(self.invitation, &self.secret);
        let card = publish.card.clone();
        self.does
            .must(Request::Publish(publish.clone()), &Answer::Done)
            .await?;
        self.does
            .must(Request::Publish(publish), &Answer::Done)
            .await?;
        self.sees
            .must(Request::Card(self.invitation), &Answer::Card(card, None))
            .await?;
        let unknown = InvitationId(rand::random());
        self.sees
            .refused(Request::Card(unknown), Refusal::NoInvitation)
            .await
    }

    fn card(&self, id: InvitationId, secret: &LockSecret) -> Publish {
        Publish {
            id,
            lock: secret.lock(),
            uses: Some(1),
            expires_at: None,
            card: b"a card".to_vec(),
        }
    }

    pub async fn claim(&mut self) -> Result<()> {
        let (one, two) = (ClaimId(rand::random()), ClaimId(rand::random()));
        for _again in 0..2 {
            match self.sees.ask(Request::Claim(self.invitation, one)).await? {
                Answer::Claimed(signature) => {
                    let signed = verify(
                        &self.sees.relay().0,
                        &ticket(&self.invitation, &one),
                        &signature,
                    );
                    ensure!(signed, "the claim's ticket is not signed by the relay");
                }
                other => bail!("answered {}", brief(&other)),
            }
        }
        self.does
            .refused(Request::Claim(self.invitation, two), Refusal::Used)
            .await
    }

    pub async fn revoke(&mut self) -> Result<()> {
        let (id, key) = (InvitationId(rand::random()), secret());
        self.does
            .must(Request::Publish(self.card(id, &key)), &Answer::Done)
            .await?;
        self.sees
            .refused(Request::Revoke(id, secret()), Refusal::WrongLock)
            .await?;
        self.does
            .must(Request::Revoke(id, key), &Answer::Done)
            .await?;
        self.sees
            .refused(
                Request::Claim(id, ClaimId(rand::random())),
                Refusal::Revoked,
            )
            .await
    }

    pub async fn key_packages(&mut self) -> Result<()> {
        let create = Request::Create(self.inbox, MailboxKind::Inbox, self.secret.lock());
        self.does.must(create, &Answer::Done).await?;
        let stock = Stock {
            address: self.inbox,
            secret: self.secret.clone(),
            packages: vec![b"first".to_vec().into(), b"second".to_vec().into()],
            last_resort: Some(b"last".to_vec().into()),
        };
        self.does
            .must(Request::Stock(stock), &Answer::Stocked(2))
            .await?;
        let mut taken = Vec::new();
        for _ in 0..4 {
            match self.sees.ask(Request::Take(self.inbox)).await? {
                Answer::Bytes(bytes) => taken.push(bytes),
                other => bail!("answered {}", brief(&other)),
            }
        }
        let [one, two, rest @ ..] = taken.as_mut_slice() else {
            bail!("too few were given")
        };
        ensure!(one != two, "a key package was given twice");
        ensure!(
            rest.iter().all(|bytes| bytes == b"last"),
            "the last resort was not given in the end"
        );
        Ok(())
    }

    pub async fn inbox(&mut self) -> Result<()> {
        let put = Put {
            address: self.inbox,
            secret: None,
            ..self.put(Seq(0), false)
        };
        let stored = self.sees.ask(Request::Put(put.clone())).await?;
        ensure!(
            matches!(stored, Answer::Stored(_)),
            "answered {}",
            brief(&stored)
        );
        let foreign = Request::Open(self.inbox, secret(), None);
        self.sees.refused(foreign, Refusal::WrongLock).await?;
        open(&mut self.does, self.inbox, &self.secret, None).await?;
        loop {
            let delivery = self.does.delivery().await?;
            if delivery.address == self.inbox {
                ensure!(delivery.id == put.id, "another entry was delivered");
                return Ok(());
            }
        }
    }

    pub async fn tidy_up(&mut self) -> Result<()> {
        let below = Seq(self.at[2].0 + 1);
        let trim = Request::Trim(self.address, self.secret.clone(), below);
        self.does.must(trim, &Answer::Done).await?;
        let opened = open(&mut self.does, self.address, &self.secret, None).await?;
        ensure!(opened.first == below, "trimmed entries are still held");
        self.does
            .must(
                Request::Retire(self.inbox, self.secret.clone()),
                &Answer::Done,
            )
            .await?;
        let late = Put {
            address: self.inbox,
            secret: None,
            ..self.put(Seq(0), false)
        };
        self.sees
            .refused(Request::Put(late), Refusal::Retired)
            .await
    }
}

async fn open(
    peer: &mut Peer,
    address: Address,
    secret: &LockSecret,
    cursor: Option<Cursor>,
) -> Result<Opened> {
    match peer
        .ask(Request::Open(address, secret.clone(), cursor))
        .await?
    {
        Answer::Opened(opened) => Ok(opened),
        other => bail!("answered {}", brief(&other)),
    }
}
