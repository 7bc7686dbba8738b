//! One fixed value for every variant of every form. Ada (account byte a1) invites, Bo (b1) asks.
//!
//! The matches in `name` functions have no wildcard: a new variant does not compile until it is
//! named here, and `forms.rs` fails until it has a fixture.

use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use snug_wire::card::{Card, GroupCard, InboxAddress, Signable as _, Signed};
use snug_wire::code::{CodeKind, InviteCode, RelayHint};
use snug_wire::content::{
    Body, Content, Delete, Edit, Mention, Priority, Profile, React, Receipt, Text, Timer,
};
use snug_wire::device_list::{DeviceList, Entry, ListedDevice, Signer};
use snug_wire::inbox::{
    Denial, DenialReason, GroupOffer, InboxForm, InviteRequest, JoinRequest, Joining, Pointer,
    Reach, Removed, SealedForm,
};
use snug_wire::linking::{Admission, KnownContact, NewDevice};
use snug_wire::log_state::{
    Change, ConversationKind, Credential, Joined, Leave, LogState, Participant, ParticipantKind,
    Role,
};
use snug_wire::own::{Decision, InboxSecrets, Invited, Judgement, Keeping, OwnRecord};
use snug_wire::vote::Vote;
use snug_wire::{
    AccountId, Address, ClaimId, ConversationId, DeviceId, DeviceKey, EnvelopeId, GroupId,
    InvitationId, JoinId, LockSecret, MessageId, RelayAddress, RelayKey, Secret, Seq,
};

/// The key made of one byte, 32 times.
pub fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

pub fn account(byte: u8) -> AccountId {
    AccountId(key(byte).verifying_key().to_bytes())
}

pub fn device(byte: u8) -> ListedDevice {
    ListedDevice {
        id: DeviceId([byte; 16]),
        key: DeviceKey(key(byte).verifying_key().to_bytes()),
    }
}

/// The first entry of an account: its key is `byte`, its only device's is `byte + 1`.
pub fn first_entry(byte: u8) -> Entry {
    Entry {
        account: account(byte),
        version: 1,
        previous: [0; 32],
        devices: vec![device(byte + 1)],
        own: ConversationId([byte + 2; 32]),
        signer: Signer::Account,
    }
}

/// A list of two entries: the account key lists a device, which lists another.
pub fn devices(byte: u8) -> DeviceList {
    let first = first_entry(byte);
    let second = Entry {
        version: 2,
        previous: first.hash(),
        devices: vec![device(byte + 1), device(byte + 3)],
        signer: Signer::Device(DeviceId([byte + 1; 16])),
        ..first.clone()
    };
    DeviceList(vec![first.sign(&key(byte)), second.sign(&key(byte + 1))])
}

pub fn relay() -> RelayAddress {
    RelayAddress {
        url: "ws://127.0.0.1:7010".into(),
        key: RelayKey(key(0x7e).verifying_key().to_bytes()),
    }
}

pub fn code() -> InviteCode {
    InviteCode {
        kind: CodeKind::Contact,
        id: InvitationId([0x11; 16]),
        key: Secret::new([0x22; 32]),
        relay: RelayHint::of(&relay()),
    }
}

/// The X-Wing keys here are shorter than real ones (1216 bytes): the form does not look at them.
pub fn inbox(byte: u8) -> InboxAddress {
    InboxAddress {
        relay: relay(),
        address: Address([byte; 32]),
        key: vec![byte; 4],
    }
}

pub fn card() -> Card {
    Card {
        invitation: InvitationId([0x11; 16]),
        account: account(0xa1),
        devices: devices(0xa1),
        name: "Ada".into(),
        greeting: "Come in".into(),
        inbox: inbox(0x33),
        expires_at: Some(1_800_000_000_000),
        uses: Some(1),
        asks: false,
        group: None,
    }
}

/// A card that leads into a group.
pub fn group_card() -> Card {
    Card {
        group: Some(GroupCard {
            conversation: group_state().conversation,
            name: "Walks".into(),
            participants: 3,
        }),
        ..card()
    }
}

pub fn signed_card() -> Signed<Card> {
    card().signed(DeviceId([0xa2; 16]), &key(0xa2))
}

/// Somebody in a conversation as direct ones have them.
fn plain(byte: u8, role: Role) -> Participant {
    Participant {
        account: account(byte),
        role,
        devices: DeviceList(vec![first_entry(byte).sign(&key(byte))]),
        name: String::new(),
        kind: ParticipantKind::User,
        stay: 0,
    }
}

