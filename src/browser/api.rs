//! Bindings of the `browser.*` API, as far as it is used.
//!
//! Each call may throw at once, reject later, or answer with no promise at all; [`settled`] makes one thing of the three. A
//! function that is not `async` makes its call when it is called, and not when its answer is first awaited.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::convert::property;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "webRequest"], js_name = getSecurityInfo)]
    fn get_security_info(request_id: &str, options: &JsValue) -> Result<JsValue, JsValue>;

    /// Of `background.js`: listeners of `webRequest` that it takes away when the instance ends that answers for them.
    pub type ProbeListeners;

    /// A blocking listener of the event with this name.
    #[wasm_bindgen(method, catch)]
    pub(super) fn add(this: &ProbeListeners, event: &str, listener: &Listener, filter: &JsValue)
    -> Result<(), JsValue>;

    /// Takes all of them away.
    #[wasm_bindgen(method)]
    pub(super) fn clear(this: &ProbeListeners);

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = get)]
    fn storage_local_get(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = set)]
    fn storage_local_set(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session"], js_name = get)]
    fn storage_session_get(keys: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session"], js_name = set)]
    fn storage_session_set(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session"], js_name = remove)]
    fn storage_session_remove(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "managed"], js_name = get)]
    fn storage_managed_get() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(thread_local_v2, js_namespace = ["browser"], js_name = storage)]
    static STORAGE: JsValue;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = getBadgeText)]
    fn action_get_badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setBadgeText)]
    fn action_set_badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setBadgeBackgroundColor)]
    fn action_set_badge_background_color(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setTitle)]
    fn action_set_title(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs"], js_name = query)]
    fn tabs_query(filter: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "declarativeNetRequest"], js_name = getDynamicRules)]
    fn declarative_get_dynamic_rules() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "declarativeNetRequest"], js_name = updateDynamicRules)]
    fn declarative_update_dynamic_rules(update: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "alarms"], js_name = create)]
    pub(super) fn create_alarm(name: &str, when: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "alarms"], js_name = clear)]
    fn alarms_clear(name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "permissions"], js_name = contains)]
    fn permissions_contains(permissions: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "extension"], js_name = isAllowedIncognitoAccess)]
    fn extension_is_allowed_incognito_access() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "runtime"], js_name = getPlatformInfo)]
    fn runtime_get_platform_info() -> Result<JsValue, JsValue>;

    /// The address of a page of this extension.
    #[wasm_bindgen(catch, js_namespace = ["browser", "runtime"], js_name = getURL)]
    pub(super) fn extension_url(path: &str) -> Result<String, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "runtime"], js_name = sendMessage)]
    fn runtime_send_message(message: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["browser", "runtime", "onMessage"], js_name = addListener)]
    pub(super) fn add_message_listener(listener: &Closure<dyn FnMut(JsValue)>);

    /// The item of this name; none where there is no such item.
    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = getItem)]
    pub(super) fn local_item(key: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = setItem)]
    pub(super) fn set_local_item(key: &str, value: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(url: &str, options: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = randomUUID)]
    pub(super) fn random_uuid() -> Result<String, JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    pub(super) fn fill_with_random(bytes: &mut [u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &js_sys::Function, milliseconds: i32, argument: &JsValue) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);
}

/// A blocking listener of `webRequest`: it is given the details and returns a response, or a promise of one.
pub(super) type Listener = Closure<dyn FnMut(JsValue) -> JsValue>;

/// `getSecurityInfo(requestId, {certificateChain, rawDER})`.
pub(super) async fn security_info(request_id: &str, options: &JsValue) -> Result<JsValue, JsValue> {
    settled(get_security_info(request_id, options)).await
}

pub(super) fn storage_get(key: &str) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    settled(storage_local_get(key))
}

pub(super) async fn storage_set(items: &JsValue) -> Result<JsValue, JsValue> {
    settled(storage_local_set(items)).await
}

/// What lasts until the browser is started again.
pub(super) fn session_get<const N: usize>(keys: [&str; N]) -> impl Future<Output = Result<JsValue, JsValue>> + use<N> {
    settled(storage_session_get(&keys.into_iter().map(JsValue::from_str).collect::<Array>()))
}

pub(super) async fn session_set(items: &JsValue) -> Result<JsValue, JsValue> {
    settled(storage_session_set(items)).await
}

pub(super) async fn session_remove(key: &str) -> Result<JsValue, JsValue> {
    settled(storage_session_remove(key)).await
}

/// What an administrator has set; none where this browser knows no such thing.
pub(super) fn managed_get() -> Option<impl Future<Output = Result<JsValue, JsValue>> + use<>> {
    let exists = STORAGE.with(|storage| property(storage, "managed").is_object());
    exists.then(|| settled(storage_managed_get()))
}

pub(super) async fn badge_text(details: &JsValue) -> Result<JsValue, JsValue> {
    settled(action_get_badge_text(details)).await
}

pub(super) async fn set_badge_text(details: &JsValue) -> Result<JsValue, JsValue> {
    settled(action_set_badge_text(details)).await
}

pub(super) async fn set_badge_background_color(details: &JsValue) -> Result<JsValue, JsValue> {
    settled(action_set_badge_background_color(details)).await
}

pub(super) async fn set_title(details: &JsValue) -> Result<JsValue, JsValue> {
    settled(action_set_title(details)).await
}

pub(super) async fn tabs(filter: &JsValue) -> Result<JsValue, JsValue> {
    settled(tabs_query(filter)).await
}

/// The declarative rules that this extension has made, and that the browser keeps across its starts.
pub(super) async fn declared_rules() -> Result<JsValue, JsValue> {
    settled(declarative_get_dynamic_rules()).await
}

/// `{removeRuleIds, addRules}`, all of it or nothing.
pub(super) async fn declare_rules(update: &JsValue) -> Result<JsValue, JsValue> {
    settled(declarative_update_dynamic_rules(update)).await
}

pub(super) async fn clear_alarm(name: &str) -> Result<JsValue, JsValue> {
    settled(alarms_clear(name)).await
}

pub(super) fn has_permissions(permissions: &JsValue) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    settled(permissions_contains(permissions))
}

pub(super) fn runs_in_private_windows() -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    settled(extension_is_allowed_incognito_access())
}

/// Comes back when the browser has dealt with every call that was made before.
pub(super) async fn round_trip() -> Result<JsValue, JsValue> {
    settled(runtime_get_platform_info()).await
}

/// To every other page of the extension; rejects where there is none.
pub(super) async fn send_to_extension(message: &JsValue) -> Result<JsValue, JsValue> {
    settled(runtime_send_message(message)).await
}

pub(super) async fn fetch(url: &str, options: &JsValue) -> Result<JsValue, JsValue> {
    settled(global_fetch(url, options)).await
}

/// Whether the browser says that this computer is connected to no network.
pub(super) fn is_offline() -> bool {
    property(&property(&js_sys::global(), "navigator"), "onLine").as_bool() == Some(false)
}

fn settled(called: Result<JsValue, JsValue>) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    let answer = called.map(|answer| JsFuture::from(Promise::resolve(&answer)));
    async move { answer?.await }
}
