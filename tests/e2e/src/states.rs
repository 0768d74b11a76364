//! States of the pages that take several steps to reach: pictures are taken of them, and axe looks at them.

use anyhow::{Context, Result};
use serde_json::json;

use crate::authority::Key;
use crate::firefox::Firefox;
use crate::world::World;

impl Firefox {
    /// Opens the comparison of the newest blocked socket of the log, from the popup.
    pub async fn open_changed_key(&self) -> Result<()> {
        self.open_extension_page("popup.html").await?;
        let address = self.run(COMPARISON, Vec::new()).await?;
        let address = address.as_str().context("the popup has no comparison")?;
        self.open_extension_page(address).await
    }
}

impl World {
    /// Enough rules for the search, one that has judged connections, and one that has been changed.
    pub async fn add_list(&self) -> Result<()> {
        let keys = [&self.demo.pinned_key, &self.demo.backup_key].map(Key::pin);
        let pins = json!([{ "sha256": keys[0], "label": "In use" }, { "sha256": keys[1], "label": "" }]);
        let rule = |number| json!({ "host": format!("host-{number}.example.com"), "mode": "flag", "pins": pins });
        let save: Vec<_> = (0..10).map(rule).collect();
        self.firefox.ask_extension(json!({ "type": "changeRules", "save": save, "delete": [] })).await?;
        let rule = self.firefox.rules().await?.into_iter().find(|rule| rule.get("host") == Some(&json!(CHANGED)));
        let mut rule = rule.with_context(|| format!("there is no rule for {CHANGED}"))?;
        if let Some(fields) = rule.as_object_mut() {
            fields.insert("mode".to_owned(), json!("block"));
            fields.insert("pins".to_owned(), json!([{ "sha256": keys[1], "label": "Backup" }]));
        }
        self.firefox.save_rule(rule).await.map(drop)
    }
}

const CHANGED: &str = "host-0.example.com";

/// A new rule with much to be warned of, and its JSON, which is wrong.
pub const OPEN_WARNINGS: &str = r#"
document.querySelector('#add-rule').click();
document.querySelector('#more').open = true;
document.querySelector('#rule-json-section').open = true;
const type = (text) => {
    const field = document.querySelector('#rule-json');
    field.value = text;
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
};
const pins = ['C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M=', 'BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB='];
type(JSON.stringify({ host: '*.co.uk', pins }));
type(`{
  "host": "*.co.uk",
  "mode": "deny"
}`);
"#;

/// Every rule is selected for the export, and a rule is about to be imported: it is known what would become of it.
pub const OPEN_TRANSFER: &str = r"
for (const box of document.querySelectorAll('.rule-select')) box.click();
document.querySelector('#export-selected').click();
const format = document.querySelector('#export-format');
format.value = 'android';
format.dispatchEvent(new Event('change', { bubbles: true }));
const pins = ['C5+lpZ7tcVwmwQIMcRtPbsQtWLABXhQzejna0wHFr8M='];
document.querySelector('#import-text').value = JSON.stringify([{ host: 'new.example', pins }, { host: '*.com', pins }]);
document.querySelector('#import-read').click();
return new Promise((resolve) => {
    const look = () => document.querySelector('#import-confirm').disabled ? requestAnimationFrame(look) : resolve();
    look();
});
";

/// The rule with two pins is proved at a server that it knows.
pub const OPEN_TESTER: &str = r"
const until = async (find) => {
    let found;
    while (!(found = find())) await new Promise(requestAnimationFrame);
    return found;
};
const all = (selector) => [...document.querySelectorAll(selector)];
return (async () => {
    // Cards are drawn some at a time.
    const card = await until(() => all('#rules .rule').find((rule) => rule.textContent.includes('pinned.sockpin.test')));
    card.querySelector('[data-part=test]').click();
    const seen = await until(() => all('#tester-seen .trial').find((trial) => trial.querySelector('[data-tone=good]')));
    const host = document.querySelector('#prove-host');
    host.value = /[a-z.]+:[0-9]+/.exec(seen.textContent)[0];
    host.dispatchEvent(new InputEvent('input', { bubbles: true }));
    document.querySelector('#prove').click();
    await until(() => {
        const reasons = all('#prove-outcomes [data-part=trial-reason]');
        return reasons.length === 2 && reasons.every(({ hidden }) => !hidden);
    });
})();
";

/// The mode of a rule is being chosen, others are selected, and one has been deleted.
pub const OPEN_LIST: &str = r"
document.querySelector('#rules .rule-mode').click();
for (const known of document.querySelectorAll('[data-part=record], [data-part=history]')) known.open = true;
for (const box of document.querySelectorAll('.rule-select')) if (box.closest('.rule').dataset.rule < '8') box.click();
document.querySelector('#rules .rule:last-child .rule-delete').click();
return new Promise((resolve) => {
    const look = () => document.querySelector('#undo').checkVisibility() ? resolve() : requestAnimationFrame(look);
    look();
});
";

/// Where the link to the comparison leads, once the entry shows it.
const COMPARISON: &str = r"
return new Promise((resolve) => {
    const look = () => {
        document.querySelector('#log [data-outcome=block]')?.setAttribute('open', '');
        const link = document.querySelector('#log [data-outcome=block] [data-part=compare-link]');
        if (link) resolve(link.getAttribute('href'));
        else requestAnimationFrame(look);
    };
    look();
});
";
