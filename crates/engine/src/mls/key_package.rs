//! Key packages: made for a request, checked when one comes.

use super::{
    Provider, SUITE, capabilities, credential, identity, last_resort_capabilities, lifetime,
};
use crate::error::{Error, Result};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{KeyPackage, KeyPackageBuilder, KeyPackageIn, LeafNode, ProtocolVersion};
use openmls::treesync::LeafNodeSource;
use openmls_basic_credential::SignatureKeyPair;
use openmls_traits::OpenMlsProvider;
use snug_wire::log_state::Credential;

/// Makes a key package; its private half is stored in the open transaction.
pub(crate) fn make(
    provider: &Provider<'_>,
    signer: &SignatureKeyPair,
    who: &Credential,
) -> Result<Vec<u8>> {
    let builder = KeyPackage::builder().leaf_node_capabilities(capabilities());
    build(builder, provider, signer, who)
}

/// Makes one that may be used more than once: its private half stays.
pub(crate) fn make_last_resort(
    provider: &Provider<'_>,
    signer: &SignatureKeyPair,
    who: &Credential,
) -> Result<Vec<u8>> {
    let builder = KeyPackage::builder()
        .leaf_node_capabilities(last_resort_capabilities())
        .mark_as_last_resort();
    build(builder, provider, signer, who)
}

fn build(
    builder: KeyPackageBuilder,
    provider: &Provider<'_>,
    signer: &SignatureKeyPair,
    who: &Credential,
) -> Result<Vec<u8>> {
    let bundle = builder
        .key_package_lifetime(lifetime())
        .build(SUITE, provider, signer, credential(who))
        .map_err(|e| Error::Mls(e.to_string()))?;
    bundle
        .key_package()
        .tls_serialize_detached()
        .map_err(|e| Error::Mls(e.to_string()))
}

/// A valid key package and who it is of; `None` for anything else.
pub(crate) fn check(provider: &Provider<'_>, bytes: &[u8]) -> Option<(KeyPackage, Credential)> {
    let package = KeyPackageIn::tls_deserialize_exact(bytes)
        .ok()?
        .validate(provider.crypto(), ProtocolVersion::Mls10)
        .ok()?;
    let leaf = package.leaf_node();
    let who = identity(leaf.credential(), leaf.signature_key().as_slice())?;
    (package.ciphersuite() == SUITE && lasts(leaf)).then_some((package, who))
}

/// Whether the leaf of a key package never expires: of one that does, each device's own clock would decide
/// whether the commit that adds it counts (rule 31).
pub(crate) fn lasts(leaf: &LeafNode) -> bool {
    matches!(leaf.leaf_node_source(), LeafNodeSource::KeyPackage(life) if *life == lifetime())
}
