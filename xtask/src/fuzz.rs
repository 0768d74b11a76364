//! `cargo xtask fuzz`: what comes from outside, with inputs that nobody has thought of. `fuzz/` has the targets.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use sockpin::formats::export::{ExportFormat, export};
use sockpin::policy::Policy;
use sockpin::time::UnixMillis;

use crate::process::{command as program, output, run};
use crate::{tools, workspace};

/// The files of `fuzz/fuzz_targets`.
const TARGETS: [&str; 4] = ["certificate", "host", "import", "policy"];

const NIGHTLY: &str = "nightly";

/// How long each target runs unless it is said otherwise.
const SECONDS: &str = "60";

/// No input may take longer, in seconds, or more memory, in MB.
const BOUNDS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=2048"];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let (targets, seconds) = match arguments {
        [targets @ .., option, seconds] if option == "--seconds" => (targets, seconds.as_str()),
        targets => (targets, SECONDS),
    };
    ensure!(seconds.parse().is_ok_and(|seconds: u32| seconds > 0), "`--seconds` takes a number, not `{seconds}`");
    if let Some(unknown) = targets.iter().find(|target| !TARGETS.contains(&target.as_str())) {
        bail!("no target `{unknown}`; there are {}", TARGETS.join(", "));
    }
    let fuzzer = tools::fuzzer(NIGHTLY)?;
    let corpora = workspace::target().join("fuzz-corpus");
    for target in TARGETS.into_iter().filter(|target| targets.is_empty() || targets.iter().any(|one| one == target)) {
        let corpus = corpora.join(target);
        fs::create_dir_all(&corpus).with_context(|| format!("could not make {}", corpus.display()))?;
        sow(target, &corpus).with_context(|| format!("what `{target}` begins with"))?;
        eprintln!("\n=== {target}: {seconds} s");
        let mut fuzz = program("rustup", &["run", NIGHTLY]);
        fuzz.arg(&fuzzer).args(["fuzz", "run", target, "--target-dir"]).arg(workspace::target().join("fuzz"));
        fuzz.arg(&corpus).arg("--").arg(format!("-max_total_time={seconds}")).args(BOUNDS);
        run(&mut fuzz)
            .context("the input is in fuzz/artifacts/; give it to the command above in the place of the corpus")?;
    }
    Ok(())
}

/// Puts into the folder what the target begins with: it goes on from what has been found before.
fn sow(target: &str, corpus: &Path) -> Result<()> {
    let data = workspace::root().join("tests/data");
    let stored = data.join("policy-1.json");
    match target {
        "certificate" => {
            for file in fs::read_dir(data)? {
                let pem = file?.path();
                let name = pem.file_stem().context("a file without a name")?;
                let der = corpus.join(name).with_extension("der");
                let read = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains("BEGIN CERTIFICATE-"));
                if read(&pem) {
                    let mut openssl = program("openssl", &["x509", "-outform", "der", "-in"]);
                    output(openssl.arg(&pem).arg("-out").arg(der))?;
                }
            }
        }
        "host" => fs::write(corpus.join("name"), "**.xn--bcher-kva.example:8443")?,
        "policy" => fs::copy(&stored, corpus.join("stored")).map(drop)?,
        "import" => {
            let now = UnixMillis::new(1_780_000_000_000);
            let policy = Policy::from_json(&fs::read_to_string(&stored)?, now, &|host| Some(host.to_owned()))?;
            for format in ExportFormat::ALL {
                let written = export(format, policy.rules().iter().map(AsRef::as_ref), now);
                fs::write(corpus.join(format.name()), written.text)?;
            }
            for file in fs::read_dir(data)? {
                let file = file?;
                if file.file_type()?.is_file() {
                    fs::copy(file.path(), corpus.join(file.file_name()))?;
                }
            }
        }
        target => bail!("nothing is known that `{target}` could begin with"),
    }
    Ok(())
}
