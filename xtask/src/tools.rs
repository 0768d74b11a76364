//! What a command needs on this machine: found, or installed after saying so.

use std::path::Path;

use anyhow::{Context, Result};

use crate::process::{command, output, run};

/// The target of the extension.
pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Makes sure that the toolchain in use can compile to WebAssembly.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"]))?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib").join(WASM_TARGET);
    if libraries.is_dir() {
        return Ok(());
    }
    eprintln!("Installing the Rust target {WASM_TARGET} with rustup");
    run(&mut command("rustup", &["target", "add", WASM_TARGET]))
        .context("the wasm target is missing and could not be installed")
}
