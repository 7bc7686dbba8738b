//! Commits in a group: what a member, or an admin, who means harm puts there is refused by everybody,
//! and the group goes on.

use super::super::policy::Judged;
use super::{Member, Rogue};
use crate::mls::group::{self, Opened};
use crate::mls::{SUITE, capabilities, credential, key_package};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{
    KeyPackage, KeyPackageIn, LeafNodeIndex, Lifetime, MlsGroup, ProtocolVersion,
};
use openmls_traits::OpenMlsProvider as _;
use snug_wire::card::Signable as _;
use snug_wire::device_list::ListedDevice;
use snug_wire::log_state::{Change, ConversationKind, Leave, LogState, Participant, Role};
use snug_wire::{ConversationId, DeviceId, GroupId};

const ADA: usize = 0;
const BO: usize = 1;
const CYAN: usize = 2;
/// Bo's second device.
const SECOND: usize = 3;
const ID: GroupId = GroupId([3; 16]);

/// Ada is the admin; leaves stand in this order.
struct Circle {
    members: Vec<Member>,
    groups: Vec<MlsGroup>,
    state: LogState,
}

fn sorted(mut state: LogState) -> LogState {
    state.participants.sort_by_key(|p| p.account);
    state
}

fn circle() -> Circle {
    let mut members: Vec<Member> = (1..=4).map(Member::new).collect();
    let (new, of, by) = (
        ListedDevice {
            id: members[SECOND].who.device,
            key: members[SECOND].who.key,
        },
        members[BO].who.account,
        members[BO].who.device,
    );
    let list = members[BO].devices.with(new, by, &members[BO].key).unwrap();
    members[BO].devices = list;
    members[SECOND].who.account = of;
    let participant = |n: usize, role, stay| Participant {
        stay,
        ..members[n].participant(role)
    };
    let state = sorted(LogState {
        participants: vec![
            participant(ADA, Role::Admin, 1),
            participant(BO, Role::Member, 2),
            participant(CYAN, Role::Member, 3),
        ],
        name: "Walks".into(),
        added: 3,
        ..LogState::new(ConversationId([5; 32]), ConversationKind::Group)
    });
    let (provider, signer) = (members[ADA].provider(), members[ADA].signer());
    let mut first = group::found(&provider, &signer, &members[ADA].who, &ID, &state).unwrap();
    let adds: Vec<_> = members[1..]
        .iter()
        .map(|m| key_package::check(&provider, &m.key_package()).unwrap())
        .collect();
    let pending = group::commit(&provider, &mut first, &signer, &state, &adds, &[]);
    let (welcome, _) = pending.unwrap().unwrap().welcome.unwrap();
    group::merge_pending(&provider, &mut first, &state).unwrap();
    let join = |m: &Member| group::join(&m.provider(), &ID, &state, &welcome);
    let mut groups = vec![first];
    groups.extend(members[1..].iter().map(|m| join(m).unwrap().unwrap()));
    Circle {
        members,
        groups,
        state,
    }
}

impl Circle {
    fn account(&self, n: usize) -> snug_wire::AccountId {
        self.members[n].who.account
    }

    fn opens(&mut self, n: usize, flagged: bool, bytes: &[u8]) -> Opened {
        let provider = self.members[n].provider();
        group::open(&provider, &mut self.groups[n], &self.state, flagged, bytes).unwrap()
    }

    /// A text of each is read by all others of these.
    fn goes_on(&mut self, among: &[usize]) {
        for author in among {
            let member = &self.members[*author];
            let (provider, signer) = (member.provider(), member.signer());
            let who = member.who.clone();
            let bytes =
                group::encrypt(&provider, &mut self.groups[*author], &signer, b"hi").unwrap();
            for reader in among.iter().filter(|reader| *reader != author) {
                let opened = self.opens(*reader, false, &bytes);
                assert!(matches!(opened, Opened::Content(by, text) if by == who && text == b"hi"));
            }
        }
    }

    /// An honest commit, merged by its author: the commit, and the secrets of the mailbox before and
    /// after, if it has another lock.
    fn commits(&mut self, by: usize, changes: &[Change]) -> (Vec<u8>, Judged) {
        let member = &self.members[by];
        let (provider, signer) = (member.provider(), member.signer());
        let own = &mut self.groups[by];
        let pending = group::commit(&provider, own, &signer, &self.state, &[], changes);
        let pending = pending.unwrap().unwrap();
        let judged = group::merge_pending(&provider, own, &self.state).unwrap();
        (pending.commit, judged.unwrap())
    }
}

