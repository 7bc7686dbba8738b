//! Groups one is invited to: of a contact who means harm, and of one who does not.

use crate::circle::{LATER, known, rejected};
use crate::forge::{Stranger, participant};
use crate::met::{Met, met, outbox_is_empty};
use crate::people::{ADA, BO, CYAN};
use snug_engine::{ChatStanding, Happened, Rejection};
use snug_wire::card::{Signable as _, Signed};
use snug_wire::inbox::{GroupOffer, InboxForm, Joining, OFFER_NAMES, Pointer};
use snug_wire::log_state::{
    ConversationKind, DESCRIPTION_LIMIT, Leave, LogState, PICTURE_LIMIT, Participant, Role,
};
use snug_wire::{
    Address, ConversationId, EnvelopeId, GroupId, LockSecret, NAME_LIMIT, RelayKey, Secret, Seq,
};

const SEED: [u8; 32] = [0x66; 32];

fn group() -> ConversationId {
    LogState::group_id(&SEED)
}

fn offer() -> GroupOffer {
    GroupOffer {
        name: "Walks".into(),
        description: "On Sundays".into(),
        picture: None,
        participants: 2,
        names: vec!["Stranger".into()],
        stay: 2,
    }
}

impl Met {
    /// An offer of the stranger's that holds in every respect; each a group of its own.
    fn offered(&self, n: u8) -> Pointer {
        Pointer {
            address: Address([n; 32]),
            group: GroupId([n; 16]),
            commit: Seq(1),
            generation: 7,
            envelope: EnvelopeId([77; 16]),
            secret: LockSecret::new([n; 32]),
            fetch: LockSecret::new([n; 32]),
            key: Secret::new([n; 32]),
            conversation: group(),
            answers: None,
            joins: None,
            account: self.stranger.account,
            devices: self.stranger.devices.clone(),
            offer: Some(offer()),
            ..self.pointer.clone()
        }
    }

    /// The state of that group.
    fn group_state(&self) -> LogState {
        let all = self.joining.state.participants.iter();
        let ada = all
            .clone()
            .find(|p| p.account != self.stranger.account)
            .unwrap();
        let own = Participant {
            name: "Stranger".into(),
            stay: 1,
            ..self.stranger.participant(Role::Admin)
        };
        let ada = Participant {
            name: "Ada".into(),
            stay: 2,
            ..participant(ada.account, Role::Member, ada.devices.clone())
        };
        let mut participants = vec![own, ada];
        participants.sort_by_key(|p| p.account);
        LogState {
            participants,
            name: "Walks".into(),
            added: 2,
            seed: Some(SEED.into()),
            ..LogState::new(group(), ConversationKind::Group)
        }
    }

    /// Makes the group come true where the pointer leads, with that state.
    fn found_group(&mut self, pointer: &Pointer, state: LogState) {
        let ada = self.ada().address;
        let package = self.world.relay.mailboxes.get_mut(&ada).unwrap();
        let package = package.pool.remove(0);
        let (commit, welcome) = self.stranger.found(&pointer.group, &state, &package);
        let joining = Joining {
            welcome,
            state,
            reach: Vec::new(),
        };
        let attached = Stranger::attach(pointer, &joining);
        self.world.relay.make(pointer, commit, attached);
    }

    fn accept(&mut self) {
        let now = self.world.now;
        let accepted = self.world.engine(ADA).accept_group(group(), now);
        accepted.unwrap();
        self.world.rest();
    }

    fn is_in(&self) -> bool {
        let group = self.world.group(ADA, group());
        group.is_some_and(|g| g.standing == ChatStanding::In)
    }

    /// An offer is ignored for that reason, and nothing of it stays.
    fn ignores(&mut self, signed: Signed<Pointer>, why: &str) {
        let form = InboxForm::Pointer(Box::new(signed));
        assert_eq!(self.say(&form), [why]);
        assert!(self.world.offers(ADA).is_empty());
        outbox_is_empty(&self.world, ADA);
    }
}

#[test]
fn an_offer_is_shown_and_nothing_is_asked_before_a_person_says_yes() {
    let mut met = met();
    let before = met.fetched();
    let pointer = Pointer {
        relay: snug_wire::RelayAddress {
            url: "ws://127.0.0.1:2".into(),
            key: RelayKey([3; 32]),
        },
        ..met.offered(1)
    };
    assert!(met.point(pointer).is_empty());
    let offers = met.world.offers(ADA);
    assert_eq!(offers[0].offer, offer());
    assert_eq!(offers[0].account, met.stranger.account);
    assert!(!offers[0].accepted);
    assert_eq!(met.fetched(), before);
    assert_eq!(met.world.people[ADA].engine.relays().unwrap().len(), 1);
    outbox_is_empty(&met.world, ADA);
    assert!(met.world.group(ADA, group()).is_none());
}

