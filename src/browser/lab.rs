//! The lab, `www/index.html`: it explains, computes pins and tries live sockets. It has no background to talk to. Its
//! module is also what other programs load, for `inspect` and `judge`.

#![expect(unreachable_pub, reason = "wasm-bindgen exports what is `pub`, wherever it stands")]

mod calculator;
mod face;
mod sockets;

use wasm_bindgen::prelude::*;

use super::dom;

/// Runs `www/index.html`. Settles once the lab is ready.
#[wasm_bindgen(js_name = labPage)]
pub async fn lab_page() -> Result<(), JsValue> {
    dom::report_panics();
    calculator::start()?;
    sockets::start().await?;
    dom::ready()
}
