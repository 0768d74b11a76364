//! The rules page with many rules: how long until it can be used, how long until it has followed a keystroke of the search,
//! and how long a socket waits meanwhile, which is judged in the same thread.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Turn, Unit};
use super::table::Section;
use super::variant::{AGAINST, SOCKPIN, Variant, names};
use super::{Bench, rules};

const RULES: usize = 10_000;
/// In each round, of each variant.
const TURNS: usize = 3;
const PAGE: &str = "options.html";

const OPENING: &str = "until the page can be used";
const SOCKET: &str = "the longest wait of a socket meanwhile";
/// What the browser takes itself.
const CONTROL: &str = "the same while an empty page is opened";
const KEYSTROKE: &str = "until a keystroke is followed";

pub(super) async fn opening(bench: &Bench) -> Result<Section> {
    let mut measured = Measurements::default();
    let variants = watched(bench)?;
    let variants: Vec<_> = variants.iter().collect();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let browsers = started(&variants, &demo, &[OPENING, SOCKET, CONTROL], &mut measured).await?;
        for turn in 0..TURNS {
            for browser in in_turn(&browsers, turn) {
                let name = browser.variant.name;
                if !measured.has_failed(OPENING, name) {
                    begin_sockets(browser, &demo).await?;
                    browser.in_extension(SOME_TIME, Vec::new()).await?;
                    measured.record(CONTROL, name, longest_socket(browser).await?);
                    begin_sockets(browser, &demo).await?;
                    let opened = open(browser).await?;
                    measured.record(OPENING, name, Ok(vec![opened]));
                    measured.record(SOCKET, name, longest_socket(browser).await?);
                }
            }
        }
        quit_all(browsers).await?;
    }
    let variants = names(&variants);
    Ok(Section {
        title: "Opening the rules page",
        about: format!(
            "Milliseconds with 10,000 rules of the user's, imported, with their history: from the begin of the navigation until the first rules are drawn \
             and the page takes what is typed; and what the slowest of the sockets took from `new WebSocket` to `open` that \
             another page opened one after the other meanwhile. Samples of each: {}.",
            bench.rounds * TURNS
        ),
        lines: [OPENING, SOCKET, CONTROL].map(|case| measured.line(case, &variants, Unit::Milliseconds)).into(),
        goals: vec![goal(&measured, OPENING, 300.0)],
        variants,
    })
}

pub(super) async fn searching(bench: &Bench) -> Result<Section> {
    let mut measured = Measurements::default();
    let variants = watched(bench)?;
    let variants: Vec<_> = variants.iter().collect();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let browsers = started(&variants, &demo, &[KEYSTROKE], &mut measured).await?;
        for turn in 0..TURNS {
            for browser in in_turn(&browsers, turn) {
                let name = browser.variant.name;
                if !measured.has_failed(KEYSTROKE, name) {
                    measured.record(KEYSTROKE, name, keystrokes(browser).await?);
                }
            }
        }
        quit_all(browsers).await?;
    }
    let variants = names(&variants);
    Ok(Section {
        title: "Searching in the rules page",
        about: format!(
            "Milliseconds with 10,000 rules of the user's from a keystroke in the search field until the frame that shows what \
             it finds. Samples of each: {}.",
            bench.rounds * TURNS * TYPED.len()
        ),
        lines: vec![
            measured.line(KEYSTROKE, &variants, Unit::Milliseconds),
            measured.percentile_line(KEYSTROKE, &variants, Unit::Milliseconds, 90),
        ],
        goals: vec![goal(&measured, KEYSTROKE, 50.0)],
        variants,
    })
}

fn goal(measured: &Measurements, case: &'static str, at_most: f64) -> super::table::Line {
    let goal =
        Goal { text: case, case: case.to_owned(), compared: Compared::WithNothing, at_most, unit: Unit::Milliseconds };
    measured.goal(&goal)
}

/// Copies whose page tells when it can be used.
fn watched(bench: &Bench) -> Result<Vec<Variant>> {
    let variants = bench.variants.named(&[SOCKPIN, AGAINST]);
    variants.into_iter().map(|variant| variant.with_script_in(PAGE, WATCH)).collect()
}

async fn started<'a>(
    variants: &[&'a Variant],
    demo: &Demo,
    cases: &[&str],
    measured: &mut Measurements,
) -> Result<Vec<Browser<'a>>> {
    let browsers = start_all(variants, demo).await?;
    for browser in &browsers {
        if let Err(why) = rules::import(browser, demo, RULES).await? {
            for case in cases {
                measured.record(case, browser.variant.name, Err(why.clone()));
            }
        }
    }
    Ok(browsers)
}

async fn open(browser: &Browser<'_>) -> Result<f64> {
    browser.firefox.open_extension_page(PAGE).await?;
    let opened = browser.firefox.run("return window.usable", Vec::new()).await?;
    browser.firefox.run(WHOLE, Vec::new()).await?;
    browser.firefox.close_tab().await?;
    opened.as_f64().context("the page told something else than a time")
}

pub(super) async fn begin_sockets(browser: &Browser<'_>, demo: &Demo) -> Result<()> {
    browser.firefox.run(BEGIN_SOCKETS, vec![json!(demo.servers.url("unpinned")?)]).await.map(drop)
}

pub(super) async fn longest_socket(browser: &Browser<'_>) -> Result<Turn> {
    let longest = browser.firefox.run(LONGEST_SOCKET, Vec::new()).await?;
    Ok(longest.as_f64().map(|longest| vec![longest]).ok_or_else(|| "a socket did not open".to_owned()))
}

async fn keystrokes(browser: &Browser<'_>) -> Result<Turn> {
    browser.firefox.open_extension_page(PAGE).await?;
    browser.firefox.run(WHOLE, Vec::new()).await?;
    let seen = browser.firefox.run(TYPE, vec![json!(TYPED)]).await?;
    browser.firefox.close_tab().await?;
    if seen == Value::Null {
        return Ok(Err("there is no search".to_owned()));
    }
    Ok(Ok(serde_json::from_value(seen).context("the page told something else than times")?))
}

/// What stands in the field after each keystroke: it finds all, one in nine or ten, or a single one; at last all again.
const TYPED: [&str; 12] =
    ["h", "ho", "host", "host-1", "host-12", "host-123", "host-1234", "host-123", "host-12", "nobody", "9", ""];

/// In the head of the page, before its own scripts. Drawn is what the next frame has shown, and a page that takes what is
/// typed has a turn for a task after it.
const WATCH: &str = r"
globalThis.drawn = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
globalThis.usable = new Promise((resolve) => {
    new MutationObserver(async (_, observer) => {
        if (!document.querySelector('#rules .rule')) return;
        observer.disconnect();
        await drawn();
        resolve(performance.now());
    }).observe(document, { childList: true, subtree: true });
});
";

/// As far as the page draws without being scrolled.
const WHOLE: &str = r"
return (async () => {
    await window.usable;
    const drawnSoFar = () => document.querySelectorAll('#rules .rule').length;
    let before;
    do {
        before = drawnSoFar();
        await new Promise((resolve) => setTimeout(resolve, 100));
    } while (!document.documentElement.dataset.ready || drawnSoFar() !== before);
})();
";

const SOME_TIME: &str = "return new Promise((resolve) => setTimeout(resolve, 500))";

const TYPE: &str = r"
const [typed] = arguments;
const field = document.querySelector('#search');
if (!field) return null;
return (async () => {
    const seen = [];
    for (const value of typed) {
        const begun = performance.now();
        field.value = value;
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        await window.drawn();
        seen.push(performance.now() - begun);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return seen;
})();
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
