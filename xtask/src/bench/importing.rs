//! The import of many rules in the rules page: how long until the person has seen what it would do, until the rules are stored, and how
//! long a socket waits meanwhile.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::json;
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::rule_page::{begin_sockets, longest_socket};
use super::table::Section;
use super::variant::{AGAINST, SOCKPIN, names};
use super::{Bench, rules};

const RULES: usize = 10_000;
/// In each round, of each variant.
const TURNS: usize = 3;

const PREVIEW: &str = "until the preview is complete";
const STORED: &str = "from the confirmation until the rules are stored";
const BOTH: &str = "both together";
const UNDONE: &str = "until it is undone";
const SOCKET: &str = "the longest wait of a socket meanwhile";

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    let file = file();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let browsers = start_all(&variants, &demo).await?;
        for turn in 0..TURNS {
            for browser in in_turn(&browsers, turn) {
                let name = browser.variant.name;
                begin_sockets(browser, &demo).await?;
                let imported = import(browser, &file).await?;
                measured.record(SOCKET, name, longest_socket(browser).await?);
                let is_shown = imported.steps > 1;
                let samples = |ms| if is_shown { Ok(vec![ms]) } else { Err("the progress was not shown".to_owned()) };
                measured.record(PREVIEW, name, samples(imported.preview));
                measured.record(STORED, name, samples(imported.stored));
                measured.record(BOTH, name, samples(imported.preview + imported.stored));
                measured.record(UNDONE, name, samples(imported.undone));
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let cases = [PREVIEW, STORED, BOTH, UNDONE, SOCKET];
    let goal = Goal {
        text: BOTH,
        case: BOTH.to_owned(),
        compared: Compared::WithNothing,
        at_most: 5_000.0,
        unit: Unit::Milliseconds,
    };
    Ok(Section {
        title: "Importing",
        about: format!(
            "Milliseconds in the rules page from the drop of a file with 10,000 rules until all of them are in the preview, with the \
             progress shown; from the click that confirms it until the page says that it is done; and what the slowest of the \
             sockets took from `new WebSocket` to `open` that another page opened one after the other during all of it. Samples of \
             each: {}.",
            bench.rounds * TURNS
        ),
        lines: cases.map(|case| measured.line(case, &variants, Unit::Milliseconds)).into(),
        goals: vec![measured.goal(&goal)],
        variants,
    })
}

fn file() -> String {
    let rules: Vec<_> = (0..RULES).map(rules::one_more).collect();
    json!({ "version": 1, "rules": rules }).to_string()
}

#[derive(Deserialize)]
struct Imported {
    preview: f64,
    stored: f64,
    undone: f64,
    /// How many states of the progress were shown.
    steps: usize,
}

async fn import(browser: &Browser<'_>, file: &str) -> Result<Imported> {
    browser.firefox.open_extension_page("options.html").await?;
    let imported = browser.firefox.run(IMPORT, vec![json!(file)]).await?;
    browser.firefox.close_tab().await?;
    serde_json::from_value(imported).context("the page told something else than times")
}

const IMPORT: &str = r"
const [text] = arguments;
const find = (id) => document.getElementById(id);
const until = (holds) => new Promise((resolve) => {
    const observer = new MutationObserver(() => look());
    const look = () => { if (holds()) { observer.disconnect(); resolve(performance.now()); } };
    observer.observe(document, { subtree: true, childList: true, attributes: true });
    look();
});
return (async () => {
    const steps = new Set();
    const progress = find('import-progress');
    const observer = new MutationObserver(() => {
        const value = progress.getAttribute('value');
        if (!find('import-progress-area').hidden && value !== null) steps.add(value);
    });
    observer.observe(progress, { attributes: true });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], 'rules.json'));
    const dropped = performance.now();
    find('import-drop').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    const previewed = await until(() => !find('import-preview').hidden && !find('import-confirm').disabled);
    const confirmed = performance.now();
    find('import-confirm').click();
    const done = await until(() => !find('import-done').hidden);
    const asked = performance.now();
    find('import-undo').click();
    const undone = await until(() => find('import-undo').hidden);
    return { preview: previewed - dropped, stored: done - confirmed, undone: undone - asked, steps: steps.size };
})();
";
