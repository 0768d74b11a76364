//! `options.html`: the rules, and the form in which they are made.

use std::rc::{Rc, Weak};

use web_sys::{EventTarget, HtmlElement};

use super::confirmation::Confirmation;
use super::export_section::ExportSection;
use super::import_section::ImportSection;
use super::managed_section;
use super::masthead::{Masthead, Unread};
use super::messages;
use super::rule_form::{Closed, RuleForm};
use super::rule_list::RuleList;
use super::rule_store::RuleStore;
use super::ui::announcement::announce;
use crate::browser::dom::{Fallible, by_id, id, listen, ready, show, spawn};
use crate::browser::part::{part, part_around, say_in};
use crate::message::{Announcement, PageRequest};
use crate::rule::RuleDocument;
use crate::view::form::unsaved;
use crate::view::rule as words;
use crate::view::status::Remedy;
use crate::view::text::Text;

struct Options {
    masthead: Rc<Masthead>,
    deletion: Confirmation,
    form: Rc<RuleForm>,
    list: Rc<RuleList>,
    store: Rc<RuleStore>,
}

pub(super) async fn start() -> Fallible {
    let afresh = Rc::new(Confirmation::new(id!("afresh-dialog"))?);
    let asked = Rc::clone(&afresh);
    let masthead = Masthead::new(Remedy::ResetPolicy, move || asked.open())?;
    let store = Rc::<RuleStore>::default();
    let list = RuleList::new(Rc::clone(&store))?;
    let (store_of_form, list_of_form) = (Rc::clone(&store), Rc::clone(&list));
    let form = RuleForm::new(Rc::clone(&store), move |closed| form_closed(closed, &store_of_form, &list_of_form))?;
    let options = Rc::new(Options { masthead, deletion: Confirmation::new(id!("delete-dialog"))?, form, list, store });
    options.listen(afresh)?;
    ImportSection::new(Rc::clone(&options.store))?;
    ExportSection::new(Rc::clone(&options.store))?;
    let this = Rc::clone(&options);
    options.store.subscribe(move || this.draw());
    options.refresh().await?;
    ready()
}

fn form_closed(closed: Closed, store: &RuleStore, list: &RuleList) -> Fallible {
    list.draw(None)?;
    if let Some(stored) = &closed.stored {
        announce(&words::stored(stored))?;
        store.put(stored)?;
    }
    match closed.id {
        Some(id) => list.focus(&id, part!("edit")),
        None => by_id::<HtmlElement>(id!("add-rule"))?.focus(),
    }
}

impl Options {
    fn listen(self: &Rc<Self>, afresh: Rc<Confirmation>) -> Fallible {
        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>(id!("add-rule"))?, "click", move |_| this.edit(None))?;

        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>(id!("rules"))?, "click", move |event| {
            let Some(rule) = part_around(&event, part!("rule")).and_then(|rule| rule.root().dataset().get("rule"))
            else {
                return Ok(());
            };
            let rule = this.store.user().rule(&rule).map(|rule| RuleDocument::from(rule.as_ref()));
            let Some(rule) = rule else {
                return Ok(());
            };
            if part_around(&event, part!("edit")).is_some() {
                this.edit(Some(rule))
            } else if part_around(&event, part!("delete")).is_some() {
                this.ask_before_deleting(&rule)
            } else {
                Ok(())
            }
        })?;

        let this = Rc::clone(self);
        listen(&self.deletion.confirm, "click", move |_| {
            let id = this.deletion.dialog.dataset().get("rule").unwrap_or_default();
            let this = Rc::clone(&this);
            spawn(
                async move { this.confirmed(PageRequest::DeleteRule { id }, &this.deletion, &words::deleted()).await },
            );
            Ok(())
        })?;

        let this = Rc::clone(self);
        listen(&afresh.confirm.clone(), "click", move |_| {
            let (this, afresh) = (Rc::clone(&this), Rc::clone(&afresh));
            spawn(async move { this.confirmed(PageRequest::ResetPolicy, &afresh, &words::set_aside()).await });
            Ok(())
        })?;

        let this: Weak<Self> = Rc::downgrade(self);
        messages::listen(move |notice| {
            let Some(this) = this.upgrade() else {
                return;
            };
            match notice {
                Announcement::RulesChanged => spawn(async move { this.refresh().await }),
                Announcement::StatusChanged => spawn(async move { this.masthead.refresh(Unread::Nothing).await }),
                Announcement::LogChanged => {}
            }
        });
        Ok(())
    }

    /// Opens the form, unless something in it would be lost.
    fn edit(&self, rule: Option<RuleDocument>) -> Fallible {
        let form = &self.form;
        if form.is_in_use() && form.edited_id() == rule.as_ref().and_then(|rule| rule.id.clone()) {
            return form.focus();
        }
        if form.is_in_use() {
            return form.object(&unsaved());
        }
        form.open(rule)?;
        self.list.draw(form.edited_id())
    }

    /// What was asked about in a dialog is done; the dialog closes once it is.
    async fn confirmed(&self, request: PageRequest, dialog: &Confirmation, done: &Text) -> Fallible {
        if !dialog.settle(&messages::ask(&request).await) {
            return Ok(());
        }
        self.refresh().await?;
        announce(done)?;
        by_id::<HtmlElement>(id!("add-rule"))?.focus()
    }

    fn ask_before_deleting(&self, rule: &RuleDocument) -> Fallible {
        self.deletion.dialog.dataset().set("rule", rule.id.as_deref().unwrap_or_default())?;
        say_in(id!("delete-title"), &words::deletion_question(rule))?;
        say_in(id!("delete-text"), &words::deletion(rule))?;
        self.deletion.open()
    }

    /// Reads what is stored, and asks how things are.
    async fn refresh(&self) -> Fallible {
        self.store.read().await?;
        match &self.store.problem() {
            Some(problem) => self.masthead.refresh(Unread::Rules(problem)).await,
            None => self.masthead.refresh(Unread::Nothing).await,
        }
    }

    fn draw(&self) -> Fallible {
        self.list.draw(self.form.edited_id())?;
        managed_section::draw(&self.store.managed())?;
        show(id!("rules-section"), self.store.problem().is_none())?;
        show(id!("import-card"), self.store.problem().is_none())?;
        show(id!("no-rules"), self.store.user().rules().is_empty())?;
        say_in(id!("no-rules-text"), &words::none_yet(self.store.managed().policy.rules().len()))
    }
}
