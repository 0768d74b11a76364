//! Bindings of the `browser.*` API, as far as it is used.
//!
//! Each call may throw at once, reject later, or answer with no promise at all; [`awaited`] makes one thing of the three. A
//! function that is not `async` makes its call when it is called, and not when its answer is first awaited.

use js_sys::{Array, JsString, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::convert::{property, read_js};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "webRequest"], js_name = getSecurityInfo)]
    fn get_security_info(request_id: &str, options: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = get)]
    fn storage_local_get(key: &str) -> Result<JsValue, JsValue>;

    #[cfg(feature = "pages")]
    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = getKeys)]
    fn storage_local_get_keys() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local"], js_name = set)]
    fn storage_local_set(items: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "managed"], js_name = get)]
    fn storage_managed_get() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "session"], js_name = get)]
    fn storage_session_get(keys: &Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(thread_local_v2, js_namespace = ["browser"], js_name = storage)]
    static STORAGE: JsValue;

    #[wasm_bindgen(catch, js_namespace = ["browser", "tabs"], js_name = query)]
    fn tabs_query(filter: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["browser", "runtime"], js_name = sendMessage)]
    fn runtime_send_message(message: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["browser", "runtime", "onMessage"], js_name = addListener)]
    pub(super) fn add_message_listener(listener: &Closure<dyn FnMut(JsValue)>);

    /// The item of this name; none where there is no such item.
    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = getItem)]
    pub(super) fn local_item(key: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(catch, js_namespace = localStorage, js_name = setItem)]
    pub(super) fn set_local_item(key: &str, value: &str) -> Result<(), JsValue>;

    /// Makes UTF-8 of text.
    type TextEncoder;

    #[wasm_bindgen(constructor)]
    fn new() -> TextEncoder;

    /// `{read, written}`: units of the text, bytes.
    #[wasm_bindgen(method, catch, js_name = encodeInto)]
    fn encode_into(this: &TextEncoder, text: &JsValue, bytes: &mut [u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &js_sys::Function, milliseconds: i32, argument: &JsValue) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: &JsValue);
}

/// `getSecurityInfo(requestId, {certificateChain, rawDER})`.
pub(super) fn security_info(
    request_id: &str,
    options: &JsValue,
) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    awaited(get_security_info(request_id, options))
}

pub(super) fn storage_get(key: &str) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    awaited(storage_local_get(key))
}

/// The names of all that is stored.
#[cfg(feature = "pages")]
pub(super) async fn storage_keys() -> Result<JsValue, JsValue> {
    awaited(storage_local_get_keys()).await
}

pub(super) async fn storage_set(items: &JsValue) -> Result<JsValue, JsValue> {
    awaited(storage_local_set(items)).await
}

/// What an administrator has set; none where this browser knows no such thing.
pub(super) fn managed_get() -> Option<impl Future<Output = Result<JsValue, JsValue>> + use<>> {
    let exists = STORAGE.with(|storage| property(storage, "managed").is_object());
    exists.then(|| awaited(storage_managed_get()))
}

/// What lasts until the browser is started again, under these keys. Asks when it is called.
pub(super) fn session_get(keys: &[&str]) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    awaited(storage_session_get(&keys.iter().copied().map(JsValue::from_str).collect::<Array>()))
}

pub(super) async fn tabs(filter: &JsValue) -> Result<JsValue, JsValue> {
    awaited(tabs_query(filter)).await
}

/// To every other page of the extension; rejects where there is none.
pub(super) async fn send_to_extension(message: &JsValue) -> Result<JsValue, JsValue> {
    awaited(runtime_send_message(message)).await
}

/// A long text at once: the generated bindings take one character after the other, in code that has just been loaded and
/// is not optimised yet. It is written into Rust's memory at once: a copy in JavaScript would stay there until long
/// after the background sleeps. None where the value is no text.
pub(super) fn long_text(value: &JsValue) -> Option<String> {
    let units = usize::try_from(value.dyn_ref::<JsString>()?.length()).ok()?;
    // Most of it is ASCII, one byte a unit of UTF-16. None has more than three.
    [units.checked_add(units / 8)?, units.checked_mul(3)?].into_iter().find_map(|room| {
        let mut bytes = vec![0; room];
        let encoded = TextEncoder::new().encode_into(value, &mut bytes).ok()?;
        let count = |name| read_js(&property(&encoded, name)).ok();
        bytes.truncate(count("written")?);
        if count("read")? == units { String::from_utf8(bytes).ok() } else { None }
    })
}

pub(super) fn awaited(called: Result<JsValue, JsValue>) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    let answer = called.map(|answer| JsFuture::from(Promise::resolve(&answer)));
    async move { answer?.await }
}
