//! Which tokens are good.

use super::*;
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signer as _, SigningKey};
use std::path::Path;
use tempfile::TempDir;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;
const RELAY: RelayKey = RelayKey([7; 32]);

struct World {
    dir: TempDir,
    tokens: Tokens,
}

fn old() -> Issuer {
    Issuer::new("2026", &[1; 32])
}

fn new() -> Issuer {
    Issuer::new("2027", &[2; 32])
}

fn file(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("keys.json")
}

fn world(issuers: &[Issuer], audience: Option<&str>) -> World {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(file(&dir), public(issuers)).unwrap();
    let audience = audience.map(str::to_owned);
    let tokens = Tokens::new(file(&dir), RELAY, audience, 60).unwrap();
    World { dir, tokens }
}

fn token(by: &Issuer, audience: Option<&str>) -> Token {
    by.issue("Ada", audience, NOW, NOW + DAY).unwrap()
}

fn refused(world: &World, token: &Token) -> Refusal {
    world.tokens.check(Some(token), NOW).unwrap_err()
}

#[test]
fn a_token_is_good_until_it_expires_give_or_take_the_skew() {
    let world = world(&[old()], None);
    let ada = token(&old(), None);
    let check = |now| world.tokens.check(Some(&ada), now);
    assert_eq!(check(NOW), Ok(NOW + DAY + 60));
    // The clock of who signs is ahead, or behind.
    assert_eq!(check(NOW - 3_600), Ok(NOW + DAY + 60));
    assert_eq!(check(NOW + DAY + 59), Ok(NOW + DAY + 60));
    assert_eq!(check(NOW + DAY + 60), Err(Refusal::TokenExpired));
    assert_eq!(world.tokens.check(None, NOW), Err(Refusal::TokenWanted));
}

#[test]
fn keys_change_while_tokens_of_the_old_one_are_about() {
    let world = world(&[old()], None);
    let (before, after) = (token(&old(), None), token(&new(), None));
    assert_eq!(refused(&world, &after), Refusal::TokenRefused);
    std::fs::write(file(&world.dir), public(&[old(), new()])).unwrap();
    assert_eq!(world.tokens.look(), Ok(true));
    assert!(world.tokens.check(Some(&before), NOW).is_ok());
    assert!(world.tokens.check(Some(&after), NOW).is_ok());
    std::fs::write(file(&world.dir), public(&[new()])).unwrap();
    assert_eq!(world.tokens.look(), Ok(true));
    assert_eq!(refused(&world, &before), Refusal::TokenRefused);
    assert!(world.tokens.check(Some(&after), NOW).is_ok());
}

/// Signs whatever one likes.
fn by_hand(header: &str, claims: &str) -> Token {
    let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let said = format!("{}.{}", part(header), part(claims));
    let signature = SigningKey::from_bytes(&[1; 32]).sign(said.as_bytes());
    let signature = BASE64URL_NOPAD.encode(&signature.to_bytes());
    Token::new(format!("{said}.{signature}"))
}

#[test]
fn what_is_forged_is_refused() {
    let world = world(&[old(), new()], None);
    let good = token(&old(), None).expose().to_owned();
    let (said, signature) = good.rsplit_once('.').unwrap();
    let later = by_hand("{}", &format!("{{\"exp\":{}}}", NOW + 9 * DAY));
    let claims = later.expose().split('.').nth(1).unwrap();
    let header = said.split('.').next().unwrap();
    let none = BASE64URL_NOPAD.encode(b"{\"alg\":\"none\"}");
    let hmac = BASE64URL_NOPAD.encode(b"{\"alg\":\"HS256\",\"kid\":\"2026\"}");
    for forged in [
        String::new(),
        "..".into(),
        "rubbish".into(),
        good.replace('.', ""),
        format!("{header}.{claims}.{signature}"),
        format!("{said}."),
        format!("{none}.{claims}."),
        format!("{hmac}.{claims}.{signature}"),
        format!("{good}{}", "A".repeat(Token::LIMIT)),
    ] {
        assert_eq!(
            refused(&world, &Token::new(&forged)),
            Refusal::TokenRefused,
            "{forged}"
        );
    }
    // By a key of the same name that is not in the set, and by one in it under the other's name.
    let stranger = Issuer::new("2026", &[9; 32]);
    assert_eq!(
        refused(&world, &token(&stranger, None)),
        Refusal::TokenRefused
    );
    let misnamed = Issuer::new("2027", &[1; 32]);
    assert_eq!(
        refused(&world, &token(&misnamed, None)),
        Refusal::TokenRefused
    );
}

