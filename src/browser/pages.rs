//! The pages: the options page, the popup and the lab. Their markup is in the html files; what repeats is cloned from
//! `<template>`s and filled with text. They draw what is stored, rules and log, and what the background tells them, and hold
//! no state of their own but what is being typed. Only the background writes what is stored.

#![expect(unreachable_pub, reason = "wasm-bindgen exports what is `pub`, wherever it stands")]

mod dom;
mod files;

#[cfg(feature = "pages")]
mod background;
#[cfg(feature = "pages")]
mod confirmation;
#[cfg(feature = "pages")]
mod entry;
#[cfg(feature = "pages")]
mod key_rows;
#[cfg(feature = "pages")]
mod log_reader;
#[cfg(feature = "pages")]
mod managed;
#[cfg(feature = "pages")]
mod masthead;
#[cfg(feature = "pages")]
mod options;
#[cfg(feature = "pages")]
mod pausing;
#[cfg(feature = "pages")]
mod popup;
#[cfg(feature = "pages")]
mod rule_fields;
#[cfg(feature = "pages")]
mod rule_form;
#[cfg(feature = "pages")]
mod rule_keys;
#[cfg(feature = "pages")]
mod rule_list;

#[cfg(feature = "lab")]
mod calculator;
#[cfg(feature = "lab")]
mod lab;
#[cfg(feature = "lab")]
mod sockets;

use wasm_bindgen::prelude::*;

/// Runs `options.html`. Settles once the first data is drawn.
#[cfg(feature = "pages")]
#[wasm_bindgen(js_name = optionsPage)]
pub async fn options_page() -> Result<(), JsValue> {
    dom::report_panics();
    options::start().await
}

/// Runs `popup.html`. Settles once the first data is drawn.
#[cfg(feature = "pages")]
#[wasm_bindgen(js_name = popupPage)]
pub async fn popup_page() -> Result<(), JsValue> {
    dom::report_panics();
    popup::start().await
}

/// Runs the lab, `www/index.html`. It has no background to talk to.
#[cfg(feature = "lab")]
#[wasm_bindgen(js_name = labPage)]
pub async fn lab_page() -> Result<(), JsValue> {
    dom::report_panics();
    lab::start().await
}
