//! What the process of the extensions holds after the background has slept and woken many times.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, Came, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::table::{Section, thousands};
use super::variant::{AGAINST, NOTHING, SOCKPIN, names};
use super::{Bench, rules};

const RULES: [usize; 2] = [0, 10_000];
const WAKES: usize = 12;
/// Firefox collects some 15 seconds after the last page has ended.
const LATER: Duration = Duration::from_secs(20);

pub(super) async fn measure(bench: &Bench) -> Result<Section> {
    let variants = bench.variants.named(&[NOTHING, SOCKPIN, AGAINST]);
    let mut measured = Measurements::default();
    for _ in 0..bench.rounds {
        let demo = Demo::start().await?;
        let browsers = start_all(&variants, &demo).await?;
        for count in RULES {
            for browser in &browsers {
                let memory = match rules::store(browser, &demo, count).await? {
                    Ok(()) => after_wakes(browser, &demo).await?,
                    Err(why) => Err(why),
                };
                record(&mut measured, browser, count, AT_ONCE, memory);
            }
            tokio::time::sleep(LATER).await;
            for browser in &browsers {
                if !measured.has_failed(&case(count, AT_ONCE, PRIVATE), browser.variant.name) {
                    record(&mut measured, browser, count, AFTERWARDS, now(browser).await.map(Ok)?);
                }
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let cases = RULES.iter().flat_map(|&count| {
        [AT_ONCE, AFTERWARDS].into_iter().flat_map(move |when| [PRIVATE, RESIDENT].map(|name| case(count, when, name)))
    });
    let goal = |text, count, when, at_most| {
        let case = case(count, when, PRIVATE);
        let compared = Compared::Over(case.clone(), NOTHING);
        measured.goal(&Goal { text, case, compared, at_most, unit: Unit::Megabytes })
    };
    Ok(Section {
        title: "Memory",
        about: format!(
            "Megabytes of the process `WebExtensions`, begun anew, after the background has slept and a socket has woken \
             it {WAKES} times in a row: at once, and {} seconds later, when Firefox has collected what the pages that have \
             ended left behind. Samples of each: {}.",
            LATER.as_secs(),
            bench.rounds
        ),
        lines: cases.map(|case| measured.line(&case, &variants, Unit::Megabytes)).collect(),
        goals: vec![
            goal("without rules, over `nothing`, at once", 0, AT_ONCE, 40.0),
            goal("with 10,000 rules, over `nothing`, at once", 10_000, AT_ONCE, 90.0),
            goal("without rules, over `nothing`, later", 0, AFTERWARDS, 40.0),
            goal("with 10,000 rules, over `nothing`, later", 10_000, AFTERWARDS, 90.0),
        ],
        variants,
    })
}

fn case(count: usize, when: &str, name: &str) -> String {
    format!("with {} rules, {when}, {name}", thousands(count))
}

fn record(
    measured: &mut Measurements,
    browser: &Browser<'_>,
    count: usize,
    when: &str,
    memory: Result<Memory, String>,
) {
    let private = memory.clone().map(|memory| vec![memory.private]);
    let resident = memory.map(|memory| vec![memory.resident]);
    for (name, size) in [(PRIVATE, private), (RESIDENT, resident)] {
        measured.record(&case(count, when, name), browser.variant.name, size);
    }
}

/// Megabytes of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Memory {
    private: f64,
    resident: f64,
}

async fn after_wakes(browser: &Browser<'_>, demo: &Demo) -> Result<Result<Memory, String>> {
    // What storing the rules has left in it is not asked for.
    browser.firefox.kill_extension_process().await?;
    for _ in 0..WAKES {
        if let Err(why) = browser.sockets(&demo.servers.url("unpinned")?, 1, Came::Open).await? {
            return Ok(Err(why));
        }
        if let Err(why) = browser.suspend().await {
            return Ok(Err(why));
        }
    }
    if let Err(why) = browser.sockets(&demo.servers.url("unpinned")?, 1, Came::Open).await? {
        return Ok(Err(why));
    }
    now(browser).await.map(Ok)
}

async fn now(browser: &Browser<'_>) -> Result<Memory> {
    let processes = browser.firefox.privileged(EXTENSION_PROCESSES, Vec::new()).await?;
    let processes: Vec<u32> = serde_json::from_value(processes).context("Firefox does not tell its processes")?;
    ensure!(processes.len() == 1, "there is not one process of the extensions: {processes:?}");
    processes.into_iter().map(read).next().context("there is none")?
}

fn read(process: u32) -> Result<Memory> {
    let file = format!("/proc/{process}/smaps_rollup");
    let text = fs::read_to_string(&file).with_context(|| format!("could not read {file}"))?;
    parse(&text).with_context(|| format!("{file} says something else"))
}

/// See `proc_pid_smaps(5)`; counted in 1,024 bytes.
fn parse(text: &str) -> Option<Memory> {
    let field = |name: &str| -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(f64::from(kibibytes) * 1024.0 / 1_000_000.0)
    };
    Some(Memory { private: field("Private_Clean:")? + field("Private_Dirty:")?, resident: field("Rss:")? })
}

/// What would be free if it ended.
const PRIVATE: &str = "private";
const AT_ONCE: &str = "at once";
const AFTERWARDS: &str = "later";
/// What it shares with other processes included.
const RESIDENT: &str = "resident";

const EXTENSION_PROCESSES: &str = r"
return ChromeUtils.requestProcInfo().then(({ children }) =>
    children.filter(({ type }) => type === 'extension').map(({ pid }) => pid));
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_memory_is_the_clean_and_the_dirty() {
        let text = "55d-7ff ---p 00000000 00:00 0 [rollup]\nRss:               10000 kB\nPss:   5000 kB\n\
                    Shared_Clean:  1 kB\nPrivate_Clean:      1000 kB\nPrivate_Dirty:      3000 kB\n";
        assert_eq!(parse(text), Some(Memory { private: 4.096, resident: 10.24 }));
        assert_eq!(parse("Rss: 1 kB"), None);
    }
}
