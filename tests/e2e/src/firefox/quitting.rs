//! The end of the browser, looked at closely: its windows are closed, then its extensions end, then all the rest.

use std::fs;

use anyhow::{Context, Result};
use serde_json::json;

use super::Firefox;
use crate::{extension, wait};

impl Firefox {
    /// Quits as [`Firefox::close`] does, while the request of a WebSocket to this address (`https:`, as it is sent) is
    /// under way. Firefox is made to wait once its extensions have ended, as it waits for whatever takes its time then,
    /// until `enough`: that is asked again and again, with the status of the request if it has been stopped.
    pub async fn close_over(&mut self, url: &str, mut enough: impl FnMut(Option<&str>) -> bool) -> Result<()> {
        let [extensions, request, go_on] =
            ["extensions-ended", "request-ended", "go-on"].map(|name| self.geckodriver.note(name));
        let arguments = vec![json!(extension::ID), json!(url), json!(extensions), json!(request), json!(go_on)];
        self.privileged(HOLD, arguments).await?;
        let watch = async {
            wait::until("the end of the extensions", async || Ok(extensions.try_exists()?.then_some(()))).await?;
            wait::until("what becomes of the request", async || {
                let status = if request.try_exists()? { Some(fs::read_to_string(&request)?) } else { None };
                Ok(enough(status.as_deref()).then_some(()))
            })
            .await?;
            fs::write(&go_on, "").context("Firefox could not be told to go on")
        };
        tokio::try_join!(self.close(), watch)?;
        for file in [extensions, request, go_on] {
            if file.try_exists()? {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }
}

/// What a request has ended with that an extension, or the page itself, has stopped.
pub const ABORTED: &str = "NS_ERROR_ABORT";

/// What Firefox waits for in this phase is begun all at once, the end of the extensions among it. In a global of its own:
/// that of a window ends with it.
const HOLD: &str = r"
const principal = Services.scriptSecurityManager.getSystemPrincipal();
const global = Cu.Sandbox(principal, { wantGlobalProperties: ['ChromeUtils', 'IOUtils'] });
Object.assign(global, { Services, Ci, settings: Cu.cloneInto([...arguments], global) });
Cu.evalInSandbox(`
const [id, url, extensions, request, goOn] = settings;
const { AsyncShutdown } = ChromeUtils.importESModule('resource://gre/modules/AsyncShutdown.sys.mjs');
const { ExtensionParent } = ChromeUtils.importESModule('resource://gre/modules/ExtensionParent.sys.mjs');
const { setTimeout } = ChromeUtils.importESModule('resource://gre/modules/Timer.sys.mjs');
const until = async (ask) => { while (!await ask()) await new Promise((resolve) => setTimeout(resolve, 10)); };
// In one step, so that nobody reads half of it.
const write = (file, text) => IOUtils.writeUTF8(file, text, { tmpPath: file + '.tmp' });
const topic = 'http-on-stop-request';
const observe = (channel) => {
    const { requestMethod, URI, status } = channel.QueryInterface(Ci.nsIHttpChannel);
    if (requestMethod !== 'GET' || URI.spec !== url) return;
    Services.obs.removeObserver(observe, topic);
    write(request, ChromeUtils.getXPCOMErrorName(status));
};
Services.obs.addObserver(observe, topic);
AsyncShutdown.appShutdownConfirmed.addBlocker('a browser test', async () => {
    await until(() => !ExtensionParent.GlobalManager.getExtension(id));
    await write(extensions, '');
    await until(() => IOUtils.exists(goOn));
});
`, global);
";
