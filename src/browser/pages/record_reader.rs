//! What each rule has decided, as the background keeps it: read now, and again each time that it has changed.

use wasm_bindgen::prelude::*;

use crate::browser::api;
use crate::browser::convert::property;
use crate::browser::dom::{JsResult, report, spawn};
use crate::record::{RECORDS, RecordIndex, Records};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "storage", "local", "onChanged"], js_name = addListener)]
    fn add_change_listener(listener: &Closure<dyn FnMut(JsValue)>) -> Result<(), JsValue>;
}

/// Calls the handler with all that is kept, if there is anything, and with each that takes its place.
pub(super) fn listen(handler: impl Fn(RecordIndex) -> JsResult + Clone + 'static) -> JsResult {
    let changed = handler.clone();
    listen_to(RECORDS, move |text| changed(index(text)))?;
    spawn(async move {
        let text = load_text(RECORDS).await;
        if text.is_empty() { Ok(()) } else { handler(index(&text)) }
    });
    Ok(())
}

/// All that is kept.
pub(super) async fn load() -> RecordIndex {
    index(&load_text(RECORDS).await)
}

/// The text under a key; nothing where it cannot be read: a rule can be read without what it has decided.
pub(super) async fn load_text(key: &'static str) -> String {
    let kept = api::storage_get(key).await.unwrap_or_default();
    api::long_text(&property(&kept, key)).unwrap_or_default()
}

/// Calls the handler with each text that is stored under a key from now on.
pub(super) fn listen_to(key: &'static str, handler: impl Fn(&str) -> JsResult + 'static) -> JsResult {
    let listener = Closure::<dyn FnMut(JsValue)>::new(move |changes: JsValue| {
        let change = property(&changes, key);
        if change.is_undefined() {
            return;
        }
        let text = api::long_text(&property(&change, "newValue")).unwrap_or_default();
        if let Err(error) = handler(&text) {
            report(&error);
        }
    });
    add_change_listener(&listener)?;
    listener.forget();
    Ok(())
}

fn index(text: &str) -> RecordIndex {
    RecordIndex::new(Records::from_text(text))
}
