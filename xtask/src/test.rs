//! `cargo xtask test`: every check, in named steps that can be run alone.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{self, cargo, run};
use crate::{build, schema, tools, workspace};

/// One named step.
struct Step {
    name: &'static str,
    about: &'static str,
    needs: Needs,
    run: fn() -> Result<()>,
}

/// What a step is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// The source alone.
    Source,
    /// The modules as [`BUILD`] makes them.
    Modules,
}
use Needs::{Modules, Source};

/// Every step, in the order in which they run: the quick ones first.
const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the layout of the code", needs: Source, run: fmt },
    Step { name: "clippy", about: "lints, for the host and for WebAssembly", needs: Source, run: clippy },
    Step {
        name: "doc",
        about: "the documentation, its links and what it says of private items",
        needs: Source,
        run: doc,
    },
    Step {
        name: "schema",
        about: "the published form of the rules is that of the code",
        needs: Source,
        run: schema::check,
    },
    Step { name: "unit", about: "tests on the host, and the examples in the documentation", needs: Source, run: unit },
    BUILD,
    Step { name: "wasm", about: "the module under Node, against OpenSSL", needs: Modules, run: wasm },
    Step { name: "extension", about: "addons-linter: no errors, no warnings", needs: Modules, run: extension },
    Step { name: "e2e", about: "a real Firefox against real servers", needs: Modules, run: e2e },
    Step { name: "enforcement", about: "no way around: the matrix", needs: Modules, run: enforcement },
];

/// Runs where a step needs it, named or not; once for all of them.
const BUILD: Step = Step { name: "build", about: "the modules, as they are shipped", needs: Source, run: build::build };

/// The names of the steps, for the help text.
pub(crate) fn step_names() -> String {
    STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", ")
}

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let steps = chosen(arguments)?;
    let mut times = Vec::new();
    for step in steps {
        eprintln!("\n=== {}: {}", step.name, step.about);
        let start = Instant::now();
        if let Err(error) = (step.run)() {
            summary(&times);
            return Err(error.context(format!("step `{0}` failed; run it alone: cargo xtask test {0}", step.name)));
        }
        times.push((step.name, start.elapsed()));
    }
    summary(&times);
    Ok(())
}

fn chosen(arguments: &[String]) -> Result<Vec<&'static Step>> {
    if arguments.is_empty() {
        return Ok(STEPS.iter().collect());
    }
    let find = |name: &String| {
        STEPS
            .iter()
            .find(|step| step.name == name)
            .with_context(|| format!("no step `{name}`; there are {}", step_names()))
    };
    let chosen = arguments.iter().map(find).collect::<Result<Vec<_>>>()?;
    let builds = chosen.iter().any(|step| step.needs == Modules);
    let runs = |step: &&Step| chosen.iter().any(|other| other.name == step.name) || builds && step.name == BUILD.name;
    Ok(STEPS.iter().filter(runs).collect())
}

fn summary(times: &[(&str, Duration)]) {
    eprintln!();
    for (name, time) in times {
        eprintln!("  {name:<12} passed {:>8.1} s", time.as_secs_f64());
    }
}

fn fmt() -> Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"])).context("`cargo fmt --all` lays it out")?;
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml"];
    run(cargo(&fuzz).arg("--check")).context("`cargo fmt --manifest-path fuzz/Cargo.toml` lays it out")
}

fn clippy() -> Result<()> {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    // What runs only when asked for by name is no part of all targets.
    run(cargo(&["clippy", "--workspace"]).args(MATRIX).args(["--", "--deny", "warnings"]))?;
    // Checked and not linked: libFuzzer itself, which takes a C++ compiler and a while, is not built.
    let fuzz = ["clippy", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target-dir"];
    let mut fuzz = cargo(&fuzz);
    fuzz.arg(workspace::target()).args(["--", "--deny", "warnings"]).env("CUSTOM_LIBFUZZER_PATH", "/none/libnone.a");
    run(&mut fuzz)?;
    tools::wasm_target()?;
    let target = ["--package", "sockpin", "--lib", "--target", tools::WASM_TARGET];
    // All modules in one: what none of them uses is seen here.
    run(cargo(&["clippy"]).args(target).args(["--all-features", "--", "--deny", "warnings"]))
}

fn doc() -> Result<()> {
    let documented = ["doc", "--no-deps", "--document-private-items"];
    run(cargo(&documented).arg("--workspace").env("RUSTDOCFLAGS", "--deny warnings"))?;
    tools::wasm_target()?;
    // What only the browser runs is no part of the host's documentation.
    let target = ["--package", "sockpin", "--target", tools::WASM_TARGET, "--all-features"];
    run(cargo(&documented).args(target).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn unit() -> Result<()> {
    tools::openssl()?;
    // By itself: with the features that the others ask for, most of what it is made of would be compiled again.
    run(runner().args(["--package", "xtask"]))?;
    // The browser tests are a step of their own.
    let packages = ["--workspace", "--exclude", "sockpin-e2e"];
    run(runner().args(packages).args(["--lib", "--test", "*"]))?;
    // The examples of the documentation: nextest leaves them out.
    run(cargo(&["test", "--doc"]).args(packages))
}

fn wasm() -> Result<()> {
    tools::node()?;
    let mut files = Vec::new();
    let folder = workspace::root().join("tests/wasm");
    for entry in std::fs::read_dir(&folder).with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    if files.is_empty() {
        bail!("there is no test in {}", folder.display());
    }
    files.sort();
    // They wait most of the time, so each has its own process at once.
    let at_once = format!("--test-concurrency={}", files.len());
    run(process::command("node", &["--test", "--test-reporter=spec", &at_once]).args(files))
}

fn extension() -> Result<()> {
    tools::node()?;
    // npx asks before it downloads, unless told that it may.
    build::check_sizes()?;
    eprintln!("Checking extension/ with {ADDONS_LINTER}");
    run(&mut process::command("npx", &["--yes", ADDONS_LINTER, "--warnings-as-errors", "extension"]))
}

fn e2e() -> Result<()> {
    tools::browser()?;
    // npm installs axe-core, and pip the collector.
    tools::node()?;
    tools::python()?;
    let mut tests = runner();
    tests.args(WITH_BROWSER);
    if tools::has_nextest() {
        tests.args(["--filterset", "package(sockpin-e2e)", "--test-threads", BROWSERS, "--no-fail-fast"]);
    } else {
        tests.args(["--no-fail-fast", "--", "--test-threads", BROWSERS]);
    }
    // A failed test says which condition was not met; the stack of the runtime below it says nothing.
    run(tests.env("RUST_LIB_BACKTRACE", "0"))
}

/// Not one of the runner's tests: it is one table, and whatever runs it must not hold back its rows.
fn enforcement() -> Result<()> {
    tools::browser()?;
    run(cargo(&["test"]).args(WITH_BROWSER).args(MATRIX).env("RUST_LIB_BACKTRACE", "0"))
}

/// nextest where it is installed, else cargo's own.
fn runner() -> Command {
    if tools::has_nextest() { cargo(&["nextest", "run"]) } else { cargo(&["test"]) }
}

/// Beside the package of the browser tests this one: with the features that it asks for of what both depend on, all of that has
/// been compiled already.
const WITH_BROWSER: [&str; 4] = ["--package", "sockpin-e2e", "--package", "xtask"];
const MATRIX: [&str; 2] = ["--test", "enforcement"];
/// How many browsers run at a time.
const BROWSERS: &str = "3";
const ADDONS_LINTER: &str = "addons-linter@10.13.0";
