//! One process at a time, and keys that are told apart from each other, wrong ones and lost ones.

use snug_client::keychain::{Keychain, KeychainKind};
use snug_client::{Client, DataDir, Options, ProblemCode};
use std::time::Duration;

#[tokio::test]
async fn a_second_opener_waits_and_is_told() {
    let place = tempfile::tempdir().unwrap();
    let first = DataDir::open(place.path()).await.unwrap();
    let install = first.settings().install.clone();

    let refused = DataDir::open_within(place.path(), Duration::ZERO)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::DatabaseBusy);
    assert!(refused.text.contains(&place.path().display().to_string()));

    let (second, ()) = tokio::join!(DataDir::open(place.path()), async { drop(first) });
    let second = second.unwrap();
    assert_eq!(second.settings().install, install);
}

#[tokio::test]
async fn settings_survive_and_damage_is_said() {
    let place = tempfile::tempdir().unwrap();
    let mut dir = DataDir::open(place.path()).await.unwrap();
    dir.change(|settings| settings.relay = Some("ws://relay.example:7700".into()))
        .unwrap();
    drop(dir);
    let dir = DataDir::open(place.path()).await.unwrap();
    assert_eq!(
        dir.settings().relay.as_deref(),
        Some("ws://relay.example:7700")
    );
    drop(dir);
    std::fs::write(place.path().join("settings.json"), "{").unwrap();
    let refused = DataDir::open(place.path()).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::DatabaseDamaged);
}

#[tokio::test]
async fn a_passphrase_file_opens_with_its_passphrase_alone() {
    let place = tempfile::tempdir().unwrap();
    let mut dir = DataDir::open(place.path()).await.unwrap();
    let keys = Keychain::file("lamplight").keys(&mut dir).await.unwrap();
    assert_eq!(dir.settings().keychain, Some(KeychainKind::File));
    assert_eq!(
        Keychain::file("lamplight").keys(&mut dir).await.unwrap(),
        keys
    );

    let wrong = Keychain::file("daylight").keys(&mut dir).await.unwrap_err();
    assert_eq!(wrong.code, ProblemCode::PassphraseWrong);
    let other = Keychain::Os.keys(&mut dir).await.unwrap_err();
    assert_eq!(other.code, ProblemCode::KeychainMissing);

    let path = place.path().join("keys");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    std::fs::write(&path, b"{}").unwrap();
    let damaged = Keychain::file("lamplight")
        .keys(&mut dir)
        .await
        .unwrap_err();
    assert_eq!(damaged.code, ProblemCode::DatabaseDamaged);
}

#[tokio::test]
async fn lost_keys_are_not_made_anew_over_a_database() {
    let place = tempfile::tempdir().unwrap();
    let mut dir = DataDir::open(place.path()).await.unwrap();
    std::fs::write(dir.database(), b"what the lost keys opened").unwrap();
    for keychain in [Keychain::memory(), Keychain::file("lamplight")] {
        let lost = keychain.keys(&mut dir).await.unwrap_err();
        assert_eq!(lost.code, ProblemCode::KeychainMissing);
    }
    assert!(!place.path().join("keys").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_its_owners_alone_wherever_they_are() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let mode = std::fs::Permissions::from_mode;
    // A directory everybody can look into, and what a crash and a copy left there.
    std::fs::set_permissions(place.path(), mode(0o755)).unwrap();
    std::fs::write(place.path().join("keys.new"), b"half").unwrap();
    std::fs::set_permissions(place.path().join("keys.new"), mode(0o644)).unwrap();
    let dir = DataDir::open(place.path()).await.unwrap();
    let client = Client::open(dir, Options::new(Keychain::file("lamplight")))
        .await
        .unwrap();
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(place.path()).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.file_name());
        seen.push(entry.file_name().into_string().unwrap());
    }
    assert!(
        seen.len() >= 4 && seen.contains(&"snug.db".to_owned()),
        "{seen:?}"
    );
    client.close().await;
}
