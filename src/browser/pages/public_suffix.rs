//! The list of suffixes below which registries sell names ([publicsuffix.org](https://publicsuffix.org/)), as Firefox has it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["browser", "publicSuffix"], js_name = isKnownSuffix)]
    fn is_known_suffix(hostname: &str) -> Result<bool, JsValue>;
}

/// Whether anybody may get a name directly below this one. Not where Firefox cannot tell: it only leads to a warning.
pub(super) fn is_registry_suffix(hostname: &str) -> bool {
    is_known_suffix(hostname).unwrap_or(false)
}
