//! How much longer the first socket takes after the background has slept.

use anyhow::Result;
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, Came, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Turn, Unit};
use super::statistics::median;
use super::table::{Section, thousands};
use super::variant::{AGAINST, NOTHING, SOCKPIN, names};
use super::{Bench, rules};

const RULES: [usize; 3] = [0, 1_000, 10_000];
/// In each round, of each variant and number of rules.
const TURNS: usize = 6;
/// Opened after the first, once the background is awake.
const AWAKE: usize = 10;

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[NOTHING, SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let url = demo.servers.url("unpinned")?;
        let browsers = start_all(&variants, &demo).await?;
        for count in RULES {
            for browser in &browsers {
                if let Err(why) = rules::store(browser, &demo, count).await? {
                    measured.record(&case(count), browser.variant.name, Err(why));
                }
            }
            for turn in 0..TURNS {
                for browser in in_turn(&browsers, turn) {
                    let name = browser.variant.name;
                    if !measured.has_failed(&case(count), name) {
                        measured.record(&case(count), name, wake(browser, &url).await?);
                    }
                }
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let goal = |text, count, at_most| {
        let (case, compared) = (case(count), Compared::Over(case(count), NOTHING));
        measured.goal(&Goal { text, case, compared, at_most, unit: Unit::Milliseconds })
    };
    Ok(Section {
        title: "Wake",
        about: format!(
            "Milliseconds from `new WebSocket` to `open` of the first socket, without a rule, after the background has \
             slept, over the median of the {AWAKE} that follow. Samples of each: {}.",
            bench.rounds * TURNS
        ),
        lines: RULES.iter().map(|&count| measured.line(&case(count), &variants, Unit::Milliseconds)).collect(),
        goals: vec![
            goal("without rules, over `nothing`", 0, 60.0),
            goal("with 10,000 rules, over `nothing`", 10_000, 120.0),
        ],
        variants,
    })
}

fn case(count: usize) -> String {
    format!("with {} rules", thousands(count))
}

async fn wake(browser: &Browser<'_>, url: &str) -> Result<Turn> {
    if let Err(why) = browser.suspend().await {
        return Ok(Err(why));
    }
    let first = browser.sockets(url, 1, Came::Open).await?;
    let awake = browser.sockets(url, AWAKE, Came::Open).await?;
    Ok(first.and_then(|first| {
        let awake = median(&awake?).ok_or("no socket was opened")?;
        Ok(first.into_iter().map(|first| first - awake).collect())
    }))
}
