//! A page of this project in a tab of its own, used by its controls.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use thirtyfour::components::SelectElement;
use thirtyfour::error::{WebDriverErrorInner, WebDriverResult};
use thirtyfour::{By, WebElement, WindowHandle};

use crate::firefox::Firefox;
use crate::site::Site;
use crate::wait;

/// A tab with a page that is ready.
pub struct Page<'a> {
    firefox: &'a Firefox,
    tab: WindowHandle,
}

impl Firefox {
    /// Opens a page of the extension in a new tab.
    pub async fn page(&self, name: &str) -> Result<Page<'_>> {
        self.open_extension_page(name).await?;
        self.this_page().await
    }

    /// Opens the lab in the current tab.
    pub async fn lab(&self, site: &Site) -> Result<Page<'_>> {
        self.open(&site.url("/")).await?;
        self.page_is_ready("the lab page").await?;
        self.this_page().await
    }

    /// Opens a web page in a new tab and switches to it.
    pub async fn open_tab(&self, url: &str) -> Result<()> {
        let driver = self.driver()?;
        let tab = driver.new_tab().await?;
        driver.switch_to_window(tab).await?;
        self.open(url).await
    }

    /// The page in the current tab.
    pub async fn this_page(&self) -> Result<Page<'_>> {
        Ok(Page { firefox: self, tab: self.driver()?.window().await? })
    }
}

impl Page<'_> {
    /// Switches to the page's tab.
    pub async fn show(&self) -> Result<()> {
        self.firefox.driver()?.switch_to_window(self.tab.clone()).await?;
        Ok(())
    }

    /// Loads it again, and returns when the new page is ready: a script's `location.reload()` returns while the old page, which
    /// is ready as well, still stands.
    pub async fn reload(&self) -> Result<()> {
        self.show().await?;
        self.firefox.driver()?.refresh().await?;
        self.firefox.page_is_ready("the page that was loaded again").await
    }

    /// Clicks the first element, as a mouse does: it must be visible and nothing may cover it.
    pub async fn click(&self, selector: &str) -> Result<()> {
        let clicked = self.with(selector, async |element| element.click().await).await;
        clicked.with_context(|| format!("could not click {selector}"))
    }

    /// A picture of the first element, as PNG, once nothing in the page moves.
    pub async fn picture(&self, selector: &str) -> Result<Vec<u8>> {
        self.firefox.stands_still().await?;
        let picture = self.with(selector, async |element| element.screenshot_as_png().await).await;
        picture.with_context(|| format!("no picture of {selector} could be taken"))
    }

    /// Empties a field and types into it key by key.
    pub async fn type_into(&self, selector: &str, text: &str) -> Result<()> {
        let emptied = self.with(selector, async |field| field.clear().await).await;
        emptied.with_context(|| format!("could not empty {selector}"))?;
        let typed = self.with(selector, async |field| field.send_keys(text).await).await;
        typed.with_context(|| format!("could not type into {selector}"))
    }

    /// Puts a long text into a field at once, as pasting does.
    pub async fn paste(&self, selector: &str, text: &str) -> Result<()> {
        self.firefox.run(PASTE, vec![json!(selector), json!(text)]).await?;
        Ok(())
    }

    /// Chooses an option of a drop-down list by its value.
    pub async fn select(&self, selector: &str, value: &str) -> Result<()> {
        let chosen =
            self.with(selector, async |list| SelectElement::new(list).await?.select_by_value(value).await).await;
        chosen.with_context(|| format!("{selector} has no option {value}"))
    }

    /// The text of the first element, as it is shown, once it shows one.
    pub async fn text(&self, selector: &str) -> Result<String> {
        self.shown_text(selector, "a text", |text| !text.is_empty()).await
    }

    /// Waits until this is the text of the first element, as it is shown; of one that is hidden it is empty.
    pub async fn wait_for_text(&self, selector: &str, expected: &str) -> Result<()> {
        self.shown_text(selector, &format!("{expected:?}"), |text| text == expected).await.map(drop)
    }

    /// Waits until the text of the first element, as it is shown, has these words in it.
    pub async fn wait_for_words(&self, selector: &str, words: &str) -> Result<()> {
        self.shown_text(selector, &format!("a text with {words:?}"), |text| text.contains(words)).await.map(drop)
    }

    async fn shown_text(&self, selector: &str, expected: &str, fits: impl Fn(&str) -> bool) -> Result<String> {
        let mut found = Value::Null;
        let waited = wait::until("the text", async || {
            found = self.firefox.run(TEXT, vec![json!(selector)]).await?;
            Ok(found.as_str().filter(|text| fits(text)).map(str::to_owned))
        })
        .await;
        waited.with_context(|| format!("{selector} shows {found}, not {expected}"))
    }

    /// The texts of all such elements, whether they are shown or not.
    pub async fn texts(&self, selector: &str) -> Result<Vec<String>> {
        let texts = self.firefox.run(TEXTS, vec![json!(selector)]).await?;
        serde_json::from_value(texts).with_context(|| format!("the texts of {selector}"))
    }

    /// What would vanish by itself after a while stays from now on, however long it takes until somebody gets to it.
    pub async fn let_notices_stay(&self) -> Result<()> {
        self.firefox.run(STAY, Vec::new()).await.map(drop)
    }

    /// Whether an expression in the page is true.
    pub async fn is_true(&self, expression: &str) -> Result<bool> {
        let answer = self.firefox.run(&format!("return {expression}"), Vec::new()).await?;
        Ok(answer == Value::Bool(true))
    }

    /// Waits until an expression in the page is true; `what` completes "waited in vain for …".
    pub async fn wait_until(&self, what: &str, expression: &str) -> Result<()> {
        self.firefox.wait_for(what, &format!("return {expression}"), Vec::new()).await
    }

    /// Waits until there are exactly so many such elements.
    pub async fn wait_for_count(&self, selector: &str, count: usize) -> Result<()> {
        let script = "return document.querySelectorAll(arguments[0]).length === arguments[1]";
        let what = format!("exactly {count} of {selector}");
        self.firefox.wait_for(&what, script, vec![json!(selector), json!(count)]).await
    }

    /// Waits until such an element is shown, or until none is.
    pub async fn wait_for_presence(&self, selector: &str, present: bool) -> Result<()> {
        let what = format!("{selector} to be {}", if present { "shown" } else { "gone" });
        self.firefox.wait_for(&what, SHOWN, vec![json!(selector), json!(present)]).await
    }

    /// Does this to the first element; where that has been drawn anew since it was found, to the one in its place.
    async fn with<T>(&self, selector: &str, act: impl AsyncFn(&WebElement) -> WebDriverResult<T>) -> Result<T> {
        let what = format!("{selector} to be the same from one moment to the next");
        wait::until(&what, async || done_to_what_was_found(act(&self.element(selector).await?).await)).await
    }

    async fn element(&self, selector: &str) -> Result<WebElement> {
        let found = self.firefox.driver()?.find(By::Css(selector)).await;
        found.with_context(|| format!("the page has no {selector}"))
    }
}

