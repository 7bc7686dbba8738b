//! Votes for an admin of a group whose admins nobody hears from any more.

use crate::card::{Signable, Signed};
use crate::log_state::{ConversationKind, LogState, Role};
use crate::{AccountId, ConversationId};
use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A member's word for who is to be an admin. Who votes for itself first stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Vote {
    /// The group.
    #[n(0)]
    pub conversation: ConversationId,
    /// Whose word it is.
    #[n(1)]
    pub account: AccountId,
    /// Who is to be an admin.
    #[n(2)]
    pub candidate: AccountId,
    /// Whom that one is to stand in for ([`LogState::admins`]): with other admins the vote is void.
    #[n(3)]
    pub admins: ByteArray<32>,
}

impl Signable for Vote {
    const LABEL: &'static [u8] = b"snug/1 vote";
}

impl LogState {
    /// Names those who are admins now, each for this stay.
    pub fn admins(&self) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(b"snug/1 admins");
        for admin in self.participants.iter().filter(|p| p.role == Role::Admin) {
            hash.update(admin.account.0);
            hash.update(admin.stay.to_be_bytes());
        }
        hash.finalize().into()
    }

    /// Whether a vote counts as long as the admins are the same: of one member for another, or itself.
    pub fn is_vote(&self, signed: &Signed<Vote>) -> bool {
        let vote = &signed.form;
        let member = |account| self.participant(account).filter(|p| p.role == Role::Member);
        let Some(voter) = member(&vote.account) else {
            return false;
        };
        let key = voter.devices.0.last();
        let key = key.and_then(|last| last.entry.key_of(&signed.device));
        self.kind == ConversationKind::Group
            && vote.conversation == self.conversation
            && *vote.admins == self.admins()
            && member(&vote.candidate).is_some()
            && key.is_some_and(|key| signed.is_by(&key))
    }

    /// Whether so many votes are those of more than half of all who are in.
    pub fn is_majority(&self, votes: usize) -> bool {
        votes * 2 > self.participants.len()
    }

    /// Whom these votes make an admin.
    ///
    /// # Errors
    /// Fewer than of more than half of all who are in, two of one account, votes for several, and any
    /// that does not count.
    pub(crate) fn elected(&self, votes: &[Signed<Vote>]) -> Result<AccountId, &'static str> {
        let first = votes.first().ok_or("an election without votes")?;
        let candidate = first.form.candidate;
        if votes.len() > self.participants.len() || !self.is_majority(votes.len()) {
            return Err("an election by too few");
        }
        let mut voters = BTreeSet::new();
        for vote in votes {
            let form = &vote.form;
            if form.candidate != candidate || !voters.insert(form.account) || !self.is_vote(vote) {
                return Err("an election by a vote that does not count");
            }
        }
        Ok(candidate)
    }
}
