//! What goes on by itself: how long ago something was is said otherwise after a minute.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use crate::browser::dom::{JsResult, document, listen, report, window};

/// Calls this each minute for as long as the page is in sight, and whenever it comes into sight again.
pub(in crate::browser::pages) fn each_minute(then: impl Fn() -> JsResult + 'static) -> JsResult {
    let then: Rc<dyn Fn() -> JsResult> = Rc::new(then);
    let at_once = Rc::clone(&then);
    let minute = Closure::<dyn Fn()>::new(move || {
        if let Err(error) = then() {
            report(&error);
        }
    });
    let timer = Cell::new(None);
    let run = move |is_in_sight: bool| -> JsResult {
        let window = window()?;
        if let Some(running) = timer.take() {
            window.clear_interval_with_handle(running);
        }
        if is_in_sight {
            let callback = minute.as_ref().unchecked_ref();
            timer.set(Some(window.set_interval_with_callback_and_timeout_and_arguments_0(callback, MINUTE_MS)?));
        }
        Ok(())
    };
    run(!document()?.hidden())?;
    listen(document()?.as_ref(), "visibilitychange", move |_| {
        let is_in_sight = !document()?.hidden();
        run(is_in_sight)?;
        if is_in_sight { at_once() } else { Ok(()) }
    })
}

const MINUTE_MS: i32 = 60_000;
