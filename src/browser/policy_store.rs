//! The user's policy in `storage.local`, as JSON text: as an object it would take the browser five to ten times as long to
//! read and to write. A record that cannot be read is kept aside and never overwritten by itself, and one
//! that is gone is missed.

use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;

use super::api;
use super::convert::storage_error;
use super::stored_marker;
use crate::error::{Error, PolicyError, StorageError};
use crate::time::UnixMillis;

const KEY: &str = "policy";

/// The stored record as JSON text; none where nothing has ever been stored.
///
/// Asks when it is called. Pages read it as well; the background alone writes, the marker too.
pub(super) fn load() -> impl Future<Output = Result<Option<String>, Error>> + use<> {
    let record = stored();
    async move { text_of(&record.await?) }
}

fn text_of(record: &JsValue) -> Result<Option<String>, Error> {
    if record.is_undefined() {
        return if stored_marker::is_set() { Err(PolicyError::Lost.into()) } else { Ok(None) };
    }
    if let Some(text) = api::long_text(record) {
        return Ok(Some(text));
    }
    // As earlier versions stored it. The next change makes it text.
    let text = JSON::stringify(record).map_err(|thrown| storage_error(&thrown))?;
    // None here would say that nothing has ever been stored.
    let text =
        api::long_text(&text).ok_or_else(|| StorageError::Failed { detail: "the policy is no JSON".to_owned() })?;
    Ok(Some(text))
}

/// Stores a record in place of the one that is there.
pub(super) async fn store(record: &str) -> Result<(), StorageError> {
    set(KEY, &narrow(record)?).await?;
    stored_marker::set();
    Ok(())
}

/// As a text with one byte for each character, where that can be: `JSON.parse` makes such a one, the decoder of UTF-8 one with
/// two. Firefox stores it in a third of the time and reads it in half.
fn narrow(text: &str) -> Result<JsValue, StorageError> {
    let quoted = serde_json::to_string(text).map_err(|error| StorageError::Failed { detail: error.to_string() })?;
    JSON::parse(&quoted).map_err(|thrown| storage_error(&thrown))
}

/// Copies the stored record to a key of its own, where nothing else writes.
pub(super) async fn set_aside(now: UnixMillis) -> Result<(), StorageError> {
    let record = stored().await?;
    if record.is_undefined() {
        return Ok(());
    }
    set(&format!("{KEY}-set-aside-{}", now.as_millis()), &record).await
}

/// The record as it is; `undefined` only where the browser has looked and there is none.
fn stored() -> impl Future<Output = Result<JsValue, StorageError>> + use<> {
    let items = api::storage_get(KEY);
    async move {
        let items = items.await.map_err(|thrown| storage_error(&thrown))?;
        if !items.is_object() {
            return Err(StorageError::Failed { detail: "storage.local answered with no object".to_owned() });
        }
        Reflect::get(&items, &JsValue::from_str(KEY)).map_err(|thrown| storage_error(&thrown))
    }
}

async fn set(key: &str, value: &JsValue) -> Result<(), StorageError> {
    let items = Object::new();
    Reflect::set(&items, &JsValue::from_str(key), value).map_err(|thrown| storage_error(&thrown))?;
    api::storage_set(&items).await.map(|_| ()).map_err(|thrown| storage_error(&thrown))
}
