//! Blocking: nothing more is taken of an account, and nothing more said to it.
//!
//! Its requests are ignored without a word. In the direct chat its entries are still applied, so that the
//! log goes on, but what it writes there is dropped for good; neither receipts nor typing nor presence pass
//! either way. The inbox that it alone knows is closed at the relay. What it writes in groups is shown,
//! without a notification: else one would read half a conversation.

use crate::error::{Rejection, Result};
use crate::read::View;
use crate::store::table::blocked::{self, Blocked};
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox::{self, Standing};
use crate::store::table::outbox::{Intent, New};
use crate::store::table::request::RequestState;
use crate::store::table::{contact, conversation, inbox, invitation, reach, request, setting};
use crate::work::Work;
use crate::{Engine, decision, joining, outbox, rejoin};
use rusqlite::Connection;
use snug_wire::content::{Body, Priority};
use snug_wire::frame::Request;
use snug_wire::inbox::InviteRequest;
use snug_wire::log_state::{ConversationKind, LogState};
use snug_wire::own::{Decision, Judgement};
use snug_wire::{AccountId, Address, ConversationId};

/// How many strangers are told so in a window that requests are declined by themselves; the others hear
/// nothing.
const DECLINED: u32 = 20;
/// The window, in milliseconds.
const WINDOW: u64 = 60_000;

/// How many requests were declined by themselves since when.
#[derive(Default)]
pub(crate) struct Declined {
    since: u64,
    count: u32,
}

impl Engine {
    /// Takes nothing more of an account. Once more is as good as once.
    ///
    /// # Errors
    /// [`Rejection::Oneself`]; [`Rejection::NotFound`] for an account one has not heard of.
    pub fn block(&mut self, account: AccountId, now: u64) -> Result<()> {
        self.write(now, |w| {
            if w.me()?.account == account {
                return Err(Rejection::Oneself.into());
            }
            let name = known(w.db, &account)?.ok_or(Rejection::NotFound)?;
            if block(w, &account, &name)? {
                let judged = Judgement::Blocked(name);
                decision::tell(w, Decision::Judged(account, judged))?;
            }
            Ok(())
        })
    }

    /// Takes what an account says from now on.
    ///
    /// # Errors
    /// The disk.
    pub fn unblock(&mut self, account: AccountId, now: u64) -> Result<()> {
        self.write(now, |w| {
            if unblock(w, &account)? {
                decision::tell(w, Decision::Judged(account, Judgement::Unblocked))?;
            }
            Ok(())
        })
    }

    /// Whether requests of those one has no chat with are declined by themselves.
    ///
    /// # Errors
    /// The disk.
    pub fn refuse_strangers(&mut self, refuse: bool, now: u64) -> Result<()> {
        self.write(now, |w| {
            if refuses_strangers(w.db)? != refuse {
                set_strangers(w, refuse)?;
                decision::tell(w, Decision::Strangers(refuse))?;
            }
            Ok(())
        })
    }
}

impl View<'_> {
    /// Who is blocked, the last one first.
    ///
    /// # Errors
    /// The disk.
    pub fn blocked(&self) -> Result<Vec<Blocked>> {
        blocked::all(self.0)
    }

    /// Whether requests of strangers are declined by themselves.
    ///
    /// # Errors
    /// The disk.
    pub fn refuses_strangers(&self) -> Result<bool> {
        refuses_strangers(self.0)
    }
}

/// The name of an account one has heard of.
fn known(db: &Connection, account: &AccountId) -> Result<Option<String>> {
    if let Some((name, _)) = contact::get(db, account)? {
        return Ok(Some(name));
    }
    if let Some(name) = blocked::name(db, account)? {
        return Ok(Some(name));
    }
    let mut asked = request::all(db)?.into_iter();
    Ok(asked.find(|r| r.account == *account).map(|r| r.name))
}

/// Blocks an account; says whether it was not.
pub(crate) fn block(w: &mut Work<'_>, account: &AccountId, name: &str) -> Result<bool> {
    if !blocked::insert(w.db, account, name, w.now)? {
        return Ok(false);
    }
    for asked in request::all(w.db)? {
        if asked.account == *account && asked.incoming {
            if asked.state == RequestState::Waiting {
                request::set_state(w.db, &asked.claim, RequestState::Declined)?;
            }
            w.changes.requests.insert(asked.claim);
        }
    }
    close_inboxes(w, account)?;
    w.step("block")?;
    changed(w, account)?;
    Ok(true)
}

/// Unblocks an account; says whether it was blocked. Its devices learn where they reach us now.
pub(crate) fn unblock(w: &mut Work<'_>, account: &AccountId) -> Result<bool> {
    if !blocked::delete(w.db, account)? {
        return Ok(false);
    }
    let direct = direct(w, account)?;
    let logs = log::of(w.db, &direct)?;
    if let Some(log) = logs.iter().find(|log| log.ready) {
        let at = joining::relay_of(w, log)?;
        rejoin::own_reach(w, &direct, &at)?;
        rejoin::queue_reach(w, log)?;
    }
    w.step("unblock")?;
    changed(w, account)?;
    Ok(true)
}

