//! What the browser lets Sockpin see.

use serde::Serialize;
use wasm_bindgen::JsValue;

use super::api;
use crate::browser::convert::to_js;
use crate::message::Access;

/// Asks the browser. Where it does not say, nothing is claimed to be missing: what is said of it is a hint, and decides
/// nothing.
pub(super) async fn ask() -> Access {
    #[derive(Serialize)]
    struct Permissions {
        origins: [&'static str; 1],
    }
    let every_site = to_js(&Permissions { origins: ["<all_urls>"] }).unwrap_or(JsValue::UNDEFINED);
    let yes = |answer: Result<JsValue, JsValue>| answer.ok().and_then(|answer| answer.as_bool()).unwrap_or(true);
    let (every_site, private_windows) = (api::has_permissions(&every_site), api::runs_in_private_windows());
    Access { every_site: yes(every_site.await), private_windows: yes(private_windows.await) }
}