#[test]
fn an_accepted_offer_leads_into_the_group() {
    let mut met = met();
    let pointer = met.offered(1);
    met.found_group(&pointer, met.group_state());
    assert!(met.point(pointer.clone()).is_empty());
    met.accept();
    assert!(met.is_in());
    assert!(met.world.offers(ADA).is_empty());
    assert_eq!(met.world.names(ADA, group()), ["Ada", "Stranger"]);
    met.world.wait(LATER);
    // The one that led there leads nowhere else.
    met.ignores(met.stranger.sign(pointer), "a group one is in");
    met.ignores(met.stranger.sign(met.offered(2)), "a group one is in");
    rejected(
        met.world.engine(ADA).accept_group(group(), 0),
        Rejection::NotFound,
    );
}

#[test]
fn an_offer_is_of_a_contact() {
    let mut met = met();
    let other = Stranger::new(&mut met.world, 60);
    let pointer = Pointer {
        account: other.account,
        devices: other.devices.clone(),
        ..met.offered(1)
    };
    met.ignores(other.sign(pointer), "a group of somebody who is no contact");
}

#[test]
fn an_offer_is_signed_by_the_contact() {
    let mut met = met();
    let other = Stranger::new(&mut met.world, 60);
    let pointer = met.offered(1);
    let mut altered = met.stranger.sign(pointer.clone());
    altered.form.conversation.0[0] ^= 1;
    let mut longer = pointer.clone();
    let again = longer.devices.0[0].clone();
    longer.devices.0.push(again);
    let mut without = pointer.clone();
    without.devices.0.clear();
    for forged in [
        pointer.clone().signed(met.stranger.device, &other.key),
        pointer.signed(other.device, &other.key),
        altered,
        met.stranger.sign(longer),
        met.stranger.sign(without),
    ] {
        met.ignores(forged, "a pointer that no contact signed");
    }
}

#[test]
fn an_offer_says_what_group_it_is_of() {
    let mut met = met();
    let long = |most: usize| "\u{e9}".repeat(most + 1);
    let changes: [&dyn Fn(&mut GroupOffer); 5] = [
        &|o| o.name.clear(),
        &|o| o.name = long(NAME_LIMIT),
        &|o| o.description = long(DESCRIPTION_LIMIT),
        &|o| o.names = vec![long(NAME_LIMIT)],
        &|o| o.picture = Some(vec![0; PICTURE_LIMIT + 1].into()),
    ];
    let why = "a pointer that answers nothing";
    for change in changes {
        let mut pointer = met.offered(1);
        change(pointer.offer.as_mut().unwrap());
        met.ignores(met.stranger.sign(pointer), why);
    }
    let pointer = Pointer {
        offer: None,
        ..met.offered(1)
    };
    met.ignores(met.stranger.sign(pointer), why);
}

#[test]
fn of_the_names_in_an_offer_only_so_many_are_kept() {
    let mut met = met();
    let mut pointer = met.offered(1);
    pointer.offer.as_mut().unwrap().names = vec!["Bo".into(); 10_000];
    assert!(met.point(pointer).is_empty());
    assert_eq!(met.world.offers(ADA)[0].offer.names.len(), OFFER_NAMES);
}

#[test]
fn an_offer_comes_once() {
    let mut met = met();
    let why = "a group that came before";
    let at = |met: &Met, commit| Pointer {
        commit: Seq(commit),
        ..met.offered(1)
    };
    assert!(met.point(at(&met, 5)).is_empty());
    for commit in [5, 4, 1] {
        assert_eq!(met.point(at(&met, commit)), [why]);
    }
    // Added once more, or to where the group went on.
    assert!(met.point(at(&met, 6)).is_empty());
    assert!(met.point(met.offered(2)).is_empty());
    assert_eq!(met.world.offers(ADA).len(), 1);
}

