//! What hands and eyes do on a page. Things are found by their `data-testid`.

use crate::driver::Window;
use crate::programs::{target, until};
use anyhow::{Context, Result, bail};
use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::{Value, json};
use std::path::Path;

/// Enter, as WebDriver writes it.
const ENTER: &str = "\u{e007}";

/// Answers once fonts are there, nothing moves and what is there was drawn.
const AT_REST: &str = "
    const done = arguments[arguments.length - 1];
    const still = () => document.getAnimations().every((a) => a.effect.getTiming().iterations === Infinity || a.playState === 'finished');
    const look = () => still() ? requestAnimationFrame(() => requestAnimationFrame(() => done(true))) : requestAnimationFrame(look);
    document.fonts.ready.then(look);";

/// Keeps something to draw that nobody sees: a picture is taken with the next drawing, and where WebKit paints into
/// memory (`src-tauri/src/drawing.rs`) a page at rest has none.
const DRAW_ON: &str = "
    const dot = document.createElement('i');
    dot.dataset.testid = 'dot';
    Object.assign(dot.style, { position: 'fixed', inset: '0 auto auto 0', width: '1px', height: '1px' });
    document.body.append(dot);
    let turn = 0;
    const again = setInterval(() => {
        if (dot.isConnected) dot.style.background = `rgb(${turn++ % 2} 0 0 / 0)`;
        else clearInterval(again);
    }, 20);";
const DRAWN: &str = "document.querySelector('[data-testid=dot]').remove();";

impl Window {
    /// Waits until something that matches is there. `what` is a `data-testid`, or one with more
    /// conditions: `chat-row[data-title="Ada"]`.
    pub async fn see(&self, what: &str) -> Result<Element> {
        let selector = selector(what);
        until(what, || async {
            Ok(self.page.find(Locator::Css(&selector)).await.ok())
        })
        .await
    }

    /// Clicks once it is there, stands still and can be clicked.
    pub async fn click(&self, what: &str) -> Result<()> {
        let selector = selector(what);
        self.page.execute_async(AT_REST, vec![]).await?;
        until(&format!("a click on {what}"), || async {
            let Ok(element) = self.page.find(Locator::Css(&selector)).await else {
                return Ok(None);
            };
            // Something may lie over it, or it is drawn anew: look again.
            Ok(element.click().await.ok())
        })
        .await
    }

    /// Types into a field.
    pub async fn type_into(&self, what: &str, text: &str) -> Result<()> {
        let field = self.see(what).await?;
        field
            .send_keys(text)
            .await
            .with_context(|| format!("{what} takes no text"))
    }

    /// What something says.
    pub async fn text(&self, what: &str) -> Result<String> {
        Ok(self.see(what).await?.text().await?)
    }

    /// Asks the core as the page does.
    pub async fn ask(&self, command: &str, arguments: Value) -> Result<Value> {
        let script = "
            const [command, wish, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, wish).then((said) => done({ said }), (refused) => done({ refused }));";
        let answer = self
            .page
            .execute_async(script, vec![json!(command), arguments])
            .await?;
        match answer.get("refused") {
            Some(problem) => bail!("{command} was refused: {problem}"),
            None => Ok(answer.get("said").cloned().unwrap_or_default()),
        }
    }

    /// Gives a file to an `<input type="file">`, as choosing it in the dialog would.
    pub async fn choose_file(&self, what: &str, file: &Path) -> Result<()> {
        let field = self.see(what).await?;
        field
            .send_keys(&file.display().to_string())
            .await
            .context("the field takes no file")
    }

    /// Writes a message and sends it with Enter.
    pub async fn write(&self, text: &str) -> Result<()> {
        self.begin(text).await?;
        self.type_into("composer", ENTER).await
    }

    /// Writes and does not send.
    pub async fn begin(&self, text: &str) -> Result<()> {
        self.see("composer").await?;
        // Set, not typed: WebDriver's keyboard has no emoji.
        let script = "
            const field = document.querySelector('[data-testid=composer]');
            field.focus();
            field.value = arguments[0];
            field.dispatchEvent(new InputEvent('input', { bubbles: true }));";
        self.page.execute(script, vec![json!(text)]).await?;
        Ok(())
    }

