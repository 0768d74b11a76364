//! Changes of rules that are there: of one or of many, each in one step, and each can be undone for a while.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use web_sys::{EventTarget, HtmlElement};

use super::messages;
use super::rule_store::RuleStore;
use super::ui::live_region::announce;
use crate::browser::dom::{JsResult, by_id, document, id, listen, show, spawn};
use crate::browser::part::say_in;
use crate::browser::promise;
use crate::message::{PageRequest, Response};
use crate::rule::{Mode, Rule, RuleDocument};
use crate::view::changed_rules as words;
use crate::view::error::sentence;
use crate::view::text::Text;

pub(super) struct RuleChanges {
    store: Rc<RuleStore>,
    /// What takes back the change that was made last.
    undo: RefCell<Option<Undo>>,
    /// Whether the background has yet to answer. Nothing else is changed meanwhile.
    is_changing: Cell<bool>,
    /// How many notices there have been: each is about the last change only.
    notices: Cell<u64>,
    undone: Box<Undone>,
}

type Undone = dyn Fn(&[String]) -> JsResult;

enum Undo {
    /// These were deleted.
    Restore(Vec<RuleDocument>),
    /// These had another mode.
    SetModes(Vec<RuleDocument>),
}

impl RuleChanges {
    /// `undone` is called with the ids of the rules that are again as they were.
    pub(super) fn new(store: Rc<RuleStore>, undone: impl Fn(&[String]) -> JsResult + 'static) -> JsResult<Rc<Self>> {
        let changes = Rc::new(Self {
            store,
            undo: RefCell::default(),
            is_changing: Cell::new(false),
            notices: Cell::new(0),
            undone: Box::new(undone),
        });
        let this = Rc::clone(&changes);
        listen(&by_id::<EventTarget>(id!("undo"))?, "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.undo().await });
            Ok(())
        })?;
        let this = Rc::clone(&changes);
        listen(&by_id::<EventTarget>(id!("close-change"))?, "click", move |_| this.forget())?;
        Ok(changes)
    }

    /// Gives these rules a mode.
    pub(super) async fn set_mode(self: &Rc<Self>, ids: &[String], mode: Mode) -> JsResult {
        let before: Vec<_> = self.documents(ids).into_iter().filter(|rule| rule.mode != mode).collect();
        let save = before.iter().map(|rule| RuleDocument { mode, ..rule.clone() }).collect();
        let done = words::mode_set(mode, before.len());
        self.make(save, Vec::new(), done, Undo::SetModes(before)).await
    }

    /// Takes these rules out.
    pub(super) async fn delete(self: &Rc<Self>, ids: Vec<String>) -> JsResult {
        let before = self.documents(&ids);
        let done = words::deleted(before.len());
        self.make(Vec::new(), ids, done, Undo::Restore(before)).await?;
        if self.undo.borrow().is_some() { by_id::<HtmlElement>(id!("undo"))?.focus() } else { Ok(()) }
    }

    /// Says no more of the last change, which then stays.
    pub(super) fn forget(&self) -> JsResult {
        self.undo.take();
        let notice: HtmlElement = by_id(id!("change"))?;
        let has_focus = document()?.active_element().is_some_and(|active| notice.contains(Some(&active)));
        notice.set_hidden(true);
        if has_focus { by_id::<HtmlElement>(id!("add-rule"))?.focus() } else { Ok(()) }
    }

    fn documents(&self, ids: &[String]) -> Vec<RuleDocument> {
        let user = self.store.user();
        ids.iter().filter_map(|id| user.rule(id)).map(|rule| RuleDocument::from(rule.as_ref())).collect()
    }

    async fn make(self: &Rc<Self>, save: Vec<RuleDocument>, delete: Vec<String>, done: Text, undo: Undo) -> JsResult {
        if (save.is_empty() && delete.is_empty()) || self.is_changing.get() {
            return Ok(());
        }
        match self.ask(save, delete).await? {
            Ok(()) => {
                self.undo.replace(Some(undo));
                self.say(&done, "note")
            }
            Err(problem) => {
                self.undo.take();
                self.say(&problem, "error")
            }
        }
    }

    async fn undo(self: &Rc<Self>) -> JsResult {
        if self.is_changing.get() {
            return Ok(());
        }
        let save = match self.undo.take() {
            None => return Ok(()),
            Some(Undo::Restore(rules)) => rules,
            Some(Undo::SetModes(rules)) => {
                let user = self.store.user();
                // As they are by now, but for the mode. One that is gone stays gone.
                let now = |before: RuleDocument| {
                    let rule: &Rule = user.rule(before.id.as_deref()?)?;
                    Some(RuleDocument { mode: before.mode, ..RuleDocument::from(rule) })
                };
                rules.into_iter().filter_map(now).collect()
            }
        };
        let ids: Vec<_> = save.iter().filter_map(|rule| rule.id.clone()).collect();
        match self.ask(save, Vec::new()).await? {
            Ok(()) => {
                self.say(&words::undone(), "note")?;
                (self.undone)(&ids)
            }
            Err(problem) => self.say(&problem, "error"),
        }
    }

    /// Makes a change, and reads what is stored then; or what kept it from being made.
    async fn ask(&self, save: Vec<RuleDocument>, delete: Vec<String>) -> JsResult<Result<(), Text>> {
        self.is_changing.set(true);
        let request = PageRequest::ChangeRules { save, delete };
        let answer = messages::ask(&request).await;
        let read = self.store.read().await;
        self.is_changing.set(false);
        read?;
        Ok(match (answer, &request) {
            (Ok(Response::Done), _) => Ok(()),
            (Ok(Response::RulesRefused { refusals }), PageRequest::ChangeRules { save, .. }) => {
                Err(words::refused(save, &refusals))
            }
            (Ok(_), _) => Err(sentence(&messages::unexpected())),
            (Err(problem), _) => Err(sentence(&problem)),
        })
    }

    fn say(self: &Rc<Self>, text: &Text, kind: &str) -> JsResult {
        say_in(id!("change-text"), text)?;
        by_id::<HtmlElement>(id!("change"))?.dataset().set("kind", kind)?;
        let can_be_undone = self.undo.borrow().is_some();
        show(id!("undo"), can_be_undone)?;
        show(id!("change"), true)?;
        announce(text)?;
        let notice = self.notices.get() + 1;
        self.notices.set(notice);
        let this = Rc::clone(self);
        spawn(async move {
            promise::after(SHOWN_MS).await;
            let is_last = this.notices.get() == notice && !this.is_changing.get();
            if is_last { this.forget() } else { Ok(()) }
        });
        Ok(())
    }
}

/// Milliseconds for which a change can be undone.
const SHOWN_MS: i32 = 30_000;
