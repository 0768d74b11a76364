//! The toolbar button: what has become of the sockets of this tab, and whether Sockpin works at all.
//!
//! The browser holds what a tab shows, drops it when the tab goes to another page and keeps it while the event page sleeps.
//! A stop is counted at once; the rest follows what is kept of the tab ([`super::tab_store`]).

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::api;
use super::queue::Queue;
use crate::browser::api::tabs;
use crate::browser::convert::{object, property};
use crate::button::{ButtonState, TabButton, beside_badge, one_more, tab_button};
use crate::tab_sockets::{TabSummary, tab_of_popup};

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
            let _ = count_one_more(tab).await;
        }));
    }

    /// Says what has become of a tab's sockets. Nothing of it hides what is said on every tab, and the stops are counted already
    /// unless that had hidden the badge.
    pub(super) fn show_of_tab(self: &Rc<Self>, tab: i32, summary: TabSummary, was_hidden: bool) {
        let this = Rc::clone(self);
        spawn_local(self.changes.run(async move {
            if this.shown.borrow().as_ref().is_some_and(|state| !state.text.is_empty()) {
                return;
            }
            // The tab may have been closed meanwhile.
            let _ = set_of_tab(tab, tab_button(summary), was_hidden).await;
        }));
    }

    /// Says the same on every tab. Where that is something, nothing of a tab may hide it. Whether tabs may say again what
    /// they said before.
    pub(super) fn show(&self, state: ButtonState) -> bool {
        if self.shown.borrow().as_ref() == Some(&state) {
            return false;
        }
        let before = self.shown.replace(Some(state));
        // Where one of these fails, the others say what they can.
        spawn_local(self.changes.run(async move {
            let of_all = |name, value| object([(name, &JsValue::from_str(value))]);
            let _ = api::set_badge_text(&of_all("text", state.text)).await;
            // An empty title is the manifest's own.
            let title = state.title.and_then(|id| api::message(id).ok());
            let _ = api::set_title(&of_all("title", title.as_deref().unwrap_or_default())).await;
            let _ = api::set_badge_background_color(&of_all("color", state.colour)).await;
            if !state.text.is_empty() {
                // Where that fails, a number stands in one tab that says as much.
                let _ = clear_tabs().await;
            }
        }));
        state.text.is_empty() && before.is_some_and(|before| !before.text.is_empty())
    }
}

async fn count_one_more(tab: i32) -> Result<(), JsValue> {
    let shown = api::badge_text(&of_tab(tab)?).await?.as_string().unwrap_or_default();
    api::set_badge_text(&part_of_tab(tab, "text", Some(&one_more(&shown)))?).await.map(drop)
}

/// What one tab shows, where it is not what every tab does. The tab may go to another page at any moment: what would then stand
/// on that one is taken away again.
async fn set_of_tab(tab: i32, kept: Option<TabButton>, was_hidden: bool) -> Result<(), JsValue> {
    let shown = api::badge_text(&of_tab(tab)?).await?.as_string().unwrap_or_default();
    let button = if was_hidden && shown.is_empty() { kept } else { beside_badge(kept, &shown) };
    let Some(button) = button else {
        return set_parts(tab, [None; 3]).await;
    };
    let text = button.text();
    let is_counted = text == shown;
    if !is_counted {
        api::set_badge_text(&part_of_tab(tab, "text", Some(&text))?).await?;
    }
    let number = |number: u64| JsValue::from(number.to_string());
    let title = api::message_with(button.title, &Array::of2(&number(button.count), &number(button.opened)))?;
    set_title_and_colour(tab, Some(&title), Some(button.colour)).await?;
    match shows_noted_page(tab).await? {
        true => Ok(()),
        false if is_counted => set_title_and_colour(tab, None, None).await,
        false => set_parts(tab, [None; 3]).await,
    }
}

/// Whether the page of a tab is the one that what is kept of the tab is about. An error where there is no such tab.
pub(super) async fn shows_noted_page(tab: i32) -> Result<bool, JsValue> {
    Ok(tab_of_popup(&popup(tab).await?).is_some())
}

/// The address of a tab's popup.
pub(super) async fn popup(tab: i32) -> Result<String, JsValue> {
    Ok(api::popup(&of_tab(tab)?).await?.as_string().unwrap_or_default())
}

/// Text, title and colour of one tab; without one, the tab shows what every tab does.
async fn set_parts(tab: i32, [text, title, colour]: [Option<&str>; 3]) -> Result<(), JsValue> {
    api::set_badge_text(&part_of_tab(tab, "text", text)?).await?;
    set_title_and_colour(tab, title, colour).await
}

async fn set_title_and_colour(tab: i32, title: Option<&str>, colour: Option<&str>) -> Result<(), JsValue> {
    api::set_title(&part_of_tab(tab, "title", title)?).await?;
    api::set_badge_background_color(&part_of_tab(tab, "color", colour)?).await.map(drop)
}

/// `{tabId}`.
pub(super) fn of_tab(tab: i32) -> Result<JsValue, JsValue> {
    let details = Object::new();
    Reflect::set(&details, &JsValue::from_str("tabId"), &JsValue::from(tab))?;
    Ok(details.into())
}

/// `{tabId}`, and what that tab is to have for itself; `null` gives it again what every tab has.
pub(super) fn part_of_tab(tab: i32, name: &str, value: Option<&str>) -> Result<JsValue, JsValue> {
    let details = of_tab(tab)?;
    Reflect::set(&details, &JsValue::from_str(name), &value.map_or(JsValue::NULL, JsValue::from_str))?;
    Ok(details)
}

/// Every tab shows the same.
async fn clear_tabs() -> Result<(), JsValue> {
    let tabs = tabs(&Object::new()).await?;
    for tab in Array::from(&tabs) {
        let Some(tab_id) = super::request_details::tab(property(&tab, "id").as_f64()) else {
            continue;
        };
        // It may have been closed meanwhile.
        let _ = set_parts(tab_id, [None; 3]).await;
    }
    Ok(())
}