/// A rogue commit by one of them is refused by all others for that reason, and all go on.
fn check(by: usize, rogue: impl FnOnce(&Circle) -> Rogue, why: &str) {
    let mut circle = circle();
    let rogue = rogue(&circle);
    let Circle {
        members, groups, ..
    } = &mut circle;
    let bytes = rogue.commit(&members[by], &mut groups[by]);
    for reader in (0..circle.members.len()).filter(|n| *n != by) {
        match circle.opens(reader, true, &bytes) {
            Opened::Ignored(said) => assert_eq!(said, why),
            Opened::Merged(_) => panic!("it was merged"),
            Opened::Removed(_) => panic!("somebody was removed"),
            _ => panic!("it was no commit"),
        }
    }
    circle.goes_on(&[ADA, BO, CYAN, SECOND]);
}

fn leaves(of: &[usize]) -> Vec<LeafNodeIndex> {
    let index = |n: &usize| LeafNodeIndex::new(u32::try_from(*n).unwrap());
    of.iter().map(index).collect()
}

/// The state as it would be if Ada had made that change.
fn as_if(circle: &Circle, change: &Change) -> LogState {
    circle.state.changed(change, &circle.account(ADA)).unwrap()
}

/// A commit that says that, and names a state in which it is so.
fn says(circle: &Circle, change: Change) -> Rogue {
    Rogue {
        names: Some(as_if(circle, &change)),
        changes: vec![change],
        ..Rogue::default()
    }
}

const NO_ADMIN: &str = "a change by somebody who is no admin";

#[test]
fn a_member_changes_nothing_that_is_for_admins() {
    let changes: [fn(&Circle) -> Change; 5] = [
        |circle| Change::Role(circle.account(BO), Role::Admin),
        |_| Change::Renamed("Bo's".into()),
        |_| Change::Described("Bo's".into()),
        |_| Change::Pictured(Some(vec![1].into())),
        |circle| Change::Removed(circle.account(CYAN)),
    ];
    for change in changes {
        check(BO, |circle| says(circle, change(circle)), NO_ADMIN);
    }
}

#[test]
fn a_member_adds_nobody() {
    let dee = Member::new(9);
    let add = |circle: &Circle| {
        let provider = circle.members[ADA].provider();
        let (package, _) = key_package::check(&provider, &dee.key_package()).unwrap();
        let new = Participant {
            name: "Dee".into(),
            ..dee.participant(Role::Member)
        };
        Rogue {
            add: vec![package],
            ..says(circle, Change::Added(Box::new(new)))
        }
    };
    check(BO, add, NO_ADMIN);
    // Nor a leaf without a word.
    let silently = |circle: &Circle| Rogue {
        changes: Vec::new(),
        names: None,
        ..add(circle)
    };
    let why = "a new leaf that no device list names";
    check(BO, silently, why);
    // An admin names whom it adds, too.
    check(ADA, silently, why);
}

/// A key package of somebody's that lasts so long, in seconds of Unix time.
fn ending(member: &Member, at: u64) -> Vec<u8> {
    let bundle = KeyPackage::builder()
        .key_package_lifetime(Lifetime::init(0, at))
        .leaf_node_capabilities(capabilities())
        .build(
            SUITE,
            &member.provider(),
            &member.signer(),
            credential(&member.who),
        )
        .unwrap();
    bundle.key_package().tls_serialize_detached().unwrap()
}

/// Else who reads the commit in time adds them, and who reads it later does not.
#[test]
fn nobody_is_added_by_a_key_that_ends() {
    let dee = Member::new(9);
    for at in [1, u64::MAX - 1] {
        assert!(key_package::check(&dee.provider(), &ending(&dee, at)).is_none());
    }
    let add = |circle: &Circle| {
        let package = KeyPackageIn::tls_deserialize_exact(ending(&dee, u64::MAX - 1)).unwrap();
        let crypto = circle.members[ADA].provider();
        let package = package.validate(crypto.crypto(), ProtocolVersion::Mls10);
        let new = Participant {
            name: "Dee".into(),
            ..dee.participant(Role::Member)
        };
        Rogue {
            add: vec![package.unwrap()],
            ..says(circle, Change::Added(Box::new(new)))
        }
    };
    check(ADA, add, "a new leaf that ends by itself");
}

#[test]
fn a_member_removes_nobody() {
    let remove = |circle: &Circle| Rogue {
        remove: leaves(&[CYAN]),
        ..says(circle, Change::Removed(circle.account(CYAN)))
    };
    check(BO, remove, NO_ADMIN);
    let silently = |_: &Circle| Rogue {
        remove: leaves(&[CYAN]),
        ..Rogue::default()
    };
    let why = "a removal of a listed device";
    check(BO, silently, why);
    check(ADA, silently, why);
}

#[test]
fn who_is_removed_leaves_no_leaf_behind() {
    let why = "a leaf of somebody who is not in the conversation";
    for removed in [&[][..], &[BO], &[SECOND]] {
        let remove = |circle: &Circle| Rogue {
            remove: leaves(removed),
            ..says(circle, Change::Removed(circle.account(BO)))
        };
        check(ADA, remove, why);
    }
}

