//! The few things Snug does with an MLS group.

use super::{
    CHANGE_PROPOSAL, Provider, STATE_EXTENSION, SUITE, capabilities, credential, identity,
    lifetime, policy,
};
use crate::error::{Error, Result};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{
    CustomProposal, Extension, ExtensionType, Extensions, GroupContext, GroupId as MlsGroupId,
    KeyPackage, LeafNodeIndex, LeafNodeParameters, MlsGroup, MlsGroupCreateConfig,
    MlsGroupJoinConfig, MlsMessageBodyIn, MlsMessageIn, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY,
    ProcessedMessageContent, Proposal, RequiredCapabilitiesExtension, Sender,
    SenderRatchetConfiguration, StagedWelcome, UnknownExtension,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_traits::OpenMlsProvider;
use policy::Judged;
use snug_wire::log_state::{Change, Credential, LogState};
use snug_wire::{AccountId, GroupId, LockSecret, Secret, encode};

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Mls(error.to_string())
}

fn ratchet() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(100, 2000)
}

fn join_config() -> MlsGroupJoinConfig {
    // No past epochs: the relay's commit rule makes them needless, and they would be rewritten with
    // every message.
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .sender_ratchet_configuration(ratchet())
        .use_ratchet_tree_extension(true)
        .build()
}

/// What a group's context names: the log state's hash, which every leaf must be able to read.
pub(crate) fn context(state: &LogState) -> Result<Extensions<GroupContext>> {
    let hash = Extension::Unknown(STATE_EXTENSION, UnknownExtension(state.hash().to_vec()));
    let required = [ExtensionType::Unknown(STATE_EXTENSION)];
    let required = RequiredCapabilitiesExtension::new(&required, &[], &[]);
    Extensions::from_vec(vec![Extension::RequiredCapabilities(required), hash]).map_err(broken)
}

/// Founds a group of one leaf whose context names the log state.
pub(crate) fn found(
    provider: &Provider<'_>,
    signer: &SignatureKeyPair,
    who: &Credential,
    id: &GroupId,
    state: &LogState,
) -> Result<MlsGroup> {
    let config = MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .sender_ratchet_configuration(ratchet())
        .use_ratchet_tree_extension(true)
        .capabilities(capabilities())
        .lifetime(lifetime())
        .with_group_context_extensions(context(state)?)
        .build();
    MlsGroup::new_with_group_id(
        provider,
        signer,
        &config,
        MlsGroupId::from_slice(&id.0),
        credential(who),
    )
    .map_err(broken)
}

/// Reads a group back from the store.
pub(crate) fn load(provider: &Provider<'_>, id: &GroupId) -> Result<Option<MlsGroup>> {
    MlsGroup::load(provider.storage(), &MlsGroupId::from_slice(&id.0)).map_err(broken)
}

/// The lock secret that this epoch gives (rule 4).
pub(crate) fn lock_secret(provider: &Provider<'_>, group: &MlsGroup) -> Result<LockSecret> {
    let bytes = group
        .export_secret(provider.crypto(), LOCK, &[], 32)
        .map_err(broken)?;
    secret(&bytes)
}

/// What leads to what is attached to the commit of an epoch: fetches it, opens it (rule 8). The same for
/// all leaves that it added, so that it is attached once.
pub(crate) struct Lead {
    pub fetch: LockSecret,
    pub key: Secret,
}

/// The lead to this epoch.
pub(crate) fn lead(provider: &Provider<'_>, group: &MlsGroup) -> Result<Lead> {
    let export = |label: &str| group.export_secret(provider.crypto(), label, &[], 32);
    Ok(Lead {
        fetch: secret(&export(FETCH).map_err(broken)?)?,
        key: Secret::new(secret_bytes(&export(KEY).map_err(broken)?)?),
    })
}

const LOCK: &str = "snug/1 lock";
const FETCH: &str = "snug/1 fetch";
const KEY: &str = "snug/1 joining";

fn secret(bytes: &[u8]) -> Result<LockSecret> {
    secret_bytes(bytes).map(LockSecret::new)
}

fn secret_bytes(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| Error::Mls("an exported secret has another length".into()))
}

/// Encrypts an application message in the present epoch.
pub(crate) fn encrypt(
    provider: &Provider<'_>,
    group: &mut MlsGroup,
    signer: &SignatureKeyPair,
    plaintext: &[u8],
) -> Result<Vec<u8>> {
    group
        .create_message(provider, signer, plaintext)
        .map_err(broken)?
        .tls_serialize_detached()
        .map_err(broken)
}

/// A commit of ours, pending until its echo.
pub(crate) struct Pending {
    pub commit: Vec<u8>,
    /// The Welcome, the same for all new leaves, and what leads to it.
    pub welcome: Option<(Vec<u8>, Lead)>,
    /// What the log will have established.
    pub state: LogState,
    /// Opens the mailbox from then on, if leaves are taken out (rule 4).
    pub lock: Option<LockSecret>,
}

