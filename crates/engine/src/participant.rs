//! Who is in a group: what its log says, as lists and the timeline show it.

use crate::error::Result;
use crate::mls::policy::{self, Judged};
use crate::store::table::conversation::{self, ChatStanding};
use crate::store::table::log::{self, Log};
use crate::store::table::message::{self, Message, MessageKind, MessageState, Place};
use crate::store::table::participant::{self, Member};
use crate::store::table::{mailbox, reach, vote};
use crate::work::Work;
use crate::{group, message as messages, receipt};
use minicbor::{Decode, Encode};
use snug_wire::inbox::Pointer;
use snug_wire::log_state::{Change, LogState, Participant, ParticipantKind, Role};
use snug_wire::{AccountId, FRAME_LIMIT, GroupId, MessageId, Seq, decode, encode};

/// What happened in a group, in a line of its timeline. Whose doing it was is the line's author.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Happened {
    /// The group was made.
    #[n(0)]
    Founded,
    /// Somebody was added.
    #[n(1)]
    Added {
        /// Who.
        #[n(0)]
        account: AccountId,
        /// The name they showed then.
        #[n(1)]
        name: String,
        /// What they are.
        #[n(2)]
        kind: ParticipantKind,
    },
    /// Somebody was taken out.
    #[n(2)]
    Removed {
        /// Who.
        #[n(0)]
        account: AccountId,
        /// The name they showed then.
        #[n(1)]
        name: String,
    },
    /// Somebody left.
    #[n(3)]
    Left {
        /// Who.
        #[n(0)]
        account: AccountId,
        /// The name they showed then.
        #[n(1)]
        name: String,
    },
    /// Somebody has another role.
    #[n(4)]
    Role {
        /// Who.
        #[n(0)]
        account: AccountId,
        /// Their name.
        #[n(1)]
        name: String,
        /// What they may do now.
        #[n(2)]
        role: Role,
    },
    /// The group is called something else.
    #[n(5)]
    Renamed(#[n(0)] String),
    /// The group is about something else.
    #[n(6)]
    Described(#[n(0)] String),
    /// The group has another picture, or none.
    #[n(7)]
    Pictured,
    /// Somebody became an admin because most of all voted for it.
    #[n(8)]
    Elected {
        /// Who.
        #[n(0)]
        account: AccountId,
        /// Their name.
        #[n(1)]
        name: String,
    },
    /// The group goes on at another relay, at this `host:port`.
    #[n(9)]
    Moved(#[n(0)] String),
}

/// What a line of the timeline says that happened; nothing for other lines.
pub(crate) fn happened(content: &[u8]) -> Vec<Happened> {
    decode(content, FRAME_LIMIT).unwrap_or_default()
}

/// A line of the timeline. The same on every device: a commit has one.
pub(crate) fn say(
    w: &mut Work<'_>,
    id: &snug_wire::ConversationId,
    (group, seq): (&GroupId, Seq),
    by: AccountId,
    happened: &[Happened],
) -> Result<()> {
    let message = messages::id_of(&[b"snug/1 happened", &group.0, &seq.0.to_be_bytes()]);
    let own = by == w.me()?.account;
    let line = Message {
        group: Some(*group),
        seq,
        state: MessageState::Seen,
        content: encode(&happened.to_vec()),
        ..Message::new(
            message,
            *id,
            Place::of(group, seq),
            (by, own),
            MessageKind::Happened,
            w.now,
        )
    };
    // It is nobody's to send or to count.
    let line = Message { own: false, ..line };
    let there = message::get(w.db, &message)?;
    let line = match there {
        Some(there) if there.kind == MessageKind::Happened => return Ok(()),
        // Authors choose their messages' ids: none takes the place of this one.
        Some(_) => Message {
            id: MessageId(w.random()),
            ..line
        },
        None => line,
    };
    let message = line.id;
    message::insert(w.db, &line)?;
    messages::changed(w, *id, message);
    Ok(())
}

/// The name somebody has in a group, or had.
fn name(state: &LogState, account: &AccountId) -> String {
    let participant = state.participant(account);
    participant.map(|p| p.name.clone()).unwrap_or_default()
}

/// What a commit's changes come to in words.
fn lines(before: &LogState, judged: &Judged) -> Vec<Happened> {
    let after = &judged.state;
    let mut lines: Vec<Happened> = Vec::new();
    for change in &judged.changes {
        lines.push(match change {
            Change::Added(new) => Happened::Added {
                account: new.account,
                name: new.name.clone(),
                kind: new.kind,
            },
            Change::Removed(account) => Happened::Removed {
                account: *account,
                name: name(before, account),
            },
            Change::Left(leave) => Happened::Left {
                account: leave.form.account,
                name: name(before, &leave.form.account),
            },
            Change::Role(account, role) => Happened::Role {
                account: *account,
                name: name(after, account),
                role: *role,
            },
            Change::Renamed(name) => Happened::Renamed(name.clone()),
            Change::Described(text) => Happened::Described(text.clone()),
            Change::Pictured(_) => Happened::Pictured,
            Change::Moved(to) => Happened::Moved(to.host().to_owned()),
            Change::Elected(votes) => match votes.first() {
                Some(vote) => Happened::Elected {
                    account: vote.form.candidate,
                    name: name(before, &vote.form.candidate),
                },
                None => continue,
            },
            Change::Devices(..) | Change::Joined(_) | Change::Profile(..) => continue,
        });
    }
    let is_said = |account: &AccountId| {
        lines.iter().any(|line| match line {
            Happened::Role { account: a, .. } | Happened::Elected { account: a, .. } => {
                a == account
            }
            _ => false,
        })
    };
    // Who became an admin because the last one left.
    let next: Vec<_> = after
        .participants
        .iter()
        .filter(|p| p.role == Role::Admin)
        .filter(|p| {
            before
                .participant(&p.account)
                .is_some_and(|b| b.role != Role::Admin)
        })
        .filter(|p| !is_said(&p.account))
        .map(|p| Happened::Role {
            account: p.account,
            name: p.name.clone(),
            role: Role::Admin,
        })
        .collect();
    lines.extend(next);
    lines
}

fn member(p: &Participant, joined: bool, now: u64) -> Member {
    Member {
        account: p.account,
        name: p.name.clone(),
        kind: p.kind,
        role: p.role,
        joined,
        spoke_at: now,
    }
}

/// A commit changed a group: lists and timeline say it, and what was wished and is so now is not wished
/// any more.
pub(crate) fn changed(
    w: &mut Work<'_>,
    log: &Log,
    seq: Seq,
    (before, judged): (&LogState, &Judged),
) -> Result<()> {
    let after = &judged.state;
    spoke(w, log, &judged.by.account)?;
    let moves = |change: &Change| matches!(change, Change::Moved(_));
    if *after == *before && !judged.changes.iter().any(moves) {
        return Ok(());
    }
    let id = &log.conversation;
    let logs = log::of(w.db, id)?;
    let first = logs.iter().find(|log| log.is_sound());
    if first.is_some_and(|first| first.group != log.group) {
        // The group goes on in another log, which says who is in it.
        return Ok(());
    }
    let mut parted = false;
    for old in &before.participants {
        if after.participant(&old.account).is_none() {
            participant::delete(w.db, id, &old.account)?;
            reach::forget(w.db, id, &old.account)?;
            parted = true;
        }
    }
    for new in &after.participants {
        let old = before.participant(&new.account);
        if old.is_none_or(|old| (&old.name, old.role, old.kind) != (&new.name, new.role, new.kind))
        {
            participant::put(w.db, id, &member(new, false, w.now))?;
        }
        if old.is_none() {
            receipt::added(w, log, &new.account, seq)?;
        }
    }
    if parted {
        receipt::parted(w, log)?;
    }
    if after.admins() != before.admins() {
        vote::forget(w.db, id)?;
    }
    if after.name != before.name {
        conversation::set_name(w.db, id, &after.name)?;
    }
    if after.picture != before.picture {
        conversation::set_picture(w.db, id, after.picture.as_deref().map(Vec::as_slice))?;
    }
    let lines = lines(before, judged);
    if !lines.is_empty() {
        say(w, id, (&log.group, seq), judged.by.account, &lines)?;
    }
    w.changes.conversations.insert(*id);
    group::sweep(w, log, after)
}

/// A device of somebody has spoken: they are in, not only invited.
pub(crate) fn spoke(w: &mut Work<'_>, log: &Log, account: &AccountId) -> Result<()> {
    if participant::spoke(w.db, &log.conversation, account, w.now)? {
        w.changes.conversations.insert(log.conversation);
    }
    Ok(())
}

/// This device came in, for the first time or again: everybody as the log says.
pub(crate) fn entered(w: &mut Work<'_>, pointer: &Pointer, state: &LogState) -> Result<()> {
    let id = &state.conversation;
    let me = w.me()?.account;
    let is_new = participant::count(w.db, id)? == 0;
    let spoken = w.with_group(&pointer.group, |_, group| Ok(policy::spoken(group)))?;
    let mut spoken = spoken.unwrap_or_default();
    spoken.extend([me, pointer.account]);
    list(w, state, |account| spoken.contains(account))?;
    let was_out = conversation::get(w.db, id)?.is_some_and(|c| c.standing != ChatStanding::In);
    conversation::set_standing(w.db, id, ChatStanding::In)?;
    if (is_new || was_out)
        && let Some(own) = state.participant(&me)
    {
        let added = Happened::Added {
            account: me,
            name: own.name.clone(),
            kind: own.kind,
        };
        let at = (&pointer.group, pointer.commit);
        say(w, id, at, pointer.account, &[added])?;
    }
    Ok(())
}

/// Lists everybody as a state says, and nobody else.
pub(crate) fn list(
    w: &mut Work<'_>,
    state: &LogState,
    joined: impl Fn(&AccountId) -> bool,
) -> Result<()> {
    let id = &state.conversation;
    for old in participant::of(w.db, id)? {
        if state.participant(&old.account).is_none() {
            participant::delete(w.db, id, &old.account)?;
            reach::forget(w.db, id, &old.account)?;
        }
    }
    for p in &state.participants {
        participant::put(w.db, id, &member(p, joined(&p.account), w.now))?;
    }
    w.changes.conversations.insert(*id);
    conversation::set_name(w.db, id, &state.name)?;
    conversation::set_picture(w.db, id, state.picture.as_deref().map(Vec::as_slice))
}

/// A group that begins with oneself alone.
pub(crate) fn founded(w: &mut Work<'_>, group: &GroupId, state: &LogState) -> Result<()> {
    let id = &state.conversation;
    list(w, state, |_| true)?;
    let me = w.me()?.account;
    say(w, id, (group, Seq(0)), me, &[Happened::Founded])
}

/// This account is in a group no more: nothing of it can be read or written, what was said stays.
pub(crate) fn out(
    w: &mut Work<'_>,
    log: &Log,
    seq: Seq,
    (before, judged): (&LogState, &Judged),
) -> Result<()> {
    let me = w.me()?.account;
    let left = judged
        .changes
        .iter()
        .any(|change| matches!(change, Change::Left(leave) if leave.form.account == me));
    let lines = lines(before, judged);
    say(
        w,
        &log.conversation,
        (&log.group, seq),
        judged.by.account,
        &lines,
    )?;
    participant::delete(w.db, &log.conversation, &me)?;
    let standing = if left {
        ChatStanding::Left
    } else {
        ChatStanding::Removed
    };
    group::close(w, &log.conversation, standing)
}

/// Somebody told us that we are in a group no more: where in it that happened is not known.
pub(crate) fn told_out(w: &mut Work<'_>, log: &Log, by: AccountId) -> Result<()> {
    let me = w.me()?;
    let (account, name) = (me.account, me.name.clone());
    let there = mailbox::get(w.db, &log.address)?.map_or(Seq(0), |there| there.seq);
    let at = (&log.group, Seq(there.0.saturating_add(1)));
    say(
        w,
        &log.conversation,
        at,
        by,
        &[Happened::Removed { account, name }],
    )?;
    participant::delete(w.db, &log.conversation, &account)?;
    group::close(w, &log.conversation, ChatStanding::Removed)
}
