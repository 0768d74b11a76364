//! Tabs and windows that are not like others: of a container, private, gone back to.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use thirtyfour::WindowHandle;

use super::Firefox;
use crate::extension;

impl Firefox {
    /// Opens an address in a tab of another container and switches to it.
    pub async fn open_container_tab(&self, url: &str) -> Result<()> {
        self.open_by(CONTAINER_TAB, vec![json!(url)]).await.context("could not open a tab of another container")
    }

    /// Opens an address in a private window and switches to it.
    pub async fn open_private_window(&self, url: &str) -> Result<()> {
        self.open_by(PRIVATE_WINDOW, Vec::new()).await.context("could not open a private window")?;
        self.open(url).await
    }

    /// Lets the extension run in private windows, as about:addons does, and waits until it has been started again.
    pub async fn allow_in_private_windows(&self) -> Result<()> {
        self.privileged(ALLOW_PRIVATE, vec![json!(extension::ID)])
            .await
            .context("could not allow the extension in private windows")?;
        Ok(())
    }

    /// Closes the current tab and switches to another one.
    pub async fn close_tab(&self, next: WindowHandle) -> Result<()> {
        self.driver()?.close_window().await?;
        self.driver()?.switch_to_window(next).await?;
        Ok(())
    }

    /// Opens an address and goes back; an error if the page has not been kept as it was.
    pub async fn leave_and_come_back(&self, elsewhere: &str) -> Result<()> {
        self.open(elsewhere).await?;
        self.driver()?.back().await?;
        self.wait_for("the page to come back as it was", "return window.cameBack === true", Vec::new()).await
    }

    async fn open_by(&self, script: &str, arguments: Vec<Value>) -> Result<()> {
        let driver = self.driver()?;
        let before = driver.windows().await?;
        self.privileged(script, arguments).await?;
        let window = crate::wait::until("the new window", async || {
            let windows = driver.windows().await?;
            Ok(windows.into_iter().find(|window| !before.contains(window)))
        })
        .await?;
        driver.switch_to_window(window).await?;
        Ok(())
    }
}

const CONTAINER_TAB: &str = r"
gBrowser.selectedTab = gBrowser.addTab(arguments[0], {
    userContextId: 2,
    triggeringPrincipal: Services.scriptSecurityManager.createContentPrincipalFromOrigin(new URL(arguments[0]).origin + '^userContextId=2'),
});
";

const PRIVATE_WINDOW: &str = r"
const opened = OpenBrowserWindow({ private: true });
return new Promise((resolve) => opened.addEventListener('load', () => resolve(true), { once: true }));
";

const ALLOW_PRIVATE: &str = r"
const [id] = arguments;
const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
return ExtensionPermissions.add(id, { permissions: ['internal:privateBrowsingAllowed'], origins: [] })
    .then(() => AddonManager.getAddonByID(id))
    .then((addon) => addon.reload());
";
