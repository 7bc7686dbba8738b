//! Verifying a contact: a safety number is compared, and what it stood for is remembered. It holds until
//! they have a device more, or another chain of devices: then that is said in the chat (rule 25).

use crate::account::Me;
use crate::error::{Rejection, Result};
use crate::message as messages;
use crate::read::View;
use crate::store::table::message::{self, Event, Message, MessageKind, MessageState, Place};
use crate::store::table::verified::{self, Verified};
use crate::store::table::{contact, log, mailbox};
use crate::work::Work;
use crate::{Engine, decision};
use rusqlite::Connection;
use snug_wire::device_list::DeviceList;
use snug_wire::log_state::LogState;
use snug_wire::own::{Decision, Judgement};
use snug_wire::verify::{Half, VerifyCode, digits, state_of};
use snug_wire::{AccountId, MessageId, Seq};

/// What is known of who is behind an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Their number was not compared.
    #[default]
    Unverified,
    /// It was, and they have no device since that was not there then.
    Verified,
    /// It was; they have another device since.
    Changed,
}

/// A safety number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafetyNumber {
    /// Twelve groups of five digits, the same for both.
    pub digits: Vec<String>,
    /// What the other scans.
    pub code: VerifyCode,
    /// Whether it was compared.
    pub trust: Trust,
}

/// What a person compared.
#[derive(Clone, Debug)]
pub enum Compared {
    /// The digits they saw here, and found the same there.
    Digits(Vec<String>),
    /// The code that the other's screen showed.
    Code(VerifyCode),
}

impl View<'_> {
    /// The safety number of us and a contact.
    ///
    /// # Errors
    /// [`Rejection::Oneself`]; [`Rejection::NotFound`] for an account one has no devices of.
    pub fn safety_number(&self, account: &AccountId) -> Result<SafetyNumber> {
        let me = Me::load(self.0)?.ok_or(Rejection::NoAccount)?;
        let (ours, theirs, list) = halves(self.0, &me, account)?;
        Ok(SafetyNumber {
            digits: digits(&ours, &theirs),
            code: VerifyCode::new(&ours, &theirs),
            trust: trust(self.0, account, &list)?,
        })
    }

    /// What is known of who is behind an account.
    ///
    /// # Errors
    /// The disk.
    pub fn trust(&self, account: &AccountId) -> Result<Trust> {
        match contact::get(self.0, account)? {
            Some((_, list)) => trust(self.0, account, &list),
            None => Ok(Trust::Unverified),
        }
    }
}

impl Engine {
    /// A contact's safety number was compared, and is the same.
    ///
    /// # Errors
    /// As [`View::safety_number`]; [`Rejection::OtherPerson`] for the code of somebody else;
    /// [`Rejection::Mismatch`] when it is not the same.
    pub fn verify(&mut self, account: AccountId, compared: &Compared, now: u64) -> Result<()> {
        self.write(now, |w| {
            let (ours, theirs, list) = halves(w.db, w.me()?, &account)?;
            let same = match compared {
                Compared::Digits(seen) => *seen == digits(&ours, &theirs),
                Compared::Code(code) if code.account != account => {
                    return Err(Rejection::OtherPerson.into());
                }
                Compared::Code(code) => *code == VerifyCode::new(&theirs, &ours),
            };
            if !same {
                return Err(Rejection::Mismatch.into());
            }
            let (state, version) = (state_of(&list), list.version());
            set(w, &account, &state, version)?;
            let judged = Judgement::Verified(state, version);
            decision::tell(w, Decision::Judged(account, judged))
        })
    }

    /// As if a contact's safety number had never been compared.
    ///
    /// # Errors
    /// The disk.
    pub fn unverify(&mut self, account: AccountId, now: u64) -> Result<()> {
        self.write(now, |w| {
            if verified::get(w.db, &account)?.is_some() {
                unset(w, &account)?;
                decision::tell(w, Decision::Judged(account, Judgement::Unverified))?;
            }
            Ok(())
        })
    }
}

/// Both halves, and the other's devices as we know them.
fn halves(db: &Connection, me: &Me, account: &AccountId) -> Result<(Half, Half, DeviceList)> {
    if me.account == *account {
        return Err(Rejection::Oneself.into());
    }
    let (_, list) = contact::get(db, account)?.ok_or(Rejection::NotFound)?;
    let ours = Half::of(&me.account, &me.devices);
    Ok((ours, Half::of(account, &list), list))
}

fn trust(db: &Connection, account: &AccountId, list: &DeviceList) -> Result<Trust> {
    Ok(match verified::get(db, account)? {
        Some(then) if then.holds => standing(&then, list),
        Some(_) => Trust::Changed,
        None => Trust::Unverified,
    })
}

