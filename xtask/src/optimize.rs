//! wasm-opt of Binaryen, which takes from a module what LLVM leaves in it: arguments, locals and blocks that nothing needs.
//!
//! It is the one that comes with binaryen.js: a file that Node runs, known by its digest.

use std::path::Path;

use anyhow::{Context, Result};
use sockpin_e2e::npm::NpmFile;

use crate::process::{command, run};
use crate::tools;

const WASM_OPT: NpmFile = NpmFile {
    package: "binaryen@132.0.0",
    path: "binaryen/bin/wasm-opt",
    sha256: "608c021fa3f2c68cdc26f06a1454341089a0e689abb71cbe5a23ef7300e7f3e3",
};

/// What rustc takes the target to have.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// For code that is waited for.
pub(crate) const FAST: &[&str] = &["-O3"];

/// Fewest bytes. A function that is copied into its only caller would take less in the module and more in the archive, which then
/// finds fewer texts that are alike. To merge functions that differ in a constant (`--merge-similar-functions`) would take another
/// 84 KB from the pages; they then call each other by reference, and 10,000 rules take 20 to 50 ms longer until they are drawn.
pub(crate) const SMALL: &[&str] = &[
    "-Oz",
    "--always-inline-max-function-size=0",
    "--flexible-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=0",
];

/// Puts the optimized module in the place of the file.
pub(crate) fn optimize(file: &Path, options: &[&str]) -> Result<()> {
    tools::node()?;
    let mut wasm_opt = command("node", &[]);
    wasm_opt.arg(WASM_OPT.installed()?).args(FEATURES).args(options).arg(file).arg("--output").arg(file);
    run(&mut wasm_opt).context("the module could not be made smaller")
}
