//! The options page, the popup and the log page. Their markup is in the html files; what repeats is cloned from `<template>`s and filled
//! with text. They draw what is stored, rules and log, and what the background tells them, and hold no state of their own
//! but what is being typed and what is selected. Only the background writes what is stored.

#![expect(unreachable_pub, reason = "wasm-bindgen exports what is `pub`, wherever it stands")]

mod clipboard;
mod confirmation;
mod day_picture;
mod download;
mod entry_copy;
mod explainer;
mod export_section;
mod history_reader;
mod import_items;
mod import_link;
mod import_section;
mod key_comparison;
mod key_rows;
mod known_before;
mod log_clearing;
mod log_entry;
mod log_files;
mod log_filters;
mod log_line;
mod log_lines;
mod log_page;
mod log_reader;
mod log_retention;
mod log_selection;
mod managed_section;
mod masthead;
mod messages;
mod notification_setting;
mod options;
mod pause_menu;
mod picked_certificate;
mod picker;
mod popup;
mod popup_entries;
mod prover;
mod public_suffix;
mod record_reader;
mod rule_card;
mod rule_changes;
mod rule_fields;
mod rule_filters;
mod rule_form;
mod rule_json;
mod rule_keys;
mod rule_list;
mod rule_selection;
mod rule_store;
mod seen_section;
mod seen_store;
mod tab_section;
mod tester;
mod ui;
mod warned_rules;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::dom::{self, JsResult};
use super::{promise, words};

/// Runs `options.html`. Settles once the first data is drawn. `ahead` gives what `start.js` has asked for of the rules.
#[wasm_bindgen(js_name = optionsPage)]
pub fn options_page(ahead: Option<Function>) -> Promise {
    run(options::start(ahead))
}

/// Runs `popup.html`. Settles once the first data is drawn.
#[wasm_bindgen(js_name = popupPage)]
pub fn popup_page() -> Promise {
    run(popup::start())
}

/// Runs `log.html`. Settles once the first data is drawn.
#[wasm_bindgen(js_name = logPage)]
pub fn log_page() -> Promise {
    run(log_page::start())
}

fn run(page: impl Future<Output = JsResult> + 'static) -> Promise {
    promise::of(async move {
        dom::report_panics();
        words::begin(words::WordSource::Extension)?;
        page.await?;
        Ok(JsValue::UNDEFINED)
    })
}