/// What a comparison is worth beside the list as we know it now. One that another device of ours made may be
/// ahead of this one: then nothing is said yet.
fn standing(then: &Verified, list: &DeviceList) -> Trust {
    if list.version() < then.version {
        return Trust::Unverified;
    }
    let mut entries = list.0.iter().map(|signed| &signed.entry);
    let compared = entries.find(|entry| entry.hash() == then.state);
    match (compared, list.0.last()) {
        (Some(compared), Some(last))
            if last
                .entry
                .devices
                .iter()
                .all(|d| compared.devices.contains(d)) =>
        {
            Trust::Verified
        }
        _ => Trust::Changed,
    }
}

/// Remembers that a list was compared, here or on another device of ours.
pub(crate) fn set(
    w: &mut Work<'_>,
    account: &AccountId,
    state: &[u8; 32],
    version: u64,
) -> Result<()> {
    verified::put(w.db, account, (state, version), w.now)?;
    changed(w, account)
}

/// Forgets it.
pub(crate) fn unset(w: &mut Work<'_>, account: &AccountId) -> Result<()> {
    verified::delete(w.db, account)?;
    changed(w, account)
}

fn changed(w: &mut Work<'_>, account: &AccountId) -> Result<()> {
    let direct = LogState::direct_id(&w.me()?.account, account);
    w.changes.conversations.insert(direct);
    Ok(())
}

/// An account's device list may have grown: if what was compared holds no longer, the chat says so.
pub(crate) fn look_again(w: &mut Work<'_>, account: &AccountId) -> Result<()> {
    let Some(then) = verified::get(w.db, account)?.filter(|then| then.holds) else {
        return Ok(());
    };
    let Some((_, list)) = contact::get(w.db, account)? else {
        return Ok(());
    };
    if standing(&then, &list) != Trust::Changed {
        return Ok(());
    }
    verified::drop(w.db, account)?;
    tell(w, account)?;
    changed(w, account)
}

/// A line of the chat with them, at its end.
fn tell(w: &mut Work<'_>, account: &AccountId) -> Result<()> {
    let direct = LogState::direct_id(&w.me()?.account, account);
    let logs = log::of(w.db, &direct)?;
    let Some(log) = logs.iter().find(|log| log.ready).or(logs.first()) else {
        return Ok(());
    };
    let read = mailbox::get(w.db, &log.address)?.map_or(Seq(0), |mailbox| mailbox.seq);
    let seq = Seq(read.0.saturating_add(1));
    // Random: a message of somebody else's cannot take its place.
    let id = MessageId(w.random());
    let line = Message {
        group: Some(log.group),
        seq,
        state: MessageState::Seen,
        ..Message::new(
            id,
            direct,
            Place::of(&log.group, seq),
            (*account, false),
            MessageKind::Event(Event::NewDevice),
            w.now,
        )
    };
    message::insert(w.db, &line)?;
    w.step("tell of a new device")?;
    messages::changed(w, direct, id);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;
    use snug_wire::device_list::{Entry, ListedDevice, Signer};
    use snug_wire::{ConversationId, DeviceId, DeviceKey};

    fn device(n: u8) -> ListedDevice {
        ListedDevice {
            id: DeviceId([n; 16]),
            key: DeviceKey([n; 32]),
        }
    }

    /// A chain whose entries list these devices.
    fn list(entries: &[&[u8]]) -> DeviceList {
        let key = SigningKey::from_bytes(&[7; 32]);
        let mut list = DeviceList(Vec::new());
        for devices in entries {
            let entry = Entry {
                account: AccountId(key.verifying_key().to_bytes()),
                version: list.version() + 1,
                previous: state_of(&list),
                devices: devices.iter().map(|n| device(*n)).collect(),
                own: ConversationId([0; 32]),
                signer: Signer::Account,
            };
            list.0.push(entry.sign(&key));
        }
        list
    }

    #[test]
    fn it_holds_until_there_is_a_device_more_or_another_chain() {
        let compared = list(&[&[1], &[1, 2]]);
        let then = Verified {
            state: state_of(&compared),
            version: compared.version(),
            holds: true,
        };
        let check = |entries: &[&[u8]]| standing(&then, &list(entries));
        assert_eq!(check(&[&[1], &[1, 2]]), Trust::Verified);
        assert_eq!(check(&[&[1], &[1, 2], &[2]]), Trust::Verified, "one less");
        assert_eq!(check(&[&[1], &[1, 2], &[1, 2, 3]]), Trust::Changed);
        assert_eq!(check(&[&[1], &[1, 3]]), Trust::Changed, "a fork");
        assert_eq!(check(&[&[1], &[1, 3], &[1, 2]]), Trust::Changed, "a fork");
        assert_eq!(check(&[&[1]]), Trust::Unverified, "not heard of yet");
    }
}
