//! What commits of a member who means harm come to: refused, and the group goes on.

use super::group::{self, Opened};
use super::{CHANGE_PROPOSAL, Crypto, Provider, SUITE, credential, key_package, signer};
use ed25519_dalek::SigningKey;
use openmls::prelude::tls_codec::Serialize as _;
use openmls::prelude::{CustomProposal, LeafNodeIndex, LeafNodeParameters, MlsGroup, Proposal};
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::crypto::OpenMlsCrypto as _;
use rusqlite::Connection;
use snug_wire::device_list::{DeviceList, Entry, ListedDevice, Signer};
use snug_wire::log_state::{
    Change, ConversationKind, Credential, Joined, LogState, Participant, ParticipantKind, Role,
};
use snug_wire::{AccountId, ConversationId, DeviceId, DeviceKey, GroupId, JoinId, encode};

mod groups;

struct Member {
    db: Connection,
    crypto: Crypto,
    key: SigningKey,
    who: Credential,
    devices: DeviceList,
}

impl Member {
    fn new(n: u8) -> Self {
        let db = Connection::open_in_memory().unwrap();
        crate::store::migrate(&db).unwrap();
        let account = SigningKey::from_bytes(&[n; 32]);
        let key = SigningKey::from_bytes(&[n + 100; 32]);
        let who = Credential {
            account: AccountId(account.verifying_key().to_bytes()),
            device: DeviceId([n; 16]),
            key: DeviceKey(key.verifying_key().to_bytes()),
        };
        let entry = Entry {
            account: who.account,
            version: 1,
            previous: [0; 32],
            devices: vec![ListedDevice {
                id: who.device,
                key: who.key,
            }],
            own: ConversationId([n; 32]),
            signer: Signer::Account,
        };
        Self {
            db,
            crypto: Crypto::new().unwrap(),
            key,
            who,
            devices: DeviceList(vec![entry.sign(&account)]),
        }
    }

    fn provider(&self) -> Provider<'_> {
        Provider::new(&self.crypto, &self.db)
    }

    fn signer(&self) -> openmls_basic_credential::SignatureKeyPair {
        signer(&self.key.to_bytes(), &self.who.key.0)
    }

    fn key_package(&self) -> Vec<u8> {
        key_package::make(&self.provider(), &self.signer(), &self.who).unwrap()
    }

    fn participant(&self, role: Role) -> Participant {
        Participant {
            account: self.who.account,
            role,
            devices: self.devices.clone(),
            name: String::new(),
            kind: ParticipantKind::User,
            stay: 0,
        }
    }
}

struct Chat {
    ada: Member,
    bo: Member,
    ada_group: MlsGroup,
    bo_group: MlsGroup,
    state: LogState,
}

fn chat() -> Chat {
    let (ada, bo) = (Member::new(1), Member::new(2));
    let mut participants = [&ada, &bo].map(|m| m.participant(Role::Admin)).to_vec();
    participants.sort_by_key(|p| p.account);
    let conversation = LogState::direct_id(&ada.who.account, &bo.who.account);
    let state = LogState {
        participants,
        ..LogState::new(conversation, ConversationKind::Direct)
    };
    let id = GroupId([3; 16]);
    let package = bo.key_package();
    let (ada_group, bo_group) = {
        let (provider, signer) = (ada.provider(), ada.signer());
        let mut group = group::found(&provider, &signer, &ada.who, &id, &state).unwrap();
        let adds = [key_package::check(&provider, &package).unwrap()];
        let pending = group::commit(&provider, &mut group, &signer, &state, &adds, &[])
            .unwrap()
            .unwrap();
        group::merge_pending(&provider, &mut group, &state).unwrap();
        let (welcome, _) = pending.welcome.unwrap();
        let joined = group::join(&bo.provider(), &id, &state, &welcome)
            .unwrap()
            .unwrap();
        (group, joined)
    };
    Chat {
        ada,
        bo,
        ada_group,
        bo_group,
        state,
    }
}

