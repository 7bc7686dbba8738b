//! Invitations we made (rule 27).

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::own::Invited;
use snug_wire::{FRAME_LIMIT, InvitationId, decode, encode};

/// What can be done with an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// The relay does not have its card yet.
    Publishing,
    /// It can be used.
    Open,
    /// All its uses are taken.
    Used,
    /// It was withdrawn.
    Revoked,
}

/// An invitation of ours.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The code, the card and the secrets.
    pub invited: Invited,
    /// What can be done with it; expiry is judged by the clock.
    pub state: InvitationState,
    /// How often it was used.
    pub used: u32,
    /// When it was made, milliseconds of Unix time.
    pub created_at: u64,
}

impl Invitation {
    /// Its id.
    pub fn id(&self) -> InvitationId {
        self.invited.code.id
    }

    /// Whether its time is over.
    pub fn is_expired(&self, now: u64) -> bool {
        self.invited.card.expires_at.is_some_and(|end| end <= now)
    }
}

fn number(state: InvitationState) -> i64 {
    match state {
        InvitationState::Publishing => 0,
        InvitationState::Open => 1,
        InvitationState::Used => 2,
        InvitationState::Revoked => 3,
    }
}

fn raw(row: &Row<'_>) -> rusqlite::Result<(Vec<u8>, i64, u32, u64)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, uint(row.get(3)?)))
}

fn whole((invited, state, used, created_at): (Vec<u8>, i64, u32, u64)) -> Result<Invitation> {
    Ok(Invitation {
        invited: decode(&invited, FRAME_LIMIT)?,
        state: match state {
            0 => InvitationState::Publishing,
            1 => InvitationState::Open,
            2 => InvitationState::Used,
            _ => InvitationState::Revoked,
        },
        used,
        created_at,
    })
}

/// Adds an invitation, once.
pub(crate) fn insert(db: &Connection, new: &Invitation) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO invitation (id, invited, state, used, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO NOTHING",
    )?
    .execute((
        new.id().0,
        encode(&new.invited),
        number(new.state),
        new.used,
        int(new.created_at),
    ))?;
    Ok(())
}

pub(crate) fn get(db: &Connection, id: &InvitationId) -> Result<Option<Invitation>> {
    db.prepare_cached("SELECT invited, state, used, created_at FROM invitation WHERE id = ?1")?
        .query_row([id.0], raw)
        .optional()?
        .map(whole)
        .transpose()
}

/// All, newest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<Invitation>> {
    let mut query = db.prepare_cached(
        "SELECT invited, state, used, created_at FROM invitation ORDER BY created_at DESC, id",
    )?;
    let rows = query.query_map([], raw)?;
    rows.map(|row| whole(row?)).collect()
}

pub(crate) fn set_state(db: &Connection, id: &InvitationId, state: InvitationState) -> Result<()> {
    db.prepare_cached("UPDATE invitation SET state = ?2 WHERE id = ?1")?
        .execute((id.0, number(state)))?;
    Ok(())
}

pub(crate) fn count_use(db: &Connection, id: &InvitationId) -> Result<()> {
    db.prepare_cached("UPDATE invitation SET used = used + 1 WHERE id = ?1")?
        .execute([id.0])?;
    Ok(())
}
