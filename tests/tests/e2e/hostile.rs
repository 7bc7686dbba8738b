//! What somebody could write to break a window: each text stays a row of its own, and the window goes on.

use crate::driver::{Light, Window};
use crate::meeting::meet;
use crate::people::{Person, chat_with};
use crate::programs::until;
use anyhow::{Context, Result};
use serde_json::{Value, json};

/// The longest text there is, in bytes.
const LONGEST: usize = 64 * 1024;
/// A folded text is not higher than this, in pixels: less than the window.
const HIGHEST: f64 = 700.0;

/// How a message stands in the list, and what is beside it.
const STANDING: &str = "
    const line = document.querySelector(arguments[0]);
    const bubble = line.querySelector('[data-selectable]');
    const box = (what) => what.getBoundingClientRect();
    const time = line.querySelector('time');
    const chat = document.querySelector('[data-testid=chat-row]');
    const within = (inner, outer) => inner.left >= outer.left && inner.right <= outer.right && inner.bottom <= outer.bottom + 1;
    const [above] = [...document.querySelectorAll('[data-row]')].filter((row) => box(row).bottom <= box(line).top + 1).slice(-1);
    return {
        height: box(line).height,
        clips: getComputedStyle(bubble).overflow === 'clip',
        time: time.textContent, direction: getComputedStyle(time).direction, timeWithin: within(box(time), box(bubble)),
        within: within(box(bubble), box(document.querySelector('[data-testid=timeline]'))),
        apart: above === undefined || box(above).bottom <= box(bubble).top,
        chat: box(chat).height,
        chatWithin: [...chat.querySelectorAll('bdi, time')].every((word) => within(box(word), box(chat))),
    };";

/// Texts by what they are a flood of.
fn texts() -> [(&'static str, String); 6] {
    let marks = "\u{301}\u{316}\u{330}\u{489}".repeat(500);
    let nothing = "\u{200b}\u{2060}\u{feff}".repeat(5_000);
    [
        ("marks", format!("h{marks}i there{marks}")),
        (
            "overrides",
            "\u{202e}right to left\u{202e} and \u{2067}never \u{2067}back, or so he hopes".into(),
        ),
        (
            "nothing",
            format!("{nothing}hidden{}", "\u{200d}".repeat(500)),
        ),
        ("a word", "x".repeat(LONGEST)),
        ("lines", "line\n".repeat(3_000)),
        ("flags", "🏳️‍🌈".repeat(3_000)),
    ]
}

/// The message that came last, once it says this; as the page finds it.
async fn last(window: &Window, text: &str) -> Result<String> {
    let chats = window.ask("chats", json!({})).await?;
    let id = until("the text to arrive", || async {
        let wish = json!({ "chat": chats[0]["id"], "before": null, "after": null, "limit": 1 });
        let page = window.ask("messages", wish).await?;
        let row = &page["rows"][0];
        Ok((row["text"] == text).then(|| row["id"].clone()))
    })
    .await?;
    let message = format!(
        "message[data-id=\"{}\"]",
        id.as_str().context("an id is a text")?
    );
    window.see(&message).await?;
    Ok(message)
}

async fn standing(window: &Window, message: &str) -> Result<Value> {
    let (_, more) = message.split_at("message".len());
    let line = format!("[data-testid=message]{more}");
    // What is newest comes into view.
    window.see(message).await?;
    Ok(window.page.execute(STANDING, vec![json!(line)]).await?)
}

#[tokio::test]
async fn no_text_breaks_the_window_that_shows_it() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let (hers, his) = tokio::try_join!(ada.open(Light::Day), bo.open(Light::Night))?;
    ada.join(&hers, None).await?;
    bo.join(&his, None).await?;
    meet((&ada, &hers), (&bo, &his), "hostile").await?;
    his.write("A calm line before it").await?;
    let calm = last(&hers, "A calm line before it").await?;
    let calm = standing(&hers, &calm).await?;

    for (name, text) in texts() {
        his.write(&text).await?;
        // Both ends of a text are trimmed by whoever writes it.
        let (read, sent) = (
            last(&hers, text.trim()).await?,
            last(&his, text.trim()).await?,
        );
        let picture = format!("hostile-{}", name.replace(' ', "-"));
        hers.picture(&format!("{picture}-light")).await?;
        his.picture(&format!("{picture}-dark")).await?;
        for (window, message) in [(&hers, read), (&his, sent)] {
            let stands = standing(window, &message).await?;
            let height = stands["height"].as_f64().context("a height")?;
            assert!(height < HIGHEST, "{name} is {height} px high");
            for what in ["clips", "timeWithin", "within", "apart", "chatWithin"] {
                assert_eq!(stands[what], true, "{name}: {what} of {stands}");
            }
            assert_eq!(stands["direction"], "ltr", "{name}");
            assert_eq!(
                stands["time"].as_str().map(str::len),
                calm["time"].as_str().map(str::len)
            );
            assert_eq!(stands["chat"], calm["chat"], "the list's line, {name}");
        }
    }

    // What is too long is not sent, and not lost.
    let far_too_long = "y".repeat(1 << 20);
    his.write(&far_too_long).await?;
    his.see("caution").await?;
    assert_eq!(his.value("composer").await?.len(), far_too_long.len());
    his.picture("hostile-too-long-dark").await?;
    his.begin("").await?;

    // And they talk on.
    his.write("Sorry, my cat walked over the keys").await?;
    hers.see_message("Sorry, my cat walked over the keys", "received")
        .await?;
    hers.write("All of it?").await?;
    his.see_message("All of it?", "received").await?;
    hers.see(&chat_with(&bo)).await?;
    hers.picture("hostile-after-light").await?;
    hers.close().await?;
    his.close().await
}
