//! The log page with a full log: how long until its first screen, until all of it is there, and how long a socket waits meanwhile,
//! which is judged in the same thread. And the popup over a tab with sockets, beside that log.

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::table::Section;
use super::variant::{AGAINST, SOCKPIN, Variant, names};
use super::{Bench, log};

const PAGE: &str = "log.html";
const POPUP: &str = "popup.html";
/// In each round.
const TURNS: usize = 5;

const FIRST: &str = "until the first screen";
const DRAWN: &str = "of these, after the module is there";
const WHOLE: &str = "until all of it is read";
const SOCKET: &str = "the longest wait of a socket meanwhile";
const POPUP_SOCKETS: &str = "the popup, until the sockets of its tab";
const POPUP_LOG: &str = "the popup, until the newest of the log";

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let watched = |variant: &Variant| variant.with_script_in(PAGE, WATCH)?.with_script_in(POPUP, WATCH_POPUP);
    let variants = bench.variants.named(&[SOCKPIN, AGAINST]);
    let variants = variants.into_iter().map(watched).collect::<Result<Vec<_>>>()?;
    let variants: Vec<_> = variants.iter().collect();
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let browsers = start_all(&variants, &demo).await?;
        for browser in &browsers {
            log::block(browser, &demo).await?;
            log::fill(browser).await?;
        }
        for turn in 0..TURNS {
            for browser in in_turn(&browsers, turn) {
                let name = browser.variant.name;
                browser.firefox.run(BEGIN_SOCKETS, vec![json!(demo.servers.url("unpinned")?)]).await?;
                let [first, drawn, whole] = times(browser, PAGE).await?;
                let longest = browser.firefox.run(LONGEST_SOCKET, Vec::new()).await?;
                measured.record(FIRST, name, Ok(vec![first]));
                measured.record(DRAWN, name, Ok(vec![drawn]));
                measured.record(WHOLE, name, Ok(vec![whole]));
                let longest = longest.as_f64().map(|longest| vec![longest]);
                measured.record(SOCKET, name, longest.ok_or_else(|| "a socket did not open".to_owned()));
                let tab = browser.in_extension(TAB_ID, vec![json!(demo.site.blank())]).await?;
                let [sockets, log] = times(browser, &format!("{POPUP}?tab={tab}")).await?;
                measured.record(POPUP_SOCKETS, name, Ok(vec![sockets]));
                measured.record(POPUP_LOG, name, Ok(vec![log]));
            }
        }
        quit_all(browsers).await?;
    }
    let variants = names(&variants);
    let (compared, unit) = (Compared::WithNothing, Unit::Milliseconds);
    let goal = Goal { text: FIRST, case: FIRST.to_owned(), compared, at_most: 100.0, unit };
    Ok(Section {
        title: "Opening the log page and the popup",
        about: format!(
            "Milliseconds with 10,000 entries: from the begin of the navigation until the first entries are drawn and the page \
             takes what is typed, and what of that is after the module has been compiled; until the search has all of the log; and \
             what the slowest of the sockets took from `new WebSocket` to `open` that another page opened one after the other \
             meanwhile. The same of the popup over the tab of that page, in which no socket is opened then. Samples of each: {}.",
            bench.rounds * TURNS
        ),
        lines: [FIRST, DRAWN, WHOLE, SOCKET, POPUP_SOCKETS, POPUP_LOG]
            .map(|case| measured.line(case, &variants, Unit::Milliseconds))
            .into(),
        goals: vec![measured.goal(&goal)],
        variants,
    })
}

async fn times<const N: usize>(browser: &Browser<'_>, page: &str) -> Result<[f64; N]> {
    browser.firefox.open_extension_page(page).await?;
    let times = browser.firefox.run("return window.times", Vec::new()).await?;
    browser.firefox.close_tab().await?;
    let times: Vec<f64> = serde_json::from_value(times).context("the page told something else than times")?;
    times.try_into().map_err(|times| anyhow!("the page told other times: {times:?}"))
}

/// In the head of the page, before its own scripts. Drawn is what the next frame has shown, and a page that takes what is typed has
/// a turn for a task after it. All of the log is there once a search for what no entry has says so.
const WATCH: &str = r"
globalThis.times = (async () => {
    const { instantiateStreaming, instantiate } = WebAssembly;
    let compiled = 0;
    const noting = (real) => async (...given) => {
        const made = await real(...given);
        compiled = performance.now();
        return made;
    };
    WebAssembly.instantiateStreaming = noting(instantiateStreaming);
    WebAssembly.instantiate = noting(instantiate);
    const seen = (look) => new Promise((resolve) => {
        new MutationObserver((_, observer) => {
            if (!look()) return;
            observer.disconnect();
            resolve();
        }).observe(document, { childList: true, subtree: true, characterData: true });
    });
    await seen(() => document.querySelector('#log .violation'));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const first = performance.now();
    const field = document.querySelector('#search');
    field.value = 'nobody';
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    const isDone = () => document.querySelector('#search-outcome').textContent.startsWith('No entry');
    if (!isDone()) await seen(isDone);
    return [first, first - compiled, performance.now()];
})();
";

const TAB_ID: &str = "return browser.tabs.query({}).then((tabs) => tabs.find(({ url }) => url === arguments[0])?.id)";

/// In the head of the popup, as above.
const WATCH_POPUP: &str = r"
const seen = (selector) => new Promise((resolve) => {
    new MutationObserver(async (_, observer) => {
        if (!document.querySelector(selector)) return;
        observer.disconnect();
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        resolve(performance.now());
    }).observe(document, { childList: true, subtree: true });
});
globalThis.times = Promise.all([seen('#tab-sockets .tab-row'), seen('#log .violation')]);
";

/// In a page of its own, one socket after the other until it is told to stop.
const BEGIN_SOCKETS: &str = r"
const [url] = arguments;
const one = () => new Promise((resolve) => {
    const begun = performance.now();
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => { resolve(performance.now() - begun); socket.close(); });
    socket.addEventListener('error', () => resolve(null));
});
window.isOver = false;
window.waits = (async () => {
    const waits = [];
    while (!window.isOver && !waits.includes(null)) waits.push(await one());
    return waits;
})();
";

const LONGEST_SOCKET: &str = r"
window.isOver = true;
return window.waits.then((waits) => (waits.includes(null) ? null : Math.max(...waits)));
";
