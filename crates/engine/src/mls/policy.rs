//! Which commits count: judged by this log alone, so that every device decides the same (rule 20).
//!
//! A direct conversation has two admins for ever. A commit may renew the committer's leaf, add leaves
//! that the posted device lists name and that are missing, and remove leaves they no longer name.
//! Everything else — external commits, extensions, pre-shared keys, other credentials — does not count.

use super::identity;
use openmls::prelude::{MlsGroup, Proposal, Sender, StagedCommit};
use snug_wire::log_state::{Credential, LogState};
use std::collections::BTreeSet;

/// Why a commit does not count.
pub(crate) type Objection = &'static str;

/// Who the leaves of a group are.
pub(crate) fn leaves(group: &MlsGroup) -> impl Iterator<Item = (u32, Option<Credential>)> + '_ {
    group
        .members()
        .map(|m| (m.index.u32(), identity(&m.credential, &m.signature_key)))
}

/// Judges a commit of somebody else.
pub(crate) fn judge(
    group: &MlsGroup,
    state: &LogState,
    sender: &Sender,
    commit: &StagedCommit,
) -> Result<(), Objection> {
    let Sender::Member(committer) = sender else {
        return Err("a commit from outside the group");
    };
    let before: Vec<_> = leaves(group).collect();
    let committer = before
        .iter()
        .find(|(index, _)| *index == committer.u32())
        .and_then(|(_, who)| who.clone())
        .ok_or("a commit by nobody")?;
    if let Some(leaf) = commit.update_path_leaf_node() {
        let renewed = identity(leaf.credential(), leaf.signature_key().as_slice());
        if renewed.as_ref() != Some(&committer) {
            return Err("a commit that changes who its author is");
        }
    }
    let mut present: BTreeSet<_> = before
        .iter()
        .filter_map(|(_, who)| who.as_ref().map(|w| w.device))
        .collect();
    for queued in commit.queued_proposals() {
        match queued.proposal() {
            Proposal::Add(add) => {
                let leaf = add.key_package().leaf_node();
                let who = identity(leaf.credential(), leaf.signature_key().as_slice())
                    .ok_or("a new leaf that is nobody")?;
                if !state.lists(&who) || !present.insert(who.device) {
                    return Err("a new leaf that no device list names");
                }
            }
            Proposal::Remove(remove) => {
                let who = before
                    .iter()
                    .find(|(index, _)| *index == remove.removed().u32())
                    .and_then(|(_, who)| who.clone());
                if who.is_some_and(|who| state.lists(&who)) {
                    return Err("a removal of a listed device");
                }
            }
            _ => return Err("a proposal that Snug does not use"),
        }
    }
    Ok(())
}
