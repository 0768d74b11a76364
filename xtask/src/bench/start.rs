//! How long the first socket waits until many rules have been read.

use anyhow::Result;
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, Came, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::table::{Section, thousands};
use super::variant::{AGAINST, NOTHING, SOCKPIN, Variant, names};
use super::{Bench, rules};

const RULES: [usize; 2] = [10_000, 100_000];
/// In each round, of each variant and number of rules.
const TURNS: usize = 3;

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[NOTHING, SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    for round in 0..bench.rounds {
        let demo = Demo::start().await?;
        users(&variants, &demo, &mut measured).await?;
        for count in RULES {
            let sockpins: Vec<&Variant> = variants.iter().copied().filter(|variant| variant.is_sockpin()).collect();
            for &variant in in_turn(&sockpins, round) {
                managed(variant, count, &demo, &mut measured).await?;
            }
        }
    }

    let variants = names(&variants);
    let cases = [RULES.map(user_case), RULES.map(managed_case)].concat();
    let goal = |text, case: String| {
        let compared = Compared::WithNothing;
        measured.goal(&Goal { text, case, compared, at_most: 1_000.0, unit: Unit::Milliseconds })
    };
    Ok(Section {
        title: "Start",
        about: format!(
            "Milliseconds from `new WebSocket` to `open` of the first socket, without a rule, after the background has \
             slept. Managed rules come from a `policies.json`. Samples of each: {}.",
            bench.rounds * TURNS
        ),
        lines: cases.iter().map(|case| measured.line(case, &variants, Unit::Milliseconds)).collect(),
        goals: vec![
            goal("100,000 rules of the user's", user_case(100_000)),
            goal("100,000 managed rules", managed_case(100_000)),
        ],
        variants,
    })
}

fn user_case(count: usize) -> String {
    format!("{} rules of the user's", thousands(count))
}

fn managed_case(count: usize) -> String {
    format!("{} managed rules", thousands(count))
}

async fn users(variants: &[&Variant], demo: &Demo, measured: &mut Measurements) -> Result<()> {
    let browsers = start_all(variants, demo).await?;
    for count in RULES {
        let case = user_case(count);
        for browser in &browsers {
            if let Err(why) = rules::store(browser, demo, count).await? {
                measured.record(&case, browser.variant.name, Err(why));
            }
        }
        for turn in 0..TURNS {
            for browser in in_turn(&browsers, turn) {
                first_socket(browser, &case, demo, measured).await?;
            }
        }
    }
    quit_all(browsers).await
}

/// Firefox reads an administrator's policies when it starts: each number of rules has a browser of its own, and they are
/// not there at the same time, since rules in such numbers fill the memory.
async fn managed(variant: &Variant, count: usize, demo: &Demo, measured: &mut Measurements) -> Result<()> {
    let case = managed_case(count);
    if measured.has_failed(&case, variant.name) {
        return Ok(());
    }
    let browser = Browser::start(variant, demo, Some(rules::managed(count))).await?;
    if let Err(why) = browser.is_loaded().await? {
        measured.record(&case, variant.name, Err(why));
        // It is ended without a goodbye, for which its process has no time.
        return Ok(());
    }
    if let Err(why) = rules::hold(&browser, demo).await? {
        measured.record(&case, variant.name, Err(why));
    }
    for _ in 0..TURNS {
        first_socket(&browser, &case, demo, measured).await?;
    }
    browser.quit().await
}

async fn first_socket(browser: &Browser<'_>, case: &str, demo: &Demo, measured: &mut Measurements) -> Result<()> {
    if measured.has_failed(case, browser.variant.name) {
        return Ok(());
    }
    let first = match browser.suspend().await {
        Ok(()) => browser.sockets(&demo.servers.url("unpinned")?, 1, Came::Open).await?,
        Err(why) => Err(why),
    };
    measured.record(case, browser.variant.name, first);
    Ok(())
}
