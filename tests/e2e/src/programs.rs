//! The programs that a browser test needs, and where they are looked for.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The version of geckodriver that is installed into the cache.
pub const GECKODRIVER_VERSION: &str = "0.37.1";

/// Where this project keeps tools between runs: `$XDG_CACHE_HOME/sockpin`, or `~/.cache/sockpin`.
pub fn cache() -> Result<PathBuf> {
    let caches = match env::var_os("XDG_CACHE_HOME") {
        Some(folder) if Path::new(&folder).is_absolute() => PathBuf::from(folder),
        _ => env::home_dir().context("this user has no home folder; set XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(caches.join("sockpin"))
}

/// geckodriver in the cache, where `cargo xtask` installs it.
pub fn geckodriver() -> Result<PathBuf> {
    let program = cache()?.join("bin").join("geckodriver");
    if !program.is_file() {
        bail!("geckodriver is not at {}; `cargo xtask test e2e` installs it", program.display());
    }
    Ok(program)
}

/// Firefox: `$FIREFOX`, or `firefox-esr` or `firefox` on the path.
pub fn firefox() -> Result<PathBuf> {
    if let Some(program) = env::var_os("FIREFOX").map(PathBuf::from) {
        if !program.is_file() {
            bail!("FIREFOX names {}, which is no file", program.display());
        }
        return Ok(program);
    }
    on_path(&["firefox-esr", "firefox"]).context(
        "there is no `firefox-esr` or `firefox` on the path; install Firefox 153 or newer, or set FIREFOX to it",
    )
}

/// The first of these programs that the path holds.
#[must_use]
pub fn on_path(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|program| program.is_file())
}
