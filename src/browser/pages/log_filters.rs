//! The controls above the log: what is looked for, and in which order it stands. The page's address keeps it, so that it is still
//! there when the page is loaded again.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, EventTarget, HtmlInputElement, HtmlSelectElement, KeyboardEvent, UrlSearchParams};

use crate::browser::dom::{JsResult, by_id, id, listen, show, window};
use crate::browser::words::say;
use crate::log::Day;
use crate::query::log::{Became, LogOrder, LogQuery};
use crate::query::{Choice, Words};
use crate::time::Date;
use crate::verdict::Reason;
use crate::view::text::Text;

#[derive(Clone)]
pub(super) struct LogFilters {
    search: HtmlInputElement,
    from: HtmlInputElement,
    to: HtmlInputElement,
    unread: HtmlInputElement,
    became: HtmlSelectElement,
    reason: HtmlSelectElement,
    order: HtmlSelectElement,
}

impl LogFilters {
    /// As the page's address says.
    pub(super) fn new() -> JsResult<Self> {
        let filters = Self {
            search: by_id(id!("search"))?,
            from: by_id(id!("filter-from"))?,
            to: by_id(id!("filter-to"))?,
            unread: by_id(id!("filter-unread"))?,
            became: by_id(id!("filter-outcome"))?,
            reason: by_id(id!("filter-reason"))?,
            order: by_id(id!("sort"))?,
        };
        let address = window()?.location().hash()?;
        let kept = UrlSearchParams::new_with_str(address.trim_start_matches('#'))?;
        for (name, field) in filters.typed() {
            field.set_value(&kept.get(name).unwrap_or_default());
        }
        filters.unread.set_checked(kept.get(UNREAD).is_some());
        for (name, choice) in filters.choices() {
            let Some(value) = kept.get(name) else { continue };
            choice.set_value(&value);
            // What is no choice chooses nothing.
            if choice.selected_index() < 0 {
                choice.set_selected_index(0);
            }
        }
        Ok(filters)
    }

    /// Calls this each time that something else is looked for, or is to stand in another order.
    pub(super) fn listen(&self, changed: impl Fn() -> JsResult + Clone + 'static) -> JsResult {
        let (this, on_change) = (self.clone(), changed.clone());
        listen(&by_id::<EventTarget>(id!("log-search"))?, "input", move |_| {
            this.keep();
            on_change()
        })?;
        let (this, on_change) = (self.clone(), changed.clone());
        listen(&self.search, "keydown", move |event| {
            let is_escape = event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape");
            if is_escape && !this.search.value().is_empty() {
                event.prevent_default();
                this.search.set_value("");
                this.keep();
                on_change()?;
            }
            Ok(())
        })?;
        let this = self.clone();
        listen(&by_id::<EventTarget>(id!("reset-filters"))?, "click", move |_| {
            this.reset();
            this.search.focus()?;
            changed()
        })
    }

    pub(super) fn query(&self) -> LogQuery {
        let day = |field: &HtmlInputElement| Date::parse(&field.value()).ok().map(Day::of);
        LogQuery {
            words: Words::new(&self.search.value()),
            became: Became::named(&self.became.value()),
            reason: Reason::named(&self.reason.value()),
            from: day(&self.from),
            to: day(&self.to),
            unread: self.unread.checked(),
        }
    }

    pub(super) fn order(&self) -> LogOrder {
        LogOrder::named(&self.order.value()).unwrap_or_default()
    }

    /// Says what is found.
    pub(super) fn say(outcome: Option<&Text>) -> JsResult {
        show(id!("reset-filters"), outcome.is_some())?;
        let said: Element = by_id(id!("search-outcome"))?;
        let words = outcome.map(say).unwrap_or_default();
        // What is said already is not read out again.
        if said.text_content().unwrap_or_default() != words {
            said.set_text_content(Some(&words));
        }
        Ok(())
    }

    /// Looks for nothing any longer. The order stays.
    fn reset(&self) {
        for (_, field) in self.typed() {
            field.set_value("");
        }
        self.unread.set_checked(false);
        for choice in [&self.became, &self.reason] {
            choice.set_value("");
        }
        self.keep();
    }

    fn typed(&self) -> [(&'static str, &HtmlInputElement); 3] {
        [("search", &self.search), ("from", &self.from), ("to", &self.to)]
    }

    fn choices(&self) -> [(&'static str, &HtmlSelectElement); 3] {
        [("outcome", &self.became), ("reason", &self.reason), ("sort", &self.order)]
    }

    /// Keeps it in the page's address. A browser that is told too often refuses for a while, and is told with the next.
    fn keep(&self) {
        let _ = self.write_address();
    }

    fn write_address(&self) -> JsResult {
        let kept = UrlSearchParams::new()?;
        let typed = self.typed().map(|(name, field)| (name, field.value()));
        let choices = self.choices().map(|(name, choice)| (name, choice.value()));
        let is_default = |name: &str, value: &str| value.is_empty() || (name == "sort" && value == "newest");
        for (name, value) in typed.into_iter().chain(choices) {
            if !is_default(name, &value) {
                kept.append(name, &value);
            }
        }
        if self.unread.checked() {
            kept.append(UNREAD, "");
        }
        let address = format!("#{}", String::from(kept.to_string()));
        window()?.history()?.replace_state_with_url(&JsValue::NULL, "", Some(&address))
    }
}

/// Under which the page's address has that only what is new is looked for.
const UNREAD: &str = "new";
