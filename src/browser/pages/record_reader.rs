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
    let listener = Closure::<dyn FnMut(JsValue)>::new(move |changes: JsValue| {
        let change = property(&changes, RECORDS);
        if change.is_undefined() {
            return;
        }
        if let Err(error) = changed(index(&property(&change, "newValue"))) {
            report(&error);
        }
    });
    add_change_listener(&listener)?;
    listener.forget();
    spawn(async move {
        // A rule can be read without what it has decided.
        let kept = api::storage_get(RECORDS).await.unwrap_or_default();
        let text = property(&kept, RECORDS);
        if text.is_undefined() { Ok(()) } else { handler(index(&text)) }
    });
    Ok(())
}

fn index(text: &JsValue) -> RecordIndex {
    RecordIndex::new(Records::from_text(&api::long_text(text).unwrap_or_default()))
}
