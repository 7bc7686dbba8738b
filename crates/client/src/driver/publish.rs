//! What changed, told to everyone who listens.
//!
//! The stream of updates is bounded: a listener that falls [`BEHIND`] updates behind loses them and
//! gets [`Update::Resync`] instead.

use super::relays::Relays;
use super::signals;
use crate::Problem;
use crate::connection::{Ledger, Statistics};
use crate::view::{
    self, ChatKind, ConnectionRow, ConnectionState, Gone, GoneKind, GroupInvitationRow, Names,
    Update,
};
use snug_engine::{ChangeSet, Engine, Notice, View};
use snug_wire::RelayAddress;
use tokio::sync::{broadcast, watch};

/// How far a listener may fall behind, in updates.
const BEHIND: usize = 512;

/// Where the driver says how things are.
#[derive(Clone)]
pub(crate) struct Published {
    /// The stream.
    pub updates: broadcast::Sender<Update>,
    /// The latest of everything that is awaited.
    pub standing: watch::Sender<Standing>,
}

/// How things stand after the driver's last turn.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// Counts changes.
    pub revision: u32,
    /// The connection to the home relay.
    pub connection: ConnectionRow,
    /// Every mailbox is read to its end and everything answered, as far as relays can be reached.
    pub is_quiet: bool,
    /// Why the home relay could not be reached.
    pub failure: Option<Problem>,
    /// The driver has stopped for good.
    pub dead: Option<Problem>,
}

impl Published {
    /// Before the driver's first turn.
    pub fn new(connection: ConnectionRow) -> Self {
        Self {
            updates: broadcast::Sender::new(BEHIND),
            standing: watch::Sender::new(Standing {
                revision: 0,
                connection,
                is_quiet: false,
                failure: None,
                dead: None,
            }),
        }
    }

    fn tell(&self, update: Update) {
        // Nobody need be listening.
        let _ = self.updates.send(update);
    }
}

/// The driver's side of [`Published`].
pub(super) struct Publisher {
    published: Published,
    embedded: Option<RelayAddress>,
    /// The home relay, once there is an account.
    home: Option<RelayAddress>,
    waiting: u32,
    /// Our own disk failed.
    ill: Option<Problem>,
}

impl Publisher {
    pub fn new(published: Published, embedded: Option<RelayAddress>) -> Self {
        Self {
            published,
            embedded,
            home: None,
            waiting: 0,
            ill: None,
        }
    }

    pub fn is_ill(&mut self, problem: Problem) {
        self.ill = Some(problem);
    }

    pub fn is_well(&mut self) {
        self.ill = None;
    }

    /// Something is asked: nothing is quiet before what it brings is done. Said before the answer,
    /// so that whoever waits for quiet after it does not see the quiet before it.
    pub fn stirs(&self) {
        self.published
            .standing
            .send_modify(|standing| standing.is_quiet = false);
    }

    /// The driver stops.
    pub fn is_dead(&self, problem: Problem) {
        self.published.standing.send_modify(|standing| {
            standing.connection.state = ConnectionState::Offline;
            standing.connection.problem = Some(problem.code);
            standing.dead = Some(problem);
        });
        let row = self.published.standing.borrow().connection.clone();
        self.published.tell(Update::Connection { row });
    }

    /// Tells what has changed. `done` says that what it brings has left too: nothing is quiet before.
    pub fn publish(&mut self, engine: &mut Engine, relays: &Relays, done: bool, now: u64) {
        let changes = engine.take_changes();
        let changed = !changes.is_empty();
        let mut revision = self.published.standing.borrow().revision;
        if changed {
            revision = revision.wrapping_add(1);
            match rows(engine, &changes, relays.ledger(), revision, now) {
                Ok(updates) => updates
                    .into_iter()
                    .for_each(|update| self.published.tell(update)),
                Err(error) => {
                    tracing::error!("changes could not be read: {}", Problem::from(error));
                    self.published.tell(Update::Resync);
                }
            }
        }
        let signs = engine.take_signs(&changes);
        match signs.and_then(|signs| signals::updates(engine, signs)) {
            Ok(updates) => updates
                .into_iter()
                .for_each(|update| self.published.tell(update)),
            Err(error) => tracing::error!("signs could not be read: {}", Problem::from(error)),
        }
        // Also in a turn that changed nothing: the first one, on data that was there before.
        let first = self.home.is_none();
        if changes.account || first {
            let account = engine.view().account().ok().flatten();
            self.home = account.map(|account| account.home);
        }
        if changed || first {
            self.waiting = engine.view().waiting().map_or(self.waiting, view::count);
        }
        self.stand(relays, revision, changed, done);
    }

