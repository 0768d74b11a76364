//! `cargo xtask schema`: the JSON schema of the rules that Sockpin exports, made of the types that read them.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use sockpin::formats::export::schema;

use crate::workspace;

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`schema` takes no arguments");
    let path = path();
    fs::write(&path, made()?).with_context(|| format!("could not write {}", path.display()))?;
    eprintln!("{} is written", path.display());
    Ok(())
}

/// An error where the committed file is not the one that would be made.
pub(crate) fn check() -> Result<()> {
    let path = path();
    let committed = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    ensure!(committed == made()?, "{} is out of date: `cargo xtask schema` makes it anew", path.display());
    Ok(())
}

fn made() -> Result<String> {
    Ok(serde_json::to_string_pretty(&schema())? + "\n")
}

fn path() -> PathBuf {
    workspace::root().join("doc/policy.schema.json")
}
