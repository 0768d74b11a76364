//! How long the first socket waits until many rules have been read.

use anyhow::Result;
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, Came, in_turn, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::rules::Form;
use super::table::{Section, thousands};
use super::variant::{AGAINST, NOTHING, SOCKPIN, Variant, names};
use super::{Bench, rules};

const RULES: [usize; 2] = [10_000, 100_000];
/// As a list not more than `MAX_LISTED_MANAGED_RULES` of `src/limits.rs`.
const MANAGED: [(usize, Form); 4] =
    [(10_000, Form::List), (20_000, Form::List), (10_000, Form::Text), (100_000, Form::Text)];
/// In each round, of each variant and number of rules.
const TURNS: usize = 3;

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[NOTHING, SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    for round in 0..bench.rounds {
        let demo = Demo::start().await?;
        users(&variants, &demo, &mut measured).await?;
        for (count, form) in MANAGED {
            let sockpins: Vec<&Variant> = variants.iter().copied().filter(|variant| variant.is_sockpin).collect();
            for &variant in in_turn(&sockpins, round) {
                managed(variant, count, form, &demo, &mut measured).await?;
            }
        }
    }

    let variants = names(&variants);
    let managed = MANAGED.into_iter().map(|(count, form)| managed_case(count, form));
    let cases: Vec<_> = RULES.into_iter().map(user_case).chain(managed).collect();
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
            goal("20,000 managed rules as a list", managed_case(20_000, Form::List)),
            goal("100,000 managed rules as text", managed_case(100_000, Form::Text)),
        ],
        variants,
    })
}

fn user_case(count: usize) -> String {
    format!("{} rules of the user's", thousands(count))
}

fn managed_case(count: usize, form: Form) -> String {
    let form = match form {
        Form::List => "a list",
        Form::Text => "text",
    };
    format!("{} managed rules as {form}", thousands(count))
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
async fn managed(variant: &Variant, count: usize, form: Form, demo: &Demo, measured: &mut Measurements) -> Result<()> {
    let case = managed_case(count, form);
    if measured.has_failed(&case, variant.name) {
        return Ok(());
    }
    let browser = Browser::start(variant, demo, Some(rules::managed(count, form))).await?;
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
