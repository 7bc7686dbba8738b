//! Search: what is found, what is gone from the index, what rests in the file.

use crate::people::{ADA, BO, World};
use aes::cipher::{BlockCipherDecrypt as _, KeyInit as _};
use proptest::prelude::*;
use snug_engine::{Access, Search, Within, connect, fold};
use snug_wire::ConversationId;

fn find(world: &World, who: usize, text: &str, within: Within) -> Vec<String> {
    let search = Search {
        text: text.into(),
        within,
        before: None,
    };
    let found = world.people[who].engine.view().search(&search, 100);
    found
        .unwrap()
        .messages
        .into_iter()
        .map(|m| m.text)
        .collect()
}

fn index(world: &mut World, who: usize) {
    let now = world.now;
    while world.engine(who).index(now).unwrap() {}
    assert!(!world.people[who].engine.is_index_behind().unwrap());
}

fn said(texts: &[&str]) -> (World, ConversationId) {
    let (mut world, chat) = World::chat();
    for text in texts {
        world.send(ADA, chat, text);
    }
    world.rest();
    (world, chat)
}

#[test]
fn words_are_found_before_and_after_they_are_in_the_index() {
    let texts = [
        "The Rosebush in the garden",
        "Über den Dächern",
        "会议在明天",
        "ok",
        "\"quoted\" AND (odd) OR * NEAR",
    ];
    let (mut world, _) = said(&texts);
    for _ in 0..2 {
        let all = |text: &str| find(&world, BO, text, Within::default());
        assert_eq!(all("rose"), [texts[0]]);
        assert_eq!(all("EBUS gard"), [texts[0]]);
        assert_eq!(all("uber dach"), [texts[1]]);
        assert_eq!(all("会议"), [texts[2]]);
        assert_eq!(all("明天"), [texts[2]]);
        assert_eq!(all("会议 在明天"), [texts[2]]);
        assert_eq!(all("ok"), [texts[3]]);
        assert_eq!(
            all("o k"),
            [texts[4], texts[3]]
                .iter()
                .filter(|t| fold(t).contains('k'))
                .copied()
                .collect::<Vec<_>>()
        );
        assert_eq!(all("\"quoted\" AND"), [texts[4]]);
        assert_eq!(all("(odd) * NEAR"), [texts[4]]);
        assert!(all("nothing").is_empty());
        assert!(all("   ").is_empty());
        index(&mut world, BO);
    }
}

#[test]
fn filters_narrow_and_pages_go_on() {
    let (mut world, chat) = World::chat();
    let begin = world.now;
    for n in 0..10 {
        let who = [ADA, BO][n % 2];
        world.send(who, chat, &format!("tea number {n}"));
        world.rest();
        world.now += 1_000;
        if n == 5 {
            index(&mut world, ADA);
        }
    }
    let bo = world.people[BO].engine.view().account().unwrap().unwrap();
    let within = Within {
        author: Some(bo.id),
        conversation: Some(chat),
        from: Some(begin + 3_000),
        to: Some(begin + 8_000),
    };
    assert_eq!(
        find(&world, ADA, "tea", within),
        ["tea number 7", "tea number 5", "tea number 3"]
    );
    let mut search = Search {
        text: "number".into(),
        ..Search::default()
    };
    let mut texts = Vec::new();
    loop {
        let found = world.people[ADA].engine.view().search(&search, 3).unwrap();
        texts.extend(found.messages.into_iter().map(|m| m.text));
        match found.next {
            Some(next) => search.before = Some(next),
            None => break,
        }
    }
    let wanted: Vec<String> = (0..10).rev().map(|n| format!("tea number {n}")).collect();
    assert_eq!(texts, wanted);
}

