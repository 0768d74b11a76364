//! `cargo xtask build`: the WebAssembly module and its JavaScript, for the extension and for the lab.
//!
//! wasm-bindgen's command line tool is used as a library of the same version as the crate, so that nothing can
//! drift and nothing is downloaded beside crates.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{cargo, line};
use crate::{tools, workspace};

const MODULE: &str = "sockpin";

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`build` takes no arguments");
    build()
}

/// Leaves a fresh `pkg` folder in `extension/` and in `www/`.
pub(crate) fn build() -> Result<()> {
    tools::wasm_target()?;
    eprintln!("Compiling {MODULE} to WebAssembly");
    let module = compile()?;
    let package = workspace::extension().join("pkg");
    bind(&module, &package)?;
    copy(&package, &workspace::www().join("pkg"))?;
    for file in [format!("{MODULE}_bg.wasm"), format!("{MODULE}.js")] {
        let bytes = read(&package.join(&file))?;
        eprintln!("  {file:<20}{:>9} bytes{:>9} gzip", bytes.len(), gzip_len(&bytes)?);
    }
    eprintln!("extension/ is ready: about:debugging, \"Load Temporary Add-on\", extension/manifest.json");
    Ok(())
}

/// What cargo says of each artifact, as far as it is needed here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// Compiles the library and returns where cargo says that it put the module.
fn compile() -> Result<PathBuf> {
    let mut cargo = cargo(&[
        "build",
        "--lib",
        "--release",
        "--target",
        tools::WASM_TARGET,
        "--package",
        MODULE,
        "--message-format=json-render-diagnostics",
    ]);
    let output =
        cargo.stderr(Stdio::inherit()).output().with_context(|| format!("could not start `{}`", line(&cargo)))?;
    if !output.status.success() {
        bail!("{MODULE} does not compile for {}: see the messages above", tools::WASM_TARGET);
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|json| serde_json::from_str::<Message>(json).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .filter(|message| message.target.as_ref().is_some_and(|target| target.name == MODULE))
        .flat_map(|message| message.filenames)
        .find(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .context("cargo named no .wasm file among what it built; is `cdylib` among the crate types?")
}

/// Generates the JavaScript beside the module, for browsers and as an ES module for Node.
fn bind(module: &Path, package: &Path) -> Result<()> {
    clear(package)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name(MODULE)
        .typescript(false)
        // The pages and the background start the module without saying where it lies.
        .omit_default_module_path(false)
        // Names of functions serve stack traces only.
        .remove_name_section(true)
        .remove_producers_section(true)
        // After a panic the instance is dead, and the background goes on with a new one.
        .reset_state_function(true);
    bindgen
        .web(true)
        .and_then(|bindgen| bindgen.generate(package))
        .map_err(|error| error.context("wasm-bindgen could not make the JavaScript of the module"))?;
    let manifest = package.join("package.json");
    fs::write(&manifest, "{ \"type\": \"module\" }\n")
        .with_context(|| format!("could not write {}", manifest.display()))
}

fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("could not clear {}", folder.display()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    clear(to)?;
    fs::create_dir_all(to).with_context(|| format!("could not create {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("could not list {}", from.display()))?;
    for entry in entries {
        let entry = entry?;
        let target = to.join(entry.file_name());
        fs::copy(entry.path(), &target).with_context(|| format!("could not write {}", target.display()))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("could not read {}", path.display()))
}

fn gzip_len(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
