//! `options.html`: the rules, and the form in which they are made.

use std::rc::{Rc, Weak};

use js_sys::Function;
use web_sys::{Event, HtmlDetailsElement, HtmlElement};

use super::confirmation::Confirmation;
use super::export_section::ExportSection;
use super::import_section::ImportSection;
use super::key_comparison::ChangedKey;
use super::managed_section;
use super::masthead::{Masthead, Unread};
use super::picker::{Picked, Picker};
use super::rule_card::MODES;
use super::rule_changes::RuleChanges;
use super::rule_form::{Closed, RuleForm};
use super::rule_list::RuleList;
use super::rule_store::RuleStore;
use super::seen_section::SeenSection;
use super::seen_store::SeenStore;
use super::tester::Tester;
use super::ui::live_region::announce;
use super::{messages, notification_setting};
use crate::browser::dom::{Id, JsResult, focus, id, listen, listen_at, ready, show, spawn};
use crate::browser::part::{part, part_around, say_in};
use crate::message::{Announcement, PageRequest};
use crate::policy::Layer;
use crate::rule::{Mode, RuleDocument};
use crate::view::form::{as_new, unsaved};
use crate::view::notice::Notice;
use crate::view::rule as words;
use crate::view::status::Remedy;
use crate::view::text::Text;

struct Options {
    masthead: Rc<Masthead>,
    changes: Rc<RuleChanges>,
    form: Rc<RuleForm>,
    list: Rc<RuleList>,
    store: Rc<RuleStore>,
    tester: Rc<Tester>,
}

pub(super) async fn start(ahead: Option<Function>) -> JsResult {
    let reset = Rc::new(Confirmation::new(id!("reset-dialog"))?);
    let asked = Rc::clone(&reset);
    let masthead = Masthead::new(Remedy::ResetPolicy, move || asked.open())?;
    let store = Rc::new(RuleStore::with_ahead(ahead));
    let seen = Rc::<SeenStore>::default();
    let list = RuleList::new(Rc::clone(&store), Rc::clone(&seen))?;
    let again = Rc::clone(&list);
    let changes = RuleChanges::new(Rc::clone(&store), id!("add-rule"), move |ids| match ids {
        [id, ..] => again.focus(id, part!("edit")),
        [] => Ok(()),
    })?;
    let (changes_of_form, list_of_form) = (Rc::clone(&changes), Rc::clone(&list));
    let store_of_form = Rc::clone(&store);
    let form = RuleForm::new(Rc::clone(&store), &seen, move |closed| {
        form_closed(closed, &store_of_form, &list_of_form, &changes_of_form)
    })?;
    let tester = Tester::new(&seen, &store)?;
    let options = Rc::new(Options { masthead, changes, form, list, store, tester });
    options.listen(reset)?;
    let import_link = ImportSection::start(Rc::clone(&options.store))?;
    ExportSection::new(Rc::clone(&options.store), Rc::clone(&options.list))?;
    notification_setting::start()?;
    let this = Rc::clone(&options);
    options.store.subscribe(move || this.draw());
    let this = Rc::clone(&options);
    let picker = Picker::new(Rc::clone(&seen), Rc::clone(&options.store), move |picked| this.picked(picked))?;
    let seen_section = SeenSection::new(Rc::clone(&seen), Rc::clone(&options.store), picker)?;
    let (changes, list) = (Rc::clone(&options.changes), Rc::clone(&options.list));
    let changed_key =
        ChangedKey::new(Rc::clone(&options.store), Rc::clone(&seen), changes, move |id| list.focus(id, part!("edit")))?;
    options.refresh().await?;
    options.list.start()?;
    seen.start().await?;
    seen_section.pin_linked()?;
    import_link.open_from_address()?;
    changed_key.open_from_address().await?;
    ready()
}

fn form_closed(closed: Closed, store: &RuleStore, list: &RuleList, changes: &RuleChanges) -> JsResult {
    list.draw(None)?;
    if let Some(stored) = &closed.stored {
        changes.forget()?;
        announce(&words::stored(stored))?;
        store.put(stored)?;
    }
    match closed.id {
        Some(id) => list.focus(&id, part!("edit")),
        None => focus(id!("add-rule")),
    }
}

impl Options {
    fn listen(self: &Rc<Self>, reset: Rc<Confirmation>) -> JsResult {
        let this = Rc::clone(self);
        listen_at(id!("add-rule"), "click", move |_| this.edit(None))?;

        let this = Rc::clone(self);
        listen_at(id!("rules"), "click", move |event| this.clicked(&event))?;
        let this = Rc::clone(self);
        listen_at(id!("managed-rules"), "click", move |event| this.test(&event, Layer::Managed))?;
        let this = Rc::clone(self);
        listen_at(id!("test-rule"), "click", move |_| match this.form.draft()? {
            Some(rule) => this.tester.open_draft(&rule),
            None => Ok(()),
        })?;
        for (button, mode) in SELECTED_MODES {
            let this = Rc::clone(self);
            listen_at(button, "click", move |_| {
                this.set_mode(this.list.selected(), mode);
                Ok(())
            })?;
        }
        let this = Rc::clone(self);
        listen_at(id!("delete-selected"), "click", move |_| {
            this.delete(this.list.selected());
            Ok(())
        })?;

        let this = Rc::clone(self);
        listen(&reset.confirm.clone(), "click", move |_| {
            let (this, reset) = (Rc::clone(&this), Rc::clone(&reset));
            spawn(async move { this.confirmed(PageRequest::ResetPolicy, &reset, &words::set_aside()).await });
            Ok(())
        })?;

        let this: Weak<Self> = Rc::downgrade(self);
        messages::listen(move |announcement| {
            let Some(this) = this.upgrade() else {
                return;
            };
            match announcement {
                Announcement::RulesChanged => spawn(async move { this.refresh().await }),
                Announcement::StatusChanged => spawn(async move { this.masthead.refresh(Unread::Nothing).await }),
                Announcement::LogChanged => {}
            }
        });
        Ok(())
    }

