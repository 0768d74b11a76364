//! No way around: every path by which a socket could escape its pins, tried in a real Firefox.
//!
//! `cargo xtask test enforcement` runs all of it, prints one row for each scenario and leaves the table as Markdown in
//! `target/enforcement.md`. Words behind `--` choose scenarios: `cargo test -p sockpin-e2e --test enforcement -- HTTP/2`.

mod chain;
mod cleartext;
mod matrix;
mod names;
mod openers;
mod transport;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use matrix::{Group, Row, Stage};
use tokio::time::timeout;

/// In the order of the table.
const GROUPS: &[Group] = &[transport::GROUP, names::GROUP, openers::GROUP, chain::GROUP, cleartext::GROUP];

/// How many browsers run at a time.
const LANES: usize = 3;
/// Far beyond what any scenario takes.
const DEADLINE: Duration = Duration::from_secs(300);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
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
    let chosen = |group: &Group, name: &str| {
        words.is_empty() || words.iter().any(|word| name.contains(word) || group.name.contains(word))
    };
    let queue: RefCell<VecDeque<&Group>> = RefCell::new(GROUPS.iter().collect());
    let rows = RefCell::new(Vec::new());
    let lane = async || {
        loop {
            let next = queue.borrow_mut().pop_front();
            let Some(group) = next else {
                return;
            };
            let mut stage = Stage::default();
            for scenario in group.scenarios.iter().filter(|scenario| chosen(group, scenario.name)) {
                let start = Instant::now();
                let outcome = timeout(DEADLINE, (scenario.run)(&mut stage)).await;
                let outcome = outcome.unwrap_or_else(|_| Err(anyhow!("it took more than {DEADLINE:?}")));
                if outcome.is_err() {
                    stage.clear();
                }
                let row = Row { group: group.name, name: scenario.name, expect: scenario.expect, outcome };
                println!("{} ({:.1} s)", row.line(), start.elapsed().as_secs_f64());
                rows.borrow_mut().push(row);
            }
            if let Err(error) = stage.end().await {
                eprintln!("the browser of {} did not end well: {error:#}", group.name);
            }
        }
    };
    let lanes: [_; LANES] = std::array::from_fn(|_| lane());
    futures_util::future::join_all(lanes).await;

    let mut rows = rows.into_inner();
    let scenarios = || GROUPS.iter().flat_map(|group| group.scenarios.iter().map(move |scenario| (group, scenario)));
    let place =
        |row: &Row| scenarios().position(|(group, scenario)| (group.name, scenario.name) == (row.group, row.name));
    rows.sort_by_key(place);
    let expected = scenarios().filter(|(group, scenario)| chosen(group, scenario.name)).count();
    let table = matrix::table(&rows);
    println!("\n{table}");
    let faults = rows.iter().filter(|row| row.fault().is_some()).count();
    println!("{} of {expected} scenarios reported, {faults} failed", rows.len());
    if words.is_empty() {
        let file = target().join("enforcement.md");
        std::fs::write(&file, &table).with_context(|| format!("could not write {}", file.display()))?;
    }
    Ok(faults == 0 && rows.len() == expected && expected > 0)
}

/// The workspace's target folder.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")), PathBuf::from)
}
