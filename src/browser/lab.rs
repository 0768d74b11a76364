//! The lab, `www/index.html`: it explains, computes pins and tries live sockets. It has no background to talk to. Its
//! module is also what other programs load, for `inspect` and `judge`.

#![expect(unreachable_pub, reason = "wasm-bindgen exports what is `pub`, wherever it stands")]

mod attempts;
mod calculator;
mod exports;
mod markup;

use wasm_bindgen::prelude::*;

use super::convert::to_js_error;
use super::{dom, words};
use crate::error::ProgramError;
use crate::view::catalogue::Catalogue;

/// Runs `www/index.html`. Settles once the lab is ready. `catalogue` is the text of the `messages.json` of the language that was
/// chosen, and `languages` those that the person reads, the first preferred.
#[wasm_bindgen(js_name = labPage)]
pub async fn lab_page(catalogue: String, languages: Vec<String>) -> Result<(), JsValue> {
    dom::report_panics();
    let catalogue =
        Catalogue::parse(&catalogue).map_err(|detail| to_js_error(&ProgramError::Argument { detail }.into()))?;
    words::begin(words::WordSource::Catalogue(catalogue, languages))?;
    markup::translate()?;
    calculator::start()?;
    attempts::start().await?;
    Ok(dom::ready()?)
}
