//! Bindings of the `browser.*` API, as far as it is used.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `getSecurityInfo(requestId, {certificateChain, rawDER})`.
    #[wasm_bindgen(catch, js_namespace = ["browser", "webRequest"], js_name = getSecurityInfo)]
    pub(super) async fn security_info(request_id: &str, options: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = get)]
    pub(super) async fn storage_get(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = set)]
    pub(super) async fn storage_set(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = getBadgeText)]
    pub(super) async fn badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setBadgeText)]
    pub(super) async fn set_badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setTitle)]
    pub(super) async fn set_title(details: &JsValue) -> Result<JsValue, JsValue>;

    /// To every other page of the extension; rejects where there is none.
    #[wasm_bindgen(catch, js_namespace = ["browser", "runtime"], js_name = sendMessage)]
    pub(super) async fn send_to_extension(message: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["browser", "runtime", "onMessage"], js_name = addListener)]
    pub(super) fn add_message_listener(listener: &Closure<dyn FnMut(JsValue)>);

    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub(super) fn random_uuid() -> String;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &js_sys::Function, milliseconds: i32) -> f64;
}
