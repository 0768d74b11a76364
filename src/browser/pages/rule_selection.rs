//! Which of the user's rules are selected, and the bar that says so. Only what is found can be: nobody changes what they do not
//! see.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, MouseEvent};

use crate::browser::dom::{JsResult, by_id, id, listen, listen_at, show};
use crate::browser::part::{part, part_around};
use crate::browser::words::say;
use crate::rule::Rule;
use crate::view::changed_rules::selected;

pub(super) struct RuleSelection {
    all: HtmlInputElement,
    /// The rules that are found, in the order in which they stand.
    found: RefCell<Vec<Arc<Rule>>>,
    ids: RefCell<Rc<HashSet<String>>>,
    /// The rule that was selected last: a range begins at it.
    anchor: RefCell<Option<String>>,
    has_any: Cell<bool>,
}

impl RuleSelection {
    pub(super) fn new() -> JsResult<Rc<Self>> {
        Ok(Rc::new(Self {
            all: by_id(id!("select-all"))?,
            found: RefCell::default(),
            ids: RefCell::default(),
            anchor: RefCell::default(),
            has_any: Cell::new(false),
        }))
    }

    /// Calls this each time that other rules are selected.
    pub(super) fn listen(self: &Rc<Self>, changed: impl Fn() -> JsResult + Clone + 'static) -> JsResult {
        let (this, on_change) = (Rc::clone(self), changed.clone());
        listen(&self.all, "change", move |_| {
            let found = this.found.borrow();
            let ids = if this.all.checked() {
                found.iter().map(|rule| rule.id().to_owned()).collect()
            } else {
                HashSet::new()
            };
            drop(found);
            this.ids.replace(Rc::new(ids));
            on_change()
        })?;
        let this = Rc::clone(self);
        listen_at(id!("rules"), "click", move |event| {
            let clicked = part_around(&event, part!("selected")).map(|part| part.root().clone());
            let Some(checkbox) = clicked.and_then(|clicked| clicked.dyn_into::<HtmlInputElement>().ok()) else {
                return Ok(());
            };
            let rule = part_around(&event, part!("rule")).and_then(|rule| rule.root().dataset().get("rule"));
            let is_range = event.dyn_ref::<MouseEvent>().is_some_and(MouseEvent::shift_key);
            if let Some(rule) = rule {
                this.select(rule, checkbox.checked(), is_range);
            }
            changed()
        })
    }

    /// The rules that are selected, in the order in which they stand.
    pub(super) fn ids(&self) -> Vec<String> {
        let (found, ids) = (self.found.borrow(), self.ids.borrow());
        found.iter().map(|rule| rule.id()).filter(|id| ids.contains(*id)).map(str::to_owned).collect()
    }

    /// Keeps what is found, of so many rules, and says how many that are. The ids of the selected.
    pub(super) fn keep(&self, found: &[Arc<Rule>], total: usize) -> JsResult<Rc<HashSet<String>>> {
        self.found.replace(found.to_vec());
        if !self.ids.borrow().is_empty() {
            self.ids.replace(Rc::new(self.ids().into_iter().collect()));
        }
        let ids = Rc::clone(&self.ids.borrow());
        self.all.set_checked(!ids.is_empty() && ids.len() == found.len());
        self.all.set_indeterminate(!ids.is_empty() && ids.len() < found.len());
        show(id!("selection"), total > 1 && !found.is_empty())?;
        // What is done with them is not hidden below the pointer that has just done it.
        show(id!("selection-actions"), !ids.is_empty())?;
        let count = (!ids.is_empty()).then(|| say(&selected(ids.len())));
        if count.is_some() || self.has_any.get() {
            by_id::<Element>(id!("selection-count"))?.set_text_content(count.as_deref());
        }
        self.has_any.set(count.is_some());
        Ok(ids)
    }

    fn select(&self, rule: String, is_selected: bool, is_range: bool) {
        let mut ids = HashSet::clone(&self.ids.borrow());
        let range = is_range.then(|| self.range_to(&rule)).flatten();
        for id in range.unwrap_or_else(|| vec![rule.clone()]) {
            if is_selected {
                ids.insert(id)
            } else {
                ids.remove(&id)
            };
        }
        self.ids.replace(Rc::new(ids));
        self.anchor.replace(Some(rule));
    }

    /// From the one that was selected last to this one, both included.
    fn range_to(&self, rule: &str) -> Option<Vec<String>> {
        let (found, anchor) = (self.found.borrow(), self.anchor.borrow());
        let place = |id: &str| found.iter().position(|rule| rule.id() == id);
        let (one, other) = (place(anchor.as_deref()?)?, place(rule)?);
        let range = found.get(one.min(other)..=one.max(other))?;
        Some(range.iter().map(|rule| rule.id().to_owned()).collect())
    }
}
