//! A real Firefox with a fresh profile, driven by geckodriver.

mod chrome;
mod geckodriver;
mod profile;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value, json};
use thirtyfour::extensions::addons::firefox::FirefoxTools;
use thirtyfour::{Capabilities, WebDriver};

pub use chrome::ColorScheme;

use crate::{extension, programs, wait};
use geckodriver::Geckodriver;

/// How a Firefox is to be started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether a window is shown on the display.
    pub visible: bool,
    /// Host names that lead to loopback.
    pub names: Vec<String>,
    /// An unpacked extension to be installed for good. For the time of one start [`Firefox::install`] is enough.
    pub install_for_good: Option<PathBuf>,
}

/// A running Firefox. Dropping it ends every process of it and removes its profile.
pub struct Firefox {
    // Nothing while it is being started again.
    driver: Option<WebDriver>,
    geckodriver: Geckodriver,
    options: Options,
}

impl Firefox {
    /// Starts Firefox with a profile of its own.
    pub async fn start(options: Options) -> Result<Self> {
        let geckodriver = Geckodriver::start().await?;
        let profile = geckodriver.profile();
        fs::create_dir_all(&profile).with_context(|| format!("could not create {}", profile.display()))?;
        if let Some(extension) = &options.install_for_good {
            profile::install_for_good(extension, &profile)?;
        }
        let driver = connect(&geckodriver, &options).await?;
        Ok(Self { driver: Some(driver), geckodriver, options })
    }

    /// Quits as a person would and starts again with the same profile.
    pub async fn restart(&mut self) -> Result<()> {
        self.close().await?;
        self.driver = Some(connect(&self.geckodriver, &self.options).await?);
        Ok(())
    }

    /// Quits as a person would; then everything of it is removed.
    pub async fn quit(mut self) -> Result<()> {
        self.close().await
    }

    async fn close(&mut self) -> Result<()> {
        let driver = self.driver.take().context("Firefox is not running")?;
        driver.quit().await.context("Firefox did not quit")
    }

    /// The `WebDriver` session.
    pub fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().context("Firefox is not running")
    }

    /// Loads an unpacked extension until the end of this start, as about:debugging does.
    pub async fn install(&self, folder: &Path) -> Result<()> {
        let folder = folder.to_str().context("the extension's path is not UTF-8")?;
        FirefoxTools::new(self.driver()?.handle().clone())
            .install_addon(folder, Some(true))
            .await
            .with_context(|| format!("Firefox does not accept the extension in {folder}"))
    }

    /// Opens an address in the current tab.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.driver()?.goto(url).await.with_context(|| format!("could not open {url}"))
    }

    /// Opens a page of the extension in a new tab, switches to it and waits until it is ready.
    pub async fn open_extension_page(&self, page: &str) -> Result<()> {
        self.open_privileged_tab(&extension::url(page)).await?;
        self.page_is_ready(page).await
    }

    /// Waits until a page of this project says that it has drawn its first data.
    pub async fn page_is_ready(&self, name: &str) -> Result<()> {
        let script = "return document.documentElement?.dataset.ready === 'true'";
        self.wait_for(&format!("{name} to be ready"), script, Vec::new()).await
    }

    /// Runs a script in the page; it may return a promise.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Result<Value> {
        let returned = self.driver()?.execute(script, arguments).await?;
        Ok(returned.json().clone())
    }

    /// Waits until a script in the page returns true; `what` completes "waited in vain for …".
    pub async fn wait_for(&self, what: &str, script: &str, arguments: Vec<Value>) -> Result<()> {
        wait::until(what, async || {
            let answer = self.run(script, arguments.clone()).await?;
            Ok((answer == json!(true)).then_some(()))
        })
        .await
    }

    /// Writes a picture of the current tab's whole page, once nothing in it moves.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let still = "return document.getAnimations().every(({ playState }) => playState !== 'running')";
        self.wait_for("the page to stand still", still, Vec::new()).await?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("could not create {}", folder.display()))?;
        }
        let tools = FirefoxTools::new(self.driver()?.handle().clone());
        let png = tools.full_screenshot_as_png().await.context("no picture could be taken")?;
        fs::write(file, png).with_context(|| format!("could not write {}", file.display()))
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // No polite goodbye on this road: geckodriver's process group is ended next. Else thirtyfour would wait
            // for an answer.
            driver.leak().ok();
        }
    }
}

async fn connect(geckodriver: &Geckodriver, options: &Options) -> Result<WebDriver> {
    let capabilities = capabilities(&geckodriver.profile(), options)?;
    WebDriver::builder(geckodriver.url(), capabilities)
        .await
        .map_err(|error| geckodriver.explain(anyhow!(error).context("Firefox did not start")))
}

fn capabilities(profile: &Path, options: &Options) -> Result<Capabilities> {
    let mut arguments = vec![json!("-profile"), json!(profile)];
    if !options.visible {
        arguments.push(json!("-headless"));
    }
    let mut capabilities = Map::new();
    capabilities.insert("browserName".to_owned(), json!("firefox"));
    capabilities.insert(
        "moz:firefoxOptions".to_owned(),
        json!({
            "binary": programs::firefox()?,
            "args": arguments,
            "prefs": profile::preferences(&options.names),
        }),
    );
    Ok(capabilities.into())
}
