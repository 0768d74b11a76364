//! What a command needs on this machine: found, or installed after saying so.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use sockpin_e2e::programs;

use crate::process::{cargo, command, output, run};

/// The target of the extension.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Makes sure that the toolchain in use can compile to WebAssembly.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"]))?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET);
    if libraries.is_dir() {
        return Ok(());
    }
    eprintln!("Installing the Rust target {WASM_TARGET} with rustup");
    run(&mut command("rustup", &["target", "add", WASM_TARGET]))
        .context("the wasm target is missing and could not be installed")
}

/// Makes sure that a Firefox and a geckodriver can be started.
pub(crate) fn browser() -> Result<()> {
    firefox()?;
    geckodriver()
}

fn firefox() -> Result<()> {
    let Err(missing) = programs::firefox() else {
        return Ok(());
    };
    if std::env::var_os("FIREFOX").is_some() || programs::on_path(&["apt-get"]).is_none() {
        return Err(missing);
    }
    let Some(privilege) = privilege() else {
        bail!("{missing:#}; as this user may not install it: sudo apt-get install firefox-esr");
    };
    // Debian's package comes first; Ubuntu has no firefox-esr, and its `firefox` is a snap that geckodriver cannot
    // give a profile.
    eprintln!("Installing Firefox with apt-get (package firefox-esr)");
    apt(privilege, &["update"])?;
    apt(privilege, &["install", "--yes", "--no-install-recommends", "firefox-esr"])
        .context("Firefox is missing and could not be installed; install it by hand, or set FIREFOX to it")?;
    programs::firefox().map(drop)
}

fn apt(privilege: &[&str], arguments: &[&str]) -> Result<()> {
    let words = [privilege, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat();
    let (program, arguments) = words.split_first().context("no command")?;
    run(&mut command(program, arguments))
}

/// What to put before a command that needs root: nothing as root, sudo where it asks for no password.
fn privilege() -> Option<&'static [&'static str]> {
    if output(&mut command("id", &["-u"])).is_ok_and(|id| id.trim() == "0") {
        return Some(&[]);
    }
    let mut sudo = Command::new("sudo");
    let allowed = sudo.args(["-n", "true"]).stderr(Stdio::null()).status();
    allowed.is_ok_and(|status| status.success()).then_some(&["sudo", "-n"])
}

fn geckodriver() -> Result<()> {
    if programs::geckodriver().is_ok() {
        return Ok(());
    }
    let cache = programs::cache()?;
    let version = programs::GECKODRIVER_VERSION;
    eprintln!("Building geckodriver {version} into {} (some minutes, once)", cache.display());
    let mut install = cargo(&["install", "geckodriver", "--locked", "--version", version, "--root"]);
    run(install.arg(&cache)).context("geckodriver is missing and could not be built")
}

const CARGO_FUZZ_VERSION: &str = "0.13.2";

/// Makes sure that cargo-fuzz is there, and a compiler for it.
pub(crate) fn fuzzer(toolchain: &str) -> Result<PathBuf> {
    output(&mut command("rustup", &["run", toolchain, "rustc", "--version"]))
        .with_context(|| format!("libFuzzer needs another compiler: rustup toolchain install {toolchain}"))?;
    let cache = programs::cache()?;
    let program = cache.join("bin/cargo-fuzz");
    if !program.is_file() {
        eprintln!("Building cargo-fuzz {CARGO_FUZZ_VERSION} into {} (a minute, once)", cache.display());
        let mut install = cargo(&["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ_VERSION, "--root"]);
        run(install.arg(&cache)).context("cargo-fuzz is missing and could not be built")?;
    }
    Ok(program)
}

/// Makes sure that Node can be started.
pub(crate) fn node() -> Result<()> {
    if programs::on_path(&["node"]).is_none() {
        bail!("Node is not on the path; install Node 20 or newer");
    }
    Ok(())
}

/// Makes sure that Python can install the collector to which a browser test reports.
pub(crate) fn python() -> Result<()> {
    let has_pip = || output(&mut command("python3", &["-c", "import ensurepip"])).is_ok();
    if has_pip() {
        return Ok(());
    }
    let by_hand = "Python cannot make environments of its own; install Python 3.11 or newer with its module venv";
    from_apt("python3-venv", by_hand)
}

/// Makes sure that OpenSSL is there: the command lines of the documents are run.
pub(crate) fn openssl() -> Result<()> {
    if programs::on_path(&["openssl"]).is_some() {
        return Ok(());
    }
    from_apt("openssl", "there is no `openssl`; install OpenSSL 3 or newer")
}

fn from_apt(package: &str, by_hand: &str) -> Result<()> {
    let Some(privilege) = privilege().filter(|_| programs::on_path(&["apt-get"]).is_some()) else {
        bail!("{by_hand}");
    };
    eprintln!("Installing {package} with apt-get");
    apt(privilege, &["update"])?;
    apt(privilege, &["install", "--yes", "--no-install-recommends", package])
        .with_context(|| format!("{package} is missing and could not be installed"))
}

/// Whether the faster test runner is installed.
pub(crate) fn has_nextest() -> bool {
    programs::on_path(&["cargo-nextest"]).is_some()
}
