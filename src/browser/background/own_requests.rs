//! Listeners for requests of Sockpin's own: there only while such a request is under way, so that nothing else wakes or delays
//! anything, and taken away when this is dropped.

use js_sys::Object;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::api::{Listener, ProbeListeners};
use crate::browser::convert::{object, to_js, to_js_error};

/// A blocking listener that has been added.
pub(super) struct OwnListener {
    registry: ProbeListeners,
    listener: Listener,
}

/// The requests of which the browser tells. No pattern has a port, and whose request it is must be looked at in any case.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnRequests {
    urls: [&'static str; 1],
    types: [&'static str; 1],
    tab_id: i32,
}

impl OwnRequests {
    pub(super) const PROBES: Self = Self::of("https://*/*", "xmlhttprequest");
    pub(super) const SOCKETS: Self = Self::of("wss://*/*", "websocket");

    const fn of(urls: &'static str, kind: &'static str) -> Self {
        // A background belongs to no tab.
        Self { urls: [urls], types: [kind], tab_id: -1 }
    }
}

impl OwnListener {
    /// Of the event with this name.
    pub(super) fn add(
        registry: &ProbeListeners,
        event: &str,
        requests: &OwnRequests,
        answer: impl FnMut(JsValue) -> JsValue + 'static,
    ) -> Result<Self, JsValue> {
        let filter = to_js(requests).map_err(|error| to_js_error(&error.into()))?;
        let listener = Listener::new(answer);
        registry.add(event, &listener, &filter)?;
        Ok(Self { registry: registry.clone(), listener })
    }
}

impl Drop for OwnListener {
    fn drop(&mut self) {
        self.registry.remove(&self.listener);
    }
}

/// Nothing is to be done about it.
pub(super) fn go_on() -> JsValue {
    Object::new().into()
}

/// It is to be stopped.
pub(super) fn cancel() -> JsValue {
    object([("cancel", &JsValue::TRUE)])
}
