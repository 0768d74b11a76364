//! The chain picker: a chain as a picture, with what can be pinned of it, what each pin means and what the rule would have
//! decided. What is ticked is in the page alone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::{Element, HtmlButtonElement, HtmlDialogElement, HtmlElement, HtmlInputElement};

use super::messages;
use super::picked_certificate::{self, TickBox};
use super::public_suffix::is_registry_suffix;
use super::rule_store::{RuleStore, current_time};
use super::seen_store::{SeenStore, ShownChain};
use super::ui::notices::set_notices;
use crate::browser::convert::{property, read_js, to_js_error};
use crate::browser::dom::{Id, JsResult, by_id, focus, id, listen, listen_at, show, spawn};
use crate::browser::part::{Part, part, say_in};
use crate::browser::url_host::url_host;
use crate::browser::words::say;
use crate::certificate::{Certificate, fingerprint};
use crate::connection::Facts;
use crate::error::Error;
use crate::history::ChangedBy;
use crate::host::{Host, PatternScope};
use crate::known_keys::renewers::RENEWERS;
use crate::message::{PageRequest, Response};
use crate::picking::{self, Choice, Incomplete, Renewal, Role};
use crate::pin::Pin;
use crate::rule::{Mode, Rule, RuleDocument};
use crate::seen::SeenEndpoint;
use crate::trial::Trial;
use crate::view::form::{DateInput, FormPlace, check, refusals};
use crate::view::notice::{Notice, NoticeKind};
use crate::view::picking::{self as words, Compared};
use crate::view::rule::mode_help;
use crate::view::seen as seen_words;
use crate::view::text::Text;
use crate::warnings::Surroundings;

/// A server whose keys are to be pinned, and what it has shown, the latest first.
pub(super) struct Subject {
    /// In canonical form.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) chains: Vec<ShownChain>,
}

/// What came of it.
pub(super) enum Picked {
    /// The rule is stored.
    Stored(RuleDocument),
    /// It is to be gone on with in the form.
    Draft(RuleDocument),
}

pub(super) struct Picker {
    dialog: HtmlDialogElement,
    seen: Rc<SeenStore>,
    store: Rc<RuleStore>,
    subject: RefCell<Option<Subject>>,
    /// The ids of the rules that its keys can be added to, as they are offered.
    rules: RefCell<Vec<String>>,
    /// What can be pinned of the chain that is shown, each with its box.
    boxes: RefCell<Vec<TickBox>>,
    is_saving: Cell<bool>,
    done: Box<Done>,
}

/// What keeps it from being gone on with, if anything does.
type Done = dyn Fn(Picked) -> JsResult<Option<Notice>>;

impl Picker {
    /// `done` is called each time that a rule has been made, once the dialog is closed. Where it cannot be gone on with, the dialog
    /// is there again.
    pub(super) fn new(
        seen: Rc<SeenStore>,
        store: Rc<RuleStore>,
        done: impl Fn(Picked) -> JsResult<Option<Notice>> + 'static,
    ) -> JsResult<Rc<Self>> {
        let picker = Rc::new(Self {
            dialog: by_id(id!("picker"))?,
            seen,
            store,
            subject: RefCell::default(),
            rules: RefCell::default(),
            boxes: RefCell::default(),
            is_saving: Cell::new(false),
            done: Box::new(done),
        });
        let renewers = RENEWERS.iter().map(|renewer| Text::literal(renewer.name));
        fill_options(id!("picker-renewer"), [words::unknown_renewer()].into_iter().chain(renewers))?;
        picker.listen()?;
        Ok(picker)
    }

