//! Typing and presence on their way through the driver. They come after everything else: out only
//! into room that messages do not need, in only when little came.

use super::relays::Relays;
use crate::view::{self, Names, Update};
use snug_engine::{Engine, Result, Signs};
use snug_wire::{Address, RelayKey};

/// So many frames at once are a flood, as after an absence: the signals among them are dropped.
const FLOOD: usize = 64;

/// A signal came, among so many other frames.
pub(super) fn receive(
    engine: &mut Engine,
    relay: &RelayKey,
    (address, bytes): (&Address, &[u8]),
    among: usize,
    now: u64,
) -> Result<()> {
    if among < FLOOD && !engine.receive_signal(relay, address, bytes, now)? {
        tracing::debug!("a signal ignored");
    }
    Ok(())
}

/// Sends what is due, after messages have left.
pub(super) fn pump(engine: &mut Engine, relays: &mut Relays, now: u64) -> Result<()> {
    engine.tick_signals(now)?;
    while let Some((relay, request)) =
        engine.next_signal(now, |relay| relays.has_room_for_signal(relay))?
    {
        relays.signal(&relay, request);
    }
    Ok(())
}

/// What changed around us, in rows.
pub(super) fn updates(engine: &Engine, signs: Signs) -> Result<Vec<Update>> {
    let mut updates = Vec::new();
    if !signs.presence.is_empty() {
        let rows = signs.presence.into_iter().map(view::presence_row).collect();
        updates.push(Update::Presence { rows });
    }
    let mut names = Names::new(engine.view());
    for typing in signs.typing {
        updates.push(Update::Typing {
            chat: typing.conversation.to_string(),
            account: typing.account.to_string(),
            name: names.of(&typing.account)?,
            on: typing.on,
        });
    }
    Ok(updates)
}
