//! The controls above the list of rules: what is looked for, and in which order it stands. The page's address keeps it, so that
//! it is still there when the page is loaded again.

use web_sys::{Element, HtmlInputElement, HtmlSelectElement};

use super::ui::address;
use crate::browser::dom::{JsResult, by_id, id, listen_at, show};
use crate::browser::url_host::url_host;
use crate::browser::words::say;
use crate::policy::Layer;
use crate::query::{Choice, LastMatch, RuleOrder, RuleQuery, RuleState, SearchWords};
use crate::rule::Mode;
use crate::view::text::Text;

#[derive(Clone)]
pub(super) struct RuleFilters {
    search: HtmlInputElement,
    mode: HtmlSelectElement,
    layer: HtmlSelectElement,
    state: HtmlSelectElement,
    matched: HtmlSelectElement,
    order: HtmlSelectElement,
}

impl RuleFilters {
    /// As the page's address says.
    pub(super) fn new() -> JsResult<Self> {
        let filters = Self {
            search: by_id(id!("search"))?,
            mode: by_id(id!("filter-mode"))?,
            layer: by_id(id!("filter-layer"))?,
            state: by_id(id!("filter-state"))?,
            matched: by_id(id!("filter-matched"))?,
            order: by_id(id!("sort"))?,
        };
        address::take_over(&[(SEARCH, &filters.search)], &filters.choices())?;
        Ok(filters)
    }

    /// Calls this each time that something else is looked for, or is to stand in another order.
    pub(super) fn listen(&self, changed: impl Fn() -> JsResult + Clone + 'static) -> JsResult {
        let (this, on_change) = (self.clone(), changed.clone());
        listen_at(id!("rule-search"), "input", move |_| {
            this.keep();
            on_change()
        })?;
        let (this, on_change) = (self.clone(), changed.clone());
        address::empty_with_escape(&self.search, move || {
            this.keep();
            on_change()
        })?;
        let this = self.clone();
        listen_at(id!("reset-filters"), "click", move |_| {
            this.reset();
            this.search.focus()?;
            changed()
        })
    }

    pub(super) fn query(&self) -> RuleQuery {
        RuleQuery {
            words: SearchWords::new(&self.search.value(), &url_host),
            mode: Mode::named(&self.mode.value()),
            layer: Layer::named(&self.layer.value()),
            state: RuleState::named(&self.state.value()),
            matched: LastMatch::named(&self.matched.value()),
        }
    }

    pub(super) fn order(&self) -> RuleOrder {
        RuleOrder::named(&self.order.value()).unwrap_or_default()
    }

    /// Looks for nothing any longer. The order stays.
    pub(super) fn reset(&self) {
        self.search.set_value("");
        for choice in [&self.mode, &self.layer, &self.state, &self.matched] {
            choice.set_value("");
        }
        self.keep();
    }

    /// Says what is found, and offers what can be looked for among so many rules.
    pub(super) fn say(&self, outcome: Option<Text>, total: usize, are_managed: bool) -> JsResult {
        let is_asked = outcome.is_some();
        // What is asked for can be taken back wherever it hides something.
        show(id!("rule-search"), total >= SEARCHED || is_asked)?;
        show(id!("filter-layer-field"), are_managed || !self.layer.value().is_empty())?;
        show(id!("reset-filters"), is_asked)?;
        by_id::<Element>(id!("search-outcome"))?.set_text_content(outcome.map(|outcome| say(&outcome)).as_deref());
        Ok(())
    }

    fn choices(&self) -> [(&'static str, &HtmlSelectElement); 5] {
        [
            ("mode", &self.mode),
            ("layer", &self.layer),
            ("state", &self.state),
            ("matched", &self.matched),
            ("sort", &self.order),
        ]
    }

    fn keep(&self) {
        address::keep(&[(SEARCH, &self.search)], &self.choices(), None);
    }
}

/// From so many rules on they can be searched.
const SEARCHED: usize = 10;
/// Under which the page's address has what is typed.
const SEARCH: &str = "search";
