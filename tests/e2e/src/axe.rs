//! axe-core, which looks for what keeps people from using a page: contrast, names of controls, order of headings.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::firefox::Firefox;
use crate::npm::NpmFile;

const AXE: NpmFile = NpmFile {
    package: "axe-core@4.14.1",
    path: "axe-core/axe.min.js",
    sha256: "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
};

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
    let file = AXE.installed()?;
    fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))
}

const RUN: &str = r"
return axe.run(document, { resultTypes: ['violations', 'passes'] }).then(({ passes, violations }) => ({
    passes: passes.length,
    violations: violations.map(({ id, help, nodes }) => ({
        id, help, nodes: nodes.map(({ target, failureSummary }) => `${target.join(' ')}: ${failureSummary}`),
    })),
}));
";
