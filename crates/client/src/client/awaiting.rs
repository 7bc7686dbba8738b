//! Waiting for things to happen, without asking again and again.

use super::chats::message_in;
use super::inviting::{invitation_in, request_in};
use super::{Client, id, not_found};
use crate::Problem;
use crate::view::{
    ConnectionRow, InvitationRow, InvitationState, MessageRow, MessageState, RequestRow,
    RequestState, Update,
};
use snug_engine::View;
use snug_wire::{ClaimId, InvitationId, MessageId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// The stream of updates, from the moment it was asked for.
pub struct Updates(broadcast::Receiver<Update>);

impl Updates {
    /// The next one; [`Update::Resync`] when some were missed. `None` once the client has ended.
    pub async fn next(&mut self) -> Option<Update> {
        match self.0.recv().await {
            Ok(update) => Some(update),
            Err(RecvError::Lagged(_)) => Some(Update::Resync),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Client {
    /// Everything that changes from now on. Load all lists after asking for it, and again at each
    /// [`Update::Resync`].
    pub fn updates(&self) -> Updates {
        Updates(self.0.published.updates.subscribe())
    }

    /// Waits until every mailbox on every relay that can be reached is read to its end and nothing
    /// sent is unanswered.
    ///
    /// # Errors
    /// When an attempt to reach the home relay fails; it goes on being tried.
    pub async fn caught_up(&self) -> Result<(), Problem> {
        let mut standing = self.0.published.standing.subscribe();
        let seen = standing
            .wait_for(|now| now.is_quiet || now.failure.is_some() || now.dead.is_some())
            .await
            .map_err(|_| self.dead())?
            .clone();
        match seen.dead.or(seen.failure) {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    /// Waits until the connection to the home relay is as wanted.
    ///
    /// # Errors
    /// `broken` when the client ends before.
    pub async fn connection_that(
        &self,
        is_wanted: impl Fn(&ConnectionRow) -> bool,
    ) -> Result<ConnectionRow, Problem> {
        let mut standing = self.0.published.standing.subscribe();
        let seen = standing
            .wait_for(|now| is_wanted(&now.connection) || now.dead.is_some())
            .await
            .map_err(|_| self.dead())?;
        match &seen.dead {
            Some(problem) => Err(problem.clone()),
            None => Ok(seen.connection.clone()),
        }
    }

    /// Waits until the relay has a message on disk, or it failed.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn sent(&self, message: &str) -> Result<MessageRow, Problem> {
        let message: MessageId = id(message)?;
        self.until(move |view| {
            let row = message_in(view, message)?;
            Ok(row.map(|row| (row.state != MessageState::Sending, row)))
        })
        .await
    }

    /// Waits until the relay has a request, or it came to an end.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn asked(&self, request: &str) -> Result<RequestRow, Problem> {
        let request: ClaimId = id(request)?;
        self.until(move |view| {
            let row = request_in(view, request)?;
            Ok(row.map(|row| (row.state != RequestState::Sending, row)))
        })
        .await
    }

    /// Waits until an invitation's code works, or it came to an end.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn published(&self, invitation: &str) -> Result<InvitationRow, Problem> {
        let invitation: InvitationId = id(invitation)?;
        self.until(move |view| {
            let row = invitation_in(view, invitation)?;
            Ok(row.map(|row| (row.state != InvitationState::Publishing, row)))
        })
        .await
    }

    /// Looks at each change until what is looked for says it is there.
    async fn until<T: Send + 'static>(
        &self,
        look: impl Fn(View<'_>) -> snug_engine::Result<Option<(bool, T)>> + Clone + Send + 'static,
    ) -> Result<T, Problem> {
        let mut standing = self.0.published.standing.subscribe();
        loop {
            let revision = standing.borrow_and_update().revision;
            let (done, found) = self.read(look.clone()).await?.ok_or_else(not_found)?;
            if done {
                return Ok(found);
            }
            let seen = standing
                .wait_for(|now| now.revision != revision || now.dead.is_some())
                .await
                .map_err(|_| self.dead())?;
            if let Some(problem) = &seen.dead {
                return Err(problem.clone());
            }
        }
    }
}