    fn listen(self: &Rc<Self>) -> JsResult {
        let this = Rc::clone(self);
        self.seen.subscribe(move || this.say_if_open());
        let this = Rc::clone(self);
        self.store.subscribe(move || this.say_if_open());
        let this = Rc::clone(self);
        listen_at(id!("picker-chain"), "input", move |_| {
            this.draw_chain()?;
            this.compare()
        })?;
        let this = Rc::clone(self);
        listen_at(id!("picker-compare"), "input", move |_| this.compare())?;
        // Once the two above have done their part.
        let this = Rc::clone(self);
        listen(&self.dialog, "input", move |_| this.say())?;
        let this = Rc::clone(self);
        listen_at(id!("picker-cancel"), "click", move |_| {
            this.dialog.close();
            Ok(())
        })?;
        let this = Rc::clone(self);
        listen_at(id!("picker-edit"), "click", move |_| match this.draft()? {
            Ok(Some(rule)) => this.leave_with(Picked::Draft(rule)),
            Ok(None) | Err(_) => this.say(),
        })?;
        let this = Rc::clone(self);
        listen_at(id!("picker-save"), "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.save().await });
            Ok(())
        })
    }

    /// Shows what a server has shown last.
    pub(super) fn open(&self, subject: Subject) -> JsResult {
        let endpoint = seen_words::endpoint(&subject.host, subject.port);
        say_in(id!("picker-title"), &words::title(&endpoint))?;
        let now = current_time();
        let chains = subject.chains.iter().map(|chain| seen_words::chain(&chain.facts, chain.seen, now));
        fill_options(id!("picker-chain"), chains)?;
        show(id!("picker-chain-field"), subject.chains.len() > 1)?;
        fill_options(id!("picker-host"), words::ports(&subject.host, subject.port).into_iter())?;
        for id in [id!("picker-mode"), id!("picker-renewer")] {
            choose(id, 0)?;
        }
        by_id::<HtmlInputElement>(id!("picker-compare"))?.set_value("");
        set_notices(&by_id(id!("picker-compare-message"))?, &[])?;
        self.offer_rules(&subject)?;
        self.subject.replace(Some(subject));
        self.draw_chain()?;
        self.say()?;
        self.dialog.show_modal()?;
        self.dialog.set_scroll_top(0);
        Ok(())
    }

    /// Offers the rules that apply to the server. Where one is for it alone, another one cannot be made.
    fn offer_rules(&self, subject: &Subject) -> JsResult {
        let user = self.store.user();
        let host = Host::parse(&subject.host, &url_host).ok();
        let rules = host.map(|host| picking::rules_for(&user, &host, subject.port)).unwrap_or_default();
        fill_options(id!("picker-target"), words::targets(&rules).into_iter())?;
        show(id!("picker-target-field"), !rules.is_empty())?;
        let own = rules.iter().position(|rule| rule.host().scope() == PatternScope::Exact);
        choose(id!("picker-target"), own.map_or(0, |place| place.saturating_add(1)))?;
        self.rules.replace(rules.into_iter().map(|rule| rule.id().to_owned()).collect());
        Ok(())
    }

    /// The rule that the keys are added to; none where they make a new one, or where it is gone.
    fn target(&self) -> JsResult<Option<Arc<Rule>>> {
        let Some(place) = chosen(id!("picker-target"))?.checked_sub(1) else { return Ok(None) };
        let rules = self.rules.borrow();
        Ok(rules.get(place).and_then(|id| self.store.user().rule(id).cloned()))
    }

    /// The chain that is shown.
    fn facts(&self) -> JsResult<Rc<Facts>> {
        let subject = self.subject.borrow();
        let chains = subject.as_ref().map(|subject| subject.chains.as_slice()).unwrap_or_default();
        let chosen = chosen(id!("picker-chain"))?;
        let missing = || crate::browser::dom::missing("chain");
        chains.get(chosen).or_else(|| chains.first()).map(|chain| Rc::clone(&chain.facts)).ok_or_else(missing)
    }

    /// Draws the chain; nothing of it is ticked.
    fn draw_chain(&self) -> JsResult {
        let facts = self.facts()?;
        say_in(id!("picker-intro"), &words::intro(&facts))?;
        let list = Part::with_id(id!("picker-certificates"))?;
        self.boxes.replace(picked_certificate::draw_all(&list, &facts)?);
        Ok(())
    }

    fn say_if_open(&self) -> JsResult {
        if self.dialog.open() { self.say() } else { Ok(()) }
    }

    /// Says what follows from what is ticked and chosen.
    fn say(&self) -> JsResult {
        let facts = self.facts()?;
        let renewal = match chosen(id!("picker-renewer"))?.checked_sub(1).and_then(|place| RENEWERS.get(place)) {
            Some(renewer) => Renewal::By(renewer),
            None => Renewal::Unknown,
        };
        say_in(id!("picker-renewal"), &words::will_live(&facts, renewal))?;
        let choices: Vec<Choice> = self.boxes.borrow().iter().map(|tick_box| tick_box.choice).collect();
        let recommended = picking::recommended(&choices, renewal);
        let has_other = self.chosen().iter().any(|choice| choice.role != Role::Issuing);
        for (place, tick_box) in self.boxes.borrow().iter().enumerate() {
            tick_box.recommend(recommended.is_some_and(|(recommended, _)| recommended == place))?;
            if tick_box.choice.role == Role::Issuing {
                tick_box.allow(has_other);
            }
        }
        say_in(id!("picker-recommended-mode"), &words::recommended_mode(recommended.map(|(_, mode)| mode)))?;
        say_in(id!("picker-mode-help"), &mode_help(mode()?))?;
        let is_new = self.target()?.is_none();
        show(id!("picker-host-field"), is_new)?;
        show(id!("picker-mode-field"), is_new)?;
        say_in(id!("picker-save"), &words::save(!is_new))?;
        let draft = self.draft()?;
        let (notices, is_storable) = match &draft {
            Ok(None) => (vec![words::has_all()], false),
            Ok(Some(rule)) => {
                let around = Surroundings {
                    seen: &self.seen.keys(),
                    now: current_time(),
                    is_registry_suffix: &is_registry_suffix,
                };
                let checked = check(rule, DateInput::Whole, &self.store.user(), &url_host, around);
                // What there is to say of one key stands at its tick box.
                let is_of_rule =
                    |(place, notice): &(FormPlace, Notice)| notice.kind == NoticeKind::Error || !place.is_row();
                let notices = checked.notices.into_iter().filter(is_of_rule).map(|(_, notice)| notice).collect();
                (notices, checked.rule.is_some())
            }
            Err(incomplete) => (vec![words::incomplete(*incomplete)], false),
        };
        let draft = draft.ok().flatten();
        self.set_buttons(is_storable, draft.is_some())?;
        set_notices(&by_id(id!("picker-message"))?, &notices)?;
        self.draw_trials(draft.as_ref())
    }

    /// Nothing that is ticked is lost where it cannot be gone on with.
    fn leave_with(&self, picked: Picked) -> JsResult {
        self.dialog.close();
        let Some(refusal) = (self.done)(picked)? else { return Ok(()) };
        self.dialog.show_modal()?;
        set_notices(&by_id(id!("picker-message"))?, &[refusal])?;
        focus(id!("picker-edit"))
    }

    fn set_buttons(&self, is_storable: bool, is_drafted: bool) -> JsResult {
        let is_saving = self.is_saving.get();
        by_id::<HtmlButtonElement>(id!("picker-save"))?.set_disabled(is_saving || !is_storable);
        by_id::<HtmlButtonElement>(id!("picker-edit"))?.set_disabled(is_saving || !is_drafted);
        Ok(())
    }

    fn chosen(&self) -> Vec<Choice> {
        self.boxes.borrow().iter().filter(|tick_box| tick_box.is_ticked()).map(|tick_box| tick_box.choice).collect()
    }

    /// The rule that is made here, as far as it is one; none where a rule is to get pins that it has.
    fn draft(&self) -> JsResult<Result<Option<RuleDocument>, Incomplete>> {
        let facts = self.facts()?;
        if let Some(rule) = self.target()? {
            let chosen = picking::pins(&self.chosen());
            return Ok(chosen.map(|keys| picking::with_pins(&rule, words::pins(&keys, &facts))));
        }
        let mode = mode()?;
        let is_for_every_port = chosen(id!("picker-host"))? > 0;
        let subject = self.subject.borrow();
        let host = subject.as_ref().map(
            |Subject { host, port, .. }| {
                if is_for_every_port { host.clone() } else { format!("{host}:{port}") }
            },
        );
        Ok(picking::pins(&self.chosen()).map(|keys| {
            Some(RuleDocument {
                host: host.unwrap_or_default(),
                mode,
                pins: words::pins(&keys, &facts),
                ..RuleDocument::default()
            })
        }))
    }

    /// What the rule would have decided of everything that the host has shown.
    fn draw_trials(&self, rule: Option<&RuleDocument>) -> JsResult {
        let list = Part::with_id(id!("picker-trials"))?;
        let trial = rule.and_then(|rule| Trial::of(rule, current_time(), &url_host).ok());
        show(id!("picker-no-trial"), trial.is_none())?;
        let Some(trial) = trial else {
            return list.fill([]);
        };
        let shown = self.everything_shown();
        let now = current_time();
        list.fill(shown.iter().filter_map(|(port, chain)| {
            let subject = self.subject.borrow();
            let host = &subject.as_ref()?.host;
            let parsed = Host::parse(host, &url_host).ok()?;
            let (connection, verdict) = trial.decide(parsed, *port, chain.facts.as_ref().clone());
            let tried = seen_words::tried(host, *port, &chain.facts, chain.seen, now);
            let draw = || {
                let element = Part::copy(id!("trial-template"))?;
                element.tag(part!("trial-state"), &seen_words::state(Some(&verdict)))?;
                element.say(part!("trial-chain"), &tried)?;
                element.say(part!("trial-reason"), &seen_words::why(&verdict, &connection))?;
                Ok(element)
            };
            Some(draw())
        }))
    }

    /// Every chain of the host, at whichever port, and the one that was asked for just now.
    fn everything_shown(&self) -> Vec<(u16, ShownChain)> {
        let subject = self.subject.borrow();
        let Some(Subject { host, port, chains }) = subject.as_ref() else {
            return Vec::new();
        };
        let seen = self.seen.seen();
        let of_host = seen.endpoints().iter().filter(|endpoint| endpoint.host == *host);
        let with_port = |endpoint: &SeenEndpoint| {
            let port = endpoint.port;
            self.seen.chains(endpoint).into_iter().map(move |chain| (port, chain))
        };
        let mut shown: Vec<(u16, ShownChain)> = of_host.flat_map(with_port).collect();
        for chain in chains {
            if !shown.iter().any(|(of, other)| of == port && other.facts == chain.facts) {
                shown.push((*port, chain.clone()));
            }
        }
        shown.sort_by_cached_key(|(_, chain)| std::cmp::Reverse(chain.seen));
        shown
    }

    /// Says what a pasted fingerprint is, and ticks the key that was meant.
    fn compare(&self) -> JsResult {
        let area: Element = by_id(id!("picker-compare-message"))?;
        let value = by_id::<HtmlInputElement>(id!("picker-compare"))?.value();
        if value.trim().is_empty() {
            return set_notices(&area, &[]);
        }
        let entered = match Pin::parse(&value) {
            Ok(entered) => entered,
            Err(error) => return set_notices(&area, &[Notice::from(&Error::from(error))]),
        };
        let facts = self.facts()?;
        let (certificates, _) = facts.certificates();
        let mut notice = None;
        for der in certificates.iter() {
            let Ok(certificate) = Certificate::from_der(der) else { continue };
            let subject = certificate.describe().subject.unwrap_or_default();
            if certificate.pin() == entered {
                notice = Some(words::compared(Compared::Key(&subject)));
            } else if fingerprint(der) == *entered.as_bytes() {
                let boxes = self.boxes.borrow();
                // That of another certificate, where the key stands there as well.
                let is_ticked =
                    boxes.iter().find(|tick_box| tick_box.choice.has(certificate.pin())).is_some_and(TickBox::tick);
                notice = Some(words::compared(Compared::Certificate(&subject, is_ticked)));
            }
        }
        let seen = self.seen.certificates();
        let elsewhere = || seen.meant_by(entered).map_or(Compared::Nothing, Compared::Elsewhere);
        set_notices(&area, &[notice.unwrap_or_else(|| words::compared(elsewhere()))])
    }

    async fn save(&self) -> JsResult {
        let Ok(Some(rule)) = self.draft()? else {
            return self.say();
        };
        if self.is_saving.replace(true) {
            return Ok(());
        }
        self.set_buttons(false, false)?;
        let answer = messages::ask(&PageRequest::SaveRule { rule: rule.clone(), by: ChangedBy::Picker }).await;
        self.is_saving.set(false);
        let refusals = match answer {
            Ok(Response::Saved { rule }) => {
                return self.leave_with(Picked::Stored(rule));
            }
            Ok(Response::Refused { errors }) => {
                refusals(&errors, &rule).into_iter().map(|(_, notice)| notice).collect()
            }
            Ok(_) => vec![Notice::from(&messages::unexpected())],
            Err(error) => vec![Notice::from(&error)],
        };
        self.say()?;
        let area: Element = by_id(id!("picker-message"))?;
        set_notices(&area, &refusals)
    }
}

fn mode() -> JsResult<Mode> {
    let mode = property(by_id::<HtmlElement>(id!("picker-mode"))?.as_ref(), "value");
    Ok(read_js(&mode).map_err(|error| to_js_error(&error.into()))?)
}

/// Fills a drop-down list; the first option is chosen.
fn fill_options(list: Id, options: impl Iterator<Item = Text>) -> JsResult {
    let list = Part::with_id(list)?;
    list.fill(options.map(|option| {
        let element = Part::copy(id!("option-template"))?;
        element.root().set_text_content(Some(&say(&option)));
        Ok(element)
    }))
}

/// Which option of a drop-down list is chosen.
fn chosen(list: Id) -> JsResult<usize> {
    let index = property(by_id::<HtmlElement>(list)?.as_ref(), "selectedIndex");
    Ok(read_js(&index).unwrap_or_default())
}

fn choose(list: Id, option: usize) -> JsResult {
    let index = JsValue::from(u32::try_from(option).unwrap_or_default());
    Reflect::set(by_id::<HtmlElement>(list)?.as_ref(), &JsValue::from_str("selectedIndex"), &index)?;
    Ok(())
}
