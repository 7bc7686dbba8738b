//! What counts as an emoji.

use snug_wire::content::EMOJI_LIMIT;
use std::ops::RangeInclusive;
use unicode_segmentation::UnicodeSegmentation as _;

/// What emoji begin with besides keys, taken a little wide
/// (<https://www.unicode.org/Public/UCD/latest/ucd/emoji/emoji-data.txt>).
const FIRST: [RangeInclusive<char>; 17] = [
    '\u{a9}'..='\u{a9}',
    '\u{ae}'..='\u{ae}',
    '\u{203c}'..='\u{203c}',
    '\u{2049}'..='\u{2049}',
    '\u{2122}'..='\u{2122}',
    '\u{2139}'..='\u{2139}',
    '\u{2194}'..='\u{21aa}',
    '\u{231a}'..='\u{23ff}',
    '\u{24c2}'..='\u{24c2}',
    '\u{25aa}'..='\u{25fe}',
    '\u{2600}'..='\u{27bf}',
    '\u{2934}'..='\u{2935}',
    '\u{2b05}'..='\u{2b55}',
    '\u{3030}'..='\u{303d}',
    '\u{3297}'..='\u{3297}',
    '\u{3299}'..='\u{3299}',
    '\u{1f000}'..='\u{1faff}',
];
/// Ends a key, such as 1️⃣.
const KEY: char = '\u{20e3}';

/// Whether a text is one emoji and nothing else.
pub fn is_one(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let is_key = matches!(first, '0'..='9' | '#' | '*') && text.ends_with(KEY);
    text.len() <= EMOJI_LIMIT
        && text.graphemes(true).count() == 1
        && (is_key || FIRST.iter().any(|range| range.contains(&first)))
}

#[cfg(test)]
mod tests {
    use super::is_one;

    #[test]
    fn one_emoji_is_one() {
        for emoji in ["👍", "❤️", "☕", "👍🏽", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "©️", "🅰️"]
        {
            assert!(is_one(emoji), "{emoji}");
        }
        let long = format!("👍{}", "\u{fe0f}".repeat(30));
        for other in [
            "", " ", "ok", "a", "ä", "1", "#", ":)", "字", "👍👍", "👍 ", " 👍", "👍a", "…",
            "\u{1b}", &long,
        ] {
            assert!(!is_one(other), "{other:?}");
        }
    }
}
