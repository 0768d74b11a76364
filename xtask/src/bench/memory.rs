//! What the process of the extensions holds after the background has slept and woken many times.

use std::fs;

use anyhow::{Context, Result, ensure};
use sockpin_e2e::demo::Demo;

use super::browser::{Browser, Came, quit_all, start_all};
use super::report::{Compared, Goal, Measurements, Unit};
use super::table::{Section, thousands};
use super::variant::{AGAINST, NOTHING, SOCKPIN, names};
use super::{Bench, rules};

const RULES: [usize; 2] = [0, 10_000];
const WAKES: usize = 12;

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
                for (name, size) in [(PRIVATE, &memory), (RESIDENT, &memory)] {
                    let size =
                        size.clone().map(|memory| vec![if name == PRIVATE { memory.private } else { memory.resident }]);
                    measured.record(&case(count, name), browser.variant.name, size);
                }
            }
        }
        quit_all(browsers).await?;
    }

    let variants = names(&variants);
    let cases = RULES.iter().flat_map(|&count| [PRIVATE, RESIDENT].map(|name| case(count, name)));
    let goal = |text, count, at_most| {
        let (case, compared) = (case(count, PRIVATE), Compared::Over(case(count, PRIVATE), NOTHING));
        measured.goal(&Goal { text, case, compared, at_most, unit: Unit::Megabytes })
    };
    Ok(Section {
        title: "Memory",
        about: format!(
            "Megabytes of the process `WebExtensions`, begun anew, after the background has slept and a socket has woken \
             it {WAKES} times. Samples of each: {}.",
            bench.rounds
        ),
        lines: cases.map(|case| measured.line(&case, &variants, Unit::Megabytes)).collect(),
        goals: vec![
            goal("private, without rules, over `nothing`", 0, 40.0),
            goal("private, with 10,000 rules, over `nothing`", 10_000, 90.0),
        ],
        variants,
    })
}

fn case(count: usize, name: &str) -> String {
    format!("with {} rules, {name}", thousands(count))
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
    let processes = browser.firefox.privileged(EXTENSION_PROCESSES, Vec::new()).await?;
    let processes: Vec<u32> = serde_json::from_value(processes).context("Firefox does not tell its processes")?;
    ensure!(processes.len() == 1, "there is not one process of the extensions: {processes:?}");
    processes.into_iter().map(read).next().context("there is none")?.map(Ok)
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
