//! `options.html`: the rules, and the form in which they are made.

use std::cell::{OnceCell, RefCell};
use std::rc::{Rc, Weak};

use web_sys::{Element, EventTarget, HtmlDialogElement, HtmlElement};

use super::super::socket::now;
use super::background;
use super::dom::{Fallible, announce, around, by_id, close_by, listen, ready, show, spawn};
use super::masthead::Masthead;
use super::rule_form::{RuleForm, Surroundings};
use super::rule_list::{self, Owner};
use crate::message::{Notice as FromBackground, Request, Response};
use crate::rule::RuleDocument;
use crate::time::UnixMillis;
use crate::view::error::sentence;
use crate::view::notice::{Kind, Notice};
use crate::view::rule::deletion;
use crate::view::status::Remedy;

struct Options {
    masthead: Rc<Masthead>,
    form: OnceCell<Rc<RuleForm>>,
    /// As the background last told them.
    rules: RefCell<Vec<RuleDocument>>,
}

pub(super) async fn start() -> Fallible {
    let options = Rc::new(Options {
        masthead: Masthead::new(Remedy::StartAfresh, || by_id::<HtmlDialogElement>("afresh-dialog")?.show_modal())?,
        form: OnceCell::new(),
        rules: RefCell::default(),
    });
    let page: Rc<dyn Surroundings> = Rc::<Options>::clone(&options);
    let form = RuleForm::new(Rc::downgrade(&page))?;
    options.form.get_or_init(|| form);
    options.listen()?;
    options.refresh().await?;
    ready()
}

impl Options {
    fn listen(self: &Rc<Self>) -> Fallible {
        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("add-rule")?, "click", move |_| this.edit(None))?;

        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("rules")?, "click", move |event| {
            let Some(rule) = around::<HtmlElement>(&event, ".rule").and_then(|rule| rule.dataset().get("rule")) else {
                return Ok(());
            };
            let rule = this.rules.borrow().iter().find(|known| known.id.as_ref() == Some(&rule)).cloned();
            let Some(rule) = rule else {
                return Ok(());
            };
            if around::<Element>(&event, ".rule-edit").is_some() {
                this.edit(Some(rule))
            } else if around::<Element>(&event, ".rule-delete").is_some() {
                ask_before_deleting(&rule)
            } else {
                Ok(())
            }
        })?;

        close_by("cancel-delete", "delete-dialog")?;
        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("confirm-delete")?, "click", move |_| {
            let id = by_id::<HtmlElement>("delete-dialog")?.dataset().get("rule").unwrap_or_default();
            let this = Rc::clone(&this);
            spawn(async move { this.confirmed(Request::DeleteRule { id }, "delete", "The rule is deleted.").await });
            Ok(())
        })?;

        close_by("cancel-afresh", "afresh-dialog")?;
        let this = Rc::clone(self);
        listen(&by_id::<EventTarget>("confirm-afresh")?, "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.confirmed(Request::StartAfresh, "afresh", "There are no rules now.").await });
            Ok(())
        })?;

        let this: Weak<Self> = Rc::downgrade(self);
        background::listen(move |notice| {
            if let (FromBackground::RulesChanged, Some(this)) = (notice, this.upgrade()) {
                spawn(async move { this.refresh().await });
            }
        });
        Ok(())
    }

    /// Opens the form, unless something in it would be lost.
    fn edit(&self, rule: Option<RuleDocument>) -> Fallible {
        let Some(form) = self.form.get() else {
            return Ok(());
        };
        if form.is_in_use() && form.edited_id() == rule.as_ref().and_then(|rule| rule.id.clone()) {
            return form.focus();
        }
        if form.is_in_use() {
            let text = "Save or cancel this rule first. Nothing of it is stored yet.";
            return form.object(&Notice::new(Kind::Warning, "unsaved", text));
        }
        form.open(rule)?;
        self.draw_rules()
    }

    /// What was asked about in a dialog is done; the dialog closes once it is.
    async fn confirmed(&self, request: Request, dialog: &str, done: &str) -> Fallible {
        let result = background::ask(&request).await;
        let message: Element = by_id(&format!("{dialog}-message"))?;
        message.set_text_content(result.as_ref().err().map(sentence).as_deref());
        if result.is_ok() {
            by_id::<HtmlDialogElement>(&format!("{dialog}-dialog"))?.close();
            announce(done)?;
            self.refresh().await?;
            by_id::<HtmlElement>("add-rule")?.focus()?;
        }
        Ok(())
    }

    async fn refresh(&self) -> Fallible {
        match background::ask(&Request::Rules).await {
            Ok(Response::Rules { rules, managed, problem: None }) => {
                self.rules.replace(rules);
                self.draw_rules()?;
                show("managed", !managed.is_empty())?;
                let list: Element = by_id("managed-rules")?;
                rule_list::draw(&list, &managed, Owner::Administrator, None, today())?;
                show("rules-section", true)?;
                self.masthead.refresh().await
            }
            // Rules that cannot be read are not "no rules", and none can be added to them.
            Ok(Response::Rules { problem: Some(problem), .. }) | Err(problem) => {
                show("rules-section", false)?;
                self.masthead.show_problem(&problem)
            }
            Ok(other) => self.masthead.show_problem(&background::unexpected(&other)),
        }
    }

    fn draw_rules(&self) -> Fallible {
        let rules = self.rules.borrow();
        let edited = self.form.get().and_then(|form| form.edited_id());
        show("no-rules", rules.is_empty())?;
        rule_list::draw(&by_id("rules")?, &rules, Owner::User, edited.as_deref(), today())
    }
}

impl Surroundings for Options {
    fn rules(&self) -> Vec<RuleDocument> {
        self.rules.borrow().clone()
    }

    fn closed(&self, stored: Option<RuleDocument>, id: Option<String>) -> Fallible {
        if let Some(stored) = stored {
            announce(&format!("The rule for {} is stored and in force.", stored.host))?;
            let mut rules = self.rules.borrow_mut();
            match rules.iter_mut().find(|rule| rule.id == stored.id) {
                Some(rule) => *rule = stored,
                None => rules.push(stored),
            }
        }
        self.draw_rules()?;
        match id {
            Some(id) => rule_list::focus(&by_id("rules")?, &id, ".rule-edit"),
            None => by_id::<HtmlElement>("add-rule")?.focus(),
        }
    }
}

fn ask_before_deleting(rule: &RuleDocument) -> Fallible {
    let dialog: HtmlDialogElement = by_id("delete-dialog")?;
    dialog.dataset().set("rule", rule.id.as_deref().unwrap_or_default())?;
    by_id::<Element>("delete-title")?.set_text_content(Some(&format!("Delete the rule for {}?", rule.host)));
    by_id::<Element>("delete-text")?.set_text_content(Some(&deletion(rule)));
    by_id::<Element>("delete-message")?.set_text_content(None);
    dialog.show_modal()
}

fn today() -> UnixMillis {
    now().unwrap_or(UnixMillis::new(0))
}
