//! The extension as another program sees it: its address, and the messages that its pages send.

use std::cmp::Reverse;
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::firefox::Firefox;

/// The add-on id of the manifest.
pub const ID: &str = "sockpin@sockpin.dev";
/// The origin that test profiles give the extension; Firefox would choose one at random.
pub const UUID: &str = "5ec4e7f1-3b0a-4c57-9d5a-50c4e7b1a001";

/// The unpacked extension of this checkout; an error if its module has not been built.
pub fn folder() -> Result<PathBuf> {
    let folder = checkout().join("extension");
    if !folder.join("pkg/background_bg.wasm").is_file() {
        bail!("{} has no module yet; `cargo xtask build` makes it", folder.display());
    }
    Ok(folder)
}

/// The version of an unpacked extension.
pub fn version(folder: &Path) -> Result<String> {
    let file = folder.join("manifest.json");
    let text = std::fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
    let manifest: Value = serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))?;
    let version = manifest.get("version").and_then(Value::as_str);
    version.map(str::to_owned).with_context(|| format!("{} has no version", file.display()))
}

/// The lab's folder in this checkout.
#[must_use]
pub fn lab() -> PathBuf {
    checkout().join("www")
}

/// The address of a page of the extension.
#[must_use]
pub fn url(page: &str) -> String {
    format!("moz-extension://{UUID}/{page}")
}

pub(crate) fn checkout() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).canonicalize().unwrap_or_else(|_| PathBuf::from("."))
}

impl Firefox {
    /// Sends a message to the background from a page of the extension and returns the answer.
    pub async fn ask_extension(&self, message: Value) -> Result<Value> {
        self.run_in_extension("return browser.runtime.sendMessage(arguments[0])", vec![message.clone()])
            .await
            .with_context(|| format!("the extension did not answer {message}"))
    }

    /// What the toolbar button shows for the tab with this address.
    pub async fn badge(&self, address: &str) -> Result<String> {
        Ok(self.button(address).await?.badge)
    }

    /// The toolbar button as it is for the tab with this address.
    pub async fn button(&self, address: &str) -> Result<Button> {
        let button = self.run_in_extension(BUTTON, vec![json!(address)]).await?;
        serde_json::from_value(button).with_context(|| format!("no tab shows {address}"))
    }

    /// Runs a script in a page of the extension, which is opened if it is not yet. The current tab stays what it was.
    pub async fn run_in_extension(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        self.run_in_page(&url(MESSENGER), script, arguments).await
    }

    /// Runs a script in this page of any extension, which is opened if it is not yet. The current tab stays what it was.
    pub(crate) async fn run_in_page(&self, page: &str, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let driver = self.driver()?;
        let current = driver.window().await?;
        self.switch_to(page).await?;
        let answer = self.run(script, arguments).await;
        driver.switch_to_window(current).await?;
        answer
    }

    async fn switch_to(&self, page: &str) -> Result<()> {
        let driver = self.driver()?;
        for window in driver.windows().await? {
            // A page of an extension that has been reloaded is closed at any moment.
            let address = match driver.switch_to_window(window).await {
                Ok(()) => driver.current_url().await,
                Err(error) => Err(error),
            };
            if !address.is_ok_and(|address| address.as_str() == page) {
                continue;
            }
            match self.run(IS_USABLE, vec![json!(page)]).await {
                Ok(Value::Bool(true)) => return Ok(()),
                // Its process has been killed, or its extension reloaded.
                _ => driver.close_window().await.ok(),
            };
        }
        let left = driver.windows().await?.into_iter().next().context("no tab is left")?;
        driver.switch_to_window(left).await?;
        self.open_privileged_tab(page).await?;
        self.wait_for("a page that may send messages", IS_USABLE, vec![json!(page)]).await
    }

    /// Stores a rule as the options page does; an error if it is refused.
    pub async fn save_rule(&self, rule: Value) -> Result<Value> {
        let answer = self.change_rules(json!({ "type": "saveRule", "rule": rule })).await?;
        match answer.get("rule") {
            Some(rule) if answer.get("type") == Some(&json!("saved")) => Ok(rule.clone()),
            _ => bail!("the rule was not saved: {answer}"),
        }
    }

    /// Asks for a change of the rules; returns once Firefox seals the answers of the hosts whose rules block, as it does soon
    /// after.
    async fn change_rules(&self, message: Value) -> Result<Value> {
        self.run_in_extension(CHANGE, vec![message.clone()])
            .await
            .with_context(|| format!("the extension did not answer {message}"))
    }

    /// Takes a rule out.
    pub async fn delete_rule(&self, rule: &Value) -> Result<()> {
        let answer = self.change_rules(json!({ "type": "deleteRule", "id": rule.get("id") })).await?;
        if answer.get("type") != Some(&json!("done")) {
            bail!("the rule was not deleted: {answer}");
        }
        Ok(())
    }

    /// How things are, by the background's own word: it is started where it does not run.
    pub async fn status(&self) -> Result<Value> {
        self.ask_extension(json!({ "type": "status" })).await
    }

    /// The user's rules, as they are stored: what has its default is left out.
    pub async fn rules(&self) -> Result<Vec<Value>> {
        match self.run_in_extension(STORED_RULES, Vec::new()).await? {
            Value::Array(rules) => Ok(rules),
            other => bail!("the stored rules are {other}"),
        }
    }

    /// The user's only rule; an error if there is another, or none.
    pub async fn only_rule(&self) -> Result<Value> {
        let rules = self.rules().await?;
        let [rule] = rules.as_slice() else { bail!("not one rule: {rules:?}") };
        Ok(rule.clone())
    }