impl Chat {
    /// Ada opens what Bo put as a commit.
    fn ada_opens(&mut self, flagged: bool, bytes: &[u8]) -> Opened {
        let provider = self.ada.provider();
        group::open(&provider, &mut self.ada_group, &self.state, flagged, bytes).unwrap()
    }

    /// Texts still go both ways.
    fn goes_on(&mut self) {
        let (ada, bo) = (&self.ada, &self.bo);
        let from_bo =
            group::encrypt(&bo.provider(), &mut self.bo_group, &bo.signer(), b"hi").unwrap();
        let from_ada =
            group::encrypt(&ada.provider(), &mut self.ada_group, &ada.signer(), b"ho").unwrap();
        let at_ada = group::open(
            &ada.provider(),
            &mut self.ada_group,
            &self.state,
            false,
            &from_bo,
        );
        let at_bo = group::open(
            &bo.provider(),
            &mut self.bo_group,
            &self.state,
            false,
            &from_ada,
        );
        assert!(
            matches!(at_ada.unwrap(), Opened::Content(who, text) if who == self.bo.who && text == b"hi")
        );
        assert!(
            matches!(at_bo.unwrap(), Opened::Content(who, text) if who == self.ada.who && text == b"ho")
        );
    }
}

/// What Bo's rogue commit does.
#[derive(Default)]
struct Rogue {
    add: Vec<openmls::prelude::KeyPackage>,
    remove: Vec<LeafNodeIndex>,
    leaf: LeafNodeParameters,
    changes: Vec<Change>,
    /// The state that the context is to name.
    names: Option<LogState>,
}

impl Rogue {
    /// The commit, of which its author keeps nothing.
    fn commit(self, by: &Member, group: &mut MlsGroup) -> Vec<u8> {
        let (provider, signer) = (by.provider(), by.signer());
        let changes = self.changes.iter().map(|change| {
            let change = CustomProposal::new(CHANGE_PROPOSAL, encode(change));
            Proposal::Custom(Box::new(change))
        });
        let mut builder = group
            .commit_builder()
            .force_self_update(true)
            .leaf_node_parameters(self.leaf)
            .propose_adds(self.add)
            .propose_removals(self.remove)
            .add_proposals(changes);
        if let Some(state) = &self.names {
            let context = group::context(state).unwrap();
            builder = builder.propose_group_context_extensions(context).unwrap();
        }
        let bundle = builder
            .load_psks(provider.storage())
            .unwrap()
            .build(provider.rand(), provider.crypto(), &signer, |_| true)
            .unwrap()
            .stage_commit(&provider)
            .unwrap();
        let bytes = bundle.commit().tls_serialize_detached().unwrap();
        group::drop_pending(&provider, group).unwrap();
        bytes
    }
}

fn check(rogue: impl FnOnce(&Chat) -> Rogue, why: &str) {
    let mut chat = chat();
    let rogue = rogue(&chat);
    let bytes = rogue.commit(&chat.bo, &mut chat.bo_group);
    match chat.ada_opens(true, &bytes) {
        Opened::Ignored(said) => assert_eq!(said, why),
        Opened::Merged(_) => panic!("it was merged"),
        _ => panic!("it was no commit"),
    }
    chat.goes_on();
}

#[test]
fn a_third_account_is_not_added() {
    let cyan = Member::new(3);
    let add = |chat: &Chat| {
        let package = cyan.key_package();
        let (package, _) = key_package::check(&chat.ada.provider(), &package).unwrap();
        Rogue {
            add: vec![package],
            ..Rogue::default()
        }
    };
    check(add, "a new leaf that no device list names");
}

#[test]
fn an_unlisted_device_is_not_added() {
    let mut other = Member::new(4);
    let add = |chat: &Chat| {
        other.who.account = chat.bo.who.account;
        let (package, _) = key_package::check(&chat.ada.provider(), &other.key_package()).unwrap();
        Rogue {
            add: vec![package],
            ..Rogue::default()
        }
    };
    check(add, "a new leaf that no device list names");
}

