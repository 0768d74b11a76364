//! The life of the extension's background: asleep, killed, updated, and in private windows or not.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Firefox, processes, profile};
use crate::{extension, wait};

impl Firefox {
    /// Lets the extension's background page fall asleep, and returns when it has.
    pub async fn suspend_background(&self) -> Result<()> {
        self.set_preference(IDLE_TIMEOUT, json!(SOON_MS)).await?;
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

    /// Puts a newer version of the installed extension in its place, and returns when that one runs.
    pub async fn update(&self, folder: &Path) -> Result<()> {
        let package = self.geckodriver.package();
        profile::pack(folder, &package)
            .with_context(|| format!("could not pack {} into {}", folder.display(), package.display()))?;
        let version = self.privileged(UPDATE, vec![json!(extension::ID), json!(package)]).await?;
        let wanted = extension::version(folder)?;
        anyhow::ensure!(version == json!(wanted), "after the update to {wanted} Firefox has {version}");
        Ok(())
    }

    /// Allows the extension to run in private windows, or forbids it, as the person does in the add-ons manager.
    pub async fn allow_in_private_windows(&self, allowed: bool) -> Result<()> {
        let now = self.privileged(ALLOW_PRIVATE, vec![json!(extension::ID), json!(allowed)]).await?;
        anyhow::ensure!(now == json!(allowed), "private windows are allowed: {now}, wanted: {allowed}");
        Ok(())
    }
}

/// Preferences with which the background page is suspended as soon as it has nothing to do.
#[must_use]
pub fn soon_asleep() -> serde_json::Map<String, Value> {
    [(IDLE_TIMEOUT.to_owned(), json!(SOON_MS))].into_iter().collect()
}

const IDLE_TIMEOUT: &str = "extensions.background.idle.timeout";
/// Milliseconds without an event after which the background page is suspended.
const SOON_MS: u32 = 300;

/// The name that Firefox gives this process.
const EXTENSION_PROCESS: &str = "WebExtensions";

const BACKGROUND_STATE: &str = r"
return WebExtensionPolicy.getByID(arguments[0]).extension.backgroundState;
";

const END_BACKGROUND: &str = r"
const { extension } = WebExtensionPolicy.getByID(arguments[0]);
return extension.terminateBackground({ ignoreDevToolsAttached: true, disableResetIdleForTest: true });
";

const STAY_ALIVE: &str = "Services.env.set('MOZ_CRASHREPORTER_SHUTDOWN', '')";

/// Returns the version that runs.
const UPDATE: &str = r"
const [id, path] = arguments;
const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
const file = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile);
file.initWithPath(path);
return (async () => {
    const install = await AddonManager.getInstallForFile(file, 'application/x-xpinstall');
    await install.install();
    await install.addon.startupPromise;
    return WebExtensionPolicy.getByID(id).extension.version;
})();
";

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
