//! Bindings of the `browser.*` API, as far as it is used.
//!
//! Each call may throw at once, reject later, or answer with no promise at all; [`settled`] makes one thing of the three.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "webRequest"], js_name = getSecurityInfo)]
    fn get_security_info(request_id: &str, options: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = get)]
    fn storage_local_get(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = set)]
    fn storage_local_set(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = getBadgeText)]
    fn action_get_badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setBadgeText)]
    fn action_set_badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setTitle)]
    fn action_set_title(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "runtime"], js_name = sendMessage)]
    fn runtime_send_message(message: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["browser", "runtime", "onMessage"], js_name = addListener)]
    pub(super) fn add_message_listener(listener: &Closure<dyn FnMut(JsValue)>);

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = randomUUID)]
    pub(super) fn random_uuid() -> Result<String, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &js_sys::Function, milliseconds: i32) -> JsValue;
}

/// `getSecurityInfo(requestId, {certificateChain, rawDER})`.
pub(super) async fn security_info(request_id: &str, options: &JsValue) -> Result<JsValue, JsValue> {
    settled(get_security_info(request_id, options)).await
}

pub(super) async fn storage_get(key: &str) -> Result<JsValue, JsValue> {
    settled(storage_local_get(key)).await
}

pub(super) async fn storage_set(items: &JsValue) -> Result<JsValue, JsValue> {
    settled(storage_local_set(items)).await
}

pub(super) async fn badge_text(details: &JsValue) -> Result<JsValue, JsValue> {
    settled(action_get_badge_text(details)).await
}

pub(super) async fn set_badge_text(details: &JsValue) -> Result<JsValue, JsValue> {
    settled(action_set_badge_text(details)).await
}

pub(super) async fn set_title(details: &JsValue) -> Result<JsValue, JsValue> {
    settled(action_set_title(details)).await
}

/// To every other page of the extension; rejects where there is none.
pub(super) async fn send_to_extension(message: &JsValue) -> Result<JsValue, JsValue> {
    settled(runtime_send_message(message)).await
}

async fn settled(called: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&called?)).await
}