    /// A click on a card, perhaps on the button that tries its rule.
    fn test(&self, event: &Event, layer: Layer) -> JsResult {
        if part_around(event, part!("test")).is_none() {
            return Ok(());
        }
        let id = part_around(event, part!("rule")).and_then(|card| card.root().dataset().get("rule"));
        let layers = self.store.layers();
        let policy = match layer {
            Layer::Managed => &layers.managed,
            Layer::User => &layers.user,
        };
        match id.and_then(|id| policy.rule(&id)) {
            Some(rule) => self.tester.open_stored(layer, rule),
            None => Ok(()),
        }
    }

    /// A click on a card of one of the user's rules.
    fn clicked(self: &Rc<Self>, event: &Event) -> JsResult {
        let Some(card) = part_around(event, part!("rule")) else {
            return Ok(());
        };
        let id = card.root().dataset().get("rule").unwrap_or_default();
        let rule = self.store.user().rule(&id).map(|rule| RuleDocument::from(rule.as_ref()));
        let Some(rule) = rule else {
            return Ok(());
        };
        let is_in = |name| part_around(event, name).is_some();
        if is_in(part!("test")) {
            return self.test(event, Layer::User);
        }
        if is_in(part!("edit")) {
            return self.edit(Some(rule));
        }
        if is_in(part!("duplicate")) {
            return self.edit(Some(as_new(&rule)));
        }
        if is_in(part!("delete")) {
            self.delete(vec![id]);
        } else if let Some((_, mode)) = MODES.into_iter().find(|(button, _)| is_in(*button)) {
            // The focus stays on the card, whose menu closes.
            card.get::<HtmlElement>(part!("mode"))?.focus()?;
            card.get::<HtmlDetailsElement>(part!("mode-menu"))?.set_open(false);
            self.set_mode(vec![id], mode);
        }
        Ok(())
    }

    fn set_mode(&self, ids: Vec<String>, mode: Mode) {
        let changes = Rc::clone(&self.changes);
        spawn(async move { changes.set_mode(&ids, mode).await });
    }

    fn delete(&self, ids: Vec<String>) {
        let changes = Rc::clone(&self.changes);
        spawn(async move { changes.delete(ids).await });
    }

    /// A rule was made of what was seen. What keeps it from the form, if anything does.
    fn picked(&self, picked: Picked) -> JsResult<Option<Notice>> {
        match picked {
            Picked::Stored(rule) => {
                let id = rule.id.clone();
                form_closed(Closed { stored: Some(rule), id }, &self.store, &self.list, &self.changes)?;
            }
            Picked::Draft(_) if self.form.has_unsaved_changes() => return Ok(Some(unsaved())),
            Picked::Draft(rule) => {
                self.form.open_draft(rule)?;
                self.list.draw(self.form.edited_id())?;
            }
        }
        Ok(None)
    }

    /// Opens the form, unless something in it would be lost.
    fn edit(&self, rule: Option<RuleDocument>) -> JsResult {
        let form = &self.form;
        let is_copy = rule.as_ref().is_some_and(|rule| rule.id.is_none());
        if form.has_unsaved_changes() && !is_copy && form.edited_id() == rule.as_ref().and_then(|rule| rule.id.clone())
        {
            return form.focus();
        }
        if form.has_unsaved_changes() {
            return form.show_refusal(&unsaved());
        }
        // It would stand before the buttons of the form.
        self.changes.forget()?;
        form.open(rule)?;
        self.list.draw(form.edited_id())
    }

    /// What was asked about in a dialog is done; the dialog closes once it is.
    async fn confirmed(&self, request: PageRequest, dialog: &Confirmation, done: &Text) -> JsResult {
        if !dialog.conclude(&messages::ask(&request).await) {
            return Ok(());
        }
        self.refresh().await?;
        announce(done)?;
        focus(id!("add-rule"))
    }

    /// Reads what is stored, and asks how things are.
    async fn refresh(&self) -> JsResult {
        self.store.read().await?;
        match &self.store.problem() {
            Some(problem) => self.masthead.refresh(Unread::Rules(problem)).await,
            None => self.masthead.refresh(Unread::Nothing).await,
        }
    }

    fn draw(&self) -> JsResult {
        self.list.draw(self.form.edited_id())?;
        managed_section::draw(&self.store.managed())?;
        show(id!("rules-section"), self.store.problem().is_none())?;
        show(id!("transfer-section"), self.store.problem().is_none())?;
        show(id!("no-rules"), self.store.user().rules().is_empty())?;
        say_in(id!("no-rules-text"), &words::none_yet(self.store.managed().policy.rules().len()))
    }
}

/// What a click on one of these buttons makes of the rules that are selected.
const SELECTED_MODES: [(Id, Mode); 3] =
    [(id!("selected-block"), Mode::Block), (id!("selected-flag"), Mode::Flag), (id!("selected-off"), Mode::Off)];
