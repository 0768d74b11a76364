//! A changed key: opened by a link from an entry of the log, it shows the certificate before and now side by side, and lets one
//! trust the new key or leave the rule as it is.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use web_sys::{HtmlDialogElement, HtmlElement, HtmlInputElement, UrlSearchParams};

use super::known_before::{KnownBefore, current_rule};
use super::log_reader::LogReader;
use super::rule_changes::RuleChanges;
use super::rule_store::RuleStore;
use super::seen_store::SeenStore;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, by_id, id, listen_at, show, spawn, window};
use crate::browser::part::{Part, part, say_in};
use crate::changed_key::{Comparison, ENTRY, FIELDS, Field, can_be_compared, facts_of};
use crate::explanation::Explanation;
use crate::log::Entry;
use crate::rule::{Mode, RuleDocument};
use crate::view::changed_key::{self as words, Offer, Source};
use crate::view::explanation::likely;
use crate::view::seen::endpoint;
use crate::violation::{RuleSnapshot, Violation};

pub(super) struct ChangedKey {
    dialog: HtmlDialogElement,
    store: Rc<RuleStore>,
    seen: Rc<SeenStore>,
    changes: Rc<RuleChanges>,
    /// The rule as it is, and with the new key.
    trusting: RefCell<Option<(RuleDocument, RuleDocument)>>,
    trusted: Box<dyn Fn(&str) -> JsResult>,
}

impl ChangedKey {
    /// `trusted` is called with the id of a rule once it has the new key.
    pub(super) fn new(
        store: Rc<RuleStore>,
        seen: Rc<SeenStore>,
        changes: Rc<RuleChanges>,
        trusted: impl Fn(&str) -> JsResult + 'static,
    ) -> JsResult<Rc<Self>> {
        let dialog = Rc::new(Self {
            dialog: by_id(id!("changed-key"))?,
            store,
            seen,
            changes,
            trusting: RefCell::default(),
            trusted: Box::new(trusted),
        });
        let this = Rc::clone(&dialog);
        listen_at(id!("changed-keep"), "click", move |_| {
            this.dialog.close();
            Ok(())
        })?;
        let this = Rc::clone(&dialog);
        listen_at(id!("changed-trust"), "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.trust().await });
            Ok(())
        })?;
        Ok(dialog)
    }

    /// Opens the entry that the page's address names, if it names one. Rules and what was seen have been read by then.
    pub(super) async fn open_from_address(&self) -> JsResult {
        let window = window()?;
        let location = window.location();
        let parameters = UrlSearchParams::new_with_str(&location.search()?)?;
        let Some(named) = parameters.get(ENTRY) else { return Ok(()) };
        // Loaded again, the page is about the rules.
        window.history()?.replace_state_with_url(&JsValue::NULL, "", Some(&location.pathname()?))?;
        let log = LogReader::new();
        let entry = match named.parse() {
            Ok(id) => log.entry(id).await.ok().flatten(),
            Err(_) => None,
        };
        let entry = entry.filter(|entry| can_be_compared(&entry.violation));
        let certificates = match entry.as_ref().and_then(|entry| entry.violation.chain_digest.as_ref()) {
            Some(digest) => log.chain(digest).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let Some((entry, rule)) = entry.as_ref().and_then(|entry| Some((entry, entry.violation.rule.as_ref()?))) else {
            return self.changes.note(&words::gone());
        };
        let now = facts_of(&entry.violation, certificates);
        let known = KnownBefore::read(&self.store, &self.seen, &entry.violation, rule).await;
        match Explanation::new(rule, &known.before(), &now) {
            Some(explanation) => self.open(entry, rule, &known.source, &explanation),
            None => self.changes.note(&words::gone()),
        }
    }

    fn open(&self, entry: &Entry, rule: &RuleSnapshot, source: &Source, explanation: &Explanation) -> JsResult {
        let comparison = &explanation.comparison;
        let Violation { host, port, .. } = &entry.violation;
        say_in(id!("changed-title"), &words::title(&endpoint(host, port.unwrap_or_default())))?;
        say_in(id!("changed-intro"), &words::intro(&rule.host, entry.tally.last))?;
        set_notices(&by_id(id!("changed-likely"))?, &[likely(explanation)])?;
        Part::with_id(id!("changed-fields"))?.fill(FIELDS.into_iter().map(|field| draw_field(field, comparison)))?;
        say_in(id!("changed-source"), &words::source(source))?;
        let current = current_rule(&self.store, rule, host, *port).map(|rule| RuleDocument::from(rule.as_ref()));
        let managed = self.store.managed();
        let administrator = managed.policy.settings().administrator.as_deref();
        let offer = words::offer(comparison, rule.layer, current.clone(), administrator);
        let mode = current.as_ref().map_or(Mode::Off, |rule| rule.mode);
        say_in(id!("changed-keep"), &words::keep(mode))?;
        say_in(id!("changed-adds"), &words::adds(comparison))?;
        by_id::<HtmlInputElement>(id!("changed-remove"))?.set_checked(false);
        let (trusting, notices) = match offer {
            Offer::Trust(trusting) => (current.map(|rule| (rule, *trusting)), Vec::new()),
            Offer::Nothing(notice) => (None, vec![notice]),
        };
        show(id!("changed-offer"), trusting.is_some())?;
        show(id!("changed-trust"), trusting.is_some())?;
        set_notices(&by_id(id!("changed-message"))?, &notices)?;
        self.trusting.replace(trusting);
        self.dialog.show_modal()?;
        self.dialog.set_scroll_top(0);
        Ok(())
    }

    async fn trust(&self) -> JsResult {
        let Some((before, trusting)) = self.trusting.take() else { return Ok(()) };
        let removes = by_id::<HtmlInputElement>(id!("changed-remove"))?.checked();
        let after = if removes { words::alone(trusting) } else { trusting };
        let id = before.id.clone().unwrap_or_default();
        self.dialog.close();
        self.changes.trust_key(before, after).await?;
        (self.trusted)(&id)
    }
}

fn draw_field(field: Field, comparison: &Comparison) -> JsResult<Part> {
    let row = Part::copy(id!("changed-template"))?;
    let Comparison { before, now, .. } = comparison;
    row.say(part!("changed-name"), &words::field(field))?;
    row.say(part!("changed-value"), &words::value(now, field))?;
    let is_code = matches!(field, Field::Key | Field::Certificate);
    for (part, is_known) in [(part!("changed-then"), before.is_some()), (part!("changed-value"), true)] {
        if is_code && is_known {
            row.get::<HtmlElement>(part)?.dataset().set("code", "")?;
        }
    }
    let Some(before) = before else {
        row.say(part!("changed-then"), &words::unknown())?;
        return Ok(row);
    };
    row.say(part!("changed-then"), &words::value(before, field))?;
    let is_same = now.is_like(before, field);
    row.tag(part!("changed-mark"), &words::mark(is_same))?;
    if !is_same {
        row.root().dataset().set("differs", "")?;
    }
    Ok(row)
}
