//! `cargo xtask package`: the extension as the one file that a store takes and Firefox installs, a zip archive of its folder.
//!
//! The same folder gives the same bytes: the files stand in the order of their names, and without times.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::{build, workspace};

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`package` takes no arguments");
    build::build()?;
    let file = workspace::target().join("sockpin.zip");
    let archive = zipped(&workspace::extension())?;
    fs::write(&file, &archive).with_context(|| format!("could not write {}", file.display()))?;
    eprintln!("{} is ready: {} bytes", file.display(), archive.len());
    Ok(())
}

/// The archive of a folder.
pub(crate) fn zipped(folder: &Path) -> Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(MOST_COMPRESSED));
    for file in files(folder)? {
        let bytes = fs::read(&file).with_context(|| format!("could not read {}", file.display()))?;
        let place = file.strip_prefix(folder)?;
        let bytes = if place.starts_with(CATALOGUES) { without_descriptions(&bytes)? } else { bytes };
        archive.start_file_from_path(place, options)?;
        archive.write_all(&bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// A catalogue without what is said in it to translators alone.
fn without_descriptions(catalogue: &[u8]) -> Result<Vec<u8>> {
    let mut messages: BTreeMap<String, Map<String, Value>> = serde_json::from_slice(catalogue)?;
    for message in messages.values_mut() {
        message.remove("description");
    }
    Ok(serde_json::to_vec(&messages)?)
}

/// The folder of them.
const CATALOGUES: &str = "_locales";

/// Five rounds of Zopfli, whose archives any program reads: a twentieth less than zlib's best, and ten more rounds hardly gain.
const MOST_COMPRESSED: i64 = 14;

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))? {
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

#[cfg(test)]
mod tests {
    use super::without_descriptions;

    #[test]
    fn a_message_loses_its_description_and_nothing_else() {
        let catalogue = br#"{
          "a": { "message": "$N$ days", "description": "A time.", "placeholders": { "n": { "content": "$1", "example": "3" } } },
          "description": { "message": "description" }
        }"#;
        let expected = concat!(
            r#"{"a":{"message":"$N$ days","placeholders":{"n":{"content":"$1","example":"3"}}},"#,
            r#""description":{"message":"description"}}"#,
        );
        assert_eq!(String::from_utf8(without_descriptions(catalogue).unwrap()).unwrap(), expected);
    }
}
