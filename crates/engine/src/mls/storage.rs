//! OpenMLS' `StorageProvider` over the engine's own connection, inside the open transaction.
//!
//! A key is a label, the key's CBOR and nothing else; a value is CBOR. No proposal is ever stored on
//! its own (protocol rule 17), so the queue is one list.

use crate::store::table::mls;
use openmls_traits::storage::{CURRENT_VERSION as V, StorageProvider, traits};
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a value could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StorageError {
    #[error("{0}")]
    Database(#[from] rusqlite::Error),
    #[error("a stored value is unreadable: {0}")]
    Unreadable(String),
}

type Result<T> = std::result::Result<T, StorageError>;

/// Borrows the connection; what it writes commits or rolls back with everything else.
pub(crate) struct MlsStorage<'a>(pub &'a Connection);

fn cbor<T: Serialize + ?Sized>(value: &T, mut into: Vec<u8>) -> Result<Vec<u8>> {
    ciborium::into_writer(value, &mut into).map_err(|e| StorageError::Unreadable(e.to_string()))?;
    Ok(into)
}

impl MlsStorage<'_> {
    fn put<T: Serialize + ?Sized>(
        &self,
        label: &str,
        key: &impl Serialize,
        value: &T,
    ) -> Result<()> {
        let key = cbor(key, label.as_bytes().to_vec())?;
        Ok(mls::put(self.0, &key, &cbor(value, Vec::new())?)?)
    }

    fn get<T: DeserializeOwned>(&self, label: &str, key: &impl Serialize) -> Result<Option<T>> {
        let key = cbor(key, label.as_bytes().to_vec())?;
        mls::get(self.0, &key)?
            .map(|bytes| {
                ciborium::from_reader(bytes.as_slice())
                    .map_err(|e| StorageError::Unreadable(e.to_string()))
            })
            .transpose()
    }

    fn list<T: DeserializeOwned>(&self, label: &str, key: &impl Serialize) -> Result<Vec<T>> {
        Ok(self.get(label, key)?.unwrap_or_default())
    }

    fn delete(&self, label: &str, key: &impl Serialize) -> Result<()> {
        let key = cbor(key, label.as_bytes().to_vec())?;
        Ok(mls::delete(self.0, &key)?)
    }
}

/// Setters of one value under one key.
macro_rules! put {
    ($($name:ident<$A:ident, $B:ident>($key:ident, $value:ident) $label:literal;)*) => {$(
        fn $name<$A: traits::$A<V>, $B: traits::$B<V>>(&self, key: &$key, value: &$value) -> Result<()> {
            self.put($label, key, value)
        }
    )*};
}

/// Getters of one value under one key.
macro_rules! get {
    ($($name:ident<$A:ident, $B:ident>($key:ident) -> $value:ident $label:literal;)*) => {$(
        fn $name<$A: traits::$A<V>, $B: traits::$B<V>>(&self, key: &$key) -> Result<Option<$value>> {
            self.get($label, key)
        }
    )*};
}

/// Deletions of one value under one key.
macro_rules! delete {
    ($($name:ident<$A:ident> $label:literal;)*) => {$(
        fn $name<$A: traits::$A<V>>(&self, key: &$A) -> Result<()> {
            self.delete($label, key)
        }
    )*};
}