    fn stand(&self, relays: &Relays, revision: u32, changed: bool, done: bool) {
        let before = self.published.standing.borrow().clone();
        let home = self.home.clone();
        let statistics = home.as_ref().and_then(|home| relays.statistics(&home.key));
        let connection = view::connection_row(
            (home.as_ref(), self.embedded.as_ref()),
            statistics.as_deref(),
            self.ill.as_ref(),
            self.waiting,
            &before.connection,
        );
        let failed = home.is_some_and(|home| relays.has_failed(&home.key));
        // A connection that ended a moment ago says so before the driver hears of it: it is not quiet.
        // (Looked at once only: whoever waits to change it comes between two looks, and both wait for ever.)
        let is_up = |s: &Statistics| s.state == ConnectionState::Connected;
        let has_ended = !failed && !statistics.as_deref().is_none_or(is_up);
        let is_quiet = done && self.ill.is_none() && relays.is_quiet() && !has_ended;
        let failure = self.ill.clone().or_else(|| {
            statistics
                .and_then(|statistics| statistics.problem.clone())
                .filter(|_| failed)
        });
        let moved = connection != before.connection;
        if !changed && !moved && is_quiet == before.is_quiet && failure == before.failure {
            return;
        }
        self.published.standing.send_modify(|standing| {
            standing.revision = revision;
            standing.connection = connection.clone();
            standing.is_quiet = is_quiet;
            standing.failure = failure;
        });
        if moved {
            self.published.tell(Update::Connection { row: connection });
        }
    }
}

/// The rows behind changed ids, then what a person should hear of.
fn rows(
    engine: &Engine,
    changes: &ChangeSet,
    ledger: &Ledger,
    revision: u32,
    now: u64,
) -> snug_engine::Result<Vec<Update>> {
    let view = engine.view();
    let mut names = Names::new(view);
    let mut chats = Vec::new();
    let mut messages = Vec::new();
    let mut invitations = Vec::new();
    let mut requests = Vec::new();
    let mut groups = Vec::new();
    for id in &changes.conversations {
        if let Some(chat) = view.chat(id)? {
            let row = view::chat_row(&mut names, chat)?;
            if row.kind == ChatKind::Group {
                groups.push(row.id.clone());
            }
            chats.push(row);
        }
    }
    for id in &changes.messages {
        if let Some(message) = view.message(id)? {
            ledger.messages().saw(&message, now);
            messages.push(view::message_row(&mut names, message)?);
        }
    }
    for id in &changes.invitations {
        if let Some(invitation) = view.invitation(id)? {
            invitations.push(view::invitation_row(view, invitation, now)?);
        }
    }
    for id in &changes.requests {
        if let Some(request) = view.request(id)? {
            requests.push(view::request_row(view, request)?);
        }
    }
    let gone = changes.gone.iter().map(|(_, id)| Gone {
        kind: GoneKind::Message,
        id: id.to_string(),
    });
    let mut gone: Vec<Gone> = gone.collect();
    let group_invitations = invitations_to_groups(&mut names, changes, &mut gone)?;
    let mut updates = vec![Update::Changed {
        revision,
        chats,
        messages,
        invitations,
        requests,
        group_invitations,
        groups,
        gone,
    }];
    for notice in &changes.notices {
        if matches!(notice, Notice::Message(_)) {
            ledger.messages().received += 1;
        }
        updates.extend(notification(view, &mut names, notice)?);
    }
    Ok(updates)
}

/// Those that are new or different; those that are not there any more are gone.
fn invitations_to_groups(
    names: &mut Names<'_>,
    changes: &ChangeSet,
    gone: &mut Vec<Gone>,
) -> snug_engine::Result<Vec<GroupInvitationRow>> {
    let mut rows = Vec::new();
    if changes.offers.is_empty() {
        return Ok(rows);
    }
    let mut missing = changes.offers.clone();
    for invitation in names.view().group_invitations()? {
        if missing.remove(&invitation.id) {
            rows.push(view::group_invitation_row(names, invitation)?);
        }
    }
    gone.extend(missing.iter().map(|id| Gone {
        kind: GoneKind::GroupInvitation,
        id: id.to_string(),
    }));
    Ok(rows)
}

/// What the operating system may show of a notice.
fn notification(
    view: View<'_>,
    names: &mut Names<'_>,
    notice: &Notice,
) -> snug_engine::Result<Option<Update>> {
    let (id, otherwise) = match notice {
        Notice::Message(id) => {
            let Some(message) = view.message(id)? else {
                return Ok(None);
            };
            if view.is_quiet(&message)? {
                return Ok(None);
            }
            let message_chat = message.conversation;
            let row = view::message_row(names, message)?;
            let chat = view.chat(&message_chat)?;
            let group = chat.filter(|chat| chat.peer.is_none());
            return Ok(Some(Update::Notify {
                title: match group {
                    Some(group) => format!("{} · {}", row.author_name, group.title),
                    None => row.author_name,
                },
                body: row.text,
                chat: Some(row.chat),
            }));
        }
        Notice::Offer(id) => return offered(names, id),
        Notice::Request(id) => (id, "wants to connect with you"),
        Notice::Connected(id) => (id, "is connected with you"),
    };
    let Some(request) = view.request(id)? else {
        return Ok(None);
    };
    let row = view::request_row(view, request)?;
    let body = match (notice, row.group) {
        (Notice::Request(_), Some(group)) => format!("wants to join {group}"),
        _ => otherwise.to_owned(),
    };
    Ok(Some(Update::Notify {
        title: row.name,
        body,
        chat: row.chat,
    }))
}

/// What it may show of an invitation to a group.
fn offered(
    names: &mut Names<'_>,
    id: &snug_wire::ConversationId,
) -> snug_engine::Result<Option<Update>> {
    let all = names.view().group_invitations()?;
    let Some(found) = all.into_iter().find(|found| found.id == *id) else {
        return Ok(None);
    };
    let row = view::group_invitation_row(names, found)?;
    Ok(Some(Update::Notify {
        title: row.inviter,
        body: format!("invites you to {}", row.name),
        chat: None,
    }))
}
