//! What is compared: Sockpin, extensions that do less, and no extension.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use sockpin_e2e::doctored::Doctored;

use crate::workspace;

/// The extension of this checkout.
pub(crate) const SOCKPIN: &str = "Sockpin";
/// The build of Sockpin that `--against` names.
pub(crate) const AGAINST: &str = "other build";
/// An extension that listens and does nothing.
pub(crate) const NOTHING: &str = "nothing";
/// An extension that asks for every socket's certificates.
pub(crate) const SECURITY_INFO: &str = "security-info";
/// The browser alone.
pub(crate) const NO_EXTENSION: &str = "no extension";

/// The page that is put into every copy.
pub(crate) const PAGE: &str = "bench.html";

/// One of what is compared.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    extension: Option<Doctored>,
    /// Whether it has rules.
    pub(crate) is_sockpin: bool,
}

/// Everything that is compared, in the order of the tables.
pub(crate) struct Variants(Vec<Variant>);

impl Variants {
    /// Makes the copies; `against` is the folder of another build of Sockpin.
    pub(crate) fn prepare(against: Option<&Path>) -> Result<Self> {
        let ours = workspace::root().join("benches/extensions");
        let mut variants = vec![
            Variant { name: NO_EXTENSION, extension: None, is_sockpin: false },
            Variant::of(NOTHING, &ours.join(NOTHING))?,
            Variant::of(SECURITY_INFO, &ours.join(SECURITY_INFO))?,
            Variant::of(SOCKPIN, &workspace::extension())?,
        ];
        if let Some(folder) = against {
            variants.push(Variant::of(AGAINST, folder)?);
        }
        Ok(Self(variants))
    }

    /// Those with these names, as far as they are there.
    pub(crate) fn named(&self, names: &[&str]) -> Vec<&Variant> {
        self.0.iter().filter(|variant| names.contains(&variant.name)).collect()
    }
}

impl Variant {
    fn of(name: &'static str, folder: &Path) -> Result<Self> {
        let manifest = folder.join("manifest.json");
        ensure!(manifest.is_file(), "{} is no unpacked extension: it has no manifest.json", folder.display());
        let extension = Doctored::copy_of(folder)?;
        let page = workspace::root().join("benches").join(PAGE);
        let page = std::fs::read(&page).with_context(|| format!("could not read {}", page.display()))?;
        extension.write(PAGE, &page)?;
        Ok(Self { name, extension: Some(extension), is_sockpin: matches!(name, SOCKPIN | AGAINST) })
    }

    /// The same by another name.
    pub(crate) fn called(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// A copy that runs this script in the background before its own.
    pub(crate) fn with_script(&self, script: &str) -> Result<Self> {
        let folder = self.folder().with_context(|| format!("`{}` has no background", self.name))?;
        let extension = Doctored::copy_of(folder)?;
        extension.before_background(script)?;
        Ok(Self { name: self.name, extension: Some(extension), is_sockpin: self.is_sockpin })
    }

    /// A copy with a page that runs this script before its own.
    pub(crate) fn with_script_in(&self, page: &str, script: &str) -> Result<Self> {
        let folder = self.folder().with_context(|| format!("`{}` has no pages", self.name))?;
        let extension = Doctored::copy_of(folder)?;
        extension.before_page(page, script)?;
        Ok(Self { name: self.name, extension: Some(extension), is_sockpin: self.is_sockpin })
    }

    /// The unpacked extension, if there is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.extension.as_ref().map(Doctored::folder)
    }
}

/// The names of some variants, for the head of a table.
pub(crate) fn names(variants: &[&Variant]) -> Vec<&'static str> {
    variants.iter().map(|variant| variant.name).collect()
}
