//! What the browser lets Sockpin see.

use js_sys::Array;
use wasm_bindgen::JsValue;

use super::api;
use crate::browser::convert::object;
use crate::message::Access;

/// Asks the browser. Where it does not say, nothing is claimed to be missing: what is said of it is a hint, and decides
/// nothing.
pub(super) async fn ask() -> Access {
    let every_site = object([("origins", &Array::of1(&JsValue::from_str("<all_urls>")))]);
    let yes = |answer: Result<JsValue, JsValue>| answer.ok().and_then(|answer| answer.as_bool()).unwrap_or(true);
    let (every_site, private_windows) = (api::has_permissions(&every_site), api::runs_in_private_windows());
    Access { every_site: yes(every_site.await), private_windows: yes(private_windows.await) }
}
