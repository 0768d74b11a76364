//! Files of npm's packages: what a test or a build takes from one is known by its digest, and is installed once for each machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::programs::{cache, on_path};

/// One file of a package.
pub struct NpmFile {
    /// The package and its version, as npm takes them: `name@1.2.3`.
    pub package: &'static str,
    /// Below `node_modules`.
    pub path: &'static str,
    /// Its SHA-256, in lowercase hexadecimal.
    pub sha256: &'static str,
}

impl NpmFile {
    /// Where it lies; it is installed where it is missing. An error where npm gives another file.
    pub fn installed(&self) -> Result<PathBuf> {
        let folder = cache()?.join("npm").join(self.package);
        if !folder.is_dir() {
            self.install(&folder)?;
        }
        Ok(self.within(&folder))
    }

    /// Several programs may do this at once: what is there is there whole, and stays.
    fn install(&self, folder: &Path) -> Result<()> {
        let package = self.package;
        if on_path(&["npm"]).is_none() {
            bail!("npm, which installs {package}, is not on the path; install Node 20 or newer");
        }
        let parent = folder.parent().context("it is to be installed nowhere")?;
        fs::create_dir_all(parent).with_context(|| format!("could not make {}", parent.display()))?;
        eprintln!("Installing {package} with npm into {}", folder.display());
        let made = tempfile::tempdir_in(parent).with_context(|| format!("could not make a folder for {package}"))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
            .arg(made.path())
            .arg(package);
        let done = npm.output().with_context(|| format!("could not start npm, which installs {package}"))?;
        ensure!(done.status.success(), "npm could not install {package}: {}", String::from_utf8_lossy(&done.stderr));
        self.check(&self.within(made.path()))?;
        match fs::rename(made.path(), folder) {
            Err(error) if !folder.is_dir() => {
                Err(error).with_context(|| format!("could not make {}", folder.display()))
            }
            _ => Ok(()),
        }
    }

    fn within(&self, folder: &Path) -> PathBuf {
        folder.join("node_modules").join(self.path)
    }

    fn check(&self, file: &Path) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("{} has no {}", self.package, self.path))?;
        let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        let Self { package, path, sha256 } = self;
        ensure!(digest == *sha256, "{path} of {package} has the digest {digest}, where {sha256} is expected");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_another_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let expected = NpmFile {
            package: "package@1.2.3",
            path: "package/file",
            // FIPS 180-4's example "abc".
            sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        };
        fs::write(&file, "abc").unwrap();
        expected.check(&file).unwrap();
        for other in ["abd", "abc\n", ""] {
            fs::write(&file, other).unwrap();
            let refused = expected.check(&file).unwrap_err().to_string();
            assert!(refused.starts_with("package/file of package@1.2.3 has the digest "), "{refused}");
        }
        fs::remove_file(&file).unwrap();
        assert!(expected.check(&file).unwrap_err().to_string().starts_with("package@1.2.3 has no package/file"));
    }
}
