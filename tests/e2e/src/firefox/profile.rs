//! What a fresh profile is given before Firefox first sees it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Options;
use crate::{extension, other_extension};

/// The preferences of a profile.
pub(super) fn preferences(options: &Options) -> Map<String, Value> {
    let uuids = json!({ extension::ID: extension::UUID, other_extension::ID: other_extension::UUID }).to_string();
    let preferences = [
        // The origins of the extensions' pages are known beforehand.
        ("extensions.webextensions.uuids", json!(uuids)),
        ("network.dns.localDomains", json!(options.names.join(","))),
        // Else Firefox delays a socket to a server that has just refused one.
        ("network.websocket.delay-failed-reconnects", json!(false)),
        // Else Firefox opens a second connection where the first takes long, and either may be used.
        ("network.http.connection-retry-timeout", json!(0)),
        // An extension without a signature may be installed for good, and is enabled at once.
        ("xpinstall.signatures.required", json!(false)),
        ("extensions.autoDisableScopes", json!(0)),
        ("extensions.enabledScopes", json!(15)),
        // As on a phone, scroll bars take no room: a viewport of 360 px is laid out in 360 px.
        ("ui.useOverlayScrollbars", json!(1)),
        // Nothing but the test: no first-run pages, no requests of the browser's own.
        ("browser.shell.checkDefaultBrowser", json!(false)),
        ("browser.startup.homepage_override.mstone", json!("ignore")),
        ("datareporting.policy.dataSubmissionEnabled", json!(false)),
        ("network.captive-portal-service.enabled", json!(false)),
        ("network.connectivity-service.enabled", json!(false)),
        ("security.OCSP.enabled", json!(0)),
    ];
    let mut preferences: Map<_, _> = preferences.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
    preferences.extend(options.preferences.clone());
    preferences
}

/// Puts the extension into the profile, as an installation for good.
pub(super) fn install_for_good(extension: &Path, profile: &Path) -> Result<()> {
    let folder = profile.join("extensions");
    fs::create_dir_all(&folder).with_context(|| format!("could not create {}", folder.display()))?;
    let package = folder.join(format!("{}.xpi", extension::ID));
    pack(extension, &package)
        .with_context(|| format!("could not pack {} into {}", extension.display(), package.display()))
}

/// An `.xpi` is a zip archive of the folder.
pub(super) fn pack(folder: &Path, package: &Path) -> Result<()> {
    let mut archive = ZipWriter::new(File::create(package)?);
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for file in files(folder)? {
        archive.start_file_from_path(file.strip_prefix(folder)?, options)?;
        io::copy(&mut File::open(&file)?, &mut archive)?;
    }
    archive.finish()?.flush()?;
    Ok(())
}

/// Removes the note of the port on which a Firefox that was killed can be driven.
pub(super) fn forget_port(profile: &Path) -> Result<()> {
    let note = profile.join("MarionetteActivePort");
    match fs::remove_file(&note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", note.display()))
        }
        _ => Ok(()),
    }
}

/// Overwrites the database of the extension's `storage.local`, while nobody has it open.
pub(super) fn damage_storage_local(profile: &Path) -> Result<()> {
    // Firefox keeps it in a container of its own, apart from what the extension's pages store.
    let folder = format!("storage/default/moz-extension+++{}^userContextId=4294967295/idb", extension::UUID);
    let all = files(&profile.join(folder)).context("Firefox has stored nothing for the extension")?;
    let database = all.iter().find(|file| file.extension().is_some_and(|extension| extension == "sqlite"));
    let database = database.with_context(|| format!("there is no database among {all:?}"))?;
    fs::write(database, [b'x'; 10_000]).with_context(|| format!("could not damage {}", database.display()))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(self::files(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
