//! How a conversation's log comes into being on this device.

use crate::account::Me;
use crate::error::Result;
use crate::mls::{self, group};
use crate::outbox;
use crate::rehome;
use crate::store::table::conversation::{self, Conversation};
use crate::store::table::inbox;
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox::{self, Mailbox, Standing};
use crate::store::table::outbox::{Intent, New};
use crate::work::Work;
use snug_wire::content::Priority;
use snug_wire::frame::{MailboxKind, Request};
use snug_wire::log_state::{ConversationKind, LogState, Participant, ParticipantKind, Role};
use snug_wire::{AccountId, Address, ClaimId, GroupId, LockSecret, RelayKey, Seq};

/// Makes a mailbox of ours known and asks the relay for it, before anything else of its lane.
pub(crate) fn ask_for_mailbox(
    w: &mut Work<'_>,
    relay: &RelayKey,
    lane: Address,
    address: Address,
    secret: &LockSecret,
    kind: MailboxKind,
) -> Result<()> {
    mailbox::insert(
        w.db,
        &Mailbox {
            address,
            relay: *relay,
            secret: secret.clone(),
            standing: Standing::Asked,
            generation: 0,
            seq: Seq(0),
            envelope: None,
        },
    )?;
    outbox::add(
        w,
        New {
            relay: *relay,
            lane,
            priority: Priority::Urgent,
            not_before: 0,
            intent: Intent::Create(address),
            request: Some(Request::Create(address, kind, secret.lock())),
        },
    )
}

/// A relay has lost a mailbox of ours that nothing depends on: it is made again, empty.
pub(crate) fn make_mailbox_again(
    w: &mut Work<'_>,
    mailbox: &Mailbox,
    kind: MailboxKind,
) -> Result<()> {
    // Before anything else of its lane.
    outbox::thaw_lane(w, &mailbox.address)?;
    mailbox::set_standing(w.db, &mailbox.address, Standing::Asked)?;
    mailbox::restart(w.db, &mailbox.address, 0, Seq(0))?;
    // What was beside it is gone with it.
    inbox::set_pool(w.db, &mailbox.address, 0)?;
    outbox::add(
        w,
        New {
            relay: mailbox.relay,
            lane: mailbox.address,
            priority: Priority::Urgent,
            not_before: 0,
            intent: Intent::Create(mailbox.address),
            request: Some(Request::Create(
                mailbox.address,
                kind,
                mailbox.secret.lock(),
            )),
        },
    )
}

/// Founds a group of this device alone, in a mailbox of its own. Its id is below those of the logs that
/// the conversation had before, so that it goes on in this one (rule 19).
pub(crate) fn found(
    w: &mut Work<'_>,
    me: &Me,
    relay: &RelayKey,
    state: LogState,
    ready: bool,
) -> Result<GroupId> {
    let before = log::of(w.db, &state.conversation)?;
    let random = w.random();
    let below = before
        .first()
        .and_then(|lowest| rehome::lower(&lowest.group, random));
    let id = below.unwrap_or(GroupId(random));
    let address = Address(w.random());
    let provider = w.provider();
    let signer = mls::signer(me.device_seed.expose(), &me.device_key.0);
    let group = group::found(&provider, &signer, &me.credential(), &id, &state)?;
    let secret = group::lock_secret(&provider, &group)?;
    w.keep_group(id, group);
    ask_for_mailbox(
        w,
        relay,
        address,
        address,
        &secret,
        MailboxKind::Conversation,
    )?;
    log::insert(
        w.db,
        &Log {
            group: id,
            conversation: state.conversation,
            address,
            kind: state.kind,
            head: Seq(0),
            ready,
            read: Seq(0),
            trouble: None,
        },
        &state,
    )?;
    Ok(id)
}

/// The conversation of one's own devices (rule 26).
pub(crate) fn found_own(w: &mut Work<'_>, me: &Me) -> Result<()> {
    conversation::insert(
        w.db,
        &Conversation::new(me.own, ConversationKind::Own, w.now),
    )?;
    let state = LogState {
        participants: vec![participant(me.account, &me.devices)],
        ..LogState::new(me.own, ConversationKind::Own)
    };
    found(w, me, &me.home.key, state, true)?;
    Ok(())
}

fn participant(account: AccountId, devices: &snug_wire::device_list::DeviceList) -> Participant {
    Participant {
        account,
        role: Role::Admin,
        devices: devices.clone(),
        name: String::new(),
        kind: ParticipantKind::User,
        stay: 0,
    }
}

/// What a direct conversation of these two establishes: both are admins, nobody else is in (rule 19).
pub(crate) fn direct_state(
    me: &Me,
    peer: AccountId,
    devices: &snug_wire::device_list::DeviceList,
) -> LogState {
    let mut participants = vec![
        participant(me.account, &me.devices),
        participant(peer, devices),
    ];
    participants.sort_by_key(|p| p.account);
    let id = LogState::direct_id(&me.account, &peer);
    LogState {
        participants,
        ..LogState::new(id, ConversationKind::Direct)
    }
}

/// Founds a log of the direct conversation with the one who asked; their devices are added as soon
/// as the mailbox stands.
pub(crate) fn found_direct(
    w: &mut Work<'_>,
    relay: &RelayKey,
    peer: AccountId,
    devices: &snug_wire::device_list::DeviceList,
    claim: ClaimId,
) -> Result<snug_wire::ConversationId> {
    let me = w.me()?;
    let state = direct_state(me, peer, devices);
    let id = state.conversation;
    insert_direct(w, id, peer)?;
    let group = found(w, me, relay, state, false)?;
    let address = log::get(w.db, &group)?
        .map(|log| log.address)
        .unwrap_or(Address([0; 32]));
    outbox::add(
        w,
        New {
            relay: *relay,
            lane: address,
            priority: Priority::Urgent,
            not_before: 0,
            intent: Intent::Found(group, claim),
            request: None,
        },
    )?;
    Ok(id)
}

/// Adds the direct conversation with an account, if it is not there yet.
pub(crate) fn insert_direct(
    w: &mut Work<'_>,
    id: snug_wire::ConversationId,
    peer: AccountId,
) -> Result<()> {
    conversation::insert(
        w.db,
        &Conversation {
            peer: Some(peer),
            ..Conversation::new(id, ConversationKind::Direct, w.now)
        },
    )?;
    w.changes.conversations.insert(id);
    Ok(())
}
