//! The demo's servers and a Firefox that trusts them, has Sockpin loaded and shows a page: where a test begins.

use std::path::Path;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::demo::Demo;
use crate::extension;
use crate::firefox::{Firefox, Options};
use crate::socket::Sighting;

/// How the extension gets into the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Installation {
    /// Until the browser quits, as about:debugging does.
    Temporary,
    /// Packed, for every start of this profile.
    ForGood,
}

/// The servers of the demo and a browser.
pub struct World {
    /// The servers, without any rule in force.
    pub demo: Demo,
    /// The browser, on a blank page.
    pub firefox: Firefox,
}

impl World {
    /// Starts everything; the extension is loaded and without a rule.
    pub async fn start(installation: Installation) -> Result<Self> {
        Self::with(installation, Options::default()).await
    }

    /// Starts everything with these options; the demo's names are added to them, and the extension where it is
    /// installed for good and they name none.
    pub async fn with(installation: Installation, mut options: Options) -> Result<Self> {
        let demo = Demo::start().await?;
        let extension = extension::folder()?;
        options.names.extend(Demo::names());
        if installation == Installation::ForGood {
            options.install_for_good.get_or_insert_with(|| extension.clone());
        }
        let firefox = Firefox::start(options).await?;
        firefox.trust(&demo.authority).await?;
        if installation == Installation::Temporary {
            firefox.install(&extension).await?;
        }
        let world = Self { demo, firefox };
        world.begin().await?;
        Ok(world)
    }

    /// Starts everything in another language, with this copy of the extension. The demo's rules are stored, a socket has been
    /// blocked, and one was let through in a pause that goes on.
    pub async fn in_language(language: &str, extension: &Path) -> Result<Self> {
        let demo = Demo::start().await?;
        let firefox = Firefox::start(Options { names: Demo::names(), ..Options::default() }).await?;
        firefox.speak(language).await?;
        firefox.trust(&demo.authority).await?;
        firefox.install(extension).await?;
        let world = Self { demo, firefox };
        world.begin().await?;
        world.load_policy().await?;
        ensure!(world.socket("attacker").await?.refused(), "the attacker's socket was not blocked");
        world.firefox.ask_extension(json!({ "type": "pause", "length": "ten-minutes" })).await?;
        ensure!(world.socket("attacker").await?.delivered(), "the pause let nothing through");
        Ok(world)
    }

    /// Quits Firefox and starts it again with the same profile; the servers stay.
    pub async fn restart_firefox(&mut self) -> Result<()> {
        self.firefox.restart().await?;
        self.begin().await
    }

    /// Stores the rules of the demo.
    pub async fn load_policy(&self) -> Result<()> {
        for rule in self.demo.rules() {
            self.firefox.save_rule(rule).await?;
        }
        Ok(())
    }

    /// Opens one of the demo's sockets from the current page, by its name on the lab page, and returns what the
    /// page saw once the socket has ended.
    pub async fn socket(&self, id: &str) -> Result<Sighting> {
        let url = self.demo.servers.url(id)?;
        self.firefox.socket(&url).await
    }

    /// The extension has answered before the first socket is opened, so that it is loaded for certain.
    async fn begin(&self) -> Result<()> {
        self.firefox.status().await?;
        self.firefox.open(&self.demo.site.blank()).await
    }
}
