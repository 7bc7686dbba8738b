//! Cards and claims (rules 13 and 27).

use super::rules::{ended, forget_later, same};
use super::{Context, Decided, Stop, limits};
use crate::store::int;
use crate::store::invitation::Invitation;
use crate::store::{claim, invitation};
use ed25519_dalek::Signer as _;
use snug_wire::frame::{Answer, Publish, Refusal, ticket};
use snug_wire::{ClaimId, InvitationId, LockSecret};

impl Context<'_> {
    pub(super) fn publish(&self, publish: &Publish) -> Result<Decided, Stop> {
        if publish.card.len() > limits::CARD {
            return Err(Refusal::TooLarge(limits::CARD as u64).into());
        }
        let Some(there) = invitation::find(self.conn, &publish.id)? else {
            self.has_room()?;
            let forget_at = publish
                .expires_at
                .map(|at| at.saturating_add(limits::TIME_TO_LIVE));
            invitation::insert(self.conn, publish, forget_at)?;
            return Ok(Answer::Done.into());
        };
        let same = same(&there.lock, &publish.lock)
            && there.uses == publish.uses
            && there.expires_at.map(int) == publish.expires_at.map(int)
            && invitation::card(self.conn, &publish.id)? == publish.card;
        if same {
            Ok(Answer::Done.into())
        } else {
            Err(Refusal::Taken.into())
        }
    }

    pub(super) fn card(&self, id: InvitationId) -> Result<Decided, Stop> {
        let there = self.invitation(&id)?;
        Ok(Answer::Card(invitation::card(self.conn, &id)?, ended(&there, self.now)).into())
    }

    pub(super) fn claim(&self, id: InvitationId, by: ClaimId) -> Result<Decided, Stop> {
        let mut there = self.invitation(&id)?;
        // The same claim keeps its answer, whatever has become of the invitation.
        if !claim::exists(self.conn, &id, &by)? {
            if let Some(reason) = ended(&there, self.now) {
                return Err(reason.into());
            }
            claim::insert(self.conn, &id, &by)?;
            there.used = there.used.saturating_add(1);
            if there.uses.is_some_and(|uses| there.used >= uses) {
                forget_later(&mut there, self.now);
            }
            invitation::update(self.conn, &there)?;
        }
        Ok(Answer::Claimed(self.key.sign(&ticket(&id, &by)).to_bytes()).into())
    }

    pub(super) fn revoke(&self, id: InvitationId, secret: &LockSecret) -> Result<Decided, Stop> {
        let mut there = self.invitation(&id)?;
        if !same(&there.lock, &secret.lock()) {
            return Err(Refusal::WrongLock.into());
        }
        if !there.revoked {
            there.revoked = true;
            forget_later(&mut there, self.now);
            invitation::update(self.conn, &there)?;
        }
        Ok(Answer::Done.into())
    }

    fn invitation(&self, id: &InvitationId) -> Result<Invitation, Stop> {
        Ok(invitation::find(self.conn, id)?.ok_or(Refusal::NoInvitation)?)
    }
}
