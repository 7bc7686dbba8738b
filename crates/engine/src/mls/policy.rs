//! Which commits count: judged by this log alone, so that every device decides the same (rule 20).
//!
//! A commit may renew the committer's leaf, post a participant's newer device list, add leaves that the
//! lists name and that are missing, replace the leaf of a device that asked to come in again, and remove
//! leaves that the lists no longer name. Admins of a group may besides change who is in it and what it is
//! called; anybody may carry out what somebody signed who leaves ([`LogState::changed`]). Everything else
//! — external commits, other extensions, pre-shared keys, other credentials — does not count.

use super::{CHANGE_PROPOSAL, group, identity, key_package};
use openmls::prelude::{LeafNodeIndex, MlsGroup, Proposal, StagedCommit};
use openmls::treesync::LeafNodeSource;
use snug_wire::log_state::{Change, Credential, Joined, LogState};
use snug_wire::{AccountId, FRAME_LIMIT, decode};
use std::collections::{BTreeMap, BTreeSet};

/// The most changes of a commit: each costs as much as the state is long.
pub(crate) const MOST_CHANGES: usize = 256;

/// Why a commit does not count.
pub(crate) type Objection = &'static str;

/// What a commit that counts comes to.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Whose commit it is.
    pub by: Credential,
    /// What the log has established now.
    pub state: LogState,
    /// What it said, in its order.
    pub changes: Vec<Change>,
    /// Whose leaves it added.
    pub added: Vec<Credential>,
    /// Whether it took leaves out: then the mailbox has another lock (rule 4).
    pub removed: bool,
}

impl Judged {
    /// Whose wishes it fulfilled.
    pub fn joined(&self) -> impl Iterator<Item = &Joined> {
        self.changes.iter().filter_map(|change| match change {
            Change::Joined(joined) => Some(joined),
            _ => None,
        })
    }
}

/// Who the leaf at `index` is.
pub(crate) fn leaf(group: &MlsGroup, index: u32) -> Option<Credential> {
    let member = group.member_at(LeafNodeIndex::new(index))?;
    identity(&member.credential, &member.signature_key)
}

/// Who the leaves of a group are.
pub(crate) fn leaves(group: &MlsGroup) -> impl Iterator<Item = (u32, Option<Credential>)> + '_ {
    group
        .members()
        .map(|m| (m.index.u32(), identity(&m.credential, &m.signature_key)))
}

/// Whose devices have committed something: a leaf is one of a key package until then.
pub(crate) fn spoken(group: &MlsGroup) -> BTreeSet<AccountId> {
    leaves(group)
        .filter(|(index, _)| {
            let leaf = group.public_group().leaf(LeafNodeIndex::new(*index));
            leaf.is_some_and(|leaf| {
                !matches!(leaf.leaf_node_source(), LeafNodeSource::KeyPackage(_))
            })
        })
        .filter_map(|(_, who)| who.map(|who| who.account))
        .collect()
}

/// Judges a commit by the leaf at `committer`, somebody else's or our own.
pub(crate) fn judge(
    group: &MlsGroup,
    state: &LogState,
    committer: u32,
    commit: &StagedCommit,
) -> Result<Judged, Objection> {
    let before: Vec<_> = leaves(group).collect();
    let committer = before
        .iter()
        .find(|(index, _)| *index == committer)
        .and_then(|(_, who)| who.clone())
        .ok_or("a commit by nobody")?;
    if let Some(leaf) = commit.update_path_leaf_node() {
        let renewed = identity(leaf.credential(), leaf.signature_key().as_slice());
        if renewed.as_ref() != Some(&committer) {
            return Err("a commit that changes who its author is");
        }
    }
    let (after, changes) = changes(state, &committer.account, commit)?;
    context(state, &after, commit)?;
    let (added, removed) = leaves_after(&before, &after, commit)?;
    let judged = Judged {
        by: committer,
        state: after,
        changes,
        added,
        removed,
    };
    let is_in = |joined: &Joined| judged.added.iter().any(|who| who.device == joined.device);
    if !judged.joined().all(is_in) {
        return Err("a wish fulfilled without a leaf");
    }
    Ok(judged)
}

