//! What Firefox saves goes into a folder, without a question.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

use crate::firefox::Firefox;
use crate::wait;

impl Firefox {
    /// From now on files are saved in this folder.
    pub async fn save_in(&self, folder: &Path) -> Result<()> {
        let folder = folder.to_str().context("a path that is no text")?;
        self.set_preference("browser.download.folderList", json!(2)).await?;
        self.set_preference("browser.download.dir", json!(folder)).await?;
        // The list of what was saved would take the keyboard.
        self.set_preference("browser.download.alwaysOpenPanel", json!(false)).await
    }
}

/// The text of a file, once Firefox has saved it.
pub async fn saved(file: &Path) -> Result<String> {
    let what = format!("the file {}", file.display());
    wait::until(&what, async || Ok(fs::read_to_string(file).ok().filter(|text| !text.is_empty()))).await
}
