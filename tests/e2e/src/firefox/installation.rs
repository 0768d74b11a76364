//! An installation of Firefox with an administrator's policies, without touching the system's.
//!
//! Firefox reads `distribution/policies.json` beside its program. So this is a folder of links to the real
//! installation, with a copy of the program (which finds its folder by its own real path) and a `distribution` of
//! its own. A `policies.json` under `/etc/firefox` would win over it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Makes such an installation in a folder that does not exist yet, and returns its program.
pub(super) fn with_policies(program: &Path, policies: &Value, folder: &Path) -> Result<PathBuf> {
    make(program, policies, folder)
        .with_context(|| format!("could not give {} policies in {}", program.display(), folder.display()))
}

fn make(program: &Path, policies: &Value, folder: &Path) -> Result<PathBuf> {
    let program = program.canonicalize()?;
    let (real, name) = program.parent().zip(program.file_name()).context("a program has a folder and a name")?;
    ensure!(real.join("application.ini").is_file(), "{} is no installation of Firefox", real.display());
    let distribution = folder.join(DISTRIBUTION);
    fs::create_dir_all(&distribution)?;
    fs::write(distribution.join("policies.json"), json!({ "policies": policies }).to_string())?;
    for entry in fs::read_dir(real)? {
        let entry = entry?;
        if entry.file_name() == name {
            fs::copy(entry.path(), folder.join(name))?;
        } else if entry.file_name() != DISTRIBUTION {
            symlink(entry.path(), folder.join(entry.file_name()))?;
        }
    }
    Ok(folder.join(name))
}

const DISTRIBUTION: &str = "distribution";
