//! Logprep, a collector that people run: it takes JSON over HTTPS and writes it into a file.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::authority::Identity;
use crate::programs::cache;
use crate::wait;

/// The version that is installed where there is none yet.
const LOGPREP: &str = "logprep==21.1.0";

/// A running Logprep; it ends when this is dropped.
pub struct Logprep {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Logprep {
    /// Installs it where that has not been done, and starts it as this server. It takes what is sent to `/sockpin`.
    pub async fn start(identity: &Identity) -> Result<Self> {
        let program = program()?;
        let folder = tempfile::tempdir()?;
        let file = |name: &str| folder.path().join(name);
        let chain = identity.chain.iter().map(|certificate| pem("CERTIFICATE", certificate));
        fs::write(file("chain.pem"), chain.collect::<String>())?;
        fs::write(file("key.pem"), pem("PRIVATE KEY", identity.key.secret_der()))?;
        // It is free again at once, and nobody else is likely to take it in the meantime.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let pipeline =
            PIPELINE.replace("{port}", &port.to_string()).replace("{folder}", &folder.path().to_string_lossy());
        fs::write(file("pipeline.yml"), pipeline)?;
        let log = File::create(file("log"))?;
        let mut command = Command::new(&program);
        command.arg("run").arg(file("pipeline.yml")).current_dir(folder.path()).stdin(Stdio::null());
        // What it counts of itself goes into files.
        fs::create_dir(file("metrics"))?;
        command.env("PROMETHEUS_MULTIPROC_DIR", file("metrics"));
        let child = command.stdout(log.try_clone()?).stderr(log).spawn();
        let child = child.with_context(|| format!("could not start {}", program.display()))?;
        let mut logprep = Self { child, folder, port };
        wait::until("Logprep to listen", async || {
            if let Some(status) = logprep.child.try_wait()? {
                let log = fs::read_to_string(logprep.folder.path().join("log")).unwrap_or_default();
                bail!("Logprep has ended ({status}): {log}");
            }
            Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok())
        })
        .await?;
        Ok(logprep)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The lines of the file that it has written, once there are so many.
    pub async fn lines(&self, count: usize) -> Result<Vec<Value>> {
        let file = self.folder.path().join("reports.jsonl");
        wait::until(&format!("{count} lines in Logprep's file"), async || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            // The last line may not be there to its end.
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let lines: Vec<_> = whole.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
            Ok((lines.len() >= count).then_some(lines))
        })
        .await
    }
}

impl Drop for Logprep {
    fn drop(&mut self) {
        // It ends its own processes when it is asked to end.
        if let Some(process) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            rustix::process::kill_process(process, rustix::process::Signal::TERM).ok();
        }
        self.child.wait().ok();
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let lines = der.chunks(48).map(|line| STANDARD.encode(line) + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}

fn program() -> Result<PathBuf> {
    let folder = cache()?.join(LOGPREP);
    let program = folder.join("bin/logprep");
    if !program.is_file() {
        install(&folder)?;
    }
    Ok(program)
}

/// In a folder of its own, with all that it needs.
fn install(folder: &Path) -> Result<()> {
    let done = |command: &mut Command| {
        let output = command.output().context("could not start Python, which installs Logprep")?;
        ensure!(output.status.success(), "{LOGPREP} cannot be installed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    };
    done(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    done(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check", LOGPREP]))
}

/// The same as in the README, but for names and numbers.
const PIPELINE: &str = "\
version: 1
process_count: 1
timeout: 0.2
logger:
  level: WARNING
input:
  browsers:
    type: http_input
    uvicorn_config:
      host: 127.0.0.1
      port: {port}
      ssl_certfile: {folder}/chain.pem
      ssl_keyfile: {folder}/key.pem
    endpoints:
      /sockpin: json
output:
  file:
    type: jsonl_output
    output_file: {folder}/reports.jsonl
pipeline: []
";
