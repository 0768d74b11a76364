//! How long a page waits for a socket while the background is awake.

use anyhow::Result;
use serde_json::json;
use sockpin_e2e::demo::{Demo, PINNED};

use super::Bench;
use super::browser::{Browser, Came, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::table::Section;
use super::variant::{AGAINST, NO_EXTENSION, NOTHING, SECURITY_INFO, SOCKPIN, names};

pub(super) const WITHOUT_RULE: &str = "a socket without a rule";
pub(super) const PINNED_OFF: &str = "a pinned socket, `preflight` `off`";
const PINNED_PREFER: &str = "a pinned socket, `preflight` `prefer` and its answer kept";

pub(super) const CASES: [&str; 3] = [WITHOUT_RULE, PINNED_OFF, PINNED_PREFER];

/// In each round, of each variant and case.
pub(super) const TURNS: usize = 16;
/// In each turn.
pub(super) const SOCKETS: usize = 10;
/// Opened before those that count: the background may have fallen asleep while the others had their turns.
pub(super) const UNCOUNTED: usize = 2;
/// Opened once at the beginning: Firefox compiles again what runs often.
const WARMING: usize = 60;

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[NO_EXTENSION, NOTHING, SECURITY_INFO, SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let cases = cases(&demo)?;
        let browsers = start_all(&variants, &demo).await?;
        for browser in &browsers {
            prepare(browser, &demo).await?;
        }
        for turn in 0..TURNS {
            for (case, url) in &cases {
                for browser in in_turn(&browsers, turn) {
                    let samples = browser.sockets(url, UNCOUNTED + SOCKETS, Came::Open).await?;
                    let samples = samples.map(|samples| samples.into_iter().skip(UNCOUNTED).collect());
                    measured.record(case, browser.variant.name, samples);
                }
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let lines = CASES.iter().flat_map(|case| {
        [50, 90].map(|percent| measured.percentile_line(case, &variants, Unit::Milliseconds, percent))
    });
    let goal = |text, case: &str, other, at_most| {
        let compared = Compared::Over(case.to_owned(), other);
        measured.goal(&Goal { text, case: case.to_owned(), compared, at_most, unit: Unit::Milliseconds })
    };
    Ok(Section {
        title: "Handshake",
        about: format!(
            "Milliseconds in the page from `new WebSocket` to `open`, the background awake. Samples of each: {}, \
             {SOCKETS} in a turn.",
            bench.rounds * TURNS * SOCKETS,
        ),
        lines: lines.collect(),
        goals: vec![
            goal("a socket without a rule, over `nothing`", WITHOUT_RULE, NOTHING, 0.3),
            goal("a pinned socket (`off`), over `security-info`", PINNED_OFF, SECURITY_INFO, 0.5),
            goal("a pinned socket (`prefer`, kept), over `security-info`", PINNED_PREFER, SECURITY_INFO, 0.5),
        ],
        variants,
    })
}

/// Where the sockets of each case go.
pub(super) fn cases(demo: &Demo) -> Result<Vec<(&'static str, String)>> {
    let servers = ["unpinned", "pinned", "backup"];
    CASES.into_iter().zip(servers).map(|(case, server)| Ok((case, demo.servers.url(server)?))).collect()
}

/// Stores the rules, and opens the sockets that do not count.
pub(super) async fn prepare(browser: &Browser<'_>, demo: &Demo) -> Result<()> {
    store_rules(browser, demo).await?;
    for (_, url) in cases(demo)? {
        warm(browser, &url).await?;
    }
    Ok(())
}

pub(super) async fn store_rules(browser: &Browser<'_>, demo: &Demo) -> Result<()> {
    let servers = &demo.servers;
    let rules = [("off", &servers.pinned, &demo.pinned_key), ("prefer", &servers.backup, &demo.backup_key)];
    for (preflight, server, key) in rules {
        let host = format!("{PINNED}:{}", server.port());
        let pins = json!([{ "sha256": key.pin(), "label": "The server's key" }]);
        browser.save_rule(json!({ "host": host, "preflight": preflight, "pins": pins })).await?;
    }
    Ok(())
}

pub(super) async fn warm(browser: &Browser<'_>, url: &str) -> Result<()> {
    browser.sockets(url, WARMING, Came::Open).await?.map_err(anyhow::Error::msg).map(drop)
}
