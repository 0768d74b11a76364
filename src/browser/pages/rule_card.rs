//! A rule as a card of the list.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::public_suffix::is_registry_suffix;
use super::rule_keys;
use super::ui::list::Item;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, id};
use crate::browser::part::{Name, Part, part};
use crate::browser::words::say;
use crate::history::{Change, Extent, History};
use crate::policy::Layer;
use crate::record::{RecordIndex, RuleRecord};
use crate::rule::{Mode, Rule, RuleDocument};
use crate::time::UnixMillis;
use crate::view::rule_facts::facts;
use crate::view::{history, record as known, rule as words, tester, warning};
use crate::warnings::{self, SeenKeys, Surroundings, Warning};

/// What a click on one of these buttons makes of a rule.
pub(super) const MODES: [(Name, Mode); 4] = [
    (part!("to-block"), Mode::Block),
    (part!("to-flag"), Mode::Flag),
    (part!("to-off"), Mode::Off),
    (part!("offer-block"), Mode::Block),
];

pub(super) struct Card {
    pub(super) rule: Arc<Rule>,
    pub(super) layer: Layer,
    pub(super) is_edited: bool,
    /// The ids of the rules that are selected, when it is shown.
    pub(super) selected: Rc<HashSet<String>>,
    pub(super) records: Rc<RecordIndex>,
    pub(super) history: Rc<History>,
    pub(super) seen: Rc<SeenKeys>,
    pub(super) now: UnixMillis,
    /// What may go wrong with it, found out when it is drawn or compared with what is drawn.
    pub(super) warnings: OnceCell<Vec<Warning>>,
}

impl Item for Card {
    /// The rule, whether it is in the form, what it has decided, how it has become what it is, what may go wrong with it, and
    /// the day: what is soon over says so.
    type Version = (Arc<Rule>, bool, Option<RuleRecord>, Extent, Vec<Warning>, u64);

    fn key(&self) -> String {
        self.rule.id().to_owned()
    }

    fn version(&self) -> Self::Version {
        const DAY: u64 = 24 * 60 * 60 * 1000;
        let history = self.history.extent(self.rule.id());
        let warnings = self.warnings().to_vec();
        let day = self.now.as_millis() / DAY;
        (Arc::clone(&self.rule), self.is_edited, self.record().cloned(), history, warnings, day)
    }

    fn draw(&self) -> JsResult<HtmlElement> {
        let element = self.draw_rule(&self.document())?;
        if self.is_edited {
            element.root().dataset().set("editing", "true")?;
        }
        let surplus: &[Name] = match self.layer {
            Layer::User => &[part!("mode-fixed")],
            Layer::Managed => &[
                part!("edit"),
                part!("duplicate"),
                part!("delete"),
                part!("mode-menu"),
                part!("offer"),
                part!("selected"),
            ],
        };
        for part in surplus {
            element.get::<Element>(*part)?.remove();
        }
        self.draw_record(&element)?;
        self.draw_history(&element)?;
        Ok(element.root().clone())
    }

    fn update(&self, element: &Element) -> JsResult {
        let element = Part::of(element);
        let mut facts = facts(&self.document(), self.now);
        match self.record() {
            Some(record) => element.text(part!("record-summary"), &joined(&known::summary(record, self.now)))?,
            None => facts.extend(known::no_record(&self.rule, self.records.why_not(self.layer, &self.rule))),
        }
        element.text(part!("rule-facts"), &joined(&facts))?;
        if self.layer == Layer::User {
            let is_selected = self.selected.contains(self.rule.id());
            element.get::<HtmlInputElement>(part!("selected"))?.set_checked(is_selected);
        }
        Ok(())
    }
}

/// What may go wrong with a rule that is stored.
pub(super) fn warnings_of(rule: &Rule, seen: &SeenKeys, now: UnixMillis) -> Vec<Warning> {
    let around = Surroundings { seen, now, is_registry_suffix: &is_registry_suffix };
    warnings::of(&RuleDocument::from(rule), Some(rule.host()), around)
}

fn joined(labels: &[crate::view::text::Text]) -> String {
    labels.iter().map(say).collect::<Vec<_>>().join(" · ")
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

    fn warnings(&self) -> &[Warning] {
        self.warnings.get_or_init(|| warnings_of(&self.rule, &self.seen, self.now))
    }

    fn record(&self) -> Option<&RuleRecord> {
        self.records.of(self.layer, &self.rule)
    }

    fn draw_rule(&self, rule: &RuleDocument) -> JsResult<Part> {
        let element = Part::copy(id!("rule-template"))?;
        element.root().dataset().set("rule", rule.id.as_deref().unwrap_or_default())?;
        element.text(part!("host"), &rule.host)?;
        let tag = words::mode_tag(rule, self.now);
        if self.layer == Layer::Managed {
            element.tag(part!("mode-fixed"), &tag)?;
        } else {
            element.tag(part!("mode"), &tag)?;
            element.label(part!("mode"), &words::mode_menu(rule, tag.text))?;
            for (button, mode) in MODES {
                let pressed = if rule.mode == mode { "true" } else { "false" };
                element.get::<Element>(button)?.set_attribute("aria-pressed", pressed)?;
            }
            element.get::<Element>(part!("offer-block"))?.remove_attribute("aria-pressed")?;
        }
        let record = self.record().and_then(|record| known::notice(&self.rule, record, self.now));
        let notices: Vec<_> =
            warning::on_card(rule, self.layer, self.warnings(), self.now).into_iter().chain(record).collect();
        set_notices(&element.get(part!("notices"))?, &notices)?;
        element.list(part!("rule-keys"), rule_keys::draw(&rule.pins, &rule.denied))?;
        element.text(part!("note"), &rule.note)?;
        element.label(part!("selected"), &words::select(rule))?;
        element.label(part!("test"), &tester::label(rule))?;
        element.label(part!("edit"), &words::edit(rule))?;
        element.label(part!("duplicate"), &words::duplicate(rule))?;
        element.label(part!("delete"), &words::delete(rule))?;
        Ok(element)
    }

    /// Nobody has told how an administrator's rule has become what it is.
    fn draw_history(&self, element: &Part) -> JsResult {
        let changes = match self.layer {
            Layer::User => self.history.of(&self.document()),
            Layer::Managed => Vec::new(),
        };
        element.show(part!("history"), !changes.is_empty())?;
        element.say(part!("history-summary"), &history::summary(changes.len()))?;
        let line = |change: &Change| {
            let line = Part::copy(id!("change-template"))?;
            line.say(part!("change-when"), &history::when(change))?;
            line.say(part!("change-what"), &history::what(change))?;
            Ok(line)
        };
        element.list(part!("history-lines"), changes.iter().map(line))
    }

    fn draw_record(&self, element: &Part) -> JsResult {
        let record = self.record();
        element.show(part!("record"), record.is_some())?;
        let Some(record) = record else { return Ok(()) };
        let lines = known::details(&self.rule, record, self.now);
        let line = |text| {
            let line = Part::copy(id!("record-line-template"))?;
            line.root().set_text_content(Some(&say(&text)));
            Ok(line)
        };
        element.list(part!("record-lines"), lines.into_iter().map(line))?;
        let Some(offer) = known::offer(&self.rule, record, self.now).filter(|_| self.layer == Layer::User) else {
            return Ok(());
        };
        element.show(part!("offer"), true)?;
        element.say(part!("offer-text"), &offer)
    }
}
