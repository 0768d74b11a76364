//! The life of the extension's background: asleep, killed, updated, and in private windows or not.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Firefox, processes, profile};
use crate::{extension, wait};

impl Firefox {
    /// Lets the extension's background page fall asleep, and returns when it has.
    pub async fn suspend_background(&self) -> Result<()> {
        self.set_preference(IDLE_TIMEOUT, json!(SOON_MS)).await?;
        // The timer that runs already still has the time from before.
        self.privileged(TIME_IS_OVER, vec![json!(extension::ID)]).await.context("could not end the timer")?;
        self.background_is_asleep().await
    }

    /// Waits until the background page is suspended. Soon, in a profile with the preferences of [`soon_asleep`].
    pub async fn background_is_asleep(&self) -> Result<()> {
        wait::until("the background page to be suspended", async || {
            let state = self.privileged(BACKGROUND_STATE, vec![json!(extension::ID)]).await?;
            Ok((state == json!("stopped")).then_some(()))
        })
        .await
    }

    /// Ends the background page at once, whatever it is doing. The next event starts it anew.
    pub async fn end_background(&self) -> Result<()> {
        self.privileged(END_BACKGROUND, vec![json!(extension::ID)]).await.context("could not end the background")?;
        self.background_is_asleep().await
    }

    /// Kills the process in which every extension runs, as a crash does, and returns when it has ended.
    pub async fn kill_extension_process(&self) -> Result<()> {
        let process = wait::until("a process of the extensions", async || {
            let tree = processes::tree(self.process_id()?)?;
            Ok(tree.into_iter().find(|process| process.name == EXTENSION_PROCESS))
        })
        .await?;
        // Else Firefox as geckodriver starts it would quit by itself.
        self.privileged(STAY_ALIVE, Vec::new()).await?;
        processes::kill(&[process]).await
    }

    /// Puts a newer version of the installed extension in its place, as Firefox does by itself when it has found one.
    /// Returns when that version runs, or when Firefox has put it off until the next start.
    pub async fn update(&self, folder: &Path) -> Result<Update> {
        let package = self.geckodriver.package();
        profile::pack(folder, &package)
            .with_context(|| format!("could not pack {} into {}", folder.display(), package.display()))?;
        let came_to = self.privileged(UPDATE, vec![json!(package)]).await.context("could not update")?;
        match came_to.as_str() {
            Some("onInstallEnded") => Ok(Update::Done),
            Some("onInstallPostponed") => Ok(Update::PutOff),
            _ => bail!("the update came to {came_to}"),
        }
    }

    /// The version of the extension that runs.
    pub async fn running_version(&self) -> Result<String> {
        let version = self.privileged(VERSION, vec![json!(extension::ID)]).await?;
        version.as_str().map(str::to_owned).with_context(|| format!("the version is {version}"))
    }

    /// Allows the extension to run in private windows, or forbids it, as the person does in the add-ons manager.
    pub async fn allow_in_private_windows(&self, allowed: bool) -> Result<()> {
        let now = self.privileged(ALLOW_PRIVATE, vec![json!(extension::ID), json!(allowed)]).await?;
        anyhow::ensure!(now == json!(allowed), "private windows are allowed: {now}, wanted: {allowed}");
        Ok(())
    }
}

/// What has come of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Update {
    /// The new version runs.
    Done,
    /// The old version runs until the browser is started again.
    PutOff,
}

/// Preferences with which the background page is suspended as soon as it has nothing to do.
#[must_use]
pub fn soon_asleep() -> serde_json::Map<String, Value> {
    [(IDLE_TIMEOUT.to_owned(), json!(SOON_MS))].into_iter().collect()
}

const IDLE_TIMEOUT: &str = "extensions.background.idle.timeout";
/// Milliseconds without an event after which the background page is suspended: longer than it takes to wake up on a busy
/// machine, or it would be suspended before it has been asked.
const SOON_MS: u32 = 1_500;

/// The name that Firefox gives this process.
const EXTENSION_PROCESS: &str = "WebExtensions";

const BACKGROUND_STATE: &str = r"
return WebExtensionPolicy.getByID(arguments[0]).extension.backgroundState;
";

/// What the timer does.
const TIME_IS_OVER: &str = "return WebExtensionPolicy.getByID(arguments[0]).extension.terminateBackground()";

const END_BACKGROUND: &str = r"
const { extension } = WebExtensionPolicy.getByID(arguments[0]);
return extension.terminateBackground({ ignoreDevToolsAttached: true, disableResetIdleForTest: true });
";

const STAY_ALIVE: &str = "Services.env.set('MOZ_CRASHREPORTER_SHUTDOWN', '')";

/// Returns the name of the event with which it ended.
const UPDATE: &str = r"
const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
const file = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile);
file.initWithPath(arguments[0]);
return AddonManager.getInstallForFile(file, 'application/x-xpinstall').then((install) => new Promise((resolve) => {
    const endings = ['onInstallEnded', 'onInstallPostponed', 'onInstallFailed', 'onInstallCancelled'];
    const listeners = endings.map((name) => [name, (_, addon) => resolve(addon?.startupPromise?.then(() => name) ?? name)]);
    install.addListener(Object.fromEntries(listeners));
    install.install();
}));
";

const VERSION: &str = "return WebExtensionPolicy.getByID(arguments[0]).extension.version";

/// Returns what holds then.
const ALLOW_PRIVATE: &str = r"
const [id, allowed] = arguments;
const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
const { ExtensionPermissions } = ChromeUtils.importESModule('resource://gre/modules/ExtensionPermissions.sys.mjs');
return (async () => {
    const change = { permissions: ['internal:privateBrowsingAllowed'], origins: [] };
    await ExtensionPermissions[allowed ? 'add' : 'remove'](id, change);
    const addon = await AddonManager.getAddonByID(id);
    await addon.reload();
    const { extension } = WebExtensionPolicy.getByID(id);
    await extension.readyPromise;
    return extension.privateBrowsingAllowed;
})();
";
