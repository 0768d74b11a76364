//! A Firefox with one of the variants in it, and what is measured in its pages.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use sockpin_e2e::demo::Demo;
use sockpin_e2e::firefox::{Firefox, Options};
use tokio::time::timeout;

use super::report::Turn;
use super::variant::{PAGE, Variant};

/// A browser for one variant.
pub(crate) struct Browser<'a> {
    pub(crate) variant: &'a Variant,
    pub(crate) firefox: Firefox,
}

/// What came first of a socket, and after how many milliseconds.
#[derive(Debug, Deserialize)]
struct Socket {
    came: Came,
    ms: f64,
}

/// What a page can see first of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Came {
    Open,
    Error,
    /// Neither, for as long as it was waited for.
    Nothing,
}

impl<'a> Browser<'a> {
    /// Starts a browser that trusts the servers, with this variant and a blank page.
    pub(crate) async fn start(variant: &'a Variant, demo: &Demo, policies: Option<Value>) -> Result<Self> {
        // Without the second, clocks go by steps of 20 microseconds all the same.
        let clocks = ["privacy.reduceTimerPrecision", "privacy.reduceTimerPrecision.unconditional"];
        let preferences = clocks.map(|clock| (clock.to_owned(), json!(false))).into_iter().collect();
        let options = Options { names: Demo::names(), preferences, policies, ..Options::default() };
        let firefox = Firefox::start(options).await?;
        firefox.trust(&demo.authority).await?;
        firefox.driver()?.set_script_timeout(SCRIPT_TIMEOUT).await?;
        if let Some(folder) = variant.folder() {
            firefox.install(folder).await?;
        }
        firefox.open(&demo.site.blank()).await?;
        Ok(Self { variant, firefox })
    }

    /// Waits until Sockpin has been loaded: it has answered, whatever it was. The inner error says why it has not; then this
    /// browser may never answer anything again.
    pub(crate) async fn is_loaded(&self) -> Result<Result<(), String>> {
        if !self.variant.is_sockpin {
            return Ok(Ok(()));
        }
        match timeout(LIMIT, self.ask(json!({ "type": "status" }))).await {
            Ok(answered) => answered.map(|_| Ok(())),
            Err(_elapsed) => Ok(Err(not_finished())),
        }
    }

    /// Opens sockets from the page, one after the other, and returns after how many milliseconds each came to this.
    pub(crate) async fn sockets(&self, url: &str, count: usize, expected: Came) -> Result<Turn> {
        let limit = LIMIT.as_secs() * 1000;
        let seen = self.firefox.run(SOCKETS, vec![json!(url), json!(count), json!(limit)]).await?;
        let seen: Vec<Socket> = serde_json::from_value(seen).context("the page told something else")?;
        let samples = seen.into_iter().map(|Socket { came, ms }| match came {
            came if came == expected => Ok(ms),
            Came::Nothing => Err(not_finished()),
            Came::Open => Err(format!("a socket opened after {ms:.0} ms")),
            Came::Error => Err(format!("a socket was stopped after {ms:.0} ms")),
        });
        Ok(samples.collect())
    }

    /// Lets the background page fall asleep; one that is busy for too long does not.
    pub(crate) async fn suspend(&self) -> Result<(), String> {
        let asleep = self.firefox.suspend_background().await;
        asleep.map_err(|_waited_in_vain| "the background did not fall asleep".to_owned())
    }

    /// Runs a script in an empty page of the extension, which is closed again.
    pub(crate) async fn in_extension(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.firefox.open_extension_page(PAGE).await?;
        let answer = self.firefox.run(script, arguments).await;
        self.firefox.close_tab().await?;
        answer.with_context(|| format!("a script in a page of {} failed", self.variant.name))
    }

    /// Sends a message to the background.
    pub(crate) async fn ask(&self, message: Value) -> Result<Value> {
        self.in_extension("return browser.runtime.sendMessage(arguments[0])", vec![message]).await
    }

    /// Stores a rule where this is Sockpin.
    pub(crate) async fn save_rule(&self, rule: Value) -> Result<()> {
        if !self.variant.is_sockpin {
            return Ok(());
        }
        let answer = self.ask(json!({ "type": "saveRule", "rule": rule })).await?;
        if answer.get("type") != Some(&json!("saved")) {
            bail!("{} did not store a rule: {answer}", self.variant.name);
        }
        Ok(())
    }

    /// Quits.
    pub(crate) async fn quit(self) -> Result<()> {
        self.firefox.quit().await
    }
}

/// Starts one browser for each variant, all to be there at the same time.
pub(crate) async fn start_all<'a>(variants: &[&'a Variant], demo: &Demo) -> Result<Vec<Browser<'a>>> {
    let mut browsers = Vec::new();
    for variant in variants {
        let browser = Browser::start(variant, demo, None).await?;
        browser.is_loaded().await?.map_err(|why| anyhow!("{} does not answer: {why}", variant.name))?;
        browsers.push(browser);
    }
    Ok(browsers)
}

/// Quits them all.
pub(crate) async fn quit_all(browsers: Vec<Browser<'_>>) -> Result<()> {
    for browser in browsers {
        browser.quit().await?;
    }
    Ok(())
}

/// Whose turn it is: everybody once, and not always the same one first.
pub(crate) fn in_turn<T>(all: &[T], turn: usize) -> impl Iterator<Item = &T> {
    let first = turn.checked_rem(all.len()).unwrap_or_default();
    all.iter().cycle().skip(first).take(all.len())
}

/// What a table says where something took too long.
pub(crate) fn not_finished() -> String {
    format!("not finished within {} s", LIMIT.as_secs())
}

/// How long anything is waited for that is measured.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// A script must outlive several of these.
const SCRIPT_TIMEOUT: Duration = Duration::from_mins(10);

const SOCKETS: &str = r"
const [url, count, limit] = arguments;
const one = () => new Promise((resolve) => {
    const begun = performance.now();
    const socket = new WebSocket(url);
    let first = null;
    const saw = (came) => { first ??= { came, ms: performance.now() - begun }; };
    socket.addEventListener('open', () => { saw('open'); socket.close(); });
    socket.addEventListener('error', () => saw('error'));
    const timer = setTimeout(() => { saw('nothing'); resolve(first); }, limit);
    socket.addEventListener('close', () => { clearTimeout(timer); resolve(first); });
});
return (async () => {
    const seen = [];
    for (let i = 0; i < count; i++) {
        seen.push(await one());
        if (seen.at(-1).came === 'nothing') break;
    }
    return seen;
})();
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_turn_and_nobody_is_always_first() {
        let table: [(usize, &[i32]); 4] = [(0, &[1, 2, 3]), (1, &[2, 3, 1]), (2, &[3, 1, 2]), (3, &[1, 2, 3])];
        for (turn, order) in table {
            assert_eq!(in_turn(&[1, 2, 3], turn).copied().collect::<Vec<_>>(), order);
        }
        assert_eq!(in_turn::<i32>(&[], 1).count(), 0);
    }
}