pub fn log_state() -> LogState {
    let mut participants = vec![plain(0xa1, Role::Admin), plain(0xb1, Role::Member)];
    participants.sort_by_key(|p| p.account);
    LogState {
        participants,
        ..LogState::new(
            LogState::direct_id(&account(0xa1), &account(0xb1)),
            ConversationKind::Direct,
        )
    }
}

/// Somebody in a group.
pub fn participant(byte: u8, role: Role, name: &str, stay: u64) -> Participant {
    Participant {
        name: name.into(),
        stay,
        ..plain(byte, role)
    }
}

/// A group with everything a group has: Ada is its admin, Bo a member, Dee an agent.
pub fn group_state() -> LogState {
    let agent = Participant {
        kind: ParticipantKind::Agent,
        ..participant(0xd1, Role::Member, "Dee", 3)
    };
    let mut participants = vec![
        participant(0xa1, Role::Admin, "Ada", 1),
        participant(0xb1, Role::Member, "Bo", 2),
        agent,
    ];
    participants.sort_by_key(|p| p.account);
    LogState {
        participants,
        name: "Walks".into(),
        description: "On Sundays".into(),
        picture: Some(vec![0x89, b'P', b'N', b'G'].into()),
        added: 3,
        ..LogState::new(ConversationId([0x9a; 32]), ConversationKind::Group)
    }
}

/// The word of one for another to be an admin of the group.
pub fn vote(by: u8, candidate: u8) -> Signed<Vote> {
    let state = group_state();
    Vote {
        conversation: state.conversation,
        account: account(by),
        candidate: account(candidate),
        admins: state.admins().into(),
    }
    .signed(DeviceId([by + 1; 16]), &key(by + 1))
}

/// Bo says that he leaves the group.
pub fn leave() -> Signed<Leave> {
    Leave {
        conversation: group_state().conversation,
        account: account(0xb1),
        stay: 2,
    }
    .signed(DeviceId([0xb2; 16]), &key(0xb2))
}

pub fn credential() -> Credential {
    Credential {
        account: account(0xa1),
        device: device(0xa2).id,
        key: device(0xa2).key,
    }
}

pub fn request() -> InviteRequest {
    InviteRequest {
        claim: ClaimId([0x44; 16]),
        invitation: InvitationId([0x11; 16]),
        ticket: [0x55; 64],
        proof: [0x66; 32],
        account: account(0xb1),
        devices: DeviceList(vec![first_entry(0xb1).sign(&key(0xb1))]),
        key_packages: vec![ByteVec::from(vec![0x77; 3])],
        profile: Profile { name: "Bo".into() },
        greeting: "Hello".into(),
        inboxes: vec![inbox(0x88)],
    }
}

pub fn sealed_form() -> SealedForm {
    SealedForm {
        encapsulated: vec![1, 2, 3],
        ciphertext: vec![4, 5],
    }
}

fn pointer() -> Pointer {
    Pointer {
        relay: relay(),
        address: Address([0x99; 32]),
        group: GroupId([0x12; 16]),
        commit: Seq(3),
        generation: 0x0123_4567_89ab_cdef,
        envelope: EnvelopeId([0x13; 16]),
        secret: LockSecret::new([0x14; 32]),
        fetch: LockSecret::new([0x15; 32]),
        key: Secret::new([0x1f; 32]),
        conversation: log_state().conversation,
        answers: Some(ClaimId([0x44; 16])),
        joins: None,
        account: account(0xa1),
        devices: devices(0xa1),
        offer: None,
    }
}

fn signed_pointer(pointer: Pointer) -> InboxForm {
    InboxForm::Pointer(Box::new(pointer.signed(DeviceId([0xa2; 16]), &key(0xa2))))
}

pub fn offer() -> GroupOffer {
    GroupOffer {
        name: "Walks".into(),
        description: "On Sundays".into(),
        picture: Some(vec![0x89, b'P', b'N', b'G'].into()),
        participants: 3,
        names: vec!["Ada".into(), "Dee".into()],
        stay: 2,
    }
}

/// What is attached to a commit: of a direct conversation, of a group.
pub fn joinings() -> Vec<Joining> {
    let reach = Reach {
        account: account(0xa1),
        device: DeviceId([0xa2; 16]),
        inbox: inbox(0x34),
    };
    vec![
        Joining {
            welcome: vec![0x78; 3],
            state: log_state(),
            reach: vec![reach],
        },
        Joining {
            welcome: vec![0x78; 3],
            state: group_state(),
            reach: Vec::new(),
        },
    ]
}

