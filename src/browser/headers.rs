//! The headers of a `webRequest` event: `[{name, value}, …]`, as `requestHeaders` or `responseHeaders`.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::convert::property;

/// Names in the order of the event; compared without regard to case (RFC 9110 section 5.1).
pub(super) const WEBSOCKET_KEY: &str = "Sec-WebSocket-Key";
pub(super) const WEBSOCKET_ACCEPT: &str = "Sec-WebSocket-Accept";
/// The event's lists.
pub(super) const OF_REQUEST: &str = "requestHeaders";
pub(super) const OF_RESPONSE: &str = "responseHeaders";

/// The first value of a header; none where the event has no such header, or no headers.
pub(super) fn value(details: &JsValue, list: &str, name: &str) -> Option<String> {
    let headers = property(details, list).dyn_into::<Array>().ok()?;
    headers.iter().find(|header| is_named(header, name)).and_then(|header| property(&header, "value").as_string())
}

/// An answer that gives a header another value, and leaves all others as they are.
pub(super) fn replaced(details: &JsValue, list: &str, name: &str, value: &str) -> Result<JsValue, JsValue> {
    let others = property(details, list).dyn_into::<Array>()?;
    let headers = others.filter(&mut |header, _, _| !is_named(&header, name));
    headers.push(&object([("name", &JsValue::from_str(name)), ("value", &JsValue::from_str(value))]));
    Ok(object([(list, &headers)]))
}

fn is_named(header: &JsValue, name: &str) -> bool {
    property(header, "name").as_string().is_some_and(|other| other.eq_ignore_ascii_case(name))
}

fn object<const N: usize>(fields: [(&str, &JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a property of an object that was made a line above cannot fail.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}