/// Nothing where the element has been drawn anew since it was found: then nothing was done to it.
pub(crate) fn done_to_what_was_found<T>(done: WebDriverResult<T>) -> Result<Option<T>> {
    match done {
        Err(error) if matches!(error.as_inner(), WebDriverErrorInner::StaleElementReference(_)) => Ok(None),
        done => Ok(done.map(Some)?),
    }
}

/// In one step: between two, the element may be drawn anew. What stands in a card that is not laid out, because it is new or out of
/// sight, has no text yet; whoever reads it has scrolled to it.
const TEXT: &str = r"
const element = document.querySelector(arguments[0]);
if (!element?.checkVisibility()) return element && '';
if (element.checkVisibility({ contentVisibilityAuto: true })) return element.innerText.trim();
element.scrollIntoView({ block: 'nearest' });
return null;
";

const TEXTS: &str = "return [...document.querySelectorAll(arguments[0])].map(({ textContent }) => textContent.trim())";

const STAY: &str = r"
const { setTimeout } = window;
window.setTimeout = (call, milliseconds, ...rest) => (milliseconds < 10_000 ? setTimeout(call, milliseconds, ...rest) : 0);
";

const PASTE: &str = r"
const field = document.querySelector(arguments[0]);
field.value = arguments[1];
field.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));
";

const SHOWN: &str = r"
const shown = [...document.querySelectorAll(arguments[0])]
    .some((element) => element.checkVisibility() && element.textContent.trim() !== '');
return shown === arguments[1];
";
