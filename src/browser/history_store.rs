//! Who has changed which rule ([`crate::history`]), beside the policy in `storage.local`, under a key of its own: nobody who
//! reads the policy reads it as well, and whatever is in it, the policy is what it is.

use wasm_bindgen::JsValue;

use super::api;
use super::convert::property;
use crate::history::HISTORY;

/// What is kept; empty where there is nothing, or something else than text.
///
/// # Errors
/// Where the browser does not say.
pub(super) async fn load() -> Result<String, JsValue> {
    let items = api::storage_get(HISTORY).await?;
    Ok(api::long_text(&property(&items, HISTORY)).unwrap_or_default())
}
