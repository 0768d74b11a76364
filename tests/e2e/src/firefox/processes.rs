//! The processes of a running Firefox, and their end.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Firefox;

/// One process of Firefox's.
#[derive(Debug, Clone, Deserialize)]
pub struct Process {
    pid: u32,
    /// What it is for, in Firefox's words: `extension`, `webIsolated`, `socket`…
    kind: String,
}

impl Process {
    /// Ends it at once (SIGKILL).
    pub fn kill(&self) -> Result<()> {
        let status = Command::new("kill").args(["-KILL", &self.pid.to_string()]).status()?;
        ensure!(status.success(), "the process {} ({}) could not be killed", self.pid, self.kind);
        Ok(())
    }
}

impl Firefox {
    /// All its processes; the browser itself is the last.
    pub async fn processes(&self) -> Result<Vec<Process>> {
        let listed = self.privileged(PROCESSES, Vec::new()).await?;
        serde_json::from_value(listed).context("Firefox told something else than its processes")
    }

    /// The process of the extensions, once there is one.
    pub async fn extension_process(&self) -> Result<Process> {
        crate::wait::until("a process of the extensions", async || {
            Ok(self.processes().await?.into_iter().find(|process| process.kind == "extension"))
        })
        .await
    }
}

const PROCESSES: &str = r"
return ChromeUtils.requestProcInfo().then(({ pid, children }) =>
    [...children.map(({ pid, type }) => ({ pid, kind: type })), { pid, kind: 'browser' }]);
";
