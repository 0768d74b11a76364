//! What an administrator has set: `storage.managed`, which the browser fills from its enterprise policies.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use super::api;
use super::convert::{message_of, property, storage_error};
use crate::error::StorageError;
use crate::limits::MAX_LISTED_MANAGED_RULES;

/// What Firefox rejects with where there is no policy for this extension.
const NO_POLICY: &str = "Managed storage manifest not found";

/// The administrator's policy as JSON text; none where there is none, or where the browser (Android's) has no such
/// storage. Any other failure is an error: rules that may be there must not be passed over.
///
/// Asks when it is called.
pub(super) fn load() -> impl Future<Output = Result<Option<String>, StorageError>> + use<> {
    let asked = api::managed_get();
    async move {
        match asked {
            Some(asked) => text_of(asked.await),
            None => Ok(None),
        }
    }
}

fn text_of(answer: Result<JsValue, JsValue>) -> Result<Option<String>, StorageError> {
    let items = match answer {
        Ok(items) => items,
        Err(thrown) if message_of(&thrown).contains(NO_POLICY) => return Ok(None),
        Err(thrown) => return Err(storage_error(&thrown)),
    };
    let Some(items) = items.dyn_ref::<Object>() else {
        return Err(StorageError::Failed { detail: "storage.managed answered with no object".to_owned() });
    };
    if Object::keys(items).length() == 0 {
        return Ok(None);
    }
    cut(items)?;
    let text = JSON::stringify(items).map_err(|thrown| storage_error(&thrown))?;
    // None here would say that there is no policy.
    let text = api::long_text(&text)
        .ok_or_else(|| StorageError::Failed { detail: "storage.managed is no JSON".to_owned() })?;
    Ok(Some(text))
}

/// Cuts a list that is too long to one rule more than the limit: the rest would be refused, but only after it was made
/// into text and read.
fn cut(items: &Object) -> Result<(), StorageError> {
    let most = u32::try_from(MAX_LISTED_MANAGED_RULES).unwrap_or(u32::MAX).saturating_add(1);
    match property(items, RULES).dyn_ref::<Array>() {
        Some(rules) if rules.length() > most => Reflect::set(items, &JsValue::from_str(RULES), &rules.slice(0, most))
            .map(drop)
            .map_err(|thrown| storage_error(&thrown)),
        _ => Ok(()),
    }
}

const RULES: &str = "rules";
