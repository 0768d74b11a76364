//! `options.html`: the rules, and the form in which they are made.

use std::rc::{Rc, Weak};

use web_sys::{Element, EventTarget, HtmlElement};

use super::confirmation::Confirmation;
use super::managed_section;
use super::masthead::{Masthead, Unread};
use super::messages;
use super::rule_form::{Closed, RuleForm};
use super::rule_list::RuleList;
use super::rule_store::RuleStore;
use crate::browser::dom::{Fallible, announce, around, by_id, listen, ready, show, spawn};
use crate::browser::words::say;
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
    let afresh = Rc::new(Confirmation::new("afresh")?);
    let asked = Rc::clone(&afresh);
    let masthead = Masthead::new(Remedy::ResetPolicy, move || asked.open())?;
    let store = Rc::<RuleStore>::default();
    let list = RuleList::new(Rc::clone(&store))?;
    let (store_of_form, list_of_form) = (Rc::clone(&store), Rc::clone(&list));
    let form = RuleForm::new(Rc::clone(&store), move |closed| form_closed(closed, &store_of_form, &list_of_form))?;
    let options = Rc::new(Options { masthead, deletion: Confirmation::new("delete")?, form, list, store });
    options.listen(afresh)?;
    let this = Rc::clone(&options);
    options.store.subscribe(move || this.draw());
    options.refresh().await?;
    ready()
}

fn form_closed(closed: Closed, store: &RuleStore, list: &RuleList) -> Fallible {
    list.draw(None)?;
    if let Some(stored) = &closed.stored {
        announce(&say(&words::stored(stored)))?;
        store.put(stored)?;
    }
    match closed.id {
        Some(id) => list.focus(&id, ".rule-edit"),
        None => by_id::<HtmlElement>("add-rule")?.focus(),
    }
}

impl Options {
    fn listen(self: &Rc<Self>, afresh: Rc<Confirmation>) -> Fallible {
        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("add-rule")?, "click", move |_| this.edit(None))?;

        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("rules")?, "click", move |event| {
            let Some(rule) = around::<HtmlElement>(&event, ".rule").and_then(|rule| rule.dataset().get("rule")) else {
                return Ok(());
            };
            let rule = this.store.user().rule(&rule).map(|rule| RuleDocument::from(rule.as_ref()));
            let Some(rule) = rule else {
                return Ok(());
            };
            if around::<Element>(&event, ".rule-edit").is_some() {
                this.edit(Some(rule))
            } else if around::<Element>(&event, ".rule-delete").is_some() {
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
        announce(&say(done))?;
        by_id::<HtmlElement>("add-rule")?.focus()
    }

    fn ask_before_deleting(&self, rule: &RuleDocument) -> Fallible {
        self.deletion.dialog.dataset().set("rule", rule.id.as_deref().unwrap_or_default())?;
        by_id::<Element>("delete-title")?.set_text_content(Some(&say(&words::deletion_question(rule))));
        by_id::<Element>("delete-text")?.set_text_content(Some(&say(&words::deletion(rule))));
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
        show("rules-section", self.store.problem().is_none())?;
        show("no-rules", self.store.user().rules().is_empty())?;
        let none = words::none_yet(self.store.managed().policy.rules().len());
        by_id::<Element>("no-rules-text")?.set_text_content(Some(&say(&none)));
        Ok(())
    }
}
