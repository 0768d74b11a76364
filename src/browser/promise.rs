//! Promises and time.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::api;

/// One that is settled already.
pub(super) fn resolved() -> Promise {
    Promise::resolve(&JsValue::UNDEFINED)
}

/// A promise of what a future gives, which begins now. Whatever the future is, the code that makes a promise of it is the same.
pub(super) fn of(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    of_boxed(Box::pin(future))
}

fn of_boxed(future: Boxed) -> Promise {
    future_to_promise(future)
}

type Boxed = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// What a future gives without waiting for anything, else a promise of what it gives later.
pub(super) fn now_or_later(
    future: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Result<JsValue, JsValue> {
    let mut future: Boxed = Box::pin(future);
    // Nobody is woken by this poll, and nobody need be: the promise begins with another.
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Ok(of_boxed(future).into()),
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
