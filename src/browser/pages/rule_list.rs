//! The rules as cards: those that are looked for, in the order that is chosen.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use web_sys::HtmlElement;

use super::rule_card::Card;
use super::rule_filters::RuleFilters;
use super::rule_selection::RuleSelection;
use super::rule_store::{RuleStore, current_time};
use super::seen_store::SeenStore;
use super::ui::list::List;
use super::warned_rules::WarnedRules;
use super::{history_reader, record_reader};
use crate::browser::dom::{JsResult, by_id, id};
use crate::browser::part::{Name, Part};
use crate::history::History;
use crate::policy::Layer;
use crate::query::{Listed, RuleOrder, RuleQuery, RuleState};
use crate::record::RecordIndex;
use crate::rule::Rule;
use crate::time::UnixMillis;
use crate::view::search;

/// The user's rules and the administrator's, as far as they are looked for.
pub(super) struct RuleList {
    store: Rc<RuleStore>,
    seen: Rc<SeenStore>,
    records: RefCell<Rc<RecordIndex>>,
    history: RefCell<Rc<History>>,
    user: Rc<List<Card>>,
    managed: Rc<List<Card>>,
    filters: RuleFilters,
    selection: Rc<RuleSelection>,
    /// Which rules were selected when the list was shown last.
    selected: RefCell<Rc<HashSet<String>>>,
    on_selection: RefCell<Option<Rc<dyn Fn() -> JsResult>>>,
    warned: WarnedRules,
    in_order: RefCell<InOrder>,
    /// Whether rules, or what they have decided, are others than those that were put in order.
    is_outdated: Cell<bool>,
    /// The rule in the form.
    edited: RefCell<Option<String>>,
}

/// All rules, so that a keystroke need not sort them.
#[derive(Default)]
struct InOrder {
    order: RuleOrder,
    user: Vec<Arc<Rule>>,
    managed: Vec<Arc<Rule>>,
}

impl RuleList {
    pub(super) fn new(store: Rc<RuleStore>, seen: Rc<SeenStore>) -> JsResult<Rc<Self>> {
        let list = Rc::new(Self {
            store,
            seen,
            records: RefCell::default(),
            history: RefCell::default(),
            user: List::new(by_id(id!("rules"))?)?,
            managed: List::new(by_id(id!("managed-rules"))?)?,
            filters: RuleFilters::new()?,
            selection: RuleSelection::new()?,
            selected: RefCell::default(),
            on_selection: RefCell::default(),
            warned: WarnedRules::default(),
            in_order: RefCell::default(),
            is_outdated: Cell::new(true),
            edited: RefCell::default(),
        });
        let this = Rc::clone(&list);
        list.filters.listen(move || this.search())?;
        let this = Rc::clone(&list);
        list.selection.listen(move || this.show(List::show))?;
        let this = Rc::clone(&list);
        list.store.subscribe(move || {
            this.is_outdated.set(true);
            this.warned.forget();
            Ok(())
        });
        let this = Rc::clone(&list);
        list.seen.subscribe(move || {
            this.warned.forget();
            this.show(List::show)
        });
        Ok(list)
    }

    /// Reads what is kept beside the rules, and goes on reading for as long as the page lives. Not before the rules are shown: with
    /// many of them it takes longer to read than they do.
    pub(super) fn start(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        record_reader::listen(move |records| {
            this.records.replace(Rc::new(records));
            this.is_outdated.set(true);
            this.show(List::show)
        })?;
        let this = Rc::clone(self);
        history_reader::listen(move |history| {
            this.history.replace(history);
            this.show(List::show)
        })
    }

    /// Shows what the store has read; `edited` is the rule in the form. A card that would look the same is left alone: it
    /// must not be exchanged under the pointer for nothing.
    pub(super) fn draw(&self, edited: Option<String>) -> JsResult {
        self.edited.replace(edited);
        self.show(List::show)
    }