    /// Empties the log.
    pub async fn clear_log(&self) -> Result<()> {
        self.ask_extension(json!({ "type": "clearLog" })).await.map(drop)
    }

    /// The violations among the hundred newest entries of the log, newest first.
    pub async fn violations(&self) -> Result<Vec<Value>> {
        let entries = self.log().await?;
        Ok(entries.into_iter().filter(|entry| entry.get("outcome").is_some()).collect())
    }

    /// The hundred newest entries of the log, newest first: violations and pauses.
    pub async fn log(&self) -> Result<Vec<Value>> {
        Ok(self.whole_log(100).await?.entries)
    }

    /// The log, newest first, with an entry for each socket: of those that are stored as one, each stands for itself.
    pub async fn whole_log(&self, limit: usize) -> Result<Log> {
        let stored = self.stored_log().await?;
        let mut lines = Vec::new();
        let mut total = u64::try_from(stored.pauses.len())?;
        for StoredEntry { tally, mut violation, .. } in stored.violations {
            violation.insert("time".to_owned(), json!(tally.last));
            let shown = usize::try_from(tally.count)?.min(limit);
            lines.extend(iter::repeat_n((Some(tally.last), Value::Object(violation)), shown));
            total += tally.count;
        }
        lines.extend(stored.pauses.into_iter().map(|pause| (pause.get("time").and_then(Value::as_u64), pause)));
        lines.sort_by_key(|(time, _)| Reverse(*time));
        Ok(Log { entries: lines.into_iter().take(limit).map(|(_, entry)| entry).collect(), total })
    }

    /// What the log's database holds: read in a page of the extension, as the popup does, once the background has dealt
    /// with all that came before.
    pub async fn stored_log(&self) -> Result<StoredLog> {
        let prepared = self.ask_extension(json!({ "type": "prepareLog" })).await?;
        if prepared != json!({ "type": "done" }) {
            bail!("the log cannot be read: {prepared}");
        }
        let stored = self.run_in_extension(READ_LOG, Vec::new()).await.context("the log cannot be read")?;
        serde_json::from_value(stored).context("the log has another shape")
    }
}

/// The stores of the log's database.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredLog {
    /// The one with the newest socket first.
    pub violations: Vec<StoredEntry>,
    /// Newest first.
    pub pauses: Vec<Value>,
    /// In place of each certificate, its number of bytes.
    pub chains: Vec<Value>,
    /// By share.
    pub counts: Vec<Value>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredEntry {
    /// What makes its violations equal.
    pub key: String,
    /// Whose part of the log it is.
    pub share: String,
    /// How often, when and from where.
    pub tally: StoredTally,
    /// What they have in common.
    pub violation: Map<String, Value>,
}

/// How often, when and from where.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredTally {
    /// How many sockets.
    pub count: u64,
    /// The first, in milliseconds.
    pub first: u64,
    /// The last, in milliseconds.
    pub last: u64,
    /// The pages that opened them.
    pub pages: Vec<Value>,
}

/// The newest entries of the log, and how many there are.
#[derive(Debug, Clone)]
pub struct Log {
    /// Newest first.
    pub entries: Vec<Value>,
    /// How many the log knows of.
    pub total: u64,
}

/// The toolbar button.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Button {
    /// The few characters on it.
    pub badge: String,
    /// What it says when pointed at.
    pub title: String,
}

// Text, or an object as the version before stored it.
const STORED_RULES: &str = r"
return browser.storage.local.get('policy').then(({ policy }) => {
    if (policy === undefined) return [];
    return (typeof policy === 'string' ? JSON.parse(policy) : policy).rules;
});
";

const IS_USABLE: &str =
    "return document.URL === arguments[0] && typeof browser === 'object' && browser.runtime?.id !== undefined";

const CHANGE: &str = r#"
return browser.runtime.sendMessage(arguments[0]).then(async (answer) => {
    const isChanged = answer?.type === "saved" || answer?.type === "done";
    while (isChanged && !(await browser.storage.session.get("sealed")).sealed);
    return answer;
});
"#;

const BUTTON: &str = r"
const [address] = arguments;
return browser.tabs.query({}).then(async (tabs) => {
    const tab = tabs.find(({ url }) => url === address);
    if (!tab) return null;
    const [badge, title] = await Promise.all([
        browser.action.getBadgeText({ tabId: tab.id }), browser.action.getTitle({ tabId: tab.id }),
    ]);
    return { badge, title };
});
";

/// The DER of the certificates is left out: how many bytes there are of each tells enough.
const READ_LOG: &str = r"
return new Promise((resolve, reject) => {
    const opening = indexedDB.open('sockpin', 2);
    opening.onupgradeneeded = () => opening.transaction.abort();
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
        const database = opening.result;
        const transaction = database.transaction(['violations', 'pauses', 'chains', 'counts']);
        const read = (source) => new Promise((got) => {
            const request = source.getAll();
            request.onsuccess = () => got(request.result);
        });
        const store = (name) => transaction.objectStore(name);
        Promise.all([
            read(store('violations').index('last')), read(store('pauses')), read(store('chains')), read(store('counts')),
        ]).then(([violations, pauses, chains, counts]) => {
            database.close();
            const sizes = ({ certificates, ...rest }) => ({ ...rest, certificates: certificates.map((der) => der.length) });
            resolve({ violations: violations.reverse(), pauses: pauses.reverse(), chains: chains.map(sizes), counts });
        });
    };
});
";

/// The page from which messages are sent.
const MESSENGER: &str = "options.html";
