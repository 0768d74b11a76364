//! axe-core, which looks for what keeps people from using a page: contrast, names of controls, order of headings.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::extension::checkout;
use crate::firefox::Firefox;

/// The version that is installed where there is none yet.
const AXE: &str = "axe-core@4.14.1";

static SOURCE: OnceCell<String> = OnceCell::const_new();

impl Firefox {
    /// What axe objects to on the current page: for each, the rule and the elements.
    pub async fn accessibility_violations(&self) -> Result<Vec<String>> {
        self.stands_still().await?;
        let source = SOURCE.get_or_try_init(async || source()).await?;
        let found = self.run(&format!("{source};{RUN}"), Vec::new()).await.context("axe could not be run")?;
        let found: Found = serde_json::from_value(found).context("axe answers something else")?;
        ensure!(found.passes > 0, "axe has checked nothing");
        Ok(found.violations.iter().map(Value::to_string).collect())
    }
}

#[derive(serde::Deserialize)]
struct Found {
    passes: usize,
    violations: Vec<Value>,
}

fn source() -> Result<String> {
    let folder = checkout().join("target").join("axe").join(AXE);
    let file = folder.join("node_modules/axe-core/axe.min.js");
    if !file.is_file() {
        install(&folder)?;
    }
    fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))
}

/// Several tests may do this at once: what is there is there whole, and stays.
fn install(folder: &Path) -> Result<()> {
    let parent = folder.parent().context("axe-core is to be installed nowhere")?;
    fs::create_dir_all(parent).with_context(|| format!("could not make {}", parent.display()))?;
    let made = tempfile::tempdir_in(parent).context("could not make a folder for axe-core")?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
        .arg(made.path())
        .arg(AXE);
    let done = npm.output().context("could not start npm, which installs axe-core")?;
    ensure!(done.status.success(), "npm could not install {AXE}: {}", String::from_utf8_lossy(&done.stderr));
    match fs::rename(made.path(), folder) {
        Err(error) if !folder.is_dir() => Err(error).with_context(|| format!("could not make {}", folder.display())),
        _ => Ok(()),
    }
}

const RUN: &str = r"
return axe.run(document, { resultTypes: ['violations', 'passes'] }).then(({ passes, violations }) => ({
    passes: passes.length,
    violations: violations.map(({ id, help, nodes }) => ({
        id, help, nodes: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
    })),
}));
";
