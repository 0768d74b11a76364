//! The toolbar badge: how many sockets this tab had blocked, and whether Sockpin works at all.
//!
//! The browser holds the count: the badge's own text, which it drops when the tab goes to another page and keeps while
//! the event page sleeps. There is no second copy of it.

use serde::Serialize;
use wasm_bindgen::JsValue;

use super::api;
use super::convert::to_js;
use super::serial::Serial;

/// Past this it says so and no more: a badge holds four characters.
const MOST_SHOWN: u32 = 999;
const PROBLEM: &str = "!";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tab_id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

/// The badge of every tab.
pub(super) struct Badge {
    /// Two sockets blocked at once count two.
    changes: Serial,
}

impl Badge {
    pub(super) fn new() -> Self {
        Self { changes: Serial::new() }
    }

    /// One more in this tab. A tab that has been closed meanwhile has no badge and needs none.
    pub(super) fn count(&self, tab: i32) {
        let _ = self.changes.run(async move {
            let of_tab = Details { tab_id: Some(tab), text: None, title: None };
            let shown = api::badge_text(&to_js(&of_tab).unwrap_or_default()).await?;
            let counted = shown.as_string().and_then(|text| text.trim_end_matches('+').parse().ok()).unwrap_or(0u32);
            let text = match counted.saturating_add(1) {
                count if count > MOST_SHOWN => format!("{MOST_SHOWN}+"),
                count => count.to_string(),
            };
            let change = Details { tab_id: Some(tab), text: Some(&text), title: None };
            api::set_badge_text(&to_js(&change).unwrap_or_default()).await
        });
    }

    /// Says on every tab whether sockets can be judged at all.
    pub(super) fn show_state(&self, problem: Option<String>) {
        let _ = self.changes.run(async move {
            let text = problem.as_ref().map_or("", |_| PROBLEM);
            let badge = Details { tab_id: None, text: Some(text), title: None };
            api::set_badge_text(&to_js(&badge).unwrap_or_default()).await?;
            // An empty title is the manifest's own.
            let title = Details { tab_id: None, text: None, title: Some(problem.as_deref().unwrap_or_default()) };
            api::set_title(&to_js(&title).unwrap_or(JsValue::UNDEFINED)).await
        });
    }
}
