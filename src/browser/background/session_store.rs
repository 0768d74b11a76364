//! `storage.session`: it outlives the event page's sleep, ends with the browser, and is never written to disk.

use js_sys::Object;
use wasm_bindgen::JsValue;

use super::api;
use crate::browser::api::{long_text, session_get};
use crate::browser::convert::{object, property, read_js, storage_error};
use crate::browser::log_database::set;
use crate::browser::policy_store::narrow;
use crate::error::Error;
use crate::fields::Read;

/// A [`crate::overruling::Overruling`].
pub(super) const OVERRULING: &str = "overruling";

/// Whether the seal has been compared with the rules in this session: `true` or nothing.
pub(super) const SEALED: &str = "sealed";

/// What is stored under some keys.
pub(super) struct Items(JsValue);

impl Items {
    /// The value of a key that was asked for. Where it cannot be read there is none.
    pub(super) fn get<T: for<'a> Read<'a>>(&self, key: &'static str) -> Option<T> {
        read_js(&property(&self.0, key)).ok()
    }
}

/// Asks for all of these at once, when it is called.
pub(super) fn load<const N: usize>(keys: [&str; N]) -> impl Future<Output = Items> + use<N> {
    let items = session_get(&keys);
    async move { Items(items.await.unwrap_or_default()) }
}

/// The text under a key; none where there is no text.
pub(super) async fn text(key: &'static str) -> Option<String> {
    let items = session_get(&[key]).await.ok()?;
    long_text(&property(&items, key))
}

/// Stores texts, each under its key, and where that can be with one byte for each character: Firefox counts what it stores.
pub(super) async fn store_texts(texts: &[(String, String)]) -> Result<(), Error> {
    let items = Object::new();
    for (key, text) in texts {
        set(&items, key, &narrow(text)?)?;
    }
    api::session_set(&items).await.map_err(|thrown| storage_error(&thrown))?;
    Ok(())
}

/// Takes away what is stored under this key.
pub(super) async fn remove(key: &str) -> Result<(), Error> {
    api::session_remove(key).await.map_err(|thrown| storage_error(&thrown))?;
    Ok(())
}

/// Stores a value.
pub(super) async fn store(key: &str, value: &JsValue) -> Result<(), Error> {
    api::session_set(&object([(key, value)])).await.map_err(|thrown| storage_error(&thrown))?;
    Ok(())
}
