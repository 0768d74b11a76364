//! `options.html`: the rules, and the form in which they are made.

use std::cell::{OnceCell, RefCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};

use web_sys::{Element, EventTarget, HtmlElement};

use super::confirmation::Confirmation;
use super::managed_section;
use super::masthead::{Masthead, Unread};
use super::messages;
use super::rule_form::{RuleForm, Surroundings};
use super::rule_list;
use crate::browser::clock::now;
use crate::browser::dom::{Fallible, announce, around, by_id, listen, ready, show, spawn};
use crate::browser::url_host::url_host;
use crate::browser::words::say;
use crate::browser::{managed_store, policy_store};
use crate::managed::Managed;
use crate::message::{Announcement, PageRequest};
use crate::policy::Policy;
use crate::rule::{RuleDocument, RuleStamp};
use crate::time::UnixMillis;
use crate::view::form::unsaved;
use crate::view::rule as words;
use crate::view::status::Remedy;
use crate::view::text::Text;

struct Options {
    masthead: Rc<Masthead>,
    deletion: Confirmation,
    form: OnceCell<Rc<RuleForm>>,
    /// The user's rules, as they were last read.
    rules: Rc<RefCell<Policy>>,
    /// The administrator's, as they were last read.
    managed: RefCell<Managed>,
}

pub(super) async fn start() -> Fallible {
    let afresh = Rc::new(Confirmation::new("afresh")?);
    let asked = Rc::clone(&afresh);
    let options = Rc::new(Options {
        masthead: Masthead::new(Remedy::ResetPolicy, move || asked.open())?,
        deletion: Confirmation::new("delete")?,
        form: OnceCell::new(),
        rules: Rc::default(),
        managed: RefCell::default(),
    });
    let page: Rc<dyn Surroundings> = Rc::<Options>::clone(&options);
    let form = RuleForm::new(Rc::clone(&options.rules), Rc::downgrade(&page))?;
    options.form.get_or_init(|| form);
    options.listen(afresh)?;
    options.refresh().await?;
    ready()
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
            let rule = this.rules.borrow().rule(&rule).map(|rule| RuleDocument::from(rule.as_ref()));
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
        let Some(form) = self.form.get() else {
            return Ok(());
        };
        if form.is_in_use() && form.edited_id() == rule.as_ref().and_then(|rule| rule.id.clone()) {
            return form.focus();
        }
        if form.is_in_use() {
            return form.object(&unsaved());
        }
        form.open(rule)?;
        self.draw_rules()
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

    /// Reads what is stored, as the background does. Rules that cannot be read are not "no rules", and none can be added
    /// to them.
    async fn refresh(&self) -> Fallible {
        let (managed, user) = (managed_store::load(), policy_store::load());
        let (managed, user) = (managed.await, user.await);
        let now = today();
        let managed = managed.map(|record| Managed::from_stored(record.as_deref(), now, &url_host));
        let user = user.and_then(|record| Policy::from_stored(record.as_deref(), now, &url_host));
        let problem = managed.as_ref().err().or(user.as_ref().err()).cloned();
        let managed = managed.unwrap_or_default();
        managed_section::draw(&managed, now)?;
        self.managed.replace(managed);
        show("rules-section", problem.is_none())?;
        if let Some(problem) = problem {
            return self.masthead.refresh(Unread::Rules(&problem)).await;
        }
        self.rules.replace(user.unwrap_or_default());
        if let Some(form) = self.form.get() {
            form.rules_changed()?;
        }
        self.draw_rules()?;
        self.masthead.refresh(Unread::Nothing).await
    }

    fn draw_rules(&self) -> Fallible {
        let rules = self.rules.borrow();
        let edited = self.form.get().and_then(|form| form.edited_id());
        show("no-rules", rules.rules().is_empty())?;
        let none = words::none_yet(self.managed.borrow().policy.rules().len());
        by_id::<Element>("no-rules-text")?.set_text_content(Some(&say(&none)));
        rule_list::draw(&by_id("rules")?, rules.rules(), edited.as_deref(), today())
    }
}

impl Surroundings for Options {
    fn refresh(self: Rc<Self>) -> Pin<Box<dyn Future<Output = Fallible>>> {
        Box::pin(async move { Self::refresh(&self).await })
    }

    fn closed(&self, stored: Option<RuleDocument>, id: Option<String>) -> Fallible {
        if let Some(stored) = stored {
            announce(&say(&words::stored(&stored)))?;
            let stamp = RuleStamp { id: String::new(), time: today() };
            // Where it does not fit what was read, the notice that is on its way has it read again.
            let _ = self.rules.borrow_mut().save(&stored, &stamp, &url_host);
        }
        self.draw_rules()?;
        match id {
            Some(id) => rule_list::focus(&by_id("rules")?, &id, ".rule-edit"),
            None => by_id::<HtmlElement>("add-rule")?.focus(),
        }
    }
}

fn today() -> UnixMillis {
    now().unwrap_or(UnixMillis::new(0))
}
