//! A real Firefox with a fresh profile, driven by geckodriver.

mod background;
mod chrome;
mod geckodriver;
mod installation;
mod processes;
mod profile;
mod quitting;
mod windows;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Map, Value, json};
use thirtyfour::common::command::Command;
use thirtyfour::extensions::addons::firefox::FirefoxTools;
use thirtyfour::{Capabilities, WebDriver};

pub use background::Update;
pub use chrome::ColorScheme;
pub use quitting::ABORTED;

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
    /// Preferences beside those that every profile gets, or in place of them.
    pub preferences: Map<String, Value>,
    /// An administrator's policies: what stands under `policies` in a `policies.json`. For this browser alone.
    pub policies: Option<Value>,
}

/// A running Firefox. Dropping it ends every process of it and removes its profile.
pub struct Firefox {
    // Nothing while it is being started again.
    driver: Option<WebDriver>,
    geckodriver: Geckodriver,
    program: PathBuf,
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
        let mut program = programs::firefox()?;
        if let Some(policies) = &options.policies {
            program = installation::with_policies(&program, policies, &geckodriver.installation())?;
        }
        let mut firefox = Self { driver: None, geckodriver, program, options };
        firefox.start_again().await?;
        Ok(firefox)
    }

    /// Quits as a person would and starts again with the same profile.
    pub async fn restart(&mut self) -> Result<()> {
        self.close().await?;
        self.start_again().await
    }

    /// Starts again with the same profile after [`Firefox::kill`] or [`Firefox::close`].
    pub async fn start_again(&mut self) -> Result<()> {
        let begun = WebDriver::builder(self.geckodriver.url(), self.capabilities()).await;
        let begun = begun.map_err(|error| self.geckodriver.explain(anyhow!(error).context("Firefox did not start")));
        self.driver = Some(begun?);
        Ok(())
    }

    fn capabilities(&self) -> Capabilities {
        let mut arguments = vec![json!("-profile"), json!(self.geckodriver.profile())];
        if !self.options.visible {
            arguments.push(json!("-headless"));
        }
        let options = json!({
            "binary": self.program,
            "args": arguments,
            "prefs": profile::preferences(&self.options),
        });
        let names = ["browserName", "moz:firefoxOptions"].map(str::to_owned);
        names.into_iter().zip([json!("firefox"), options]).collect::<Map<_, _>>().into()
    }

    /// Ends every process of Firefox without a warning, as a power cut does.
    pub async fn kill(&mut self) -> Result<()> {
        let tree = processes::tree(self.process_id()?)?;
        processes::kill(&tree).await?;
        let driver = self.driver.take().context(NOT_RUNNING)?;
        // geckodriver keeps the session until it is told; that Firefox no longer answers is no error here. thirtyfour
        // would try again.
        driver.cmd(Command::DeleteSession).await.ok();
        driver.leak().ok();
        // geckodriver would take the port that stands there for that of the next start.
        profile::forget_port(&self.geckodriver.profile())
    }

    /// Quits as a person would; then everything of it is removed.
    pub async fn quit(mut self) -> Result<()> {
        self.close().await
    }

    /// Quits as a person would. The profile stays for [`Firefox::start_again`].
    pub async fn close(&mut self) -> Result<()> {
        let driver = self.driver.take().context(NOT_RUNNING)?;
        driver.quit().await.context("Firefox did not quit")
    }

    /// The `WebDriver` session.
    pub fn driver(&self) -> Result<&WebDriver> {
        self.driver.as_ref().context(NOT_RUNNING)
    }

    /// The process that has started all the others.
    fn process_id(&self) -> Result<i32> {
        let id = self.driver()?.capabilities().get("moz:processID").and_then(Value::as_i64);
        i32::try_from(id.context("Firefox does not tell its process")?).context("no process has such a number")
    }

    /// Opens an address in the first tab of every later start.
    pub fn set_home_page(&mut self, url: &str) {
        // 1: the home page, and not an empty page as geckodriver would have it.
        let preferences = [("browser.startup.page", json!(1)), ("browser.startup.homepage", json!(url))];
        self.options.preferences.extend(preferences.map(|(name, value)| (name.to_owned(), value)));
    }

    /// Loads an unpacked extension until the end of this start, as about:debugging does.
    pub async fn install(&self, folder: &Path) -> Result<()> {
        let folder = folder.to_str().context("the extension's path is not UTF-8")?;
        FirefoxTools::new(self.driver()?.handle().clone())
            .install_addon(folder, Some(true))
            .await
            .with_context(|| format!("Firefox does not accept the extension in {folder}"))
    }

    /// Damages the file in which the extension's rules are stored. Firefox must not run.
    pub fn damage_stored_rules(&self) -> Result<()> {
        ensure!(self.driver.is_none(), "Firefox is running");
        profile::damage_storage_local(&self.geckodriver.profile())
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

    /// Waits until nothing in the page moves or changes its colour. What is not drawn (folded away, or far from what is looked at)
    /// comes to no end of it.
    pub(crate) async fn stands_still(&self) -> Result<()> {
        let still = "return document.getAnimations().every(({ playState, effect }) => playState !== 'running' \
            || !effect.target.checkVisibility({ contentVisibilityAuto: true }))";
        self.wait_for("the page to stand still", still, Vec::new()).await
    }

    /// Writes a picture of the current tab's whole page, once nothing in it moves.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        self.stands_still().await?;
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
            // No polite goodbye on this way: geckodriver's process group is ended next. Else thirtyfour would wait
            // for an answer.
            driver.leak().ok();
        }
    }
}

const NOT_RUNNING: &str = "Firefox is not running";