    /// Puts the focus on a part of one of the user's rules, which is then shown whatever is looked for.
    pub(super) fn focus(&self, id: &str, part: Name) -> JsResult {
        let now = current_time();
        let is_found = self.store.user().rule(id).is_none_or(|rule| {
            let record = self.records.borrow().of(Layer::User, rule).cloned();
            let query = self.filters.query();
            let is_warned_of = self.is_warned_of(&query, rule, Layer::User, now);
            query.finds(Listed { layer: Layer::User, rule, record: record.as_ref(), is_warned_of }, now)
        });
        if !is_found {
            self.filters.reset();
            self.search()?;
        }
        match self.user.reveal(id)? {
            Some(card) => Ok(Part::of(&card).get::<HtmlElement>(part)?.focus()?),
            None => Ok(()),
        }
    }

    /// Calls this each time that the list is shown with others selected.
    pub(super) fn on_selection(&self, changed: impl Fn() -> JsResult + 'static) {
        self.on_selection.replace(Some(Rc::new(changed)));
    }

    /// The ids of the user's rules that are selected, in the order in which they stand.
    pub(super) fn selected(&self) -> Vec<String> {
        self.selection.ids()
    }

    /// Looked at only where somebody asks for it.
    fn is_warned_of(&self, query: &RuleQuery, rule: &Rule, layer: Layer, now: UnixMillis) -> bool {
        query.state == Some(RuleState::WarnedOf) && self.warned.has(layer, rule, &self.seen.keys(), now)
    }

    fn search(&self) -> JsResult {
        self.show(List::show_from_the_first)
    }

    fn put_in_order(&self, order: RuleOrder, records: &RecordIndex) {
        if !self.is_outdated.replace(false) && self.in_order.borrow().order == order {
            return;
        }
        let sorted = |rules: &[Arc<Rule>], layer| {
            let mut rules = rules.to_vec();
            rules.sort_by_cached_key(|rule| {
                order.place(Listed { layer, rule, record: records.of(layer, rule), is_warned_of: false })
            });
            rules
        };
        self.in_order.replace(InOrder {
            order,
            user: sorted(self.store.user().rules(), Layer::User),
            managed: sorted(self.store.managed().policy.rules(), Layer::Managed),
        });
    }

    fn show(&self, show_in: fn(&List<Card>, Vec<Card>) -> JsResult) -> JsResult {
        let (query, now) = (self.filters.query(), current_time());
        let records = Rc::clone(&self.records.borrow());
        self.put_in_order(self.filters.order(), &records);
        let in_order = self.in_order.borrow();
        let found = |rules: &[Arc<Rule>], layer| -> Vec<Arc<Rule>> {
            // What a rule has decided is looked up only where somebody asks for it.
            let is_found = |rule: &&Arc<Rule>| {
                let record = if query.asks_for_records() { records.of(layer, rule) } else { None };
                let is_warned_of = self.is_warned_of(&query, rule, layer, now);
                query.finds(Listed { layer, rule, record, is_warned_of }, now)
            };
            rules.iter().filter(is_found).cloned().collect()
        };
        let (user, managed) = (found(&in_order.user, Layer::User), found(&in_order.managed, Layer::Managed));
        let total = in_order.user.len() + in_order.managed.len();
        self.filters.say(
            search::outcome(&query, user.len() + managed.len(), total),
            total,
            !in_order.managed.is_empty(),
        )?;
        let selected = self.selection.keep(&user, in_order.user.len())?;
        let seen = self.seen.keys();
        let (edited, history) = (self.edited.borrow(), self.history.borrow());
        let cards = |rules: Vec<Arc<Rule>>, layer| -> Vec<Card> {
            let card = |rule: Arc<Rule>| Card {
                is_edited: layer == Layer::User && edited.as_deref() == Some(rule.id()),
                rule,
                layer,
                selected: Rc::clone(&selected),
                records: Rc::clone(&records),
                history: Rc::clone(&history),
                seen: Rc::clone(&seen),
                now,
                warnings: OnceCell::new(),
            };
            rules.into_iter().map(card).collect()
        };
        show_in(&self.user, cards(user, Layer::User))?;
        show_in(&self.managed, cards(managed, Layer::Managed))?;
        let before = self.selected.replace(Rc::clone(&selected));
        let told = self.on_selection.borrow().clone().filter(|_| before != selected);
        told.map_or(Ok(()), |told| told())
    }
}
