//! What stands first in an opened entry of the log about a key that its rule did not expect: what is likely, what can be done
//! about it with a click, and what speaks for it.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Event, EventTarget, HtmlAnchorElement, HtmlDetailsElement, HtmlElement};

use super::known_before::{KnownBefore, current_rule};
use super::rule_changes::RuleChanges;
use super::rule_store::{RuleStore, current_time};
use super::seen_store::SeenStore;
use crate::browser::dom::{JsResult, id, listen, spawn};
use crate::browser::part::{Part, part, part_around};
use crate::changed_key::{address, can_be_compared, facts_of};
use crate::explanation::Explanation;
use crate::log::Entry;
use crate::rule::{Mode, RuleDocument};
use crate::view::changed_key::{Offer, keep, offer};
use crate::view::explanation as words;
use crate::view::notice::Notice;
use crate::violation::RuleSnapshot;

pub(super) struct Explainer {
    store: Rc<RuleStore>,
    seen: Rc<SeenStore>,
    changes: Rc<RuleChanges>,
    /// Rules and what was seen, once somebody needs them.
    reading: RefCell<Option<Promise>>,
    explained: AllExplained,
}

/// What was explained on this page.
type AllExplained = Rc<RefCell<Vec<Rc<Explained>>>>;

struct Explained {
    part: Part,
    rule: RuleSnapshot,
    explanation: Explanation,
}

impl Explainer {
    /// `log` is what the entries are in.
    pub(super) fn new(log: &EventTarget) -> JsResult<Rc<Self>> {
        let store = Rc::<RuleStore>::default();
        let shown = AllExplained::default();
        let all = Rc::clone(&shown);
        let changes = RuleChanges::new(Rc::clone(&store), id!("open-options"), move |ids| focus(&all, ids))?;
        let explainer =
            Rc::new(Self { store, seen: Rc::default(), changes, reading: RefCell::default(), explained: shown });
        let this = Rc::clone(&explainer);
        explainer.store.subscribe(move || this.draw_choices());
        let this = Rc::clone(&explainer);
        listen(log, "click", move |event| this.clicked(&event))?;
        Ok(explainer)
    }

    /// Reads the rules again, where they have been read.
    pub(super) async fn refresh(&self) -> JsResult {
        let has_begun = self.reading.borrow().is_some();
        if has_begun { self.store.read().await } else { Ok(()) }
    }

    /// None where it is not about a key, or its certificate is not there. `certificates` is the DER of the chain.
    pub(super) async fn explain(self: &Rc<Self>, entry: &Entry, certificates: &[Vec<u8>]) -> JsResult<Option<Part>> {
        let violation = &entry.violation;
        let Some(rule) = violation.rule.as_ref().filter(|_| can_be_compared(violation)) else { return Ok(None) };
        self.read().await?;
        let known = KnownBefore::read(&self.store, &self.seen, violation, rule).await;
        let now = facts_of(violation, certificates.to_vec());
        let Some(explanation) = Explanation::new(rule, &known.before(), &now) else { return Ok(None) };

        let part = Part::copy(id!("explanation-template"))?;
        let likely = words::likely(&explanation);
        let notice: HtmlElement = part.get(part!("likely"))?;
        notice.dataset().set("kind", likely.kind.as_str())?;
        notice.dataset().set("code", likely.code)?;
        part.say(part!("likely"), &likely.text)?;
        part.say(part!("expected"), &words::expected(&explanation, rule))?;
        part.say(part!("came"), &words::came(&explanation))?;
        match words::differs(&explanation) {
            Some(differs) => part.say(part!("differs"), &differs)?,
            None => part.show(part!("differs-row"), false)?,
        }
        part.say(part!("since"), &words::since(&explanation, entry.tally.first))?;
        part.get::<HtmlAnchorElement>(part!("compare-link"))?.set_href(&address(entry.id));
        part.root().dataset().set("rule", &rule.id)?;
        let explained = Rc::new(Explained { part: part.clone(), rule: rule.clone(), explanation });
        self.draw(&explained)?;
        // Those of entries that are no longer shown go.
        self.explained.borrow_mut().retain(|explained| explained.part.root().is_connected());
        self.explained.borrow_mut().push(explained);
        Ok(Some(part))
    }

    async fn read(self: &Rc<Self>) -> JsResult {
        let read = || {
            let this = Rc::clone(self);
            future_to_promise(async move {
                this.store.read().await?;
                this.seen.start().await?;
                Ok(JsValue::UNDEFINED)
            })
        };
        let reading = self.reading.borrow_mut().get_or_insert_with(read).clone();
        JsFuture::from(reading).await.map(drop)
    }

    fn clicked(&self, event: &Event) -> JsResult {
        if part_around(event, part!("keep")).is_some()
            && let Some(entry) = part_around(event, part!("violation"))
        {
            entry.root().unchecked_ref::<HtmlDetailsElement>().set_open(false);
            return entry.get::<HtmlElement>(part!("opener"))?.focus();
        }
        if part_around(event, part!("flag-only")).is_some()
            && let Some(rule) =
                part_around(event, part!("explanation")).and_then(|part| part.root().dataset().get("rule"))
        {
            let changes = Rc::clone(&self.changes);
            spawn(async move { changes.set_mode_here(rule, Mode::Flag).await });
        }
        Ok(())
    }

    fn draw_choices(&self) -> JsResult {
        let explained = self.explained.borrow().clone();
        explained.iter().try_for_each(|explained| self.draw(explained))
    }

    /// What can be done now, by the rule as it is now.
    fn draw(&self, Explained { part, rule, explanation }: &Explained) -> JsResult {
        let current = current_rule(&self.store, rule);
        let document = current.as_ref().map(|rule| RuleDocument::from(rule.as_ref()));
        let mode = document.as_ref().map_or(Mode::Off, |rule| rule.mode);
        let managed = self.store.managed();
        let administrator = managed.policy.settings().administrator.as_deref();
        let offered = match self.store.problem() {
            Some(problem) => Offer::Nothing(Notice::from(&problem)),
            None => offer(&explanation.comparison, rule.layer, document, administrator),
        };
        let nothing = match offered {
            Offer::Trust(_) => None,
            Offer::Nothing(notice) => Some(notice.text),
        };
        let can_change = nothing.is_none();
        part.say(part!("compare-link"), &words::compare(can_change))?;
        part.say(part!("keep"), &keep(mode))?;
        part.show(part!("keep"), can_change)?;
        let can_flag = current.is_some_and(|rule| words::can_flag(&rule, current_time()));
        part.show(part!("flag-only"), can_change && can_flag)?;
        part.show(part!("no-choice"), !can_change)?;
        match nothing {
            Some(why) => part.say(part!("no-choice"), &why),
            None => Ok(()),
        }
    }
}

/// To what was clicked before one of these rules was changed.
fn focus(all: &AllExplained, ids: &[String]) -> JsResult {
    let explained = all.borrow().clone();
    match explained.iter().rev().find(|explained| ids.contains(&explained.rule.id)) {
        Some(explained) => explained.part.get::<HtmlElement>(part!("flag-only"))?.focus(),
        None => Ok(()),
    }
}