#[test]
fn an_offer_does_not_lead_into_what_is_read() {
    let mut met = met();
    let why = "a group one is in";
    let (chat, inbox) = (met.pointer.address, met.ada().address);
    for address in [chat, inbox] {
        let pointer = Pointer {
            address,
            ..met.offered(1)
        };
        met.ignores(met.stranger.sign(pointer), why);
    }
    let pointer = Pointer {
        group: met.pointer.group,
        ..met.offered(1)
    };
    met.ignores(met.stranger.sign(pointer), why);
    let pointer = Pointer {
        group: GroupId([0; 16]),
        ..met.offered(1)
    };
    let why = "a pointer to a place that cannot be";
    met.ignores(met.stranger.sign(pointer), why);
}

#[test]
fn a_flood_of_offers_stays_bounded() {
    let mut met = met();
    let ada = met.ada().address;
    let stocked = met.world.relay.mailboxes[&ada].pool.len();
    for n in 0..120_u8 {
        let mut pointer = met.offered(n + 1);
        pointer.conversation.0[0] = n;
        let said = met.point(pointer);
        if n < 100 {
            assert!(said.is_empty(), "{n}: {said:?}");
        } else {
            assert_eq!(said, ["a group while too many wait"]);
        }
    }
    assert_eq!(met.world.offers(ADA).len(), 100);
    outbox_is_empty(&met.world, ADA);
    let made = met.world.relay.mailboxes[&ada].pool.len() - stocked;
    assert!(made <= 150, "{made} key packages");
    // Each that is declined makes room.
    let first = met.world.offers(ADA)[0].id;
    let now = met.world.now;
    met.world.engine(ADA).decline_group(first, now).unwrap();
    met.world.rest();
    assert!(met.point(met.offered(200)).is_empty());
}

/// What nobody asked for, and was not believed, has no key packages made.
#[test]
fn false_offers_have_nothing_made() {
    let mut met = met();
    let other = Stranger::new(&mut met.world, 60);
    let ada = met.ada().address;
    let stocked = met.world.relay.mailboxes[&ada].pool.len();
    for n in 1..20 {
        let forged = met.offered(n).signed(other.device, &other.key);
        met.ignores(forged, "a pointer that no contact signed");
    }
    assert_eq!(met.world.relay.mailboxes[&ada].pool.len(), stocked);
}

#[test]
fn an_accepted_offer_that_leads_nowhere_is_over_and_holds_nothing_up() {
    let mut met = met();
    let pointer = met.offered(1);
    assert!(met.point(pointer.clone()).is_empty());
    // There is no such mailbox.
    met.accept();
    let over = |met: &Met| {
        assert!(met.world.offers(ADA).is_empty());
        assert!(met.world.group(ADA, group()).is_none());
        assert!(met.world.people[ADA].engine.is_idle().unwrap());
    };
    over(&met);
    let state = met.group_state();
    let welcome = |welcome| Joining {
        welcome,
        state: state.clone(),
        reach: Vec::new(),
    };
    for bytes in [
        Vec::new(),
        vec![1; 3_000],
        Stranger::attach(&pointer, &welcome(vec![2; 500])),
        Stranger::attach(&met.offered(2), &welcome(vec![2; 500])),
    ] {
        met.world.relay.make(&pointer, vec![1], bytes);
        assert!(met.point(pointer.clone()).is_empty());
        met.accept();
        over(&met);
    }
    met.world.crash(ADA);
    met.world.rest();
    over(&met);
    // A true one may still come.
    met.found_group(&pointer, met.group_state());
    assert!(met.point(pointer).is_empty());
    met.accept();
    assert!(met.is_in());
}

/// What a state says instead.
type Change = dyn Fn(&mut LogState, &Met);

#[test]
fn an_offer_into_something_else_is_not_followed_in() {
    let changes: [&Change; 8] = [
        &|state, _| state.kind = ConversationKind::Direct,
        &|state, _| state.kind = ConversationKind::Own,
        &|state, _| state.conversation.0[0] ^= 1,
        &|state, _| state.participants.reverse(),
        &|state, _| {
            let again = state.participants[0].clone();
            state.participants.insert(0, again);
        },
        // Without this device, without who invites.
        &|state, met| {
            let of = met.stranger.account;
            state.participants.retain(|p| p.account == of);
        },
        &|state, met| {
            let of = met.stranger.account;
            state.participants.retain(|p| p.account != of);
        },
        &|state, _| {
            let devices = &mut state.participants[0].devices;
            devices.0[0].signature[0] ^= 1;
        },
    ];
    let mut met = met();
    for change in changes {
        let pointer = met.offered(1);
        let mut state = met.group_state();
        change(&mut state, &met);
        met.found_group(&pointer, state);
        assert!(met.point(pointer).is_empty());
        met.accept();
        assert!(met.world.group(ADA, group()).is_none());
        assert!(met.world.offers(ADA).is_empty());
        assert!(met.world.people[ADA].engine.is_idle().unwrap());
    }
    let pointer = met.offered(2);
    met.found_group(&pointer, met.group_state());
    assert!(met.point(pointer).is_empty());
    met.accept();
    assert!(met.is_in());
}

