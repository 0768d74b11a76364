//! The toolbar button: how many sockets this tab had blocked, and whether Sockpin works at all.
//!
//! The browser holds the count: the badge's own text, which it drops when the tab goes to another page and keeps while
//! the event page sleeps. There is no second copy of it.

use std::cell::RefCell;

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::api;
use super::queue::Queue;
use crate::browser::api::tabs;
use crate::browser::convert::{property, to_js};
use crate::button::{ButtonState, one_more};

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tab_id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'a str>,
}

/// The toolbar button, as it is on every tab.
pub(super) struct Button {
    /// Two sockets blocked at once count two.
    changes: Queue,
    /// What every tab shows, once that has been said.
    shown: RefCell<Option<ButtonState>>,
}

impl Button {
    pub(super) fn new() -> Self {
        Self { changes: Queue::new(), shown: RefCell::default() }
    }

    /// One more in this tab. A tab that has been closed meanwhile has no badge and needs none.
    pub(super) fn count(&self, tab: i32) {
        // What is said on every tab must not be hidden by a number.
        if self.shown.borrow().as_ref().is_some_and(|state| !state.text.is_empty()) {
            return;
        }
        spawn_local(self.changes.run(async move {
            let of_tab = Details { tab_id: Some(tab), ..Details::default() };
            let Ok(shown) = api::badge_text(&to_js(&of_tab).unwrap_or_default()).await else {
                return;
            };
            let text = one_more(&shown.as_string().unwrap_or_default());
            let change = Details { tab_id: Some(tab), text: Some(&text), ..Details::default() };
            let _ = api::set_badge_text(&to_js(&change).unwrap_or_default()).await;
        }));
    }

    /// Says the same on every tab. Where that is something, no count of a tab may hide it.
    pub(super) fn show(&self, state: ButtonState) {
        if self.shown.borrow().as_ref() == Some(&state) {
            return;
        }
        self.shown.replace(Some(state));
        // Where one of these fails, the others say what they can.
        spawn_local(self.changes.run(async move {
            let text = Details { text: Some(state.text), ..Details::default() };
            let _ = api::set_badge_text(&to_js(&text).unwrap_or_default()).await;
            // An empty title is the manifest's own.
            let title = state.title.and_then(|id| api::message(id).ok());
            let title = Details { title: Some(title.as_deref().unwrap_or_default()), ..Details::default() };
            let _ = api::set_title(&to_js(&title).unwrap_or_default()).await;
            let colour = Details { color: Some(state.colour), ..Details::default() };
            let _ = api::set_badge_background_color(&to_js(&colour).unwrap_or_default()).await;
            if !state.text.is_empty() {
                // Where that fails, a number stands in one tab that says as much.
                let _ = clear_counts().await;
            }
        }));
    }
}

/// A text of `null` gives a tab the common one again.
async fn clear_counts() -> Result<(), JsValue> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Cleared {
        tab_id: i32,
        text: Option<&'static str>,
    }
    let tabs = tabs(&js_sys::Object::new()).await?;
    for tab in Array::from(&tabs) {
        let Some(tab_id) = super::request_details::tab(property(&tab, "id").as_f64()) else {
            continue;
        };
        let cleared = to_js(&Cleared { tab_id, text: None }).unwrap_or_default();
        // It may have been closed meanwhile.
        let _ = api::set_badge_text(&cleared).await;
    }
    Ok(())
}
