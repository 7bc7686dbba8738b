//! Requests to connect, ours and others' (rule 27).

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::{AccountId, ClaimId, ConversationId, InvitationId};

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Ours, not at the relay yet.
    Sending,
    /// Waiting for an answer: theirs if it is ours, ours if it is incoming.
    Waiting,
    /// Granted; its conversation is being made.
    Granted,
    /// In one conversation.
    Connected,
    /// The inviter said no.
    Declined,
    /// The invitation had no use left.
    Used,
    /// It had expired, or nobody answered in time.
    Expired,
    /// It was withdrawn.
    Revoked,
    /// The relay does not know the invitation.
    Failed,
}

impl RequestState {
    const ALL: [Self; 9] = [
        Self::Sending,
        Self::Waiting,
        Self::Granted,
        Self::Connected,
        Self::Declined,
        Self::Used,
        Self::Expired,
        Self::Revoked,
        Self::Failed,
    ];

    fn number(self) -> i64 {
        Self::ALL
            .iter()
            .position(|state| *state == self)
            .unwrap_or_default() as i64
    }

    /// Whether nothing more will come of it.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Sending | Self::Waiting | Self::Granted)
    }
}

/// A request.
#[derive(Clone)]
pub struct Request {
    /// Its id: the claim.
    pub claim: ClaimId,
    /// Whether somebody asks us.
    pub incoming: bool,
    /// The invitation used.
    pub invitation: InvitationId,
    /// The other account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// What the asking side wrote.
    pub greeting: String,
    /// How it stands.
    pub state: RequestState,
    /// When it was made or arrived, milliseconds of Unix time.
    pub at: u64,
    /// The conversation that came of it.
    pub conversation: Option<ConversationId>,
    /// Incoming: the signed request. Ours: the card. CBOR.
    pub(crate) form: Vec<u8>,
}

/// Without names, words, and the form, which holds a code's key.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("claim", &self.claim)
            .field("incoming", &self.incoming)
            .field("invitation", &self.invitation)
            .field("account", &self.account)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str =
    "claim, incoming, invitation, account, name, greeting, state, at, conversation, form";

fn row(row: &Row<'_>) -> rusqlite::Result<Request> {
    Ok(Request {
        claim: ClaimId(row.get(0)?),
        incoming: row.get(1)?,
        invitation: InvitationId(row.get(2)?),
        account: AccountId(row.get(3)?),
        name: row.get(4)?,
        greeting: row.get(5)?,
        state: RequestState::ALL
            .get(usize::try_from(row.get::<_, i64>(6)?).unwrap_or(usize::MAX))
            .copied()
            .unwrap_or(RequestState::Failed),
        at: uint(row.get(7)?),
        conversation: row.get::<_, Option<[u8; 32]>>(8)?.map(ConversationId),
        form: row.get(9)?,
    })
}

/// Adds a request; one already there stays. Says whether it was new.
pub(crate) fn insert(db: &Connection, new: &Request) -> Result<bool> {
    let added = db
        .prepare_cached(&format!(
            "INSERT INTO request ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (claim) DO NOTHING"
        ))?
        .execute(rusqlite::params![
            new.claim.0,
            new.incoming,
            new.invitation.0,
            new.account.0,
            new.name,
            new.greeting,
            new.state.number(),
            int(new.at),
            new.conversation.map(|id| id.0),
            new.form,
        ])?;
    Ok(added > 0)
}

pub(crate) fn get(db: &Connection, claim: &ClaimId) -> Result<Option<Request>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM request WHERE claim = ?1"))?
        .query_row([claim.0], row)
        .optional()?)
}

/// All, newest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<Request>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM request ORDER BY at DESC, claim"
    ))?;
    let rows = query.query_map([], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Those made through one invitation.
pub(crate) fn of_invitation(db: &Connection, invitation: &InvitationId) -> Result<Vec<Request>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM request WHERE invitation = ?1 ORDER BY at DESC, claim"
    ))?;
    let rows = query.query_map([invitation.0], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Ours that wait for an answer.
pub(crate) fn asked(db: &Connection) -> Result<Vec<Request>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM request WHERE incoming = 0 AND state = ?1 ORDER BY at"
    ))?;
    let rows = query.query_map([RequestState::Waiting.number()], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many of others' wait for an answer.
pub(crate) fn waiting(db: &Connection) -> Result<u64> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM request WHERE incoming = 1 AND state = ?1")?
        .query_row([RequestState::Waiting.number()], |row| row.get(0))?;
    Ok(uint(count))
}

/// Whether another request of that account through that invitation waits for an answer.
pub(crate) fn waits(
    db: &Connection,
    (invitation, account): (&InvitationId, &AccountId),
    besides: &ClaimId,
) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM request
             WHERE invitation = ?1 AND incoming = 1 AND state = ?2 AND account = ?3 AND claim <> ?4",
        )?
        .exists((invitation.0, RequestState::Waiting.number(), account.0, besides.0))?)
}

/// How many uses of an invitation are granted and not counted yet.
pub(crate) fn granted(db: &Connection, invitation: &InvitationId) -> Result<u64> {
    let count: i64 = db
        .prepare_cached(
            "SELECT count(*) FROM request
             WHERE invitation = ?1 AND incoming = 1 AND state = ?2 AND conversation IS NULL",
        )?
        .query_row((invitation.0, RequestState::Granted.number()), |row| {
            row.get(0)
        })?;
    Ok(uint(count))
}

pub(crate) fn set_state(db: &Connection, claim: &ClaimId, state: RequestState) -> Result<()> {
    db.prepare_cached("UPDATE request SET state = ?2 WHERE claim = ?1")?
        .execute((claim.0, state.number()))?;
    Ok(())
}

pub(crate) fn set_conversation(
    db: &Connection,
    claim: &ClaimId,
    id: &ConversationId,
) -> Result<()> {
    db.prepare_cached("UPDATE request SET conversation = ?2 WHERE claim = ?1")?
        .execute((claim.0, id.0))?;
    Ok(())
}