/// Who said yes to one contact is not led elsewhere by another.
#[test]
fn another_contact_does_not_choose_where_one_goes() {
    let mut met = met();
    let other = Stranger::new(&mut met.world, 60);
    let theirs = crate::met::connect_to(&mut met.world, &other);
    assert!(met.point(met.offered(1)).is_empty());
    met.world.offline(ADA);
    let now = met.world.now;
    met.world.engine(ADA).accept_group(group(), now).unwrap();
    let pointer = Pointer {
        account: other.account,
        devices: other.devices.clone(),
        offer: Some(offer()),
        answers: None,
        ..met.offered(2)
    };
    assert_ne!(theirs.conversation, group());
    met.found_group(&met.offered(1), met.group_state());
    let form = InboxForm::Pointer(Box::new(other.sign(pointer)));
    met.say(&form);
    met.world.online(ADA);
    met.world.rest();
    let ignored = met.world.ignored(ADA);
    assert_eq!(ignored, ["a group one is on one's way into"]);
    assert!(met.is_in());
}

#[test]
fn a_declined_offer_takes_one_out_and_tells_who_invited() {
    let mut world = known(&["Ada", "Bo", "Cyan"]);
    let group = world.found_group(3);
    assert_eq!(world.names(ADA, group), ["Ada", "Bo", "Cyan"]);
    world.come_in(CYAN, group);
    let now = world.now;
    world.engine(BO).decline_group(group, now).unwrap();
    assert!(world.offers(BO).is_empty());
    world.rest();
    world.wait(60_000);
    let bo = world.account(BO);
    for who in [ADA, CYAN] {
        assert_eq!(world.names(who, group), ["Ada", "Cyan"]);
        let left = |h: &Happened| matches!(h, Happened::Left { account, name } if *account == bo && name == "Bo");
        assert!(world.happened(who, group).iter().any(left));
    }
    assert!(world.group(BO, group).is_none());
    rejected(
        world.engine(BO).decline_group(group, 0),
        Rejection::NotFound,
    );
    // Invited again, Bo is asked again.
    let add = snug_engine::GroupWish::Add(bo);
    world.wish(ADA, group, &add).unwrap();
    world.rest();
    world.come_in(BO, group);
    assert_eq!(world.names(BO, group), ["Ada", "Bo", "Cyan"]);
}

#[test]
fn a_refusal_is_of_who_was_added_and_signed() {
    let mut met = met();
    let pointer = met.offered(1);
    met.found_group(&pointer, met.group_state());
    assert!(met.point(pointer).is_empty());
    met.accept();
    let other = Stranger::new(&mut met.world, 60);
    let leave = |account, stay, conversation| Leave {
        conversation,
        account,
        stay,
    };
    let stranger = met.stranger.account;
    let ada = met.world.account(ADA);
    let sign = |form: Leave| met.stranger.sign(form);
    let not_in = "a refusal of a group that one is not in";
    let nobody = "somebody who is not in the conversation leaves it";
    let unsigned = "somebody leaves who did not say so";
    let all = [
        (sign(leave(stranger, 1, ConversationId([9; 32]))), not_in),
        (sign(leave(stranger, 1, met.chat())), not_in),
        (sign(leave(ada, 2, group())), "a refusal of one's own"),
        (sign(leave(stranger, 2, group())), nobody),
        (other.sign(leave(other.account, 1, group())), nobody),
        (other.sign(leave(stranger, 1, group())), unsigned),
        (
            leave(stranger, 1, group()).signed(met.stranger.device, &other.key),
            unsigned,
        ),
    ];
    for (signed, why) in all {
        assert_eq!(met.say(&InboxForm::Declined(Box::new(signed))), [why]);
    }
    assert_eq!(met.world.names(ADA, group()), ["Ada", "Stranger"]);
    // The last admin leaves: who stays is one then.
    let signed = met.stranger.sign(leave(stranger, 1, group()));
    assert!(met.say(&InboxForm::Declined(Box::new(signed))).is_empty());
    met.world.wait(60_000);
    assert_eq!(met.world.names(ADA, group()), ["Ada"]);
    assert_eq!(met.world.group(ADA, group()).unwrap().role, Role::Admin);
}