/// What is shown of them and told to them is another thing now.
fn changed(w: &mut Work<'_>, account: &AccountId) -> Result<()> {
    let direct = direct(w, account)?;
    w.changes.conversations.insert(direct);
    let told: Vec<_> = conversation::visible(w.db)?
        .into_iter()
        .map(|c| c.id)
        .collect();
    w.live.signals.stranger_or_not(*account, &told, w.now);
    Ok(())
}

fn direct(w: &Work<'_>, account: &AccountId) -> Result<ConversationId> {
    Ok(LogState::direct_id(&w.me()?.account, account))
}

/// The inboxes that this account alone knows: where it reaches this device, and those of invitations only
/// it could use.
fn close_inboxes(w: &mut Work<'_>, account: &AccountId) -> Result<()> {
    let direct = direct(w, account)?;
    let device = w.me()?.device;
    if let Some(reached) = reach::of(w.db, &direct, &device)? {
        reach::delete(w.db, &direct, &device)?;
        // One that takes requests is known to others too.
        let own = inbox::get(w.db, &reached.address)?;
        if own.is_some_and(|own| joining::takes_answers(&own)) {
            retire(w, reached.address)?;
        }
    }
    for asked in request::all(w.db)? {
        if asked.account == *account
            && asked.incoming
            && let Some(used) = invitation::get(w.db, &asked.invitation)?
            && used.state == invitation::InvitationState::Used
            && used.invited.card.uses == Some(1)
        {
            retire(w, used.invited.inbox.address)?;
        }
    }
    Ok(())
}

/// Ends an inbox of ours at its relay.
fn retire(w: &mut Work<'_>, address: Address) -> Result<()> {
    let Some(mailbox) = mailbox::get(w.db, &address)?.filter(|m| m.standing != Standing::Over)
    else {
        return Ok(());
    };
    outbox::add(
        w,
        New {
            relay: mailbox.relay,
            lane: address,
            priority: Priority::Normal,
            not_before: 0,
            intent: Intent::Retire(address),
            request: Some(Request::Retire(address, mailbox.secret)),
        },
    )
}

/// Whether what somebody says in a log is dropped: they are blocked, and it is the chat with them. What
/// they take back goes all the same, and where they are reached is known when they are unblocked.
pub(crate) fn drops(w: &Work<'_>, log: &Log, author: &AccountId, body: &Body) -> Result<bool> {
    Ok(log.kind == ConversationKind::Direct
        && !matches!(body, Body::Delete(_) | Body::Reach(_))
        && blocked::is(w.db, author)?)
}

/// Whether a conversation is the chat with somebody blocked.
pub(crate) fn is_with_blocked(db: &Connection, id: &ConversationId) -> Result<bool> {
    match conversation::get(db, id)?.and_then(|c| c.peer) {
        Some(peer) => blocked::is(db, &peer),
        None => Ok(false),
    }
}

/// Nothing is written to somebody blocked.
pub(crate) fn check(w: &Work<'_>, id: &ConversationId) -> Result<()> {
    match is_with_blocked(w.db, id)? {
        true => Err(Rejection::Blocked.into()),
        false => Ok(()),
    }
}

pub(crate) fn refuses_strangers(db: &Connection) -> Result<bool> {
    Ok(setting::get(db, "refuse strangers")?.is_some_and(|value| value == [1]))
}

pub(crate) fn set_strangers(w: &mut Work<'_>, refuse: bool) -> Result<()> {
    setting::put(w.db, "refuse strangers", &[u8::from(refuse)])
}

/// Why a request is not even looked at; cheap, as a stranger may send any number.
pub(crate) fn objection(w: &mut Work<'_>, asked: &InviteRequest) -> Result<Option<&'static str>> {
    if blocked::is(w.db, &asked.account)? {
        blocked::count(w.db, &asked.account)?;
        return Ok(Some("a request of somebody blocked"));
    }
    let whose = (&asked.invitation, &asked.account);
    Ok(if request::waits(w.db, whose, &asked.claim)? {
        Some("a request while another of theirs waits")
    } else {
        None
    })
}

/// Whether a request is declined by itself: of a stranger, where none are wanted.
pub(crate) fn declines(w: &Work<'_>, account: &AccountId) -> Result<bool> {
    Ok(refuses_strangers(w.db)? && conversation::get(w.db, &direct(w, account)?)?.is_none())
}

/// Whether one more of them is told so.
pub(crate) fn answers_one_more(w: &mut Work<'_>) -> bool {
    let now = w.now;
    let declined = &mut w.live.declined;
    if now.abs_diff(declined.since) >= WINDOW {
        *declined = Declined {
            since: now,
            count: 0,
        };
    }
    declined.count += 1;
    declined.count <= DECLINED
}
