//! Promises and time.

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use super::api;

/// One that is settled already.
pub(super) fn settled() -> Promise {
    Promise::resolve(&JsValue::UNDEFINED)
}

/// Waits for the promise, but not longer than this; whether it has settled by then, well or badly. It must not be one
/// that resolves to `false`.
pub(super) async fn within(promise: &Promise, milliseconds: i32) -> bool {
    let mut timer = JsValue::UNDEFINED;
    let time_is_over = Promise::new(&mut |resolve, _| {
        timer = api::set_timeout(&resolve, milliseconds, &JsValue::FALSE);
    });
    let first = JsFuture::from(Promise::race(&Array::of2(promise, &time_is_over))).await;
    api::clear_timeout(&timer);
    first != Ok(JsValue::FALSE)
}