pub fn inbox_forms() -> Vec<InboxForm> {
    vec![
        InboxForm::Request(Box::new(request().signed(DeviceId([0xb2; 16]), &key(0xb2)))),
        signed_pointer(pointer()),
        signed_pointer(Pointer {
            answers: None,
            joins: Some(JoinId([0x45; 16])),
            ..pointer()
        }),
        signed_pointer(Pointer {
            conversation: group_state().conversation,
            answers: None,
            offer: Some(offer()),
            ..pointer()
        }),
        InboxForm::Denied(
            Denial {
                claim: ClaimId([0x44; 16]),
                reason: DenialReason::Used,
            }
            .signed(DeviceId([0xa2; 16]), &key(0xa2)),
        ),
        InboxForm::Join(Box::new(
            JoinRequest {
                id: JoinId([0x45; 16]),
                conversation: log_state().conversation,
                account: account(0xb1),
                devices: devices(0xb1),
                key_package: vec![0x77; 3],
                inbox: inbox(0x88),
                group: GroupId([0x12; 16]),
                read: Seq(5),
                unusable: true,
            }
            .signed(DeviceId([0xb2; 16]), &key(0xb2)),
        )),
        InboxForm::Declined(Box::new(leave())),
        InboxForm::Removed(Box::new(
            Removed {
                wish: JoinId([0x45; 16]),
                conversation: log_state().conversation,
                account: account(0xa1),
                devices: devices(0xa1),
            }
            .signed(DeviceId([0xa2; 16]), &key(0xa2)),
        )),
    ]
}

pub fn changes() -> Vec<Change> {
    vec![
        Change::Devices(account(0xa1), devices(0xa1)),
        Change::Joined(Joined {
            id: JoinId([0x45; 16]),
            device: DeviceId([0xa4; 16]),
            lost_after: Some(Seq(5)),
        }),
        Change::Added(Box::new(Participant {
            kind: ParticipantKind::Agent,
            ..participant(0xd1, Role::Member, "Dee", 0)
        })),
        Change::Removed(account(0xb1)),
        Change::Role(account(0xb1), Role::Admin),
        Change::Renamed("Long walks".into()),
        Change::Described(String::new()),
        Change::Pictured(Some(vec![0x89, b'P', b'N', b'G'].into())),
        Change::Pictured(None),
        Change::Left(Box::new(leave())),
        Change::Profile(account(0xb1), "Bob".into()),
        Change::Moved(Box::new(relay())),
        Change::Elected(vec![vote(0xb1, 0xd1)]),
    ]
}

pub fn change_name(change: &Change) -> &'static str {
    match change {
        Change::Devices(..) => "Devices",
        Change::Joined(_) => "Joined",
        Change::Added(_) => "Added",
        Change::Removed(_) => "Removed",
        Change::Role(..) => "Role",
        Change::Renamed(_) => "Renamed",
        Change::Described(_) => "Described",
        Change::Pictured(_) => "Pictured",
        Change::Left(_) => "Left",
        Change::Profile(..) => "Profile",
        Change::Moved(_) => "Moved",
        Change::Elected(_) => "Elected",
    }
}

pub fn new_device() -> NewDevice {
    NewDevice {
        id: JoinId([0x45; 16]),
        device: device(0xa4),
        inbox: inbox(0x35),
        key_packages: vec![ByteVec::from(vec![0x77; 3])],
    }
}

pub fn admission() -> Admission {
    Admission {
        account: account(0xa1),
        devices: devices(0xa1),
        name: "Ada".into(),
        home: relay(),
        contacts: vec![KnownContact {
            account: account(0xb1),
            name: "Bo".into(),
            devices: devices(0xb1),
        }],
    }
}

pub fn inbox_form_name(form: &InboxForm) -> &'static str {
    match form {
        InboxForm::Request(_) => "Request",
        InboxForm::Pointer(_) => "Pointer",
        InboxForm::Denied(_) => "Denied",
        InboxForm::Join(_) => "Join",
        InboxForm::Declined(_) => "Declined",
        InboxForm::Removed(_) => "Removed",
    }
}

pub fn own_records() -> Vec<OwnRecord> {
    vec![
        OwnRecord::Invited(Box::new(Invited {
            code: code(),
            card: card(),
            revoke: LockSecret::new([0x16; 32]),
            inbox: InboxSecrets {
                address: Address([0x33; 32]),
                secret: LockSecret::new([0x17; 32]),
                key: vec![0x18; 4],
            },
        })),
        OwnRecord::Revoked(InvitationId([0x11; 16])),
        OwnRecord::Answering(ClaimId([0x44; 16]), true),
    ]
}

