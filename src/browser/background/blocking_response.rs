//! What a blocking listener of `webRequest` returns.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

use super::headers;
use crate::engine::Answer;
use crate::lock::SEC_WEBSOCKET_KEY;

pub(super) fn blocking_response(answer: &Answer, details: &JsValue) -> Result<JsValue, JsValue> {
    let name = match answer {
        Answer::Proceed => None,
        Answer::Lock(key) => {
            let change = (SEC_WEBSOCKET_KEY, Some(key.as_str().to_owned()));
            return headers::changed(details, headers::OF_REQUEST, &[change]);
        }
        Answer::Bare(key) => {
            let lock = key.iter().map(|key| (SEC_WEBSOCKET_KEY, Some(key.as_str().to_owned())));
            let changes: Vec<_> = OF_PERSON.iter().map(|name| (*name, None)).chain(lock).collect();
            return headers::changed(details, headers::OF_REQUEST, &changes);
        }
        Answer::Unlock(changes) => return headers::changed(details, headers::OF_RESPONSE, changes),
        Answer::Upgrade => Some("upgradeToSecure"),
        Answer::Cancel => Some("cancel"),
    };
    let response = Object::new();
    if let Some(name) = name {
        Reflect::set(&response, &JsValue::from_str(name), &JsValue::TRUE)?;
    }
    Ok(response.into())
}

/// What a socket of Sockpin's own does not bring: the person's cookies and passwords, and an origin that is another for each
/// profile of Firefox.
const OF_PERSON: [&str; 3] = ["Cookie", "Authorization", "Origin"];
