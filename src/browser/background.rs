//! The background page's half of the program: the handlers that `background.js` guards.

mod access;
mod api;
mod batch;
mod blocking_response;
mod button;
mod coalesced;
mod handshake;
mod headers;
mod log_keeping;
mod log_store;
mod log_upgrade;
mod log_writing;
mod notifications;
mod own_requests;
mod page_requests;
mod pausing;
mod private_log_store;
mod probe;
mod proving;
mod queue;
mod reports;
mod request_details;
mod rule_records;
mod seal;
mod sealing;
mod session_store;
mod sightings;
mod state;
mod tab_store;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use self::api::ProbeListeners;
use self::state::State;
use super::convert::{json, to_js, to_js_error};
use super::promise;
use crate::engine::{Engine, Listener};
use crate::lock::{Nonce, SEC_WEBSOCKET_KEY, WebSocketKey};
use crate::message::{PageRequest, Response};

/// What JavaScript holds: an opaque handle on the one engine.
#[wasm_bindgen]
pub struct Background {
    state: Rc<State>,
}

#[wasm_bindgen]
impl Background {
    /// Reads the policy and is ready. `on_panic` is called with the message when this instance dies.
    pub fn start(on_panic: Function, probe_listeners: ProbeListeners) -> Promise {
        report_panics_to(on_panic);
        promise::of(async move {
            let started = State::start(probe_listeners).await;
            started.map(|state| JsValue::from(Self { state })).map_err(|error| to_js_error(&error))
        })
    }

    /// `webRequest.onBeforeRequest`.
    #[wasm_bindgen(js_name = beforeRequest)]
    pub fn before_request(&self, details: JsValue) -> Result<JsValue, JsValue> {
        let state = self.state_at_event();
        promise::now_or_later(async move { state.before_handshake(&details, &Listener::BeforeRequest).await })
    }

    /// `webRequest.onBeforeSendHeaders`.
    #[wasm_bindgen(js_name = beforeSendHeaders)]
    pub fn before_send_headers(&self, details: JsValue) -> Result<JsValue, JsValue> {
        let state = self.state_at_event();
        promise::now_or_later(async move {
            let page_key = || {
                let key = headers::value(&details, headers::OF_REQUEST, SEC_WEBSOCKET_KEY);
                key.map(|key| WebSocketKey::from_header(&key))
            };
            let nonce = || {
                let mut nonce = Nonce::default();
                api::fill_with_random(&mut nonce).ok().map(|_| nonce)
            };
            state.before_handshake(&details, &Listener::BeforeSendHeaders { page_key: &page_key, nonce: &nonce }).await
        })
    }

    /// `webRequest.onHeadersReceived`.
    #[wasm_bindgen(js_name = headersReceived)]
    pub fn headers_received(&self, details: JsValue) -> Result<JsValue, JsValue> {
        promise::now_or_later(self.state_at_event().headers_received(details))
    }

    /// `webRequest.onSendHeaders`: the browser sends the request.
    #[wasm_bindgen(js_name = sendHeaders)]
    pub fn send_headers(&self, details: &JsValue) {
        self.state.observe(details, Engine::sent);
    }

    /// `webRequest.onResponseStarted`: the browser goes on with the answer.
    #[wasm_bindgen(js_name = responseStarted)]
    pub fn response_started(&self, details: &JsValue) {
        let opening = || headers::opening(details);
        self.state.observe(details, |engine, request, now| {
            if request_details::opens(details) {
                engine.opening_answer(request, request_details::status(details), &opening, now)
            } else {
                Vec::new()
            }
        });
    }

    /// `webRequest.onErrorOccurred` and `onCompleted`: the request has ended.
    pub fn ended(&self, details: &JsValue) {
        self.state.ended(details);
    }

    /// The guard has stopped a socket: `reason` is `"deadline"` or `"internal-error"`.
    #[wasm_bindgen(js_name = guardStopped)]
    pub fn guard_stopped(&self, details: JsValue, reason: JsValue) -> Promise {
        promise::of(self.state_at_event().guard_stopped(details, reason))
    }

    /// `runtime.onMessage`.
    pub fn message(&self, message: JsValue) -> Promise {
        let state = self.state_at_event();
        promise::of(async move {
            state.catch_up().await;
            let response = match json(&message).and_then(|message| PageRequest::from_json(&message)) {
                Ok(request) => state.answer(request).await,
                Err(problem) => Response::Failed { problem: problem.into() },
            };
            to_js(&response).map_err(|error| to_js_error(&error.into()))
        })
    }

    /// `tabs.onRemoved` with the tab, and `windows.onRemoved`: what was noted of a tab goes with it, and of private windows with
    /// the last.
    #[wasm_bindgen(js_name = tabsClosed)]
    pub fn tabs_closed(&self, tab: Option<f64>) -> Promise {
        let closed = request_details::tab(tab);
        let state = self.state_at_event();
        promise::of(async move {
            state.forget_what_is_closed(closed).await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `runtime.onInstalled`: Sockpin is new here, or in another version.
    pub fn installed(&self) -> Promise {
        let state = self.state_at_event();
        promise::of(async move {
            state.tabs.mark_earlier_pages().await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// `alarms.onAlarm`, `permissions.onAdded` and `onRemoved`, what `runtime` tells of updates: something else than a socket is
    /// different now.
    pub fn wake(&self) -> Promise {
        let state = self.state_at_event();
        promise::of(async move {
            state.catch_up().await;
            state.refresh_access().await;
            spawn_local(async move { state.send_reports().await });
            Ok(JsValue::UNDEFINED)
        })
    }

    /// For what an event asks.
    fn state_at_event(&self) -> Rc<State> {
        self.state.has_event.set(true);
        Rc::clone(&self.state)
    }
}

/// After a panic the instance is dead (`panic = "abort"`): the guard must know at once, for the promises of this instance
/// will never settle.
fn report_panics_to(on_panic: Function) {
    thread_local! {
        static ON_PANIC: RefCell<Option<Function>> = const { RefCell::new(None) };
    }
    ON_PANIC.with_borrow_mut(|stored| *stored = Some(on_panic));
    std::panic::set_hook(Box::new(|panic| {
        let message = JsValue::from_str(&panic.to_string());
        ON_PANIC.with_borrow(|on_panic| {
            if let Some(on_panic) = on_panic {
                // Nothing is left to do where even this throws; the guard's deadline holds.
                let _ = on_panic.call1(&JsValue::UNDEFINED, &message);
            }
        });
    }));
}
