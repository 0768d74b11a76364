//! The user's policy in `storage.local`, as JSON text: as an object it would take the browser five to ten times as long to
//! read and to write. A record that cannot be read is kept aside and never overwritten by itself, and one
//! that is gone is missed.

#[cfg(feature = "pages")]
use std::cmp::Reverse;

#[cfg(feature = "pages")]
use js_sys::{Array, Function, Promise};
use js_sys::{JSON, Object, Reflect};
use wasm_bindgen::JsValue;
#[cfg(feature = "pages")]
use wasm_bindgen_futures::JsFuture;

use super::api;
use super::convert::storage_error;
use super::stored_marker;
use crate::error::{Error, PolicyError, StorageError};
use crate::history::HISTORY;
use crate::time::UnixMillis;

const KEY: &str = "policy";
const SET_ASIDE: &str = "policy-set-aside-";

/// The stored record as JSON text; none where nothing has ever been stored.
///
/// Asks when it is called. Pages read it as well; the background alone writes, the marker too.
pub(super) fn load() -> impl Future<Output = Result<Option<String>, Error>> + use<> {
    let record = stored();
    async move { text_of(&record.await?) }
}

/// The same, where a page has asked `storage.local` ahead: `ahead` gives the answer that is on its way, or nothing where that is
/// no longer true. To be called once the page hears of changes itself.
#[cfg(feature = "pages")]
pub(super) async fn load_ahead(ahead: Option<Function>) -> Result<Option<String>, Error> {
    let answer = ahead.and_then(|ahead| ahead.call0(&JsValue::UNDEFINED).ok());
    let items = JsFuture::from(Promise::resolve(&answer.unwrap_or_default())).await.unwrap_or_default();
    if items.is_object() { text_of(&record_in(&items)?) } else { load().await }
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

/// Stores a record in place of the one that is there, and in the same step what has led to it.
pub(super) async fn store(record: &str, history: Option<&str>) -> Result<(), StorageError> {
    let items = Object::new();
    put(&items, KEY, &narrow(record)?)?;
    if let Some(history) = history {
        put(&items, HISTORY, &narrow(history)?)?;
    }
    api::storage_set(&items).await.map_err(|thrown| storage_error(&thrown))?;
    stored_marker::set();
    Ok(())
}

/// As a text with one byte for each character, where that can be: `JSON.parse` makes such a one, the decoder of UTF-8 one with
/// two. Firefox stores it in a third of the time and reads it in half.
pub(super) fn narrow(text: &str) -> Result<JsValue, StorageError> {
    let quoted = serde_json::to_string(text).map_err(|error| StorageError::Failed { detail: error.to_string() })?;
    JSON::parse(&quoted).map_err(|thrown| storage_error(&thrown))
}

/// Copies the stored record to a key of its own, where nothing else writes.
pub(super) async fn set_aside(now: UnixMillis) -> Result<(), StorageError> {
    let record = stored().await?;
    if record.is_undefined() {
        return Ok(());
    }
    set(&format!("{SET_ASIDE}{}", now.as_millis()), &record).await
}

/// When policies were set aside, the latest first.
#[cfg(feature = "pages")]
pub(super) async fn times_of_set_aside() -> Result<Vec<UnixMillis>, StorageError> {
    let keys = api::storage_keys().await.map_err(|thrown| storage_error(&thrown))?;
    let keys = Array::from(&keys);
    let time = |key: JsValue| key.as_string()?.strip_prefix(SET_ASIDE)?.parse().ok().map(UnixMillis::new);
    let mut times: Vec<_> = keys.iter().filter_map(time).collect();
    times.sort_by_cached_key(|time| Reverse(*time));
    Ok(times)
}

/// A policy that was set aside, as it was stored.
#[cfg(feature = "pages")]
pub(super) async fn load_set_aside(time: UnixMillis) -> Result<String, StorageError> {
    let key = format!("{SET_ASIDE}{}", time.as_millis());
    let items = api::storage_get(&key).await.map_err(|thrown| storage_error(&thrown))?;
    let record = Reflect::get(&items, &JsValue::from_str(&key)).map_err(|thrown| storage_error(&thrown))?;
    let text = match api::long_text(&record) {
        Some(text) => Some(text),
        None => api::long_text(&JSON::stringify(&record).map_err(|thrown| storage_error(&thrown))?.into()),
    };
    text.ok_or_else(|| StorageError::Failed { detail: "it is no longer there".to_owned() })
}

/// The record as it is; `undefined` only where the browser has looked and there is none.
fn stored() -> impl Future<Output = Result<JsValue, StorageError>> + use<> {
    let items = api::storage_get(KEY);
    async move {
        let items = items.await.map_err(|thrown| storage_error(&thrown))?;
        if !items.is_object() {
            return Err(StorageError::Failed { detail: "storage.local answered with no object".to_owned() });
        }
        record_in(&items)
    }
}

fn record_in(items: &JsValue) -> Result<JsValue, StorageError> {
    Reflect::get(items, &JsValue::from_str(KEY)).map_err(|thrown| storage_error(&thrown))
}

async fn set(key: &str, value: &JsValue) -> Result<(), StorageError> {
    let items = Object::new();
    put(&items, key, value)?;
    api::storage_set(&items).await.map(|_| ()).map_err(|thrown| storage_error(&thrown))
}

fn put(items: &Object, key: &str, value: &JsValue) -> Result<(), StorageError> {
    Reflect::set(items, &JsValue::from_str(key), value).map(drop).map_err(|thrown| storage_error(&thrown))
}
