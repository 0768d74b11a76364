//! Where things lie in the checkout.

use std::path::{Path, PathBuf};

/// The root of the checkout: the parent of this package.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// What Firefox loads as the extension.
pub(crate) fn extension() -> PathBuf {
    root().join("extension")
}

/// The lab, as it is served.
pub(crate) fn www() -> PathBuf {
    root().join("www")
}

/// Where cargo builds, and where the commands leave their results.
pub(crate) fn target() -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR").map(|folder| root().join(folder));
    chosen.unwrap_or_else(|| root().join("target"))
}