#[test]
fn an_edit_is_found_by_its_new_words_only_and_a_deletion_by_none() {
    let (mut world, chat) = said(&["elephant", "giraffe"]);
    index(&mut world, BO);
    let ids: Vec<_> = world.messages(ADA, chat).iter().map(|m| m.id).collect();
    let now = world.now;
    world
        .engine(ADA)
        .edit(ids[0], "antelope", Vec::new(), now)
        .unwrap();
    world.engine(ADA).delete(ids[1], now).unwrap();
    world.rest();
    let all = |text: &str| find(&world, BO, text, Within::default());
    assert!(all("elephant").is_empty());
    assert_eq!(all("antelope"), ["antelope"]);
    assert!(all("giraffe").is_empty());
}

/// All pages of a person's database as they are before encryption, unused ones too. SQLCipher 4: after
/// the salt, pages of 4096 bytes by AES-256-CBC, each ending with its IV and a HMAC of 64 bytes.
fn pages(world: &World, who: usize) -> Vec<u8> {
    let person = &world.people[who];
    let db = connect(&person.path, &person.key, Access::Write).unwrap();
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    let file = std::fs::read(&person.path).unwrap();
    let cipher = aes::Aes256::new(&(*person.key.expose()).into());
    let mut plain = Vec::new();
    for (n, page) in file.chunks_exact(4096).enumerate() {
        let (body, rest) = page.split_at(4096 - 80);
        let mut before: [u8; 16] = rest[..16].try_into().unwrap();
        for bytes in body[if n == 0 { 16 } else { 0 }..].chunks_exact(16) {
            let mut block = aes::Block::try_from(bytes).unwrap();
            cipher.decrypt_block(&mut block);
            plain.extend(block.iter().zip(before).map(|(byte, mask)| byte ^ mask));
            before = bytes.try_into().unwrap();
        }
    }
    plain
}

fn has(bytes: &[u8], what: &str) -> bool {
    bytes
        .windows(what.len())
        .any(|window| window == what.as_bytes())
}

#[test]
fn what_has_gone_is_gone_from_the_file() {
    let (mut world, chat) = World::chat();
    let now = world.now;
    world.engine(ADA).set_timer(chat, Some(30), now).unwrap();
    world.rest();
    world.send(ADA, chat, "Qxzvwk9Jpy");
    let taken_back = world.send(ADA, chat, "Wqjxkzv7Bf");
    for n in 0..300 {
        let text = format!("message {n} that keeps the index busy with letters");
        world.send(ADA, chat, &text);
    }
    world.rest();
    index(&mut world, BO);
    let plain = pages(&world, BO);
    // The texts, and their three letters in the index, which folds them.
    for what in ["Qxzvwk9Jpy", "Wqjxkzv7Bf", "kzv", "zvw", "message 299"] {
        assert!(has(&plain, what), "{what} is not found while it is there");
    }
    let now = world.now;
    world.engine(ADA).delete(taken_back, now).unwrap();
    world.rest();
    world.read_all(BO, chat);
    world.wait(30_000);
    assert!(world.messages(BO, chat).iter().all(|m| m.text.is_empty()));
    let plain = pages(&world, BO);
    for what in ["Qxzvwk9Jpy", "Wqjxkzv7Bf", "kzv", "zvw", "message 299"] {
        assert!(!has(&plain, what), "{what} is still in the file");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The index finds what looking through all texts finds.
    #[test]
    fn the_index_finds_what_is_there(
        texts in prop::collection::vec("[abA Ä会議]{1,12}", 1..12),
        words in prop::collection::vec("[abä会議]{1,4}", 1..3),
    ) {
        let kept: Vec<&str> = texts.iter().map(String::as_str).filter(|t| !t.trim().is_empty()).collect();
        let (mut world, _) = said(&kept);
        index(&mut world, ADA);
        let words: Vec<String> = words.iter().map(|w| fold(w)).collect();
        let wanted: Vec<&str> = kept
            .iter()
            .rev()
            .filter(|text| words.iter().all(|word| fold(text).contains(word.as_str())))
            .copied()
            .collect();
        prop_assert_eq!(find(&world, ADA, &words.join(" "), Within::default()), wanted);
    }
}
