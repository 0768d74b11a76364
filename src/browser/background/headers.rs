//! The headers of a `webRequest` event: `[{name, value}, …]`, as `requestHeaders` or `responseHeaders`.

use js_sys::{Array, JsString};
use wasm_bindgen::{JsCast, JsValue};

use crate::browser::convert::{object, property};
use crate::lock::{OpeningHeaders, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS};

/// The lists of an event.
pub(super) const OF_REQUEST: &str = "requestHeaders";
pub(super) const OF_RESPONSE: &str = "responseHeaders";

/// The values of a header, joined as one list (RFC 9110 section 5.3); none where the event has no such header, or no
/// headers.
pub(super) fn value(details: &JsValue, list: &'static str, name: &str) -> Option<String> {
    let headers = property(details, list).dyn_into::<Array>().ok()?;
    let values = headers.iter().filter(|header| is_named(header, name));
    values.filter_map(|header| property(&header, "value").as_string()).reduce(|all, next| format!("{all},{next}"))
}

/// Those of an answer that open a socket.
pub(super) fn opening(details: &JsValue) -> OpeningHeaders {
    OpeningHeaders {
        accept: value(details, OF_RESPONSE, SEC_WEBSOCKET_ACCEPT),
        extensions: value(details, OF_RESPONSE, SEC_WEBSOCKET_EXTENSIONS),
    }
}

/// An answer that gives headers other values, or takes them out, and leaves all others as they are.
pub(super) fn changed(
    details: &JsValue,
    list: &'static str,
    changes: &[(&'static str, Option<String>)],
) -> Result<JsValue, JsValue> {
    let all = property(details, list).dyn_into::<Array>()?;
    let headers = all.filter(&mut |header, _, _| !changes.iter().any(|(name, _)| is_named(&header, name)));
    for (name, value) in changes {
        if let Some(value) = value {
            headers.push(&object([("name", &JsValue::from_str(name)), ("value", &JsValue::from_str(value))]));
        }
    }
    Ok(object([(list, &headers)]))
}

/// Names are compared without regard to case (RFC 9110 section 5.1); the text of one of another length is not even read.
fn is_named(header: &JsValue, name: &str) -> bool {
    let other = property(header, "name");
    other.dyn_ref::<JsString>().is_some_and(|other| {
        usize::try_from(other.length()) == Ok(name.len()) && String::from(other).eq_ignore_ascii_case(name)
    })
}
