//! The controls above the log: what is looked for, and in which order it stands. The page's address keeps it, so that it is still
//! there when the page is loaded again.

use std::rc::Rc;

use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::ui::address;
use crate::browser::dom::{Id, JsResult, by_id, id, listen, listen_at, show};
use crate::browser::part::{Part, part, part_around, say_in};
use crate::browser::url_host::url_host;
use crate::browser::words::say;
use crate::log::{Day, Entry};
use crate::query::log_query::{Became, LogOrder, LogQuery};
use crate::query::{Choice, SearchWords};
use crate::time::Date;
use crate::verdict::Reason;
use crate::view::log::{only_host, only_page};
use crate::view::text::Text;

pub(super) struct LogFilters {
    search: HtmlInputElement,
    from: HtmlInputElement,
    to: HtmlInputElement,
    unread: HtmlInputElement,
    became: HtmlSelectElement,
    reason: HtmlSelectElement,
    order: HtmlSelectElement,
    /// What can be chosen in an entry alone: that one, and none but that.
    host: Only,
    page: Only,
}

/// One host or one page that is looked for.
struct Only {
    /// Its name in the page's address, and in the buttons that choose it.
    name: &'static str,
    /// What is chosen; nobody sees this field.
    field: HtmlInputElement,
    /// What is shown while one is chosen, the sentence in it, and the button that takes it back.
    shown: Id,
    sentence: Id,
    remove: HtmlElement,
    says: fn(&str) -> Text,
}

impl Only {
    fn draw(&self) -> JsResult {
        let chosen = self.field.value();
        show(self.shown, !chosen.is_empty())?;
        say_in(self.sentence, &(self.says)(&chosen))
    }

    /// A button that chooses this one. What is too long for an address has none.
    fn button(&self, value: &str) -> Option<JsResult<Part>> {
        let draw = || {
            let button = Part::copy(id!("only-template"))?;
            button.root().dataset().set("only", self.name)?;
            button.root().dataset().set("value", value)?;
            button.root().set_text_content(Some(&say(&(self.says)(value))));
            Ok(button)
        };
        (!value.is_empty() && value.len() <= MAX_CHOSEN_BYTES).then(draw)
    }
}

impl LogFilters {
    /// As the page's address says.
    pub(super) fn new() -> JsResult<Rc<Self>> {
        let filters = Self {
            search: by_id(id!("search"))?,
            from: by_id(id!("filter-from"))?,
            to: by_id(id!("filter-to"))?,
            unread: by_id(id!("filter-unread"))?,
            became: by_id(id!("filter-outcome"))?,
            reason: by_id(id!("filter-reason"))?,
            order: by_id(id!("sort"))?,
            host: Only {
                name: "host",
                field: by_id(id!("filter-host"))?,
                shown: id!("only-host"),
                sentence: id!("only-host-text"),
                remove: by_id(id!("only-host-remove"))?,
                says: only_host,
            },
            page: Only {
                name: "page",
                field: by_id(id!("filter-page"))?,
                shown: id!("only-page"),
                sentence: id!("only-page-text"),
                remove: by_id(id!("only-page-remove"))?,
                says: only_page,
            },
        };
        let kept = address::take_over(&filters.typed(), &filters.choices())?;
        filters.unread.set_checked(kept.get(UNREAD).is_some());
        filters.draw_chosen()?;
        Ok(Rc::new(filters))
    }

    /// Calls this each time that something else is looked for, or is to stand in another order.
    pub(super) fn listen(self: &Rc<Self>, changed: impl Fn() -> JsResult + Clone + 'static) -> JsResult {
        let (this, on_change) = (Rc::clone(self), changed.clone());
        listen_at(id!("log-search"), "input", move |_| {
            this.keep();
            on_change()
        })?;
        let (this, on_change) = (Rc::clone(self), changed.clone());
        address::empty_with_escape(&self.search, move || {
            this.keep();
            on_change()
        })?;
        let (this, on_change) = (Rc::clone(self), changed.clone());
        listen_at(id!("log"), "click", move |event| match this.choose(&event)? {
            Some(remove) => {
                on_change()?;
                Ok(remove.focus()?)
            }
            None => Ok(()),
        })?;
        for only in [&self.host, &self.page] {
            let (this, field, on_change) = (Rc::clone(self), only.field.clone(), changed.clone());
            listen(&only.remove, "click", move |_| {
                field.set_value("");
                this.keep();
                this.draw_chosen()?;
                this.search.focus()?;
                on_change()
            })?;
        }
        let this = Rc::clone(self);
        listen_at(id!("reset-filters"), "click", move |_| {
            this.reset()?;
            this.search.focus()?;
            changed()
        })
    }

    /// Offers to show the entries of an entry's host alone, and those of its pages, below all else that is in its body.
    pub(super) fn offer(&self, entry: &Entry, body: &Part) -> JsResult {
        let pages = entry.tally.pages.iter().filter_map(|opened| opened.page.as_deref()).take(MAX_PAGES_OFFERED);
        let pages = pages.filter_map(|page| self.page.button(page));
        let choices = Part::copy(id!("entry-filters-template"))?;
        choices.fill(self.host.button(&entry.violation.host).into_iter().chain(pages))?;
        body.append(&choices)
    }

    /// Takes over what a button in an entry chooses. The button that takes it back, where it was such a button.
    fn choose(&self, event: &Event) -> JsResult<Option<HtmlElement>> {
        let Some(button) = part_around(event, part!("only")) else { return Ok(None) };
        let chosen = button.root().dataset();
        let Some(only) =
            [&self.host, &self.page].into_iter().find(|only| chosen.get("only").as_deref() == Some(only.name))
        else {
            return Ok(None);
        };
        only.field.set_value(&chosen.get("value").unwrap_or_default());
        self.keep();
        self.draw_chosen()?;
        Ok(Some(only.remove.clone()))
    }

    fn draw_chosen(&self) -> JsResult {
        [&self.host, &self.page].into_iter().try_for_each(Only::draw)
    }

    pub(super) fn query(&self) -> LogQuery {
        let day = |field: &HtmlInputElement| Date::parse(&field.value()).ok().map(Day::of);
        let chosen = |only: &Only| Some(only.field.value()).filter(|value| !value.is_empty());
        LogQuery {
            words: SearchWords::new(&self.search.value(), &url_host),
            host: chosen(&self.host),
            page: chosen(&self.page),
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
    fn reset(&self) -> JsResult {
        for (_, field) in self.typed() {
            field.set_value("");
        }
        self.unread.set_checked(false);
        for choice in [&self.became, &self.reason] {
            choice.set_value("");
        }
        self.keep();
        self.draw_chosen()
    }

    fn typed(&self) -> [(&'static str, &HtmlInputElement); 5] {
        let [host, page] = [&self.host, &self.page].map(|only| (only.name, &only.field));
        [("search", &self.search), ("from", &self.from), ("to", &self.to), host, page]
    }

    fn choices(&self) -> [(&'static str, &HtmlSelectElement); 3] {
        [("outcome", &self.became), ("reason", &self.reason), ("sort", &self.order)]
    }

    fn keep(&self) {
        address::keep(&self.typed(), &self.choices(), self.unread.checked().then_some(UNREAD));
    }
}

/// Of so many of its pages an entry offers to show what they have opened alone.
const MAX_PAGES_OFFERED: usize = 5;
/// What is longer does not fit into the page's address.
const MAX_CHOSEN_BYTES: usize = 2_000;
/// Under which the page's address has that only what is new is looked for.
const UNREAD: &str = "new";
