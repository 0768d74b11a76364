//! On what the numbers were measured: they mean nothing without it.

use std::fs;
use std::process::Command;

use anyhow::Result;
use sockpin_e2e::programs;

use crate::process::{command, output};

/// The head of the report.
pub(crate) fn describe(line: &str) -> Result<String> {
    let firefox = output(Command::new(programs::firefox()?).arg("--version"))?;
    let rust = output(&mut command("rustc", &["--version"]))?;
    Ok(format!(
        "# What Sockpin costs\n\n\
         Written by\n\n    {line}\n\n\
         which measures in a real Firefox without a window, with servers on the same machine. The variants take turns. A\n\
         cell is the median of all samples, with the first and the third quartile of what the single turns gave; a goal is\n\
         held against the differences within the same turn. `nothing` and `security-info` are extensions that do less, the\n\
         other build is what `--against` names: see `benches/README.md`.\n\n\
         - Machine: {}\n- {}\n- {}\n- Sockpin {}\n",
        machine(),
        firefox.trim(),
        rust.trim(),
        commit(),
    ))
}

fn machine() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| field(line, "model name")).unwrap_or("an unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = read("/proc/meminfo");
    let memory = memory.lines().find_map(|line| field(line, "MemTotal")).unwrap_or("unknown");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("unknown");
    format!(
        "{cpu}, {cores} cores, {memory} of memory, {} {}; load before: {load}",
        read("/proc/sys/kernel/ostype").trim(),
        read("/proc/sys/kernel/osrelease").trim()
    )
}

fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = line.split_once(':')?;
    (found.trim() == name).then_some(value.trim())
}

/// A checkout that came as an archive does not know its commit.
fn commit() -> String {
    let git = |arguments: &[&str]| command("git", arguments).stderr(std::process::Stdio::null()).output().ok();
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).filter(|output| output.status.success());
    let Some(commit) = commit else {
        return "of an unknown commit".to_owned();
    };
    let changed = git(&["status", "--porcelain"]).is_some_and(|output| !output.stdout.is_empty());
    let changed = if changed { ", with changes" } else { "" };
    format!("at commit {}{changed}", String::from_utf8_lossy(&commit.stdout).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        assert_eq!(field("model name\t: A Processor @ 2 GHz", "model name"), Some("A Processor @ 2 GHz"));
        assert_eq!(field("model\t\t: 85", "model name"), None);
        assert_eq!(field("no colon", "no colon"), None);
    }
}
