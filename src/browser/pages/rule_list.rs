//! The rules as cards, and the search in them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::rule_keys;
use super::rule_store::{RuleStore, today};
use super::ui::list::{Item, List};
use super::ui::notices::set_notices;
use crate::browser::dom::{Fallible, by_id, id, listen, show};
use crate::browser::part::{Name, Part, part};
use crate::browser::words::say;
use crate::policy::Layer;
use crate::rule::query::RuleQuery;
use crate::rule::{Rule, RuleDocument};
use crate::time::UnixMillis;
use crate::view::rule as words;
use crate::view::search;

/// The user's rules and the administrator's, as far as they fit what is searched for.
pub(super) struct RuleList {
    store: Rc<RuleStore>,
    user: Rc<List<Card>>,
    managed: Rc<List<Card>>,
    search: HtmlInputElement,
    /// The rule in the form.
    edited: RefCell<Option<String>>,
}

impl RuleList {
    pub(super) fn new(store: Rc<RuleStore>) -> Fallible<Rc<Self>> {
        let list = Rc::new(Self {
            store,
            user: List::new(by_id(id!("rules"))?)?,
            managed: List::new(by_id(id!("managed-rules"))?)?,
            search: by_id(id!("search"))?,
            edited: RefCell::default(),
        });
        let this = Rc::clone(&list);
        listen(&list.search, "input", move |_| this.search())?;
        let this = Rc::clone(&list);
        listen(&list.search, "keydown", move |event| {
            let is_escape = event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape");
            if is_escape && !this.search.value().is_empty() {
                event.prevent_default();
                this.search.set_value("");
                this.search()?;
            }
            Ok(())
        })?;
        Ok(list)
    }

    /// Shows what the store has read; `edited` is the rule in the form. A card that would look the same is left alone: it
    /// must not be exchanged under the pointer for nothing.
    pub(super) fn draw(&self, edited: Option<String>) -> Fallible {
        self.edited.replace(edited);
        self.show(List::show)
    }

    /// Puts the focus on a button of one of the user's rules, which is then shown whatever is searched for.
    pub(super) fn focus(&self, id: &str, button: Name) -> Fallible {
        let is_found = self.store.user().rule(id).is_none_or(|rule| self.query().matches(rule));
        if !is_found {
            self.search.set_value("");
            self.search()?;
        }
        match self.user.reveal(id)? {
            Some(card) => Part::of(&card).get::<HtmlElement>(button)?.focus(),
            None => Ok(()),
        }
    }

    fn search(&self) -> Fallible {
        self.show(List::show_from_the_first)
    }

    fn query(&self) -> RuleQuery {
        RuleQuery::new(&self.search.value())
    }

    fn show(&self, show_in: impl Fn(&Rc<List<Card>>, Vec<Card>) -> Fallible) -> Fallible {
        let (query, now) = (self.query(), today());
        let edited = self.edited.borrow();
        let cards = |rules: &[Arc<Rule>], layer| -> Vec<Card> {
            let found = rules.iter().filter(|rule| query.matches(rule));
            let card = |rule: &Arc<Rule>| Card {
                rule: Arc::clone(rule),
                layer,
                is_edited: layer == Layer::User && edited.as_deref() == Some(rule.id()),
                now,
            };
            found.map(card).collect()
        };
        let (user, managed) = (self.store.user(), self.store.managed());
        let (user, managed) = (user.rules(), managed.policy.rules());
        let total = user.len() + managed.len();
        let (user, managed) = (cards(user, Layer::User), cards(managed, Layer::Managed));
        let found = user.len() + managed.len();
        // What is typed can be taken back wherever it hides something.
        show(id!("rule-search"), total >= SEARCHED || !query.is_empty())?;
        let outcome = search::outcome(&query, found, total);
        by_id::<Element>(id!("search-outcome"))?.set_text_content(outcome.map(|outcome| say(&outcome)).as_deref());
        show_in(&self.user, user)?;
        show_in(&self.managed, managed)
    }
}

/// From so many rules on they can be searched.
const SEARCHED: usize = 10;

struct Card {
    rule: Arc<Rule>,
    layer: Layer,
    is_edited: bool,
    now: UnixMillis,
}

impl Item for Card {
    /// The rule, whether it is in the form, and the day: what is soon over says so.
    type Version = (Arc<Rule>, bool, u64);

    fn key(&self) -> String {
        self.rule.id().to_owned()
    }

    fn version(&self) -> Self::Version {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        (Arc::clone(&self.rule), self.is_edited, self.now.as_millis() / DAY)
    }

    fn draw(&self) -> Fallible<HtmlElement> {
        let element = draw_rule(&self.document(), self.layer, self.now)?;
        if self.is_edited {
            element.root().dataset().set("editing", "true")?;
        }
        if self.layer == Layer::Managed {
            element.get::<Element>(part!("actions"))?.remove();
        }
        Ok(element.root().clone())
    }

    fn update(&self, element: &Element) -> Fallible {
        let facts: Vec<_> = words::facts(&self.document(), self.now).iter().map(say).collect();
        Part::of(element).text(part!("rule-facts"), &facts.join(" · "))
    }
}

impl Card {
    fn document(&self) -> RuleDocument {
        let rule = RuleDocument::from(self.rule.as_ref());
        match self.layer {
            Layer::User => rule,
            // They have no times of their own, only that of the background's start.
            Layer::Managed => RuleDocument { updated: None, ..rule },
        }
    }
}

fn draw_rule(rule: &RuleDocument, layer: Layer, now: UnixMillis) -> Fallible<Part> {
    let element = Part::copy(id!("rule-template"))?;
    element.root().dataset().set("rule", rule.id.as_deref().unwrap_or_default())?;
    element.text(part!("host"), &rule.host)?;
    element.badge(part!("mode"), &words::badge(rule, now))?;
    set_notices(&element.get(part!("notices"))?, &words::notices(rule, layer, now))?;
    element.list(part!("rule-keys"), rule_keys::draw(&rule.pins, &rule.denied))?;
    element.text(part!("note"), &rule.note)?;
    element.label(part!("edit"), &words::edit(rule))?;
    element.label(part!("delete"), &words::delete(rule))?;
    Ok(element)
}