/// Commits an Add of these leaves, in place of the one that a device has already, and these changes,
/// without the leaves of those who are not in the conversation any more; nothing at all just renews our
/// own leaf. `None` when OpenMLS refuses: a key or capability in somebody's leaf does not fit.
pub(crate) fn commit(
    provider: &Provider<'_>,
    group: &mut MlsGroup,
    signer: &SignatureKeyPair,
    state: &LogState,
    adds: &[(KeyPackage, Credential)],
    changes: &[Change],
) -> Result<Option<Pending>> {
    let Some(own) = policy::leaf(group, group.own_leaf_index().u32()) else {
        return Ok(None);
    };
    let mut after = state.clone();
    let present = policy::present(group);
    for change in changes {
        let has_leaf = |account: &AccountId| present.contains(account);
        let Ok(next) = after.changed_among(change, &own.account, &has_leaf) else {
            return Ok(None);
        };
        after = next;
    }
    let is_over = |who: &Credential| {
        after.participant(&who.account).is_none()
            || adds.iter().any(|(_, new)| new.device == who.device)
    };
    let replaced: Vec<LeafNodeIndex> = policy::leaves(group)
        .filter(|(_, who)| who.as_ref().is_some_and(is_over))
        .map(|(index, _)| LeafNodeIndex::new(index))
        .collect();
    let removes = !replaced.is_empty();
    let changes = changes.iter().map(|change| {
        let change = CustomProposal::new(CHANGE_PROPOSAL, encode(change));
        Proposal::Custom(Box::new(change))
    });
    let mut builder = group
        .commit_builder()
        .force_self_update(true)
        .leaf_node_parameters(LeafNodeParameters::default())
        .propose_removals(replaced)
        .propose_adds(adds.iter().map(|(package, _)| package.clone()))
        .add_proposals(changes);
    if after != *state {
        builder = builder
            .propose_group_context_extensions(context(&after)?)
            .map_err(broken)?;
    }
    let built = builder
        .load_psks(provider.storage())
        .map_err(broken)?
        .build(provider.rand(), provider.crypto(), signer, |_| true);
    let Ok(built) = built else {
        return Ok(None);
    };
    let bundle = built.stage_commit(provider).map_err(broken)?;
    let (commit, welcome, _) = bundle.into_messages();
    let staged = group
        .pending_commit()
        .ok_or_else(|| broken("a commit left nothing pending"))?;
    let export = |label: &str| {
        let bytes = staged.export_secret(provider.crypto(), label, &[], 32);
        secret_bytes(&bytes.map_err(broken)?)
    };
    let lead = Lead {
        fetch: LockSecret::new(export(FETCH)?),
        key: Secret::new(export(KEY)?),
    };
    let lock = removes.then(|| export(LOCK).map(LockSecret::new));
    let welcome = welcome.map(|w| w.tls_serialize_detached().map_err(broken));
    Ok(Some(Pending {
        commit: commit.tls_serialize_detached().map_err(broken)?,
        welcome: welcome.transpose()?.map(|welcome| (welcome, lead)),
        state: after,
        lock: lock.transpose()?,
    }))
}

