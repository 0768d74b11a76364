//! No way around: every path by which a socket could escape its pins, tried in a real Firefox.
//!
//! `cargo xtask test enforcement` runs all of it, prints one row for each scenario and leaves the table as Markdown in
//! `enforcement.md` in cargo's target folder. Words behind `--` choose scenarios by their names or their groups':
//! `cargo test -p sockpin-e2e --test enforcement -- HTTP/2`. `SOCKPIN_BROWSERS` says how many browsers run at a time.

// As in every other test; clippy knows those by their attributes.
#![allow(clippy::indexing_slicing)]

mod beside;
mod chain;
mod cleartext;
mod crowd;
mod ending;
mod faults;
mod hosts;
mod killed;
mod life;
mod load;
mod matrix;
mod names;
mod openers;
mod other;
mod starts;
mod transport;
mod unseen;

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures_util::FutureExt;
use matrix::{Group, Row, Scenario, Stage, Tally};
use tokio::time::timeout;

/// In the order of the table, each with about the seconds that it takes on two cores: the longest is begun first, so that none is left
/// to run alone.
const GROUPS: &[(Group, u16)] = &[
    (transport::GROUP, 55),
    (names::GROUP, 55),
    (openers::GROUP, 85),
    (unseen::GROUP, 10),
    (chain::GROUP, 40),
    (cleartext::GROUP, 10),
    (other::GROUP, 355),
    (faults::GROUP, 130),
    (starts::GROUP, 60),
    (life::GROUP, 160),
    (ending::GROUP, 65),
    (load::GROUP, 110),
    (killed::GROUP, 140),
];

/// How many browsers run at a time, unless `SOCKPIN_BROWSERS` says otherwise.
const BROWSERS: usize = 3;
/// A scenario that has not ended by then has failed. Far beyond what any takes on a slow machine.
const DEADLINE: Duration = Duration::from_mins(15);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match tokio::runtime::Runtime::new().context("no runtime").and_then(|runtime| runtime.block_on(run(&words))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every row stands.
async fn run(words: &[String]) -> Result<bool> {
    matrix::check_the_checks()?;
    if let Some(option) = words.iter().find(|word| word.starts_with('-')) {
        bail!("there is no option {option}: only words that a scenario or its group contains");
    }
    let chosen = |group: &Group, name: &str| {
        words.is_empty() || words.iter().any(|word| name.contains(word) || group.name.contains(word))
    };
    let mut queue: Vec<_> = GROUPS.iter().collect();
    queue.sort_by_key(|(_, seconds)| *seconds);
    let queue = RefCell::new(queue);
    let rows = RefCell::new(Vec::new());
    let lane = async || {
        loop {
            let next = queue.borrow_mut().pop();
            let Some((group, _)) = next else {
                return;
            };
            let mut stage = Stage::default();
            for scenario in group.scenarios.iter().filter(|scenario| chosen(group, scenario.name)) {
                let start = Instant::now();
                let outcome = outcome(scenario, &mut stage).await;
                let row = Row { group: group.name, name: scenario.name, expect: scenario.expect, outcome };
                if row.fault().is_some() {
                    stage.clear();
                }
                println!("{} ({:.1} s)", row.line(), start.elapsed().as_secs_f64());
                rows.borrow_mut().push(row);
            }
            if let Err(error) = Box::pin(stage.end()).await {
                eprintln!("the browser of {} did not end well: {error:#}", group.name);
            }
        }
    };
    futures_util::future::join_all((0..browsers()?).map(|_| lane())).await;

    let mut rows = rows.into_inner();
    let scenarios =
        || GROUPS.iter().flat_map(|(group, _)| group.scenarios.iter().map(move |scenario| (group, scenario)));
    let place =
        |row: &Row| scenarios().position(|(group, scenario)| (group.name, scenario.name) == (row.group, row.name));
    rows.sort_by_key(place);
    let expected = scenarios().filter(|(group, scenario)| chosen(group, scenario.name)).count();
    let table = matrix::table(&rows);
    println!("\n{table}");
    let faults = rows.iter().filter(|row| row.fault().is_some()).count();
    println!("{} of {expected} scenarios reported, {faults} failed", rows.len());
    if words.is_empty() {
        // `CARGO_TARGET_TMPDIR` is a folder in the target folder that cargo builds this in.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().context("cargo's target folder has no path")?;
        let file = target.join("enforcement.md");
        std::fs::write(&file, &table).with_context(|| format!("could not write {}", file.display()))?;
    }
    Ok(faults == 0 && rows.len() == expected && expected > 0)
}

/// A panic and an endless wait are failures of one scenario alone.
async fn outcome(scenario: &Scenario, stage: &mut Stage) -> Result<Tally> {
    match timeout(DEADLINE, AssertUnwindSafe((scenario.run)(stage)).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            bail!("panicked: {}", text.unwrap_or("without a text"))
        }
        Err(_) => bail!("came to no end within {DEADLINE:?}"),
    }
}

fn browsers() -> Result<usize> {
    let Some(text) = std::env::var_os("SOCKPIN_BROWSERS") else {
        return Ok(BROWSERS);
    };
    let number = text.to_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    ensure!(number > 0, "SOCKPIN_BROWSERS is {}, no number of browsers", text.display());
    Ok(number)
}
