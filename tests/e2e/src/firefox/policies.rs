//! A browser with an administrator's policies. Firefox reads them from beside its program, so each such browser is a
//! folder of its own that leads to everything of the installed one but that.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::programs;

/// Makes the folder, if it is not there yet, and gives the program in it.
pub(super) fn managed_browser(policies: &Value, folder: &Path) -> Result<PathBuf> {
    let installed = programs::firefox()?.canonicalize().context("Firefox has no path")?;
    let (home, name) = installed.parent().zip(installed.file_name()).context("Firefox has no folder")?;
    let program = folder.join(name);
    let distribution = folder.join("distribution");
    if !program.exists() {
        fs::create_dir_all(&distribution).with_context(|| format!("could not create {}", distribution.display()))?;
        for entry in fs::read_dir(home)? {
            let entry = entry?;
            let place = folder.join(entry.file_name());
            if entry.path() == installed {
                // A link would lead Firefox to the installed folder.
                fs::copy(&installed, &place).context("could not copy Firefox's program")?;
            } else if place != distribution {
                symlink(entry.path(), &place).with_context(|| format!("could not make {}", place.display()))?;
            }
        }
    }
    fs::write(distribution.join("policies.json"), json!({ "policies": policies }).to_string())?;
    Ok(program)
}
