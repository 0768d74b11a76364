//! The clipboard, to write.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Only from within the handler of a click, before anything is awaited.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "clipboard"], js_name = writeText)]
    fn write_text(text: &str) -> Result<JsValue, JsValue>;
}

/// Copies a text. Firefox is asked before this returns.
pub(super) fn copy(text: &str) -> impl Future<Output = Result<JsValue, JsValue>> + use<> {
    crate::browser::api::awaited(write_text(text))
}
