//! Values across the wasm boundary.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::Error;

/// Plain objects, `null` for none: what JSON would give.
pub(super) fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, Error> {
    value.serialize(&Serializer::json_compatible()).map_err(|error| Error::Argument { detail: error.to_string() })
}

pub(super) fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T, Error> {
    serde_wasm_bindgen::from_value(value).map_err(|error| Error::Argument { detail: error.to_string() })
}

/// A property; `undefined` where there is none, or where the value is no object.
pub(super) fn property(value: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// What the browser rejected or threw, as an [`Error`].
pub(super) fn storage_error(thrown: &JsValue) -> Error {
    let detail = property(thrown, "message").as_string().unwrap_or_else(|| format!("{thrown:?}"));
    Error::Storage { detail }
}

/// A JavaScript `Error` with the stable `code`.
pub(super) fn to_js_error(error: &Error) -> JsValue {
    let thrown = js_sys::Error::new(&crate::view::error::sentence(error));
    // Setting a property of an object that was made a line above cannot fail.
    let _ = js_sys::Reflect::set(&thrown, &JsValue::from_str("code"), &JsValue::from_str(error.code()));
    thrown.into()
}
