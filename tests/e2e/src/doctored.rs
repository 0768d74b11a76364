//! Copies of the extension with a fault in them. What ships has no switch for any of this.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::extension;
use crate::wasm;

/// A copy of `extension/` that may be changed; removed when this is dropped.
pub struct Doctored {
    folder: TempDir,
}

impl Doctored {
    /// The extension as it is.
    pub fn copy() -> Result<Self> {
        Self::copy_of(&extension::folder()?)
    }

    /// Another unpacked extension as it is.
    pub fn copy_of(extension: &Path) -> Result<Self> {
        let folder = TempDir::with_prefix("sockpin-doctored-").context("could not create a folder")?;
        copy(extension, folder.path())?;
        Ok(Self { folder })
    }

    /// Where the copy is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Takes a file away.
    pub fn remove(&self, file: &str) -> Result<()> {
        let file = self.file(file);
        fs::remove_file(&file).with_context(|| format!("could not remove {}", file.display()))
    }

    /// Keeps the first bytes of a file and no more.
    pub fn truncate(&self, file: &str, bytes: u64) -> Result<()> {
        let file = self.file(file);
        let opened = fs::OpenOptions::new().write(true).open(&file);
        opened
            .and_then(|opened| opened.set_len(bytes))
            .with_context(|| format!("could not truncate {}", file.display()))
    }

    /// Gives the copy another version, for an update.
    pub fn set_version(&self, version: &str) -> Result<()> {
        self.change_manifest(|manifest| {
            manifest.insert("version".to_owned(), json!(version));
            Ok(())
        })
    }

    /// Runs a script in the background before `background.js`: a test double at the border of the browser's API.
    pub fn before_background(&self, script: &str) -> Result<()> {
        const DOUBLE: &str = "double.js";
        self.write(DOUBLE, script.as_bytes())?;
        self.change_manifest(|manifest| {
            let scripts = manifest.get_mut("background").and_then(|background| background.get_mut("scripts"));
            let scripts = scripts.and_then(Value::as_array_mut).context("the background has no scripts")?;
            scripts.insert(0, json!(DOUBLE));
            Ok(())
        })
    }

    /// Runs a script in a page before its own.
    pub fn before_page(&self, page: &str, script: &str) -> Result<()> {
        let double = format!("before-{page}.js");
        self.write(&double, script.as_bytes())?;
        let html = fs::read_to_string(self.file(page)).with_context(|| format!("could not read {page}"))?;
        let (head, rest) = html.split_once("<head>").with_context(|| format!("{page} has no head"))?;
        let html = format!("{head}<head><meta charset=\"utf-8\"><script src=\"{double}\"></script>{rest}");
        self.write(page, html.as_bytes())
    }

    /// Lets an exported function of the core trap as soon as it is called.
    pub fn trap_in(&self, function: &str) -> Result<()> {
        const MODULE: &str = "pkg/background_bg.wasm";
        let module = fs::read(self.file(MODULE)).context("could not read the module")?;
        self.write(MODULE, &wasm::with_trap_in(&module, function)?)
    }

    fn change_manifest(&self, change: impl FnOnce(&mut serde_json::Map<String, Value>) -> Result<()>) -> Result<()> {
        const MANIFEST: &str = "manifest.json";
        let text = fs::read(self.file(MANIFEST)).context("could not read the manifest")?;
        let mut manifest = serde_json::from_slice(&text).context("the manifest is no JSON object")?;
        change(&mut manifest)?;
        self.write(MANIFEST, &serde_json::to_vec(&manifest)?)
    }

    /// Puts a file in, or another one in its place.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let file = self.file(name);
        fs::write(&file, bytes).with_context(|| format!("could not write {}", file.display()))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("could not create {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("could not list {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).with_context(|| format!("could not write {}", target.display()))?;
        }
    }
    Ok(())
}