    /// Waits until something says a text, or something with it in it; nothing is asked for by "".
    pub async fn says(&self, what: &str, text: &str) -> Result<()> {
        let (selector, script) = (
            selector(what),
            "return document.querySelector(arguments[0])?.textContent",
        );
        until(&format!("{what} saying {text:?}"), || async {
            let said = self.page.execute(script, vec![json!(selector)]).await?;
            let said = said.as_str().map(str::trim);
            let says = said.is_some_and(|said| match text {
                "" => said.is_empty(),
                text => said.contains(text),
            });
            Ok(says.then_some(()))
        })
        .await
    }

    /// Waits until a line of the open chat says that this happened.
    pub async fn notices(&self, text: &str) -> Result<()> {
        // Names are set apart by characters nobody sees.
        let script = "
            const lines = [...document.querySelectorAll('[data-testid=notice]')];
            return lines.some((line) => line.textContent.replace(/[\\u2066-\\u2069]/g, '').includes(arguments[0]));";
        until(&format!("a notice {text:?}"), || async {
            let said = self.page.execute(script, vec![json!(text)]).await?;
            Ok((said == json!(true)).then_some(()))
        })
        .await
    }

    /// Waits until nothing that matches is there.
    pub async fn misses(&self, what: &str) -> Result<()> {
        let selector = selector(what);
        until(&format!("no {what}"), || async {
            Ok(self
                .page
                .find(Locator::Css(&selector))
                .await
                .is_err()
                .then_some(()))
        })
        .await
    }

    /// What a field holds.
    pub async fn value(&self, what: &str) -> Result<String> {
        let value = self.see(what).await?.prop("value").await?;
        Ok(value.unwrap_or_default())
    }

    /// The `data-testid` of the message that says this, told apart from all others.
    pub async fn message(&self, text: &str) -> Result<String> {
        let id = until(&format!("a message {text:?}"), || async {
            let lines = self.lines().await?;
            let line = lines.iter().find(|line| line["text"] == text);
            Ok(line.and_then(|line| line["id"].as_str().map(str::to_owned)))
        })
        .await?;
        Ok(format!("message[data-id=\"{id}\"]"))
    }

    /// Points at a message and clicks one of the actions it then offers.
    pub async fn act(&self, text: &str, action: &str) -> Result<()> {
        let message = self.message(text).await?;
        self.click(&message).await?;
        self.click(action).await
    }

    /// The lines of the open chat: own or not, state, text.
    pub async fn lines(&self) -> Result<Vec<Value>> {
        let script = "
            return [...document.querySelectorAll('[data-testid=message]')].map((line) => ({
                id: line.dataset.id, own: line.dataset.own, state: line.dataset.state,
                text: line.querySelector('[data-testid=message-text]').textContent }));";
        let lines = self.page.execute(script, vec![]).await?;
        lines.as_array().cloned().context("no lines")
    }

    /// Waits until the open chat shows this text in this state.
    pub async fn see_message(&self, text: &str, state: &str) -> Result<()> {
        let what = format!("{text:?}, {state}");
        until(&what, || async {
            let lines = self.lines().await?;
            Ok(lines
                .iter()
                .any(|line| line["text"] == text && line["state"] == state)
                .then_some(()))
        })
        .await
    }

    /// Leaves a picture of the page, at rest, in `target/e2e`.
    pub async fn picture(&self, name: &str) -> Result<()> {
        let album = target()?.join("e2e");
        std::fs::create_dir_all(&album)?;
        self.page.execute_async(AT_REST, vec![]).await?;
        self.page.execute(DRAW_ON, vec![]).await?;
        let picture = self.page.screenshot().await?;
        self.page.execute(DRAWN, vec![]).await?;
        std::fs::write(album.join(format!("{name}.png")), picture)?;
        Ok(())
    }
}

/// `name[more]` → `[data-testid="name"][more]`; `name inner` is inside of it.
fn selector(what: &str) -> String {
    let (name, more) = what.split_at(what.find(['[', ' ']).unwrap_or(what.len()));
    format!("[data-testid=\"{name}\"]{more}")
}
