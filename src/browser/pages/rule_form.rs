//! The form in which a rule is added or edited. Every field is checked as it is typed; the button stays disabled until
//! nothing is wrong.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use web_sys::{DataTransfer, Element, Event, EventTarget, HtmlButtonElement, HtmlElement, HtmlInputElement};

use super::messages;
use super::public_suffix::is_registry_suffix;
use super::rule_fields::RuleFields;
use super::rule_json::RuleJson;
use super::rule_store::{RuleStore, current_time};
use super::seen_store::SeenStore;
use super::ui::notices::set_notices;
use crate::browser::dom::{JsResult, around, by_id, focus, id, listen, listen_at, show, spawn, window};
use crate::browser::files::{self, Found, accept_drops, ignore_stray_drops, read_text};
use crate::browser::part::say_in;
use crate::browser::url_host::url_host;
use crate::error::{Error, RuleError};
use crate::history::ChangedBy;
use crate::message::{PageRequest, Response};
use crate::rule::{Field, RuleDocument};
use crate::view::form::{
    Checked, DateInput, EditState, FormPlace, as_new, check, deleted_meanwhile, edit_state, json_is_wrong, refusals,
    title,
};
use crate::view::notice::{Notice, NoticeKind};
use crate::view::source::{Source, refused};
use crate::warnings::Surroundings;

/// Why the form is closed.
pub(super) struct Closed {
    /// The rule, if it was stored.
    pub(super) stored: Option<RuleDocument>,
    /// The identifier of the rule that was in it, if it has one.
    pub(super) id: Option<String>,
}

pub(super) struct RuleForm {
    root: HtmlElement,
    fields: RuleFields,
    json: Rc<RuleJson>,
    /// The rule that is being edited; the default where one is being added.
    original: RefCell<RuleDocument>,
    /// Whether anything has been typed since the form was opened.
    is_changed: Cell<bool>,
    /// Whether the background has yet to answer. Nothing can be typed meanwhile.
    is_saving: Cell<bool>,
    /// What is to be said beside what the fields show: until something is typed, or the stored rules change.
    refusals: RefCell<Vec<(FormPlace, Notice)>>,
    /// Whether the rule that was opened has been deleted, so that saving makes a new one.
    was_deleted: Cell<bool>,
    store: Rc<RuleStore>,
    seen: Rc<SeenStore>,
    closed: Box<dyn Fn(Closed) -> JsResult>,
}

impl RuleForm {
    /// `closed` is called each time that it has been closed.
    pub(super) fn new(
        store: Rc<RuleStore>,
        seen: &Rc<SeenStore>,
        closed: impl Fn(Closed) -> JsResult + 'static,
    ) -> JsResult<Rc<Self>> {
        let root: HtmlElement = by_id(id!("rule-form"))?;
        let fields = RuleFields::new(root.clone(), seen)?;
        let form = Rc::new(Self {
            root,
            fields,
            json: RuleJson::new()?,
            original: RefCell::default(),
            is_changed: Cell::new(false),
            is_saving: Cell::new(false),
            refusals: RefCell::default(),
            was_deleted: Cell::new(false),
            store,
            seen: Rc::clone(seen),
            closed: Box::new(closed),
        });
        form.listen()?;
        let this = Rc::clone(&form);
        form.store.subscribe(move || this.rules_changed());
        let this = Rc::clone(&form);
        form.seen.subscribe(move || if this.root.hidden() { Ok(()) } else { this.say() });
        Ok(form)
    }

    /// Whether something would be lost if the form were filled anew.
    pub(super) fn has_unsaved_changes(&self) -> bool {
        !self.root.hidden() && self.is_changed.get()
    }

    /// The rule in the form, while it is open.
    pub(super) fn edited_id(&self) -> Option<String> {
        if self.root.hidden() { None } else { self.original.borrow().id.clone() }
    }

    /// Opens it for a rule, or for a new one.
    pub(super) fn open(&self, rule: Option<RuleDocument>) -> JsResult {
        self.fill(rule.unwrap_or_default())?;
        self.focus()
    }

    /// Opens it for a rule that was made elsewhere and is not stored yet: it would be lost if the form were filled anew.
    pub(super) fn open_draft(&self, rule: RuleDocument) -> JsResult {
        self.fill(rule)?;
        self.changed()?;
        self.focus()
    }

    fn fill(&self, rule: RuleDocument) -> JsResult {
        for name in [TOUCHED_HOST, TOUCHED_PIN] {
            self.root.remove_attribute(name)?;
        }
        self.fields.write(&rule)?;
        self.json.forget()?;
        self.adopt(rule)?;
        self.is_changed.set(false);
        self.was_deleted.set(false);
        self.refusals.take();
        self.root.set_hidden(false);
        set_notices(&by_id(id!("pin-drop-message"))?, &[])?;
        self.say()
    }

    /// From now on the form is about this rule, whatever is in the fields.
    fn adopt(&self, rule: RuleDocument) -> JsResult {
        say_in(id!("form-title"), &title(&rule))?;
        self.original.replace(rule);
        Ok(())
    }

