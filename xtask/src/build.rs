//! `cargo xtask build`: the WebAssembly modules and their JavaScript, for the extension and for the lab.
//!
//! wasm-bindgen's command line tool is used as a library of the same version as the crate, so that nothing can
//! drift and nothing is downloaded beside crates.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use wasm_bindgen_cli_support::Bindgen;

use crate::process::{cargo, line};
use crate::{optimize, package, paths, tools, workspace};

const PACKAGE: &str = "sockpin";

/// One module: a feature of the package, built by itself.
struct Module {
    /// The feature, and the name of the files.
    name: &'static str,
    /// Cargo's profile.
    profile: &'static str,
    /// What rustc is told of it alone.
    flags: &'static [&'static str],
    /// What wasm-opt is told.
    optimization: &'static [&'static str],
    /// Where `pkg` lies.
    folder: fn() -> PathBuf,
    /// Bytes that its WebAssembly may have: what it has today, and a little. It may become less.
    limit: usize,
}

const MODULES: [Module; 3] = [
    Module {
        name: "background",
        profile: "release",
        flags: SMALL_AND_FAST,
        optimization: optimize::FAST,
        folder: workspace::extension,
        // It is compiled at each wake.
        limit: 550_000,
    },
    // The goal is 900,000.
    Module {
        name: "pages",
        profile: "pages",
        flags: &[],
        optimization: optimize::SMALL,
        folder: workspace::extension,
        limit: 1_150_000,
    },
    Module {
        name: "lab",
        profile: "pages",
        flags: &[],
        optimization: optimize::SMALL,
        folder: workspace::www,
        limit: 376_500,
    },
];

/// A module is compiled whole at each wake: functions that are called from many places are not copied into each of them.
/// That does more than `opt-level = "s"`, and the hot loops stay fast.
const SMALL_AND_FAST: &[&str] = &["-Cllvm-args=-inline-threshold=25", "-Cllvm-args=-inlinehint-threshold=50"];

/// Bytes that all of the extension may have as a zip archive; the goal is 600,000.
const ZIP_LIMIT: usize = 773_000;

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    ensure!(arguments.is_empty(), "`build` takes no arguments");
    build()
}

/// Leaves a fresh `pkg` folder in `extension/` and in `www/`, once every module has been made.
pub(crate) fn build() -> Result<()> {
    tools::wasm_target()?;
    let folders = paths::of_packages()?;
    // The last part of each is done by one core alone.
    thread::scope(|scope| {
        let profiles = MODULES.chunk_by(|one, other| one.profile == other.profile);
        let making: Vec<_> = profiles.map(|modules| scope.spawn(|| make(modules, &folders))).collect();
        making.into_iter().try_for_each(|made| made.join().unwrap_or_else(|_| bail!("the modules could not be made")))
    })?;
    for folder in [workspace::extension(), workspace::www()] {
        clear(&folder.join(PKG))?;
    }
    for module in &MODULES {
        let package = (module.folder)().join(PKG);
        copy(&module.made(), &package)?;
        for file in [module.wasm(), format!("{}.js", module.name)] {
            let bytes = read(&package.join(&file))?;
            eprintln!("  {file:<20}{:>9} bytes{:>9} gzip", bytes.len(), gzip_len(&bytes)?);
        }
    }
    copy_catalogues()?;
    eprintln!("extension/ is ready: about:debugging, \"Load Temporary Add-on\", extension/manifest.json");
    Ok(())
}

/// Makes those of one profile, one after the other: what cargo leaves of them has one name.
fn make(modules: &[Module], folders: &BTreeSet<PathBuf>) -> Result<()> {
    for module in modules {
        let made = module.made();
        clear(&made)?;
        bind(module, &compile(module, folders)?, &made)?;
        optimize::optimize(&made.join(module.wasm()), module.optimization)?;
        paths::check(module.name, &read(&made.join(module.wasm()))?, folders)?;
    }
    Ok(())
}

impl Module {
    /// Where its files are made: two of one profile have one place in cargo's own folder.
    fn made(&self) -> PathBuf {
        workspace::target().join(PKG).join(self.name)
    }

    fn wasm(&self) -> String {
        format!("{}_bg.wasm", self.name)
    }
}

/// An error where a module that somebody waits for, or what is downloaded, has become too large.
pub(crate) fn check_sizes() -> Result<()> {
    for module in &MODULES {
        let bytes = read(&(module.folder)().join(PKG).join(module.wasm()))?.len();
        let limit = module.limit;
        ensure!(bytes <= limit, "the module `{}` has {bytes} bytes, and may have {limit}", module.name);
    }
    let bytes = package::zipped(&workspace::extension())?.len();
    eprintln!("extension/ has {bytes} bytes as a zip archive");
    ensure!(bytes <= ZIP_LIMIT, "extension/ has {bytes} bytes as a zip archive, and may have {ZIP_LIMIT}");
    Ok(())
}

const PKG: &str = "pkg";

/// The lab says the same things as the extension, and has nobody to look them up for it.
fn copy_catalogues() -> Result<()> {
    let folder = workspace::extension().join(CATALOGUES);
    for language in fs::read_dir(&folder).with_context(|| format!("could not list {}", folder.display()))? {
        let language = language?;
        copy(&language.path(), &workspace::www().join(PKG).join(CATALOGUES).join(language.file_name()))?;
    }
    Ok(())
}

/// A folder for each language, as an extension has it.
const CATALOGUES: &str = "_locales";

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

/// Compiles the library with one feature and returns where cargo says that it put the module.
fn compile(module: &Module, folders: &BTreeSet<PathBuf>) -> Result<PathBuf> {
    eprintln!("Compiling {} to WebAssembly", module.name);
    let flags = module.flags.iter().map(|flag| (*flag).to_owned()).chain(paths::left_out(folders));
    let flags: Vec<_> = flags.chain([paths::of_the_standard_library()?]).collect();
    // A list in JSON is one in TOML.
    let flags = format!("target.{}.rustflags={}", tools::WASM_TARGET, serde_json::to_string(&flags)?);
    let mut cargo = cargo(&[
        "build",
        "--config",
        &flags,
        "--lib",
        "--profile",
        module.profile,
        "--features",
        module.name,
        "--target",
        tools::WASM_TARGET,
        "--package",
        PACKAGE,
        "--message-format=json-render-diagnostics",
    ]);
    let output =
        cargo.stderr(Stdio::inherit()).output().with_context(|| format!("could not start `{}`", line(&cargo)))?;
    if !output.status.success() {
        bail!("{} does not compile for {}: see the messages above", module.name, tools::WASM_TARGET);
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|json| serde_json::from_str::<Message>(json).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .filter(|message| message.target.as_ref().is_some_and(|target| target.name == PACKAGE))
        .flat_map(|message| message.filenames)
        .find(|path| path.extension().is_some_and(|extension| extension == "wasm"))
        .context("cargo named no .wasm file among what it built; is `cdylib` among the crate types?")
}

/// Generates the JavaScript beside the module, for browsers and as an ES module for Node.
fn bind(module: &Module, file: &Path, package: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(file)
        .out_name(module.name)
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
