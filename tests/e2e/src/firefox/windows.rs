//! Tabs and windows that are not like every other: of another container, private, or come back to.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Firefox;
use crate::wait;

impl Firefox {
    /// Opens an address in a new tab with the browser's own rights, as `WebDriver` cannot for an extension's pages,
    /// and switches to it.
    pub async fn open_privileged_tab(&self, url: &str) -> Result<()> {
        self.open_somewhere(OPEN_TAB, url, json!(0)).await
    }

    /// Opens an address in a new tab of a container, the first of those that Firefox brings, and switches to it.
    pub async fn open_container_tab(&self, url: &str) -> Result<()> {
        self.open_somewhere(OPEN_TAB, url, json!(1)).await?;
        // A script that runs before the page is there would end with the document that was there.
        wait::until(&format!("{url} in the new tab"), async || {
            Ok((self.privileged(HAS_LOADED, vec![json!(url)]).await? == json!(true)).then_some(()))
        })
        .await
    }

    /// Opens an address in a new private window and switches to it.
    pub async fn open_private_window(&self, url: &str) -> Result<()> {
        self.open_somewhere(OPEN_PRIVATE_WINDOW, "", json!(0)).await?;
        self.open(url).await
    }

    /// Does something that opens a tab, as clicking a link does, and switches to it.
    pub async fn open_by(&self, what: impl Future<Output = Result<()>>) -> Result<()> {
        let driver = self.driver()?;
        let before = driver.windows().await?;
        what.await?;
        let opened = wait::until("the new tab", async || {
            let windows = driver.windows().await?;
            Ok(windows.into_iter().find(|window| !before.contains(window)))
        })
        .await?;
        driver.switch_to_window(opened).await?;
        Ok(())
    }

    /// Closes the current tab, with its window where it is the only one, and switches to the first that is left.
    pub async fn close_tab(&self) -> Result<()> {
        let driver = self.driver()?;
        driver.close_window().await?;
        let left = driver.windows().await?.into_iter().next().context("no tab is left")?;
        driver.switch_to_window(left).await?;
        Ok(())
    }

    /// Goes back in the current tab, as a person does.
    pub async fn back(&self) -> Result<()> {
        self.driver()?.back().await.context("could not go back")
    }

    /// Runs a privileged script that opens a tab or a window, and switches to it.
    async fn open_somewhere(&self, script: &str, url: &str, container: Value) -> Result<()> {
        let opens = self.privileged(script, vec![json!(url), container]);
        self.open_by(async { opens.await.map(drop) }).await.with_context(|| format!("could not open {url}"))
    }
}

const OPEN_TAB: &str = r"
const [url, userContextId] = arguments;
gBrowser.selectedTab = gBrowser.addTab(url, {
    userContextId,
    triggeringPrincipal: Services.scriptSecurityManager.getSystemPrincipal(),
});
";

const HAS_LOADED: &str = r"
const { currentURI, webProgress } = gBrowser.selectedBrowser;
return currentURI.spec === arguments[0] && !webProgress.isLoadingDocument;
";

/// Returns when the window is ready to be used.
const OPEN_PRIVATE_WINDOW: &str = r"
const opened = OpenBrowserWindow({ private: true });
return new Promise((resolve) => {
    const topic = 'browser-delayed-startup-finished';
    const observer = (window) => {
        if (window !== opened) return;
        Services.obs.removeObserver(observer, topic);
        resolve();
    };
    Services.obs.addObserver(observer, topic);
});
";
