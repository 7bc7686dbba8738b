//! What is told to whom: typing, presence and read receipts, in total and for each contact.
//!
//! It is mutual: what one does not tell somebody is not shown of them either. Each side keeps to that
//! by itself; nobody can make the other. Somebody blocked is told nothing.

use crate::Engine;
use crate::error::{Rejection, Result};
use crate::read::View;
use crate::store::table::privacy::{self, EVERYBODY};
use crate::store::table::{blocked, contact};
use rusqlite::Connection;
use snug_wire::AccountId;

/// What is told and, in turn, shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privacy {
    /// That one is typing.
    pub typing: bool,
    /// How one is there, and when one was last.
    pub presence: bool,
    /// That one has read a message. That it arrived is always told.
    pub receipts: bool,
}

/// What differs for one contact; `None` is as for everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrivacyOverride {
    /// See [`Privacy::typing`].
    pub typing: Option<bool>,
    /// See [`Privacy::presence`].
    pub presence: Option<bool>,
    /// See [`Privacy::receipts`].
    pub receipts: Option<bool>,
}

/// As for everybody: all on, until the person says otherwise.
pub(crate) fn general(db: &Connection) -> Result<Privacy> {
    let row = privacy::get(db, &EVERYBODY)?;
    Ok(Privacy {
        typing: row.typing.unwrap_or(true),
        presence: row.presence.unwrap_or(true),
        receipts: row.receipts.unwrap_or(true),
    })
}

/// What holds between us and this account.
pub(crate) fn of(db: &Connection, account: &AccountId) -> Result<Privacy> {
    if blocked::is(db, account)? {
        return Ok(Privacy {
            typing: false,
            presence: false,
            receipts: false,
        });
    }
    let (general, own) = (general(db)?, privacy::get(db, account)?);
    Ok(Privacy {
        typing: own.typing.unwrap_or(general.typing),
        presence: own.presence.unwrap_or(general.presence),
        receipts: own.receipts.unwrap_or(general.receipts),
    })
}

/// Whether this account is told what we have read, and we what they have.
pub(crate) fn sends_receipts(db: &Connection, account: &AccountId) -> Result<bool> {
    Ok(of(db, account)?.receipts)
}

impl View<'_> {
    /// What everybody is told who has no rule of their own.
    ///
    /// # Errors
    /// The disk.
    pub fn privacy(&self) -> Result<Privacy> {
        general(self.0)
    }

    /// What differs for a contact.
    ///
    /// # Errors
    /// [`Rejection::NotFound`] for an account one does not know.
    pub fn contact_privacy(&self, account: &AccountId) -> Result<PrivacyOverride> {
        contact::get(self.0, account)?.ok_or(Rejection::NotFound)?;
        privacy::get(self.0, account)
    }
}

impl Engine {
    /// Changes what everybody is told who has no rule of their own.
    ///
    /// # Errors
    /// The disk.
    pub fn set_privacy(&mut self, new: Privacy, now: u64) -> Result<()> {
        let row = PrivacyOverride {
            typing: Some(new.typing),
            presence: Some(new.presence),
            receipts: Some(new.receipts),
        };
        self.write(now, |w| privacy::put(w.db, &EVERYBODY, &row))?;
        self.privacy_changed(now)
    }

    /// Changes what one contact is told.
    ///
    /// # Errors
    /// [`Rejection::NotFound`] for an account one does not know.
    pub fn set_contact_privacy(
        &mut self,
        account: AccountId,
        new: PrivacyOverride,
        now: u64,
    ) -> Result<()> {
        self.write(now, |w| {
            contact::get(w.db, &account)?.ok_or(Rejection::NotFound)?;
            privacy::put(w.db, &account, &new)
        })?;
        self.privacy_changed(now)
    }
}
