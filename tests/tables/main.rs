//! The core through its public API: tables of input and expected answer, by subject. And what texts say of the code, held against it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

mod catalogues;
mod certificates;
mod chains;
mod codes;
mod commands;
mod engine;
mod export;
mod field_cases;
mod foreign;
mod hosts;
mod import_android;
mod import_app_transport;
mod import_cases;
mod import_chromium;
mod import_hardening;
mod import_keys;
mod import_plan;
mod import_sockpin;
mod import_texts;
mod import_trust_kit;
mod lock;
mod log;
mod lookup;
mod managed;
mod markup;
mod module_map;
mod names;
mod pem;
mod proof;
mod reporting;
mod reports;
mod rule_form;
mod rules;
mod secrets;
mod verdicts;

/// A host parser that we did not write, in the place of the browser's.
fn url_host(host: &str) -> Option<String> {
    let url = url::Url::parse(&format!("https://{host}/")).ok()?;
    url.host_str().map(ToOwned::to_owned)
}

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of this kind below a folder of it, but for what is generated.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "pkg") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                found.push(path);
            }
        }
    }
    found
}