    /// The stored rules are not what they were: the rule in the form may be another now, or gone, and what was wrong
    /// with it may be no longer.
    fn rules_changed(&self) -> JsResult {
        if self.root.hidden() || self.is_saving.get() || self.store.problem().is_some() {
            return Ok(());
        }
        self.refusals.take();
        match (self.edit_state(), self.is_changed.get()) {
            (EditState::Outdated(stored), false) => self.fill(*stored),
            (EditState::Deleted, false) => self.close(None, None),
            (EditState::Deleted, true) => {
                let new = as_new(&self.original.borrow());
                self.adopt(new)?;
                self.was_deleted.set(true);
                self.say()
            }
            (EditState::Outdated(_), true) | (EditState::Current, _) => self.say(),
        }
    }

    /// Brings the form into sight.
    pub(super) fn focus(&self) -> JsResult {
        self.root.scroll_into_view();
        self.fields.focus()
    }

    /// Says beside the button why the page has not done as it was told.
    pub(super) fn show_refusal(&self, notice: &Notice) -> JsResult {
        set_notices(&by_id(id!("save-message"))?, std::slice::from_ref(notice))?;
        self.focus()
    }

    fn listen(self: &Rc<Self>) -> JsResult {
        // The rows of keys send an `input` event of their own when rows come and go.
        let this = Rc::clone(self);
        listen(&self.root, "input", move |event| {
            if this.json.is(event.target().as_ref()) {
                return this.json_typed();
            }
            touch(&event)?;
            this.json.forget()?;
            this.changed()
        })?;
        // A date that is half typed has no value, so nothing is heard of it while it is typed.
        let this = Rc::clone(self);
        listen_at(id!("expires"), "focusout", move |_| match this.fields.expiry() {
            DateInput::Whole => this.say(),
            DateInput::Partial => this.changed(),
        })?;
        let this = Rc::clone(self);
        listen(&self.root, "submit", move |event| {
            event.prevent_default();
            let this = Rc::clone(&this);
            spawn(async move { this.save().await });
            Ok(())
        })?;
        let this = Rc::clone(self);
        listen_at(id!("cancel-edit"), "click", move |_| {
            let id = this.original.borrow().id.clone();
            this.close(None, id)
        })?;
        let this = Rc::clone(self);
        listen_at(id!("load-stored"), "click", move |_| match this.edit_state() {
            EditState::Outdated(stored) => this.open(Some(*stored)),
            EditState::Current | EditState::Deleted => this.rules_changed(),
        })?;
        let this = Rc::clone(self);
        listen_at(id!("pin-file"), "change", move |event| {
            let Some(input) = around::<HtmlInputElement>(&event, "input") else {
                return Ok(());
            };
            let chosen = files::of_list(input.files());
            let this = Rc::clone(&this);
            spawn(async move {
                let found = files::read_files(chosen).await;
                // So that the same file can be chosen again.
                input.set_value("");
                this.take(&found)
            });
            Ok(())
        })?;
        let this = Rc::clone(self);
        accept_drops(&by_id(id!("pin-drop"))?, move |data| this.dropped(&data))?;
        ignore_stray_drops()?;
        let this = Rc::clone(self);
        listen(&EventTarget::from(window()?), "beforeunload", move |event| {
            if this.has_unsaved_changes() {
                event.prevent_default();
            }
            Ok(())
        })
    }

    /// The rule in the form, where nothing is wrong with it.
    pub(super) fn draft(&self) -> JsResult<Option<RuleDocument>> {
        Ok(self.check(&self.read()?).rule)
    }

    fn dropped(self: &Rc<Self>, data: &DataTransfer) -> JsResult {
        let dropped = files::of_list(data.files());
        if dropped.is_empty() {
            let text = data.get_data("text")?;
            return self.take(&[read_text(Source::Dropped, &text)]);
        }
        let this = Rc::clone(self);
        spawn(async move { this.take(&files::read_files(dropped).await) });
        Ok(())
    }

    fn take(&self, found: &[Found]) -> JsResult {
        let mut notices = Vec::with_capacity(found.len());
        for Found { source, reading } in found {
            match reading {
                Ok(reading) => notices.extend(self.fields.pins.take(reading, source)?),
                Err(problem) => notices.push(refused(source, problem)),
            }
        }
        set_notices(&by_id(id!("pin-drop-message"))?, &notices)?;
        self.json.forget()?;
        self.changed()
    }

    /// What has been typed as JSON goes into the fields as soon as it is a rule.
    fn json_typed(&self) -> JsResult {
        if let Some(rule) = self.json.read()? {
            self.fields.put(&rule)?;
        }
        self.changed()
    }

    fn changed(&self) -> JsResult {
        self.is_changed.set(true);
        self.refusals.take();
        self.say()
    }

