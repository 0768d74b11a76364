//! Promises and time.

use std::task::{Context, Poll, Waker};

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::api;

/// One that is settled already.
pub(super) fn resolved() -> Promise {
    Promise::resolve(&JsValue::UNDEFINED)
}

/// What a future gives without waiting for anything, else a promise of what it gives later.
pub(super) fn now_or_later(
    future: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Result<JsValue, JsValue> {
    let mut future = Box::pin(future);
    // Nobody is woken by this poll, and nobody need be: the promise begins with another.
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Ok(future_to_promise(future).into()),
    }
}

/// Waits so many milliseconds.
pub(super) async fn after(milliseconds: i32) {
    let time_is_over =
        Promise::new(&mut |resolve, _| drop(api::set_timeout(&resolve, milliseconds, &JsValue::UNDEFINED)));
    // It never rejects.
    let _ = JsFuture::from(time_is_over).await;
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
