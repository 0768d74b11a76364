//! What an administrator has set: `storage.managed`, which the browser fills from its enterprise policies.

use js_sys::{JSON, Object};
use wasm_bindgen::{JsCast, JsValue};

use super::api;
use super::convert::{message_of, storage_error};
use crate::error::Error;

/// What Firefox rejects with where there is no policy for this extension.
const NO_POLICY: &str = "Managed storage manifest not found";

/// The administrator's policy as JSON text; none where there is none, or where the browser (Android's) has no such
/// storage. Any other failure is one: rules that may be there must not be passed over.
///
/// Asks when it is called.
pub(super) fn load() -> impl Future<Output = Result<Option<String>, Error>> + use<> {
    let asked = api::managed_get();
    async move {
        match asked {
            Some(asked) => text_of(asked.await),
            None => Ok(None),
        }
    }
}

fn text_of(answer: Result<JsValue, JsValue>) -> Result<Option<String>, Error> {
    let items = match answer {
        Ok(items) => items,
        Err(thrown) if message_of(&thrown).contains(NO_POLICY) => return Ok(None),
        Err(thrown) => return Err(storage_error(&thrown)),
    };
    let Some(items) = items.dyn_ref::<Object>() else {
        return Err(Error::Storage { detail: "storage.managed answered with no object".to_owned() });
    };
    if Object::keys(items).length() == 0 {
        return Ok(None);
    }
    JSON::stringify(items).map(|text| Some(String::from(text))).map_err(|thrown| storage_error(&thrown))
}