/// What a commit's changes make of the state.
fn changes(
    state: &LogState,
    by: &AccountId,
    commit: &StagedCommit,
) -> Result<(LogState, Vec<Change>), Objection> {
    let mut state = state.clone();
    let mut changes = Vec::new();
    let mut joined = BTreeSet::new();
    for queued in commit.queued_proposals() {
        let Proposal::Custom(custom) = queued.proposal() else {
            continue;
        };
        if custom.proposal_type() != CHANGE_PROPOSAL {
            return Err("a proposal that Snug does not use");
        }
        let change: Change = decode(custom.payload(), FRAME_LIMIT)
            .map_err(|_| "a change that this Snug does not know")?;
        if changes.len() >= MOST_CHANGES {
            return Err("a commit of more changes than one may have");
        }
        state = state.changed(&change, by)?;
        // Each costs a search for what is to be sent again.
        if let Change::Joined(wish) = &change
            && !joined.insert(wish.device)
        {
            return Err("two wishes of one device fulfilled");
        }
        changes.push(change);
    }
    Ok((state, changes))
}

/// The group's context names the new state just when there is one.
fn context(before: &LogState, after: &LogState, commit: &StagedCommit) -> Result<(), Objection> {
    let mut named = false;
    for queued in commit.queued_proposals() {
        if let Proposal::GroupContextExtensions(proposal) = queued.proposal() {
            named = group::context(after).is_ok_and(|context| *proposal.extensions() == context);
            if !named || before == after {
                return Err("a context that names another state");
            }
        }
    }
    if named || before == after {
        Ok(())
    } else {
        Err("a change that the context does not name")
    }
}

/// Whose leaves were added, and whether others were taken out.
fn leaves_after(
    before: &[(u32, Option<Credential>)],
    state: &LogState,
    commit: &StagedCommit,
) -> Result<(Vec<Credential>, bool), Objection> {
    let mut present: BTreeMap<_, _> = before
        .iter()
        .filter_map(|(_, who)| who.as_ref().map(|w| (w.device, w.account)))
        .collect();
    let mut removed = BTreeSet::new();
    for queued in commit.queued_proposals() {
        if let Proposal::Remove(remove) = queued.proposal() {
            let index = remove.removed().u32();
            let who = before.iter().find(|(at, _)| *at == index);
            if let Some(who) = who.and_then(|(_, who)| who.as_ref()) {
                present.remove(&who.device);
                removed.insert((who.device, state.lists(who)));
            }
        }
    }
    let mut added: Vec<Credential> = Vec::new();
    for queued in commit.queued_proposals() {
        match queued.proposal() {
            Proposal::Add(add) => {
                let leaf = add.key_package().leaf_node();
                let who = identity(leaf.credential(), leaf.signature_key().as_slice())
                    .ok_or("a new leaf that is nobody")?;
                if !state.lists(&who) || present.insert(who.device, who.account).is_some() {
                    return Err("a new leaf that no device list names");
                }
                if !key_package::lasts(leaf) {
                    return Err("a new leaf that ends by itself");
                }
                added.push(who);
            }
            Proposal::Remove(_) | Proposal::Custom(_) | Proposal::GroupContextExtensions(_) => {}
            _ => return Err("a proposal that Snug does not use"),
        }
    }
    let is_lost = |(device, listed): &(_, bool)| *listed && !present.contains_key(device);
    if removed.iter().any(is_lost) {
        return Err("a removal of a listed device");
    }
    // Else somebody would read on who is said to be gone.
    let is_nobodys = |account: &AccountId| state.participant(account).is_none();
    if present.values().any(is_nobodys) {
        return Err("a leaf of somebody who is not in the conversation");
    }
    Ok((added, !removed.is_empty()))
}
