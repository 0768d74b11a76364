//! A copy of the extension with a fault in it. What ships has no switch for faults: they are made here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::extension;

/// A copy of the extension in a folder of its own, which is removed when this is dropped.
pub struct Doctored {
    folder: TempDir,
}

impl Doctored {
    /// A copy without a fault yet.
    pub fn new() -> Result<Self> {
        let folder = TempDir::with_prefix("sockpin-doctored-")?;
        copy(&extension::folder()?, folder.path())?;
        Ok(Self { folder })
    }

    /// The copy's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Takes a file away.
    pub fn without(self, file: &str) -> Result<Self> {
        fs::remove_file(self.folder().join(file)).with_context(|| format!("could not remove {file}"))?;
        Ok(self)
    }

    /// Leaves only the first half of a file.
    pub fn truncated(self, file: &str) -> Result<Self> {
        let path = self.folder().join(file);
        let bytes = fs::read(&path)?;
        fs::write(&path, bytes.get(..bytes.len() / 2).unwrap_or_default())?;
        Ok(self)
    }

    /// Runs a script in the background page before anything else does: a double at the border of the API.
    pub fn with_double(self, script: &str) -> Result<Self> {
        fs::write(self.folder().join("double.js"), script)?;
        self.with_manifest(|manifest| {
            if let Some(background) = manifest.get_mut("background") {
                *background = json!({ "scripts": ["double.js", "background.js"], "type": "module" });
            }
        })
    }

    /// Changes the version.
    pub fn with_version(self, version: &str) -> Result<Self> {
        self.with_manifest(|manifest| {
            if let Some(own) = manifest.get_mut("version") {
                *own = json!(version);
            }
        })
    }

    /// Puts a trap into the function of the core whose name contains this: what is left of a panic in a build that aborts.
    pub fn with_trap_in(self, function: &str) -> Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../wasm/make_trap.mjs");
        let module = self.folder().join("pkg/sockpin_bg.wasm");
        let output = Command::new("node").arg(script).arg(&module).arg(function).output().context("Node is needed")?;
        ensure!(output.status.success(), "no trap could be made: {}", String::from_utf8_lossy(&output.stderr));
        Ok(self)
    }

    fn with_manifest(self, change: impl FnOnce(&mut Value)) -> Result<Self> {
        let path = self.folder().join("manifest.json");
        let mut manifest: Value = serde_json::from_slice(&fs::read(&path)?)?;
        change(&mut manifest);
        fs::write(&path, manifest.to_string())?;
        Ok(self)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
