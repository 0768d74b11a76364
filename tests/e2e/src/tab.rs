//! A web page, and the popup over its tab.

use crate::firefox::Firefox;
use crate::page::Page;
use anyhow::{Result, ensure};

/// A web page and its popup, each in a tab.
pub struct Tab<'a> {
    /// The web page.
    pub web: Page<'a>,
    /// The popup.
    pub popup: Page<'a>,
}

impl<'a> Tab<'a> {
    /// The tab that is shown, and its popup, which is shown then.
    pub async fn with_popup(firefox: &'a Firefox) -> Result<Self> {
        let web = firefox.this_page().await?;
        let popup = firefox.page(&firefox.popup_over_tab().await?).await?;
        Ok(Self { web, popup })
    }
}

impl Firefox {
    /// Which page of the extension is the popup over the tab that is shown; of several with this page, over the newest.
    pub async fn popup_over_tab(&self) -> Result<String> {
        let address = self.run("return document.URL", Vec::new()).await?;
        let id = self.run_in_extension(NEWEST_TAB, vec![address]).await?;
        ensure!(id.is_i64(), "the extension sees no such tab: {id}");
        Ok(format!("popup.html?tab={id}"))
    }
}

/// `null` where there is none.
const NEWEST_TAB: &str = r"
return browser.tabs.query({}).then((tabs) => Math.max(...tabs.filter(({ url }) => url === arguments[0]).map(({ id }) => id)));
";
