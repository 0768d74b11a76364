//! Paths of the machine that builds: what a panic says of its place would carry them into the modules.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::process::{cargo, command, output};
use crate::workspace;

/// What cargo says of the packages, as far as it is needed here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    /// None for those of this workspace: cargo compiles them by paths below its root.
    source: Option<IgnoredAny>,
}

/// The folders that packages lie in, and the root.
pub(crate) fn of_packages() -> Result<BTreeSet<PathBuf>> {
    let metadata = output(&mut cargo(&["metadata", "--format-version=1"]))?;
    let metadata: Metadata = serde_json::from_str(&metadata).context("cargo describes the packages in a new way")?;
    let beside = |package: &Package| package.manifest_path.parent()?.parent().map(Path::to_owned);
    let mut folders: BTreeSet<_> =
        metadata.packages.iter().filter(|package| package.source.is_some()).filter_map(beside).collect();
    folders.insert(workspace::root().to_owned());
    Ok(folders)
}

/// Flags of rustc that leave the folders out of every path. Of several that fit, rustc takes the last, which is the longest.
pub(crate) fn left_out(folders: &BTreeSet<PathBuf>) -> impl Iterator<Item = String> {
    folders.iter().map(|folder| format!("--remap-path-prefix={}=", folder.display()))
}

/// Where the sources of the standard library are installed, rustc names their folder, else the place where they were built. A
/// flag that has it name that place always.
pub(crate) fn of_the_standard_library() -> Result<String> {
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"]))?;
    let version = output(&mut command("rustc", &["-vV"]))?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    let commit = commit.context("rustc names no commit")?;
    Ok(format!("--remap-path-prefix={}/lib/rustlib/src/rust=/rustc/{commit}", sysroot.trim()))
}

/// An error where a module names one of the folders, or anything below the user's own.
pub(crate) fn check(module: &str, bytes: &[u8], folders: &BTreeSet<PathBuf>) -> Result<()> {
    let home = std::env::home_dir().filter(|home| home.parent().is_some());
    for folder in folders.iter().chain(&home) {
        let folder = format!("{}/", folder.display());
        let named = bytes.windows(folder.len()).any(|window| window == folder.as_bytes());
        ensure!(!named, "the module `{module}` names {folder}, a folder of this machine");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_found_wherever_it_stands() {
        let folders = BTreeSet::from([PathBuf::from("/builder/registry")]);
        for (bytes, passes) in [
            ("\0der/src/lib.rs\0", true),
            ("\0/builder/registry-of-others/\0", true),
            ("\0/builder/registry/der/src/lib.rs\0", false),
            ("/builder/registry/", false),
        ] {
            assert_eq!(check("lab", bytes.as_bytes(), &folders).is_ok(), passes, "{bytes}");
        }
    }

    #[test]
    fn the_folders_are_the_checkout_and_those_of_other_packages() {
        let folders = of_packages().unwrap();
        assert!(folders.contains(workspace::root()));
        assert!(folders.len() > 1, "{folders:?}");
    }
}
