//! What only the background asks of `browser.*`; the rest is in [`crate::browser::api`].

use wasm_bindgen::prelude::*;

use crate::browser::api::awaited;
use crate::browser::convert::property;

#[wasm_bindgen]
extern "C" {
    /// A class of `background.js`: adds listeners to `webRequest`, and removes them when the instance of the core ends.
    #[derive(Clone)]
    pub type ProbeListeners;

    /// A blocking listener of the event with this name.
    #[wasm_bindgen(method, catch)]
    pub(super) fn add(this: &ProbeListeners, event: &str, listener: &Listener, filter: &JsValue)
    -> Result<(), JsValue>;

    /// Takes one of them away.
    #[wasm_bindgen(method)]
    pub(super) fn remove(this: &ProbeListeners, listener: &Listener);

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session"], js_name = set)]
    fn storage_session_set(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session"], js_name = remove)]
    fn storage_session_remove(key: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session"], js_name = getKeys)]
    fn storage_session_get_keys() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = getBadgeText)]
    fn action_get_badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setBadgeText)]
    fn action_set_badge_text(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setBadgeBackgroundColor)]
    fn action_set_badge_background_color(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setTitle)]
    fn action_set_title(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = getPopup)]
    fn action_get_popup(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "action"], js_name = setPopup)]
    fn action_set_popup(details: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "declarativeNetRequest"], js_name = getDynamicRules)]
    fn declarative_get_dynamic_rules(filter: &JsValue) -> Result<JsValue, JsValue>;

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

    /// The sentence with this id, in the language of the browser.
    #[wasm_bindgen(catch, js_namespace = ["browser", "i18n"], js_name = getMessage)]
    pub(super) fn message(id: &str) -> Result<String, JsValue>;

    /// A socket of Sockpin's own.
    #[wasm_bindgen(js_name = WebSocket)]
    pub(super) type OwnSocket;

    #[wasm_bindgen(catch, constructor, js_class = "WebSocket")]
    pub(super) fn new(url: &str) -> Result<OwnSocket, JsValue>;

    #[wasm_bindgen(method, catch, js_class = "WebSocket")]
    pub(super) fn close(this: &OwnSocket, code: u16, reason: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_class = "WebSocket", js_name = addEventListener)]
    pub(super) fn listen(this: &OwnSocket, event: &str, listener: &JsValue) -> Result<(), JsValue>;
    /// The same with what is put in.
    #[wasm_bindgen(catch, js_namespace = ["browser", "i18n"], js_name = getMessage)]
    pub(super) fn message_with(id: &str, arguments: &js_sys::Array) -> Result<String, JsValue>;

    /// Throws where the person has not given the permission.
    #[wasm_bindgen(catch, js_namespace = ["browser", "notifications"], js_name = create)]
    fn notifications_create(id: &str, notification: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = fetch)]
    fn global_fetch(url: &str, options: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = randomUUID)]
    pub(super) fn random_uuid() -> Result<String, JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    pub(super) fn fill_with_random(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

/// A blocking listener of `webRequest`: it is given the details and returns a response, or a promise of one.
pub(super) type Listener = Closure<dyn FnMut(JsValue) -> JsValue>;

pub(super) async fn session_set(items: &JsValue) -> Result<JsValue, JsValue> {
    awaited(storage_session_set(items)).await
}

pub(super) async fn session_remove(key: &str) -> Result<JsValue, JsValue> {
    awaited(storage_session_remove(key)).await
}

/// The names of all that is stored there.
pub(super) async fn session_keys() -> Result<JsValue, JsValue> {
    awaited(storage_session_get_keys()).await
}

/// The address of a tab's popup; an error where there is no such tab.
pub(super) async fn popup(details: &JsValue) -> Result<JsValue, JsValue> {
    awaited(action_get_popup(details)).await
}

pub(super) async fn set_popup(details: &JsValue) -> Result<JsValue, JsValue> {
    awaited(action_set_popup(details)).await
}

pub(super) async fn badge_text(details: &JsValue) -> Result<JsValue, JsValue> {
    awaited(action_get_badge_text(details)).await
}

pub(super) async fn set_badge_text(details: &JsValue) -> Result<JsValue, JsValue> {
    awaited(action_set_badge_text(details)).await
}

pub(super) async fn set_badge_background_color(details: &JsValue) -> Result<JsValue, JsValue> {
    awaited(action_set_badge_background_color(details)).await
}

pub(super) async fn set_title(details: &JsValue) -> Result<JsValue, JsValue> {
    awaited(action_set_title(details)).await
}

/// The declarative rules that this extension has made, and that the browser keeps across its starts: all, or those that
/// `{ruleIds}` names.
pub(super) async fn declared_rules(filter: &JsValue) -> Result<JsValue, JsValue> {
    awaited(declarative_get_dynamic_rules(filter)).await
}

/// `{removeRuleIds, addRules}`, all of it or nothing.
pub(super) async fn declare_rules(update: &JsValue) -> Result<JsValue, JsValue> {
    awaited(declarative_update_dynamic_rules(update)).await
}

pub(super) fn create_notification(
    id: &str,
    notification: &JsValue,
) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    awaited(notifications_create(id, notification))
}

pub(super) async fn clear_alarm(name: &str) -> Result<JsValue, JsValue> {
    awaited(alarms_clear(name)).await
}

pub(super) fn has_permissions(permissions: &JsValue) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    awaited(permissions_contains(permissions))
}

pub(super) fn runs_in_private_windows() -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    awaited(extension_is_allowed_incognito_access())
}

/// Comes back when the browser has dealt with every call that was made before.
pub(super) async fn round_trip() -> Result<JsValue, JsValue> {
    awaited(runtime_get_platform_info()).await
}

/// The promise of an answer.
pub(super) fn begin_fetch(url: &str, options: &JsValue) -> Result<JsValue, JsValue> {
    global_fetch(url, options)
}

pub(super) async fn fetch(url: &str, options: &JsValue) -> Result<JsValue, JsValue> {
    awaited(global_fetch(url, options)).await
}

/// Whether the browser says that this computer is connected to no network.
pub(super) fn is_offline() -> bool {
    property(&property(&js_sys::global(), "navigator"), "onLine").as_bool() == Some(false)
}
