//! One after the other: work that reads, changes and writes must not be interleaved with its own kind.

use std::cell::RefCell;
use std::future::Future;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// A queue. Work starts when all that was queued before it has ended, well or badly.
pub(super) struct Serial {
    last: RefCell<Promise>,
}

impl Serial {
    pub(super) fn new() -> Self {
        Self { last: RefCell::new(Promise::resolve(&JsValue::UNDEFINED)) }
    }

    /// Queues the work, and gives its end.
    pub(super) fn run(&self, work: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
        let before = self.last.borrow().clone();
        let promise = future_to_promise(async move {
            // How the one before ended is its own matter.
            let _ = JsFuture::from(before).await;
            work.await
        });
        *self.last.borrow_mut() = promise.clone();
        promise
    }
}
