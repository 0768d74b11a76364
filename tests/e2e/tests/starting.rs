//! How a page starts: what it asks for while its core is loaded, and what it says where there is no core.

use anyhow::{Context, Result};
use serde_json::json;
use sockpin_e2e::doctored::Doctored;
use sockpin_e2e::extension;
use sockpin_e2e::firefox::{Firefox, Options};
use sockpin_e2e::page::Page;
use sockpin_e2e::world::{Installation, World};

async fn world() -> Result<World> {
    let copy = Doctored::copy()?;
    for page in ["options.html", "log.html", "popup.html"] {
        copy.before_page(page, EARLY)?;
    }
    let options = Options { install_for_good: Some(copy.folder().to_owned()), ..Options::default() };
    let world = World::with(Installation::ForGood, options).await?;
    let pin = world.demo.pinned_key.pin();
    world.firefox.save_rule(json!({ "host": "first.example", "pins": [{ "sha256": pin }] })).await?;
    Ok(world)
}

/// The rules page with a fault, once it shows these hosts, and how often it has asked for the rules.
async fn rules_of<'a>(firefox: &'a Firefox, fault: &str, hosts: &str) -> Result<(Page<'a>, u64)> {
    let page = firefox.page(&format!("options.html?{fault}")).await?;
    // Cards are drawn some at a time.
    page.wait_until(hosts, &format!("{HOSTS} === '{hosts}'")).await.context(fault.to_owned())?;
    let asked = firefox.run("return window.asked", Vec::new()).await?;
    Ok((page, asked.as_u64().unwrap_or_default()))
}

#[tokio::test]
async fn what_is_asked_for_ahead_is_taken_unless_it_has_changed_or_failed() -> Result<()> {
    let world = world().await?;
    let firefox = &world.firefox;
    // The control: it is asked for once, and that is what is shown.
    let (_, asked) = rules_of(firefox, "", "first.example").await?;
    assert_eq!(asked, 1);
    for fault in ["refuses", "throws", "answers-nothing"] {
        let (page, asked) = rules_of(firefox, fault, "first.example").await?;
        assert_eq!(asked, 2, "{fault}");
        page.wait_for_presence("#failure", false).await?;
        page.wait_for_presence("#problem", false).await?;
    }
    // The announcement has been made before the page could hear it.
    let (_, asked) = rules_of(firefox, "changes", "first.example second.example").await?;
    assert_eq!(asked, 2);

    for name in ["options.html", "log.html", "popup.html"] {
        firefox.open_privileged_tab(&extension::url(&format!("{name}?no-core"))).await?;
        let page = firefox.this_page().await?;
        assert_eq!(page.text("#failure h2").await?, "Sockpin could not start", "{name}");
        assert!(
            page.is_true("document.getElementById('failure-detail').textContent.includes('no core')").await?,
            "{name}"
        );
        assert!(page.is_true("document.documentElement.lang === 'en'").await?, "{name}");
        firefox.look(&format!("no-core-{name}")).await?;
    }
    world.firefox.quit().await
}

/// In the head of each page: one fault, by the page's address.
const EARLY: &str = r"
const fault = location.search.slice(1);
const get = browser.storage.local.get.bind(browser.storage.local);
window.asked = 0;
let asAsked;
const first = new Promise((resolve) => { asAsked = resolve; });
browser.storage.local.get = (key) => {
    if (key !== 'policy') return get(key);
    window.asked += 1;
    if (window.asked > 1) return get(key);
    if (fault === 'refuses') return Promise.reject(new Error('refused'));
    if (fault === 'throws') throw new Error('thrown');
    if (fault === 'answers-nothing') return undefined;
    const answer = get(key);
    asAsked(answer);
    return answer;
};
const announced = new Promise((resolve) => {
    browser.runtime.onMessage.addListener(({ type }) => { if (type === 'rulesChanged') resolve(); });
});
const { compileStreaming } = WebAssembly;
WebAssembly.compileStreaming = async (source) => {
    if (fault === 'no-core') throw new Error('no core');
    const module = await compileStreaming(source);
    if (fault === 'changes') {
        // What was asked for ahead has been answered by what there was.
        const { policy } = await first;
        const [rule] = JSON.parse(policy).rules;
        await browser.runtime.sendMessage({ type: 'saveRule', rule: { host: 'second.example', pins: rule.pins } });
        await announced;
    }
    return module;
};
";

const HOSTS: &str = "[...document.querySelectorAll('#rules .rule-host')].map((host) => host.textContent).join(' ')";
