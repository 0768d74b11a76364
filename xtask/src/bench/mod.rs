//! `cargo xtask bench`: what Sockpin costs, in a real Firefox with real servers on loopback.
//!
//! Each variant has a browser of its own, and the browsers take turns, so that what else the machine does meets all
//! of them; each round begins with new browsers. A goal is held against differences within the same turn.

mod apart;
mod browser;
mod compile;
mod handshake;
mod importing;
mod listeners;
mod log;
mod log_page;
mod machine;
mod memory;
mod report;
mod rule_page;
mod rules;
mod start;
mod statistics;
mod storing;
mod table;
mod variant;
mod wake;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use tokio::runtime::Runtime;

use crate::{build, tools, workspace};
use table::Section;
use variant::Variants;

/// What a row needs to be measured.
struct Bench {
    variants: Variants,
    rounds: usize,
}

/// One thing that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Wake,
    Memory,
    Handshake,
    Apart,
    Listeners,
    Storing,
    Start,
    Log,
    Compile,
    Opening,
    Searching,
    LogPage,
    Importing,
}

impl Row {
    const ALL: [Self; 13] = [
        Self::Wake,
        Self::Memory,
        Self::Handshake,
        Self::Apart,
        Self::Listeners,
        Self::Storing,
        Self::Start,
        Self::Log,
        Self::Compile,
        Self::Opening,
        Self::Searching,
        Self::LogPage,
        Self::Importing,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Wake => "wake",
            Self::Memory => "memory",
            Self::Handshake => "handshake",
            Self::Apart => "apart",
            Self::Listeners => "listeners",
            Self::Storing => "storing",
            Self::Start => "start",
            Self::Log => "log",
            Self::Compile => "compile",
            Self::Opening => "opening",
            Self::Searching => "searching",
            Self::LogPage => "log-page",
            Self::Importing => "importing",
        }
    }

    async fn measure(self, bench: &Bench) -> Result<Section> {
        match self {
            Self::Wake => wake::measure(bench).await,
            Self::Memory => memory::measure(bench).await,
            Self::Handshake => handshake::measure(bench).await,
            Self::Apart => apart::measure(bench).await,
            Self::Listeners => listeners::measure(bench).await,
            Self::Storing => storing::measure(bench).await,
            Self::Start => start::measure(bench).await,
            Self::Log => log::measure(bench).await,
            Self::Compile => compile::measure(bench).await,
            Self::Opening => rule_page::opening(bench).await,
            Self::Searching => rule_page::searching(bench).await,
            Self::LogPage => log_page::measure(bench).await,
            Self::Importing => importing::measure(bench).await,
        }
    }
}

/// The names of the rows, for the help text.
pub(crate) fn row_names() -> String {
    Row::ALL.map(Row::name).join(", ")
}

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let wanted = Wanted::read(arguments)?;
    tools::browser()?;
    build::build()?;
    let bench = Bench { variants: Variants::prepare(wanted.against.as_deref())?, rounds: wanted.rounds };
    let runtime = Runtime::new().context("could not start the servers' runtime")?;
    runtime.block_on(async {
        tokio::select! {
            done = run(&wanted, &bench) => done,
            interrupt = tokio::signal::ctrl_c() => {
                // The browsers are ended, and their profiles removed, as this is dropped.
                interrupt.context("could not wait for Ctrl-C")?;
                bail!("the bench did not come to its end")
            }
        }
    })
}

async fn run(wanted: &Wanted, bench: &Bench) -> Result<()> {
    let head = machine::describe(&wanted.line())?;
    println!("{head}");
    let mut text = head;
    for &row in &wanted.rows {
        eprintln!("Measuring: {}", row.name());
        let start = Instant::now();
        let section = row.measure(bench).await.with_context(|| format!("measuring `{}`", row.name()))?;
        eprintln!("Took {:.0} s\n", start.elapsed().as_secs_f64());
        println!("{}", section.markdown());
        text += "\n";
        text += &section.markdown();
    }
    if wanted.rows != Row::ALL {
        eprintln!("{FILE} is written only where every row is measured");
        return Ok(());
    }
    let file = workspace::root().join(FILE);
    std::fs::write(&file, text).with_context(|| format!("could not write {}", file.display()))?;
    eprintln!("{FILE} is written");
    Ok(())
}

/// What the person has asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    rows: Vec<Row>,
    rounds: usize,
    against: Option<PathBuf>,
}

impl Wanted {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut wanted = Self { rows: Vec::new(), rounds: ROUNDS, against: None };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("`{word}` needs a value"));
            match word.as_str() {
                "--rounds" => {
                    let number = value()?;
                    wanted.rounds = number.parse().with_context(|| format!("`{number}` is no number of rounds"))?;
                    ensure!(wanted.rounds > 0, "there must be one round at least");
                }
                "--against" => wanted.against = Some(PathBuf::from(value()?)),
                name => {
                    let row = Row::ALL.into_iter().find(|row| row.name() == name);
                    wanted.rows.push(row.with_context(|| format!("no row `{name}`; there are {}", row_names()))?);
                }
            }
        }
        if wanted.rows.is_empty() {
            wanted.rows = Row::ALL.to_vec();
        }
        Ok(wanted)
    }

    /// The command, without the folder: it says nothing on another machine.
    fn line(&self) -> String {
        let rows = if self.rows == Row::ALL { &[][..] } else { &self.rows };
        let mut words = vec!["cargo xtask bench".to_owned()];
        words.extend(rows.iter().map(|row| row.name().to_owned()));
        words.push(format!("--rounds {}", self.rounds));
        words.extend(self.against.iter().map(|_| "--against FOLDER".to_owned()));
        words.join(" ")
    }
}

const ROUNDS: usize = 3;
const FILE: &str = "BENCHMARKS.md";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Wanted> {
        Wanted::read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn rows_and_options_may_stand_in_any_order() {
        let all = Wanted { rows: Row::ALL.to_vec(), rounds: ROUNDS, against: None };
        assert_eq!(read("").unwrap(), all);
        let some = read("--rounds 1 handshake --against elsewhere/extension").unwrap();
        assert_eq!((some.rows.as_slice(), some.rounds), (&[Row::Handshake][..], 1));
        assert_eq!(some.against, Some(PathBuf::from("elsewhere/extension")));
        assert_eq!(all.line(), format!("cargo xtask bench --rounds {ROUNDS}"));
        assert!(!some.line().contains("elsewhere"), "a folder of this machine");
        for wrong in ["nonsense", "--rounds", "--rounds 0", "--rounds x", "--against"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