#[test]
fn a_removal_takes_nobody_else_along() {
    let remove = |circle: &Circle| Rogue {
        remove: leaves(&[BO, SECOND, CYAN]),
        ..says(circle, Change::Removed(circle.account(BO)))
    };
    check(ADA, remove, "a removal of a listed device");
}

#[test]
fn the_last_admin_stays_one() {
    let demote = |circle: &Circle| {
        let mut state = circle.state.clone();
        for one in &mut state.participants {
            one.role = Role::Member;
        }
        Rogue {
            changes: vec![Change::Role(circle.account(ADA), Role::Member)],
            names: Some(state),
            ..Rogue::default()
        }
    };
    check(ADA, demote, "a group without an admin");
}

#[test]
fn nobody_leaves_who_did_not_say_so() {
    let left = |circle: &Circle, device: DeviceId, key: &ed25519_dalek::SigningKey| {
        let leave = Leave {
            conversation: circle.state.conversation,
            account: circle.account(CYAN),
            stay: 3,
        };
        let mut state = circle.state.clone();
        let cyan = circle.account(CYAN);
        state.participants.retain(|p| p.account != cyan);
        Rogue {
            remove: leaves(&[CYAN]),
            changes: vec![Change::Left(Box::new(leave.signed(device, key)))],
            names: Some(state),
            ..Rogue::default()
        }
    };
    let why = "somebody leaves who did not say so";
    for by in [ADA, BO] {
        let forged = |circle: &Circle| {
            let (bo, cyan) = (&circle.members[BO], &circle.members[CYAN]);
            left(circle, cyan.who.device, &bo.key)
        };
        check(by, forged, why);
        let own = |circle: &Circle| {
            let bo = &circle.members[BO];
            left(circle, bo.who.device, &bo.key)
        };
        check(by, own, why);
    }
}

#[test]
fn nobody_renames_somebody_else() {
    let renamed = |circle: &Circle| {
        let mut state = circle.state.clone();
        let cyan = circle.account(CYAN);
        for one in &mut state.participants {
            if one.account == cyan {
                one.name = "Eve".into();
            }
        }
        Rogue {
            changes: vec![Change::Profile(cyan, "Eve".into())],
            names: Some(state),
            ..Rogue::default()
        }
    };
    check(BO, renamed, NO_ADMIN);
    check(ADA, renamed, "a change that cannot be");
}

/// What comes after a removal is locked with a secret that who was removed never had.
#[test]
fn who_is_removed_reads_no_further() {
    let mut circle = circle();
    let removed = [Change::Removed(circle.account(BO))];
    let secret = |circle: &Circle, n: usize| {
        let provider = circle.members[n].provider();
        group::lock_secret(&provider, &circle.groups[n]).unwrap()
    };
    let before = secret(&circle, ADA);
    assert_eq!(before.lock(), secret(&circle, BO).lock());
    let (commit, judged) = circle.commits(ADA, &removed);
    assert!(judged.removed);
    for gone in [BO, SECOND] {
        let opened = circle.opens(gone, true, &commit);
        assert!(
            matches!(opened, Opened::Removed(by) if by.state.participant(&circle.account(BO)).is_none())
        );
    }
    assert!(matches!(
        circle.opens(CYAN, true, &commit),
        Opened::Merged(_)
    ));
    circle.state = judged.state;
    assert_eq!(secret(&circle, ADA).lock(), secret(&circle, CYAN).lock());
    assert_ne!(secret(&circle, ADA).lock(), before.lock());
    assert_eq!(secret(&circle, BO).lock(), before.lock());
    circle.goes_on(&[ADA, CYAN]);
    let (provider, signer) = (circle.members[ADA].provider(), circle.members[ADA].signer());
    let text = group::encrypt(&provider, &mut circle.groups[ADA], &signer, b"hi").unwrap();
    for gone in [BO, SECOND] {
        assert!(matches!(
            circle.opens(gone, false, &text),
            Opened::Behind("an entry of a later epoch")
        ));
    }
}

#[test]
fn a_signed_leave_is_carried_out_by_anybody() {
    for by in [ADA, BO] {
        let mut circle = circle();
        let cyan = &circle.members[CYAN];
        let leave = Leave {
            conversation: circle.state.conversation,
            account: cyan.who.account,
            stay: 3,
        };
        let leave = leave.signed(cyan.who.device, &cyan.key);
        let (commit, judged) = circle.commits(by, &[Change::Left(Box::new(leave))]);
        assert!(judged.removed);
        for other in [ADA, BO, SECOND] {
            if other != by {
                assert!(matches!(
                    circle.opens(other, true, &commit),
                    Opened::Merged(_)
                ));
            }
        }
        assert!(matches!(
            circle.opens(CYAN, true, &commit),
            Opened::Removed(_)
        ));
        circle.state = judged.state;
        circle.goes_on(&[ADA, BO, SECOND]);
    }
}
