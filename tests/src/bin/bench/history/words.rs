//! What the messages say: common words often, others seldom, some in scripts without spaces.

use rand::{Rng, RngExt as _};

const COMMON: &str = "the and you that was for are with his they this have from one had not but what all \
    were when your can said there use each which she how their will other about out many then them these \
    some her would make like him into time has look two more write see number way could people than first \
    been call who its now find long down day did get come made may part over new sound take only little \
    work know place year live back give most very after thing our just name good sentence man think say \
    great where help through much before line right too mean old any same tell boy follow came want show \
    also around form three small set put end does another well large must big even such because turn here \
    why ask went men read need land different home move try kind hand picture again change off play spell \
    air away animal house point page letter mother answer found study still learn should world tomorrow \
    meeting coffee station train ticket weather birthday dinner photograph question message yesterday";
const SYLLABLES: &str = "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu bran cler drim flon \
    grus stal krem plin trov shun";
const DENSE: [&str; 12] = [
    "明日", "会議", "東京", "写真", "天気", "今天", "我们", "吃饭", "谢谢", "안녕", "내일", "친구",
];

/// A text of a sentence or two.
pub fn text(rng: &mut impl Rng) -> String {
    let common: Vec<&str> = COMMON.split_whitespace().collect();
    let count = rng.random_range(2..18);
    let mut text = String::new();
    for n in 0..count {
        let dice = rng.random_range(0..100);
        if n > 0 && dice >= 10 {
            text.push(' ');
        }
        match dice {
            0..10 => text.push_str(DENSE[rng.random_range(0..DENSE.len())]),
            10..25 => word(rng, &mut text),
            // The smaller of two: the first are the most frequent.
            _ => {
                let (a, b) = (
                    rng.random_range(0..common.len()),
                    rng.random_range(0..common.len()),
                );
                text.push_str(common[a.min(b)]);
            }
        }
    }
    text
}

/// A name or a word that few use.
fn word(rng: &mut impl Rng, text: &mut String) {
    let syllables: Vec<&str> = SYLLABLES.split_whitespace().collect();
    for _ in 0..rng.random_range(2..5) {
        text.push_str(syllables[rng.random_range(0..syllables.len())]);
    }
}

/// What people look for: frequent, rare, two words, without spaces, and nowhere at all.
pub fn typed() -> Vec<&'static str> {
    vec![
        "tomorrow",
        "meeting",
        "the",
        "photograph",
        "birthday dinner",
        "trovshun",
        "bacedifo",
        "krem",
        "thinging",
        "anderest",
        "coffee station",
        "yesterdaze",
        "明日会議",
        "东西",
        "吃饭谢谢",
        "안녕내일",
        "xylophone",
        "stalplin zu",
        "people",
        "of",
    ]
}