#[test]
fn a_token_says_until_when_from_when_and_where() {
    let open = world(&[old()], None);
    let header = "{\"alg\":\"EdDSA\",\"kid\":\"2026\"}";
    let check = |world: &World, claims: &str| {
        let token = by_hand(header, claims);
        world.tokens.check(Some(&token), NOW)
    };
    let until = NOW + DAY;
    for (claims, good) in [
        (format!("{{\"exp\":{until}}}"), true),
        ("{}".into(), false),
        ("{\"exp\":\"tomorrow\"}".into(), false),
        (format!("{{\"exp\":{until},\"nbf\":{}}}", NOW + 59), true),
        (format!("{{\"exp\":{until},\"nbf\":{}}}", NOW + 61), false),
        (format!("{{\"exp\":{until},\"aud\":\"{RELAY}\"}}"), true),
        (format!("{{\"exp\":{until},\"aud\":\"another\"}}"), false),
    ] {
        assert_eq!(check(&open, &claims).is_ok(), good, "{claims}");
    }
    let nameless = by_hand("{\"alg\":\"EdDSA\"}", &format!("{{\"exp\":{until}}}"));
    assert!(open.tokens.check(Some(&nameless), NOW).is_ok());

    let particular = world(&[old()], Some("snug"));
    assert!(check(&particular, &format!("{{\"exp\":{until}}}")).is_err());
    assert!(
        check(
            &particular,
            &format!("{{\"exp\":{until},\"aud\":\"{RELAY}\"}}")
        )
        .is_err()
    );
    assert!(
        check(
            &particular,
            &format!("{{\"exp\":{until},\"aud\":\"snug\"}}")
        )
        .is_ok()
    );
}

#[test]
fn a_private_key_is_read_as_it_is_written() {
    let read = Issuer::read(&old().private()).unwrap();
    assert_eq!(public(&[read]), public(&[old()]));
    assert!(!public(&[old()]).contains("\"d\""));
    for wrong in ["", "{}", &public(&[old()])] {
        assert!(Issuer::read(wrong).is_err());
    }
    let mixed = old().private().replace("\"x\": \"", "\"x\": \"AAAA");
    assert!(Issuer::read(&mixed).is_err());
}

#[test]
fn a_wrong_set_of_keys_is_told_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let said = |text: &str| {
        std::fs::write(file(&dir), text).unwrap();
        Tokens::new(file(&dir), RELAY, None, 60).unwrap_err()
    };
    assert!(said("rubbish").contains("it is not a set of keys"));
    assert!(said("{\"keys\":[]}").contains("there is no key in it"));
    let twice = said(&public(&[old(), Issuer::new("2026", &[2; 32])]));
    assert!(twice.contains("the same name"), "{twice}");
    let other = public(&[old()]).replace("Ed25519", "P-256");
    assert!(said(&other).contains("not Ed25519"));
    let cut = public(&[old()]).replace("\"x\": \"", "\"x\": \"AAAA");
    assert!(said(&cut).contains("not Ed25519"));
    let nowhere = Tokens::new(Path::new("/nowhere/keys").into(), RELAY, None, 60);
    assert!(nowhere.unwrap_err().contains("cannot be read"));
}