/// What somebody else's entry was.
pub(crate) enum Opened {
    /// A content, with its author.
    Content(Credential, Vec<u8>),
    /// A commit, merged, and what it came to.
    Merged(Box<Judged>),
    /// A commit that took our leaf out, not merged.
    Removed(Box<Judged>),
    /// Others go on in an epoch that we have not; why.
    Behind(&'static str),
    /// An entry of this device, read once more.
    Own,
    /// Nothing that counts; why.
    Ignored(&'static str),
}

/// Opens an entry of somebody else. `flagged` says what the relay took it for (rule 5).
pub(crate) fn open(
    provider: &Provider<'_>,
    group: &mut MlsGroup,
    state: &LogState,
    flagged: bool,
    bytes: &[u8],
) -> Result<Opened> {
    let Ok(message) = MlsMessageIn::tls_deserialize_exact(bytes) else {
        return Ok(Opened::Ignored("not an MLS message"));
    };
    let Ok(message) = message.try_into_protocol_message() else {
        return Ok(Opened::Ignored("not a group message"));
    };
    if message.group_id() != group.group_id() {
        return Ok(Opened::Ignored("a message of another group"));
    }
    let (epoch, ours) = (message.epoch().as_u64(), group.epoch().as_u64());
    if epoch > ours {
        return Ok(Opened::Behind("an entry of a later epoch"));
    }
    let processed = match group.process_message(provider, message) {
        Ok(processed) => processed,
        Err(openmls::prelude::ProcessMessageError::StorageError(e)) => return Err(broken(e)),
        // The relay took it for the commit of an epoch that ended otherwise here.
        Err(_) if flagged && epoch < ours => {
            return Ok(Opened::Behind("a commit in place of one that was lost"));
        }
        Err(_) => return Ok(Opened::Ignored("it does not open")),
    };
    let sender = processed.sender().clone();
    let author = processed.credential().clone();
    match (processed.into_content(), flagged) {
        (ProcessedMessageContent::ApplicationMessage(content), false) => {
            let leaf = match &sender {
                Sender::Member(index) => policy::leaf(group, index.u32()),
                _ => None,
            };
            let author =
                leaf.filter(|who| credential(who).credential == author && state.names(who));
            Ok(match author {
                Some(author) => Opened::Content(author, content.into_bytes()),
                None => Opened::Ignored("its author is not listed"),
            })
        }
        (ProcessedMessageContent::StagedCommitMessage(commit), true) => {
            let Sender::Member(committer) = sender else {
                return Ok(Opened::Ignored("a commit from outside the group"));
            };
            let judged = match policy::judge(group, state, committer.u32(), &commit) {
                Ok(judged) => judged,
                Err(why) => return Ok(Opened::Ignored(why)),
            };
            if commit.self_removed() {
                return Ok(Opened::Removed(Box::new(judged)));
            }
            group
                .merge_staged_commit(provider, *commit)
                .map_err(broken)?;
            Ok(Opened::Merged(Box::new(judged)))
        }
        (ProcessedMessageContent::OwnPrivateMessage, _) => Ok(Opened::Own),
        (ProcessedMessageContent::ApplicationMessage(_), true) => {
            Ok(Opened::Ignored("a message put as a commit"))
        }
        (ProcessedMessageContent::StagedCommitMessage(_), false) => {
            Ok(Opened::Ignored("a commit not put as one"))
        }
        _ => Ok(Opened::Ignored("a proposal on its own")),
    }
}

/// Joins by a Welcome, if the group is what the pointer said: this id, this state, listed leaves only.
pub(crate) fn join(
    provider: &Provider<'_>,
    id: &GroupId,
    state: &LogState,
    welcome: &[u8],
) -> Result<std::result::Result<MlsGroup, &'static str>> {
    let Ok(message) = MlsMessageIn::tls_deserialize_exact(welcome) else {
        return Ok(Err("not an MLS message"));
    };
    let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
        return Ok(Err("not a Welcome"));
    };
    let staged =
        StagedWelcome::build_from_welcome(provider, &join_config(), welcome).and_then(|builder| {
            builder
                .skip_lifetime_validation()
                .replace_old_group()
                .build()
        });
    let Ok(staged) = staged else {
        return Ok(Err("the Welcome does not open"));
    };
    let context = staged.group_context();
    let named = context.extensions().iter().any(|extension| {
        matches!(extension, Extension::Unknown(STATE_EXTENSION, hash) if hash.0 == state.hash())
    });
    let listed = staged.members().all(|member| {
        identity(&member.credential, &member.signature_key).is_some_and(|who| state.lists(&who))
    });
    if context.group_id().as_slice() != id.0 || !named || !listed {
        return Ok(Err("the group is not what was said of it"));
    }
    Ok(Ok(staged.into_group(provider).map_err(broken)?))
}

/// Merges our own pending commit, if everyone else takes it too; says what it came to.
pub(crate) fn merge_pending(
    provider: &Provider<'_>,
    group: &mut MlsGroup,
    state: &LogState,
) -> Result<Option<Judged>> {
    let own = group.own_leaf_index().u32();
    let judged = group
        .pending_commit()
        .and_then(|commit| policy::judge(group, state, own, commit).ok());
    if judged.is_some() {
        group.merge_pending_commit(provider).map_err(broken)?;
    } else {
        drop_pending(provider, group)?;
    }
    Ok(judged)
}

/// Forgets a group, and all that it could open.
pub(crate) fn forget(provider: &Provider<'_>, group: &mut MlsGroup) -> Result<()> {
    group.delete(provider.storage()).map_err(broken)
}

/// How many leaves of others than this account stand before ours.
pub(crate) fn rank(group: &MlsGroup, without: &AccountId) -> u32 {
    let own = group.own_leaf_index().u32();
    let before = policy::leaves(group)
        .filter(|(index, who)| {
            *index < own && who.as_ref().is_some_and(|who| who.account != *without)
        })
        .count();
    u32::try_from(before).unwrap_or(u32::MAX)
}

/// Forgets our own pending commit.
pub(crate) fn drop_pending(provider: &Provider<'_>, group: &mut MlsGroup) -> Result<()> {
    group
        .clear_pending_commit(provider.storage())
        .map_err(broken)
}