#[test]
fn nobody_becomes_somebody_else() {
    let claim = |chat: &Chat| {
        let who = Credential {
            account: chat.ada.who.account,
            ..chat.bo.who.clone()
        };
        Rogue {
            leaf: LeafNodeParameters::builder()
                .with_credential_with_key(credential(&who))
                .build(),
            ..Rogue::default()
        }
    };
    check(claim, "a commit that changes who its author is");
}

#[test]
fn a_listed_device_is_not_removed() {
    let remove = |_: &Chat| Rogue {
        remove: vec![LeafNodeIndex::new(0)],
        ..Rogue::default()
    };
    check(remove, "a removal of a listed device");
}

/// The list with a second device of Bo's, and what the log is then.
fn listed(chat: &Chat, second: &Member) -> (Change, LogState) {
    let new = ListedDevice {
        id: second.who.device,
        key: second.who.key,
    };
    let bo = &chat.bo;
    let list = bo.devices.with(new, bo.who.device, &bo.key).unwrap();
    let change = Change::Devices(bo.who.account, list);
    let after = chat.state.changed(&change, &bo.who.account).unwrap();
    (change, after)
}

fn second() -> Member {
    let mut second = Member::new(5);
    second.who.account = Member::new(2).who.account;
    second
}

fn joined(id: u8, device: &Member) -> Change {
    Change::Joined(Joined {
        id: JoinId([id; 16]),
        device: device.who.device,
        lost_after: None,
    })
}

#[test]
fn a_change_is_named_by_the_context() {
    let unnamed = |chat: &Chat| Rogue {
        changes: vec![listed(chat, &second()).0],
        ..Rogue::default()
    };
    check(unnamed, "a change that the context does not name");
    let otherwise = |chat: &Chat| Rogue {
        changes: vec![listed(chat, &second()).0],
        names: Some(chat.state.clone()),
        ..Rogue::default()
    };
    check(otherwise, "a context that names another state");
    let without = |chat: &Chat| Rogue {
        names: Some(listed(chat, &second()).1),
        ..Rogue::default()
    };
    check(without, "a context that names another state");
    let nothing = |chat: &Chat| Rogue {
        names: Some(chat.state.clone()),
        ..Rogue::default()
    };
    check(nothing, "a context that names another state");
}

#[test]
fn a_device_list_goes_on_from_the_one_there_is() {
    let why = "a device list that does not go on from the one there is";
    let lists: [fn(&Chat) -> DeviceList; 4] = [
        |chat| chat.bo.devices.clone(),
        |_| DeviceList(Vec::new()),
        // Another first entry.
        |chat| {
            let mut list = listed_of(chat);
            list.0.remove(0);
            list
        },
        |chat| {
            let mut list = listed_of(chat);
            list.0[1].signature[0] ^= 1;
            list
        },
    ];
    for list in lists {
        let rogue = |chat: &Chat| Rogue {
            changes: vec![Change::Devices(chat.bo.who.account, list(chat))],
            ..Rogue::default()
        };
        check(rogue, why);
    }
    let of_nobody = |chat: &Chat| Rogue {
        changes: vec![Change::Devices(AccountId([9; 32]), listed_of(chat))],
        ..Rogue::default()
    };
    check(
        of_nobody,
        "a change of somebody who is not in the conversation",
    );
}