impl StorageProvider<V> for MlsStorage<'_> {
    type Error = StorageError;

    put! {
        write_mls_join_config<GroupId, MlsGroupJoinConfig>(GroupId, MlsGroupJoinConfig) "join config";
        write_tree<GroupId, TreeSync>(GroupId, TreeSync) "tree";
        write_interim_transcript_hash<GroupId, InterimTranscriptHash>(GroupId, InterimTranscriptHash) "transcript";
        write_context<GroupId, GroupContext>(GroupId, GroupContext) "context";
        write_confirmation_tag<GroupId, ConfirmationTag>(GroupId, ConfirmationTag) "tag";
        write_group_state<GroupState, GroupId>(GroupId, GroupState) "state";
        write_message_secrets<GroupId, MessageSecrets>(GroupId, MessageSecrets) "message secrets";
        write_resumption_psk_store<GroupId, ResumptionPskStore>(GroupId, ResumptionPskStore) "resumption";
        write_own_leaf_index<GroupId, LeafNodeIndex>(GroupId, LeafNodeIndex) "own leaf";
        write_group_epoch_secrets<GroupId, GroupEpochSecrets>(GroupId, GroupEpochSecrets) "epoch secrets";
        write_signature_key_pair<SignaturePublicKey, SignatureKeyPair>(SignaturePublicKey, SignatureKeyPair) "signature key";
        write_encryption_key_pair<EncryptionKey, HpkeKeyPair>(EncryptionKey, HpkeKeyPair) "encryption key";
        write_key_package<HashReference, KeyPackage>(HashReference, KeyPackage) "key package";
        write_psk<PskId, PskBundle>(PskId, PskBundle) "psk";
    }

    get! {
        mls_group_join_config<GroupId, MlsGroupJoinConfig>(GroupId) -> MlsGroupJoinConfig "join config";
        tree<GroupId, TreeSync>(GroupId) -> TreeSync "tree";
        interim_transcript_hash<GroupId, InterimTranscriptHash>(GroupId) -> InterimTranscriptHash "transcript";
        group_context<GroupId, GroupContext>(GroupId) -> GroupContext "context";
        confirmation_tag<GroupId, ConfirmationTag>(GroupId) -> ConfirmationTag "tag";
        group_state<GroupState, GroupId>(GroupId) -> GroupState "state";
        message_secrets<GroupId, MessageSecrets>(GroupId) -> MessageSecrets "message secrets";
        resumption_psk_store<GroupId, ResumptionPskStore>(GroupId) -> ResumptionPskStore "resumption";
        own_leaf_index<GroupId, LeafNodeIndex>(GroupId) -> LeafNodeIndex "own leaf";
        group_epoch_secrets<GroupId, GroupEpochSecrets>(GroupId) -> GroupEpochSecrets "epoch secrets";
        signature_key_pair<SignaturePublicKey, SignatureKeyPair>(SignaturePublicKey) -> SignatureKeyPair "signature key";
        encryption_key_pair<HpkeKeyPair, EncryptionKey>(EncryptionKey) -> HpkeKeyPair "encryption key";
        key_package<HashReference, KeyPackage>(HashReference) -> KeyPackage "key package";
        psk<PskBundle, PskId>(PskId) -> PskBundle "psk";
    }

    delete! {
        delete_own_leaf_nodes<GroupId> "own leaf nodes";
        delete_group_config<GroupId> "join config";
        delete_tree<GroupId> "tree";
        delete_confirmation_tag<GroupId> "tag";
        delete_group_state<GroupId> "state";
        delete_context<GroupId> "context";
        delete_interim_transcript_hash<GroupId> "transcript";
        delete_message_secrets<GroupId> "message secrets";
        delete_all_resumption_psk_secrets<GroupId> "resumption";
        delete_own_leaf_index<GroupId> "own leaf";
        delete_group_epoch_secrets<GroupId> "epoch secrets";
        delete_signature_key_pair<SignaturePublicKey> "signature key";
        delete_encryption_key_pair<EncryptionKey> "encryption key";
        delete_key_package<HashReference> "key package";
        delete_psk<PskId> "psk";
    }

    fn append_own_leaf_node<GroupId: traits::GroupId<V>, LeafNode: traits::LeafNode<V>>(
        &self,
        group: &GroupId,
        leaf: &LeafNode,
    ) -> Result<()> {
        let mut leaves: Vec<ciborium::Value> = self.list("own leaf nodes", group)?;
        let leaf = ciborium::Value::serialized(leaf)
            .map_err(|e| StorageError::Unreadable(e.to_string()))?;
        leaves.push(leaf);
        self.put("own leaf nodes", group, &leaves)
    }

    fn own_leaf_nodes<GroupId: traits::GroupId<V>, LeafNode: traits::LeafNode<V>>(
        &self,
        group: &GroupId,
    ) -> Result<Vec<LeafNode>> {
        self.list("own leaf nodes", group)
    }

    fn write_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<V>,
        EpochKey: traits::EpochKey<V>,
        HpkeKeyPair: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
        pairs: &[HpkeKeyPair],
    ) -> Result<()> {
        self.put("epoch keys", &(group, epoch, leaf), pairs)
    }

    fn encryption_epoch_key_pairs<
        GroupId: traits::GroupId<V>,
        EpochKey: traits::EpochKey<V>,
        HpkeKeyPair: traits::HpkeKeyPair<V>,
    >(
        &self,
        group: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
    ) -> Result<Vec<HpkeKeyPair>> {
        self.list("epoch keys", &(group, epoch, leaf))
    }

    fn delete_encryption_epoch_key_pairs<
        GroupId: traits::GroupId<V>,
        EpochKey: traits::EpochKey<V>,
    >(
        &self,
        group: &GroupId,
        epoch: &EpochKey,
        leaf: u32,
    ) -> Result<()> {
        self.delete("epoch keys", &(group, epoch, leaf))
    }

    fn queue_proposal<
        GroupId: traits::GroupId<V>,
        ProposalRef: traits::ProposalRef<V>,
        QueuedProposal: traits::QueuedProposal<V>,
    >(
        &self,
        group: &GroupId,
        reference: &ProposalRef,
        proposal: &QueuedProposal,
    ) -> Result<()> {
        let mut queue: Vec<ciborium::Value> = self.list("proposals", group)?;
        let entry = ciborium::Value::serialized(&(reference, proposal))
            .map_err(|e| StorageError::Unreadable(e.to_string()))?;
        queue.push(entry);
        self.put("proposals", group, &queue)
    }

    fn queued_proposals<
        GroupId: traits::GroupId<V>,
        ProposalRef: traits::ProposalRef<V>,
        QueuedProposal: traits::QueuedProposal<V>,
    >(
        &self,
        group: &GroupId,
    ) -> Result<Vec<(ProposalRef, QueuedProposal)>> {
        self.list("proposals", group)
    }

    fn queued_proposal_refs<GroupId: traits::GroupId<V>, ProposalRef: traits::ProposalRef<V>>(
        &self,
        group: &GroupId,
    ) -> Result<Vec<ProposalRef>> {
        let queue: Vec<(ProposalRef, ciborium::Value)> = self.list("proposals", group)?;
        Ok(queue.into_iter().map(|(reference, _)| reference).collect())
    }

    fn remove_proposal<GroupId: traits::GroupId<V>, ProposalRef: traits::ProposalRef<V>>(
        &self,
        group: &GroupId,
        reference: &ProposalRef,
    ) -> Result<()> {
        let removed = cbor(reference, Vec::new())?;
        let mut queue: Vec<(ciborium::Value, ciborium::Value)> = self.list("proposals", group)?;
        queue.retain(|(kept, _)| cbor(kept, Vec::new()).is_ok_and(|kept| kept != removed));
        self.put("proposals", group, &queue)
    }

    fn clear_proposal_queue<GroupId: traits::GroupId<V>, ProposalRef: traits::ProposalRef<V>>(
        &self,
        group: &GroupId,
    ) -> Result<()> {
        self.delete("proposals", group)
    }
}
