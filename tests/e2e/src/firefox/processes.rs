//! The processes of a browser, as Linux lists them in `/proc`, and their end without a warning.

use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    id: Pid,
    parent: i32,
    /// What it calls itself, 15 bytes at most.
    pub(super) name: String,
    ended: bool,
}

/// A process with everything that it has started, itself first.
pub(super) fn tree(root: i32) -> Result<Vec<Process>> {
    let mut rest = running()?;
    let mut tree: Vec<_> = rest.extract_if(.., |process| process.id.as_raw_pid() == root).collect();
    let mut at = 0;
    while let Some(parent) = tree.get(at).map(|process| process.id.as_raw_pid()) {
        tree.extend(rest.extract_if(.., |process| process.parent == parent));
        at += 1;
    }
    Ok(tree)
}

/// Ends them without a chance to write anything more, the first one first, and returns when they have ended.
pub(super) async fn kill(processes: &[Process]) -> Result<()> {
    for process in processes {
        match kill_process(process.id, Signal::KILL) {
            // The end of another has ended it.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(error) => return Err(error).with_context(|| format!("could not end {process:?}")),
        }
    }
    wait::until("killed processes to end", async || {
        let all = processes.iter().map(|process| read(process.id.as_raw_pid())).collect::<Result<Vec<_>>>()?;
        Ok(all.into_iter().flatten().all(|process| process.ended).then_some(()))
    })
    .await
}

fn running() -> Result<Vec<Process>> {
    let mut processes = Vec::new();
    for entry in fs::read_dir("/proc").context("could not list the processes")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        processes.extend(read(id)?.filter(|process| !process.ended));
    }
    Ok(processes)
}

/// Nothing where there is no such process.
fn read(id: i32) -> Result<Option<Process>> {
    let stat = match fs::read_to_string(format!("/proc/{id}/stat")) {
        Ok(stat) => stat,
        Err(error)
            if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error).with_context(|| format!("could not read about process {id}")),
    };
    parse(&stat).map(Some).with_context(|| format!("process {id} is described as {stat:?}"))
}

/// `id (name) state parent …`, see proc(5); the name may hold anything.
fn parse(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    // Where process 1 does not reap the dead, as in some containers, they stay listed.
    let ended = matches!(state, "Z" | "X");
    Some(Process { id: Pid::from_raw(id.parse().ok()?)?, parent, name: name.to_owned(), ended })
}
