//! geckodriver, started so that neither it, nor Firefox, nor the profile can outlive this program.
//!
//! Both run under a small shell that reads a pipe from this program. However this program ends (normally, by a
//! panic, by Ctrl-C, by SIGKILL), the pipe closes; the shell then ends the process group and removes the folder.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::programs;

/// A running geckodriver and the folder that lives as long as it does.
pub(super) struct Geckodriver {
    url: String,
    folder: PathBuf,
    output: Output,
    shell: Child,
}

impl Geckodriver {
    /// Starts the program on a port that the system chooses.
    pub(super) async fn start() -> Result<Self> {
        let program = programs::geckodriver()?;
        let folder = TempDir::with_prefix("sockpin-").context("could not create a folder for the profile")?.keep();
        let mut shell = spawn(&program, &folder)?;
        let stdout = shell.stdout.take().context("geckodriver has no output to read")?;
        let (output, listening) = Output::follow(stdout);
        let mut geckodriver = Self { url: String::new(), folder, output, shell };
        match timeout(START, listening).await {
            Ok(Ok(address)) => geckodriver.url = format!("http://{address}"),
            _ => return Err(geckodriver.explain(anyhow!("geckodriver did not start"))),
        }
        Ok(geckodriver)
    }

    /// Where it answers.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The profile's folder; removed with all that is in it at the end.
    pub(super) fn profile(&self) -> PathBuf {
        self.folder.join("profile")
    }

    /// Where an installation of Firefox with policies of its own may be put.
    pub(super) fn installation(&self) -> PathBuf {
        self.folder.join("installation")
    }

    /// Where a package of the extension may be put.
    pub(super) fn package(&self) -> PathBuf {
        self.folder.join("package.xpi")
    }

    /// Where the browser and a test may leave each other a note.
    pub(super) fn note(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Adds the last lines of the program's output to an error.
    pub(super) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        error.context(format!("geckodriver's last lines:\n{}", self.output.tail()))
    }
}

impl Drop for Geckodriver {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // It ends by itself once the pipe is closed; waiting makes sure that all is gone.
        self.shell.wait().ok();
    }
}

fn spawn(program: &Path, folder: &Path) -> Result<Child> {
    Command::new("bash")
        .args(["-c", SHELL, "sockpin-firefox"])
        .arg(folder)
        .arg(program)
        .args(["--host", "127.0.0.1", "--port", "0", "--allow-system-access"])
        .env("MOZ_CRASHREPORTER_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Ctrl-C in a terminal goes to the group in the foreground: the shell must outlive it to clean up.
        .process_group(0)
        .spawn()
        .with_context(|| format!("could not start {} by way of bash", program.display()))
}

/// The last lines that the program wrote.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<String>>>);

impl Output {
    /// Reads the output to its end on a thread; the receiver gets the address that geckodriver listens on.
    fn follow(stdout: ChildStdout) -> (Self, oneshot::Receiver<String>) {
        let output = Self::default();
        let (sender, receiver) = oneshot::channel();
        let lines = output.clone();
        thread::spawn(move || {
            let mut sender = Some(sender);
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("Listening on ")
                    && let Some(sender) = sender.take()
                {
                    // Nobody waits any more: then nobody needs the address.
                    sender.send(address.trim().to_owned()).ok();
                }
                lines.push(line);
            }
        });
        (output, receiver)
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= KEPT_LINES {
            lines.remove(0);
        }
        lines.push(line);
    }

    fn tail(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }
}

/// Arguments: the folder to remove, the program and its arguments. Job control gives the program a process group
/// of its own. The loop at the end waits until nobody in the group is alive, so that nothing can write into the folder. The
/// dead stay in the group until process 1 reaps them, which it does late or never in some containers.
const SHELL: &str = r#"
set -m
is_alive() {
    for file in /proc/[0-9]*/stat; do
        # `id (name) state parent group …`, see proc(5); the name may hold anything.
        read -r process <"$file" && set -- ${process##*) }
        [[ $3 == "$group" && $1 != [ZX] ]] && return
    done
    return 1
}
folder=$1
shift
"$@" </dev/null 2>&1 &
group=$!
trap '' HUP INT TERM PIPE
exec >/dev/null 2>&1
read -r _
kill -KILL -- "-$group"
wait
for ((i = 0; i < 100; i++)); do
    is_alive || break
    sleep 0.01
done
rm -rf -- "$folder"
"#;

const START: std::time::Duration = std::time::Duration::from_secs(20);
const KEPT_LINES: usize = 40;