pub fn decisions() -> Vec<Decision> {
    vec![
        Decision::Judged(AccountId([0x50; 32]), Judgement::Blocked("Bo".into())),
        Decision::Judged(AccountId([0x50; 32]), Judgement::Unblocked),
        Decision::Judged(AccountId([0x50; 32]), Judgement::Verified([0x51; 32], 3)),
        Decision::Judged(AccountId([0x50; 32]), Judgement::Unverified),
        Decision::Strangers(true),
        Decision::Kept(
            ConversationId([0x52; 32]),
            Keeping {
                pinned: true,
                archived: false,
                muted_until: Some(Keeping::FOR_GOOD),
            },
        ),
    ]
}

pub fn decision_name(decision: &Decision) -> &'static str {
    match decision {
        Decision::Judged(..) => "Judged",
        Decision::Strangers(_) => "Strangers",
        Decision::Kept(..) => "Kept",
    }
}

pub fn own_record_name(record: &OwnRecord) -> &'static str {
    match record {
        OwnRecord::Invited(_) => "Invited",
        OwnRecord::Revoked(_) => "Revoked",
        OwnRecord::Answering(..) => "Answering",
    }
}

pub fn bodies() -> Vec<Body> {
    vec![
        Body::Text(Text::new(
            MessageId([0x19; 16]),
            "Grüße".into(),
            Priority::High,
        )),
        Body::Receipt(Receipt {
            delivered: Seq(9),
            read: Seq(7),
            unopened: vec![Seq(4), Seq(5)],
            missed: Vec::new(),
        }),
        Body::Receipt(Receipt {
            delivered: Seq(9),
            read: Seq(0),
            unopened: Vec::new(),
            missed: vec![(Seq(2), Seq(6))],
        }),
        Body::Profile(Profile { name: "Ada".into() }),
        Body::Text(Text {
            reply_to: Some(MessageId([0x18; 16])),
            mentions: vec![mention()],
            forwarded: true,
            timer: Some(86_400),
            ..Text::new(MessageId([0x1a; 16]), "@Bo tea?".into(), Priority::Normal)
        }),
        Body::Edit(Edit {
            id: MessageId([0x1b; 16]),
            message: MessageId([0x19; 16]),
            text: "Hi @Bo".into(),
            mentions: vec![Mention {
                from: 3,
                to: 6,
                ..mention()
            }],
        }),
        Body::Delete(Delete {
            id: MessageId([0x1c; 16]),
            message: MessageId([0x19; 16]),
        }),
        Body::React(React {
            id: MessageId([0x1d; 16]),
            message: MessageId([0x19; 16]),
            emoji: Some("\u{1f375}".into()),
        }),
        Body::Timer(Timer {
            id: MessageId([0x1e; 16]),
            seconds: Some(300),
        }),
        Body::Reach(inbox(0x34)),
        Body::Leave(Box::new(leave())),
        Body::Vote(Box::new(vote(0xb1, 0xd1))),
        Body::Own(OwnRecord::Revoked(InvitationId([0x11; 16]))),
        Body::Decided(Decision::Strangers(true)),
        unknown_body(),
    ]
}

fn mention() -> Mention {
    Mention {
        account: AccountId([0xb0; 32]),
        from: 0,
        to: 3,
    }
}

/// Kind 999 with `{0: [1, "new"], 5: h'00ff'}`.
pub fn unknown_body() -> Body {
    Body::Unknown {
        kind: 999,
        form: vec![
            0xa2, 0x00, 0x82, 0x01, 0x63, b'n', b'e', b'w', 0x05, 0x42, 0x00, 0xff,
        ],
    }
}

pub fn body_name(body: &Body) -> &'static str {
    match body {
        Body::Text(_) => "Text",
        Body::Receipt(_) => "Receipt",
        Body::Profile(_) => "Profile",
        Body::Edit(_) => "Edit",
        Body::Delete(_) => "Delete",
        Body::React(_) => "React",
        Body::Timer(_) => "Timer",
        Body::Reach(_) => "Reach",
        Body::Leave(_) => "Leave",
        Body::Vote(_) => "Vote",
        Body::Own(_) => "Own",
        Body::Decided(_) => "Decided",
        Body::Unknown { .. } => "Unknown",
    }
}

pub fn content(body: Body) -> Content {
    Content {
        at: 1_790_000_000_000,
        body,
    }
}
