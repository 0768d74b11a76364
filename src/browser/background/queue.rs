//! One after the other: work that reads, changes and writes must not be interleaved with its own kind.

use std::cell::RefCell;
use std::future::Future;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

use crate::browser::promise;

/// A queue. Work starts when all that was queued before it has ended, well or badly. Only the turns are promises: what
/// the work gives stays a value of Rust.
pub(super) struct Queue {
    last: RefCell<Promise>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { last: RefCell::new(promise::resolved()) }
    }

    /// Queues the work now; it is done while the future that this gives is polled.
    pub(super) fn run<T, W>(&self, work: W) -> impl Future<Output = T> + use<T, W>
    where
        W: Future<Output = T>,
    {
        let turn = self.turn();
        async move {
            // Ends when this future does, also where it is dropped.
            let _turn = turn.await;
            work.await
        }
    }

    /// The next turn, queued now: whoever awaits it has it until they drop it.
    fn turn(&self) -> impl Future<Output = Turn> + use<> {
        let mut turn = Turn { end: None };
        let ended = Promise::new(&mut |resolve, _| turn.end = Some(resolve));
        let before = JsFuture::from(self.last.replace(ended));
        async move {
            // A turn never rejects.
            let _ = before.await;
            turn
        }
    }
}

/// A place in the queue, until it is dropped.
struct Turn {
    end: Option<Function>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(end) = &self.end {
            // The function that settles a promise does not throw.
            let _ = end.call0(&JsValue::UNDEFINED);
        }
    }
}
