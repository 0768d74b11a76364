//! The life of the extension's background: asleep, killed, updated, and in private windows or not.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use super::{Firefox, processes, profile};
use crate::{extension, wait};

impl Firefox {
    /// Lets the extension's background page fall asleep, and returns when it has: what its idle timer does is done as
    /// soon as the page has nothing to do. With a short timer instead, a message could meet the moment of its end.
    pub async fn suspend_background(&self) -> Result<()> {
        wait::until("the background page to be suspended", async || {
            let state = self.privileged(SUSPEND, vec![json!(extension::ID)]).await?;
            Ok((state == json!("stopped")).then_some(()))
        })
        .await
    }

    /// Ends the background page at once, whatever it is doing. The next event starts it anew.
    pub async fn end_background(&self) -> Result<()> {
        let state = self.privileged(END_BACKGROUND, vec![json!(extension::ID)]).await?;
        ensure!(state == json!("stopped"), "the background page is {state}");
        Ok(())
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

    /// Disables the extension and enables it again, as the person does in the add-ons manager. Returns once its background runs.
    pub async fn enable_again(&self) -> Result<()> {
        let state = self.privileged(ENABLE_AGAIN, vec![json!(extension::ID)]).await?;
        ensure!(state == json!("running"), "the background page is {state}");
        Ok(())
    }

    /// Allows the extension to run in private windows, or forbids it, as the person does in the add-ons manager.
    pub async fn allow_in_private_windows(&self, allowed: bool) -> Result<()> {
        let now = self.privileged(ALLOW_PRIVATE, vec![json!(extension::ID), json!(allowed)]).await?;
        ensure!(now == json!(allowed), "private windows are allowed: {now}, wanted: {allowed}");
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

/// The name that Firefox gives this process.
const EXTENSION_PROCESS: &str = "WebExtensions";

/// Firefox leaves it running while it has something to do.
const SUSPEND: &str = r"
const { extension } = WebExtensionPolicy.getByID(arguments[0]);
return extension.terminateBackground().then(() => extension.backgroundState);
";

const END_BACKGROUND: &str = r"
const { extension } = WebExtensionPolicy.getByID(arguments[0]);
return extension.terminateBackground({ ignoreDevToolsAttached: true, disableResetIdleForTest: true })
    .then(() => extension.backgroundState);
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

const ENABLE_AGAIN: &str = r"
const [id] = arguments;
const { AddonManager } = ChromeUtils.importESModule('resource://gre/modules/AddonManager.sys.mjs');
return (async () => {
    const addon = await AddonManager.getAddonByID(id);
    await addon.disable();
    await addon.enable();
    const { extension } = WebExtensionPolicy.getByID(id);
    await extension.promiseBackgroundStarted();
    return extension.backgroundState;
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
