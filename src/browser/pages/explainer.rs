//! What stands first in an opened entry of the log about certificates that violate their rule: of a key that the rule did not expect
//! what is likely, else what to do; what can be done about it with a click, and what speaks for it.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, EventTarget, HtmlAnchorElement, HtmlDetailsElement, HtmlElement};

use super::known_before::{KnownBefore, current_rule};
use super::rule_changes::RuleChanges;
use super::rule_store::{RuleStore, current_time};
use super::seen_store::SeenStore;
use crate::browser::dom::{JsResult, id, listen, spawn};
use crate::browser::part::{Part, part, part_around};
use crate::browser::promise;
use crate::changed_key::{Comparison, address, can_be_compared, facts_of, has_evidence};
use crate::explanation::Explanation;
use crate::log::Entry;
use crate::rule::{Mode, RuleDocument};
use crate::view::changed_key::{Offer, changeable, keep, offer};
use crate::view::explanation::{self as words, Account};
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
    /// Who has violated it.
    host: String,
    port: Option<u16>,
    /// What a new key is in the place of; none where it is about another thing than that.
    comparison: Option<Comparison>,
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

    /// None where it is not about certificates, or they are not there. `certificates` is the DER of the chain.
    pub(super) async fn explain(self: &Rc<Self>, entry: &Entry, certificates: &[Vec<u8>]) -> JsResult<Option<Part>> {
        let violation = &entry.violation;
        let Some(rule) = violation.rule.as_ref().filter(|_| has_evidence(violation)) else { return Ok(None) };
        self.read().await?;
        let first = entry.tally.first;
        let (account, comparison) = if can_be_compared(violation) {
            let known = KnownBefore::read(&self.store, &self.seen, violation, rule).await;
            let now = facts_of(violation, certificates.to_vec());
            let Some(explanation) = Explanation::new(rule, &known.before(), &now) else { return Ok(None) };
            (Account::of_changed_key(&explanation, rule, first), Some(explanation.comparison))
        } else {
            let Some(account) = Account::of_certificates(violation, certificates, first) else { return Ok(None) };
            (account, None)
        };

        let part = Part::copy(id!("explanation-template"))?;
        part.say(part!("explanation-heading"), &account.heading)?;
        let notice: HtmlElement = part.get(part!("likely"))?;
        notice.dataset().set("kind", account.notice.kind.as_str())?;
        notice.dataset().set("code", account.notice.code)?;
        part.say(part!("likely"), &account.notice.text)?;
        part.say(part!("expected"), &account.expected)?;
        part.say(part!("came"), &account.came)?;
        match &account.differs {
            Some(differs) => part.say(part!("differs"), differs)?,
            None => part.show(part!("differs-row"), false)?,
        }
        part.say(part!("since"), &account.since)?;
        part.get::<HtmlAnchorElement>(part!("compare-link"))?.set_href(&address(entry.id));
        part.show(part!("compare-link"), comparison.is_some())?;
        part.root().dataset().set("rule", &rule.id)?;
        let (part_shown, rule, host) = (part.clone(), rule.clone(), violation.host.clone());
        let explained = Rc::new(Explained { part: part_shown, rule, host, port: violation.port, comparison });
        self.draw(&explained)?;
        // Those of entries that are no longer shown go.
        self.explained.borrow_mut().retain(|explained| explained.part.root().is_connected());
        self.explained.borrow_mut().push(explained);
        Ok(Some(part))
    }

    async fn read(self: &Rc<Self>) -> JsResult {
        let read = || {
            let this = Rc::clone(self);
            promise::of(async move {
                this.store.read().await?;
                this.seen.start().await?;
                Ok(JsValue::UNDEFINED)
            })
        };
        let reading = self.reading.borrow_mut().get_or_insert_with(read).clone();
        JsFuture::from(reading).await?;
        Ok(())
    }

    fn clicked(&self, event: &Event) -> JsResult {
        if part_around(event, part!("keep")).is_some()
            && let Some(entry) = part_around(event, part!("violation"))
        {
            entry.root().unchecked_ref::<HtmlDetailsElement>().set_open(false);
            return Ok(entry.get::<HtmlElement>(part!("opener"))?.focus()?);
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
    fn draw(&self, Explained { part, rule, host, port, comparison }: &Explained) -> JsResult {
        let current = current_rule(&self.store, rule, host, *port);
        let document = current.as_ref().map(|rule| RuleDocument::from(rule.as_ref()));
        let mode = document.as_ref().map_or(Mode::Off, |rule| rule.mode);
        let managed = self.store.managed();
        let administrator = managed.policy.settings().administrator.as_deref();
        let nothing = match (self.store.problem(), comparison) {
            (Some(problem), _) => Some(Notice::from(&problem)),
            (None, None) => changeable(rule.layer, document, administrator).err(),
            (None, Some(comparison)) => match offer(comparison, rule.layer, document, administrator) {
                Offer::Trust(_) => None,
                Offer::Nothing(notice) => Some(notice),
            },
        };
        let can_change = nothing.is_none();
        part.say(part!("compare-link"), &words::compare(can_change))?;
        part.say(part!("keep"), &keep(mode))?;
        part.show(part!("keep"), can_change)?;
        let can_flag = current.is_some_and(|rule| words::can_flag(&rule, current_time()));
        part.show(part!("flag-only"), can_change && can_flag)?;
        part.show(part!("no-choice"), !can_change)?;
        match nothing {
            Some(why) => part.say(part!("no-choice"), &why.text),
            None => Ok(()),
        }
    }
}

/// To what was clicked before one of these rules was changed.
fn focus(all: &AllExplained, ids: &[String]) -> JsResult {
    let explained = all.borrow().clone();
    match explained.iter().rev().find(|explained| ids.contains(&explained.rule.id)) {
        Some(explained) => Ok(explained.part.get::<HtmlElement>(part!("flag-only"))?.focus()?),
        None => Ok(()),
    }
}