    /// Checks what has been typed and says beside each field what there is to say.
    fn say(&self) -> JsResult {
        let typed = self.read()?;
        let Checked { rule, mut notices } = self.check(&typed);
        by_id::<HtmlButtonElement>(id!("save-rule"))?.set_disabled(rule.is_none() || self.is_saving.get());
        by_id::<HtmlButtonElement>(id!("test-rule"))?.set_disabled(rule.is_none());
        self.json.show(&typed);
        show(id!("load-stored"), matches!(self.edit_state(), EditState::Outdated(_)))?;
        notices.retain_mut(|(place, notice)| self.is_due(*place, notice));
        for refusal in self.refusals.borrow().iter() {
            if !notices.contains(refusal) {
                notices.push(refusal.clone());
            }
        }
        if self.was_deleted.get() {
            notices.push((FormPlace::RULE, deleted_meanwhile()));
        }
        self.fields.say(&notices, &typed)
    }

    /// What is missing is no mistake before its field has been used: a hint at most, and none in a fresh form.
    fn is_due(&self, place: FormPlace, notice: &mut Notice) -> bool {
        let touched = match place {
            FormPlace::Field(Field::Host) if notice.code == "host-empty" => TOUCHED_HOST,
            FormPlace::Field(Field::Pins) if notice.code == "rule-pins-missing" => TOUCHED_PIN,
            _ => return true,
        };
        if !self.root.has_attribute(touched) {
            notice.kind = NoticeKind::Note;
        }
        self.is_changed.get()
    }

    async fn save(&self) -> JsResult {
        if self.is_saving.get() {
            return Ok(());
        }
        let Some(rule) = self.draft()? else {
            return self.say();
        };
        // What is asked to be stored would be lost if the form were filled anew.
        self.is_changed.set(true);
        self.set_saving(true)?;
        let answer = messages::ask(&PageRequest::SaveRule { rule, by: ChangedBy::List }).await;
        let refusals = match answer {
            Ok(Response::Saved { rule }) => {
                self.set_saving(false)?;
                let id = rule.id.clone();
                return self.close(Some(rule), id);
            }
            refused => self.refusals_in(refused).await,
        };
        // Nothing is lost: the form stays as it is, to be tried again.
        self.set_saving(false)?;
        self.rules_changed()?;
        self.refusals.replace(refusals?);
        self.say()?;
        let save: HtmlButtonElement = by_id(id!("save-rule"))?;
        if save.disabled() { focus(id!("cancel-edit")) } else { Ok(save.focus()?) }
    }

    /// Why nothing was stored. It may be for a rule that this page has not heard of yet.
    async fn refusals_in(&self, answer: Result<Response, Error>) -> JsResult<Vec<(FormPlace, Notice)>> {
        if let Ok(Response::Refused { .. }) | Err(Error::Rule(RuleError::Unknown { .. })) = &answer {
            self.store.read().await?;
        }
        Ok(match answer {
            Ok(Response::Refused { errors }) => refusals(&errors, &self.read()?),
            // That the rule is gone is said by what the form has become.
            Err(Error::Rule(RuleError::Unknown { .. })) => Vec::new(),
            Ok(_) => vec![(FormPlace::RULE, Notice::from(&messages::unexpected()))],
            Err(error) => vec![(FormPlace::RULE, Notice::from(&error))],
        })
    }

    fn set_saving(&self, is_saving: bool) -> JsResult {
        self.is_saving.set(is_saving);
        by_id::<HtmlButtonElement>(id!("save-rule"))?.set_disabled(is_saving);
        if is_saving {
            self.root.set_attribute("inert", "")?;
        } else {
            self.root.remove_attribute("inert")?;
        }
        Ok(())
    }

    fn close(&self, stored: Option<RuleDocument>, id: Option<String>) -> JsResult {
        self.root.set_hidden(true);
        self.is_changed.set(false);
        (self.closed)(Closed { stored, id })
    }

    /// A rule whose JSON says something else than its fields is none.
    fn check(&self, typed: &RuleDocument) -> Checked {
        let around =
            Surroundings { seen: &self.seen.keys(), now: current_time(), is_registry_suffix: &is_registry_suffix };
        let mut checked = check(typed, self.fields.expiry(), &self.store.user(), &url_host, around);
        if self.json.is_wrong() {
            checked.rule = None;
            checked.notices.push((FormPlace::RULE, json_is_wrong()));
        }
        checked
    }

    fn edit_state(&self) -> EditState {
        edit_state(&self.original.borrow(), &self.store.user())
    }

    fn read(&self) -> JsResult<RuleDocument> {
        self.fields.read(&self.original.borrow())
    }
}

/// On the form once something has been typed in a field of that name.
const TOUCHED_HOST: &str = "data-touched-host";
const TOUCHED_PIN: &str = "data-touched-pin";

fn touch(event: &Event) -> JsResult {
    let name = around::<Element>(event, "[name]").and_then(|field| field.get_attribute("name"));
    if let (Some(name), Some(form)) = (name, around::<Element>(event, "form")) {
        form.set_attribute(&format!("data-touched-{name}"), "")?;
    }
    Ok(())
}