fn listed_of(chat: &Chat) -> DeviceList {
    match listed(chat, &second()).0 {
        Change::Devices(_, list) => list,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wish_is_fulfilled_by_a_leaf() {
    let without = |chat: &Chat| Rogue {
        changes: vec![joined(1, &chat.ada)],
        ..Rogue::default()
    };
    check(without, "a wish fulfilled without a leaf");
    let twice = |chat: &Chat| Rogue {
        changes: vec![joined(1, &chat.ada), joined(2, &chat.ada)],
        ..Rogue::default()
    };
    check(twice, "two wishes of one device fulfilled");
}

#[test]
fn a_device_is_taken_in_and_taken_in_again() {
    let mut chat = chat();
    let second = second();
    let (change, after) = listed(&chat, &second);
    // First it is new in its account, then it was lost.
    for changes in [vec![change, joined(1, &second)], vec![joined(2, &second)]] {
        let (provider, signer) = (chat.bo.provider(), chat.bo.signer());
        let adds = [key_package::check(&provider, &second.key_package()).unwrap()];
        let bo = &mut chat.bo_group;
        let pending = group::commit(&provider, bo, &signer, &chat.state, &adds, &changes)
            .unwrap()
            .unwrap();
        let ours = group::merge_pending(&provider, bo, &chat.state).unwrap();
        assert_eq!(ours.unwrap().state, after);
        let Opened::Merged(judged) = chat.ada_opens(true, &pending.commit) else {
            panic!("it was not merged")
        };
        assert_eq!(judged.state, after);
        assert_eq!(judged.joined().next().unwrap().device, second.who.device);
        chat.state = after.clone();
        let (welcome, _) = pending.welcome.unwrap();
        let id = GroupId([3; 16]);
        let joined = group::join(&second.provider(), &id, &after, &welcome).unwrap();
        assert_eq!(joined.unwrap().members().count(), 3);
        chat.goes_on();
    }
}

#[test]
fn renewing_ones_own_leaf_counts_where_it_is_flagged() {
    for flagged in [false, true] {
        let mut chat = chat();
        let pending = {
            let (provider, signer) = (chat.bo.provider(), chat.bo.signer());
            group::commit(
                &provider,
                &mut chat.bo_group,
                &signer,
                &chat.state,
                &[],
                &[],
            )
        };
        match chat.ada_opens(flagged, &pending.unwrap().unwrap().commit) {
            Opened::Merged(_) if flagged => {
                group::merge_pending(&chat.bo.provider(), &mut chat.bo_group, &chat.state).unwrap();
            }
            Opened::Ignored("a commit not put as one") if !flagged => {
                group::drop_pending(&chat.bo.provider(), &mut chat.bo_group).unwrap();
            }
            _ => panic!("flagged: {flagged}"),
        }
        chat.goes_on();
    }
}

#[test]
fn a_text_put_as_a_commit_does_not_count() {
    let mut chat = chat();
    let bytes = {
        let (provider, signer) = (chat.bo.provider(), chat.bo.signer());
        group::encrypt(&provider, &mut chat.bo_group, &signer, b"hi").unwrap()
    };
    let opened = chat.ada_opens(true, &bytes);
    assert!(matches!(
        opened,
        Opened::Ignored("a message put as a commit")
    ));
    chat.goes_on();
}

#[test]
fn a_welcome_to_another_state_or_group_is_not_followed() {
    let (ada, bo) = (Member::new(1), Member::new(2));
    let Chat { state, .. } = chat();
    let (provider, signer) = (ada.provider(), ada.signer());
    let mut other = state.clone();
    other.participants[0].role = Role::Member;
    let (id, wrong) = (GroupId([3; 16]), GroupId([4; 16]));
    for (expected, said) in [(&id, &other), (&wrong, &state)] {
        let mut group = group::found(&provider, &signer, &ada.who, &id, &state).unwrap();
        let adds = [key_package::check(&provider, &bo.key_package()).unwrap()];
        let pending = group::commit(&provider, &mut group, &signer, &state, &adds, &[])
            .unwrap()
            .unwrap();
        let (welcome, _) = pending.welcome.unwrap();
        let joined = group::join(&bo.provider(), expected, said, &welcome);
        assert_eq!(
            joined.unwrap().err(),
            Some("the group is not what was said of it")
        );
        group.delete(provider.storage()).unwrap();
    }
}

#[test]
fn a_key_of_a_wrong_length_is_refused_not_sealed_to() {
    let crypto = Crypto::new().unwrap();
    for length in [0, 1, 32, 1_183, 1_184, 1_215, 1_217] {
        let key = vec![0; length];
        let sealed = crypto.hpke_seal(SUITE.hpke_config(), &key, b"", b"", b"plain");
        assert!(sealed.is_err(), "{length}");
        let exported = crypto.hpke_setup_sender_and_export(SUITE.hpke_config(), &key, b"", b"", 32);
        assert!(exported.is_err(), "{length}");
    }
}
