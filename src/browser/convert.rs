//! Values across the wasm boundary.

use std::cell::RefCell;

use js_sys::JSON;
use serde::Serialize;
#[cfg(feature = "lab")]
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::error::{Error, ProgramError, StorageError};
use crate::fields::{self, Read};

/// Plain objects, `null` for none. By way of JSON text: the reader and the writer that the stored policy needs anyway,
/// instead of a second one for every type.
pub(super) fn to_js<T: Serialize + ?Sized>(value: &T) -> Result<JsValue, ProgramError> {
    let json = serde_json::to_string(value).map_err(|error| argument(error.to_string()))?;
    JSON::parse(&json).map_err(|thrown| argument(message_of(&thrown)))
}

/// An object with these properties.
pub(super) fn object<const N: usize>(fields: [(&str, &JsValue); N]) -> JsValue {
    object_of(&fields)
}

fn object_of(fields: &[(&str, &JsValue)]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in fields {
        // Setting a property of an object that was made a line above cannot fail.
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

/// The other way round, field by field.
pub(super) fn read_js<T: for<'a> Read<'a>>(value: &JsValue) -> Result<T, ProgramError> {
    fields::read(&json(value)?).map_err(|error| argument(error.to_string()))
}

/// The same for what the lab alone reads, as serde does it.
#[cfg(feature = "lab")]
pub(super) fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, ProgramError> {
    serde_json::from_str(&json(value)?).map_err(|error| argument(error.to_string()))
}

/// The JSON text of a value.
pub(super) fn json(value: &JsValue) -> Result<String, ProgramError> {
    let json = JSON::stringify(value).map_err(|thrown| argument(message_of(&thrown)))?;
    // What JSON cannot say (`undefined`, a function) gives no text at all.
    json.as_string().ok_or_else(|| argument("not a value of JSON".to_owned()))
}

fn argument(detail: String) -> ProgramError {
    ProgramError::Argument { detail }
}

/// A property; `undefined` where there is none, or where the value is no object. Every event reads a dozen of them, and
/// making a name for JavaScript costs more than reading what it names, so each is made once.
pub(super) fn property(value: &JsValue, name: &'static str) -> JsValue {
    thread_local! {
        /// In alphabetical order.
        static NAMES: RefCell<Vec<(&'static str, JsValue)>> = const { RefCell::new(Vec::new()) };
    }
    let name = NAMES.with_borrow_mut(|names| match names.binary_search_by(|(known, _)| (*known).cmp(name)) {
        Ok(place) => names.get(place).map(|(_, known)| known.clone()),
        Err(place) => {
            let made = JsValue::from_str(name);
            names.insert(place, (name, made.clone()));
            Some(made)
        }
    });
    name.and_then(|name| js_sys::Reflect::get(value, &name).ok()).unwrap_or(JsValue::UNDEFINED)
}

/// What the browser rejected or threw, as an [`Error`].
pub(super) fn storage_error(thrown: &JsValue) -> StorageError {
    StorageError::Failed { detail: message_of(thrown) }
}

pub(super) fn message_of(thrown: &JsValue) -> String {
    property(thrown, "message").as_string().unwrap_or_else(|| format!("{thrown:?}"))
}

/// A JavaScript `Error` with the stable `code`, for programs alone.
pub(super) fn to_js_error(error: &Error) -> JsValue {
    to_js_error_saying(error, error.code())
}

/// The same with a message of its own.
pub(super) fn to_js_error_saying(error: &Error, message: &str) -> JsValue {
    let thrown = js_sys::Error::new(message);
    // Setting a property of an object that was made a line above cannot fail.
    let _ = js_sys::Reflect::set(&thrown, &JsValue::from_str("code"), &JsValue::from_str(error.code()));
    thrown.into()
}
