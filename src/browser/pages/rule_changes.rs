//! Changes of rules that are there: of one or of many, each in one step, and each can be undone for a while.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use wasm_bindgen::JsCast as _;
use web_sys::HtmlElement;

use super::messages;
use super::rule_store::RuleStore;
use super::ui::live_region::announce;
use crate::browser::dom::{Id, JsResult, by_id, document, focus, id, listen_at, show, spawn};
use crate::browser::part::say_in;
use crate::browser::promise;
use crate::history::ChangedBy;
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
    /// Where the focus goes when a notice that has it vanishes.
    home: Id,
    undone: Box<Undone>,
}

type Undone = dyn Fn(&[String]) -> JsResult;

enum Undo {
    /// These were deleted.
    Restore(Vec<RuleDocument>),
    /// These had another mode.
    SetModes(Vec<RuleDocument>),
    /// This one had other pins.
    SetPins(RuleDocument),
}

/// What the background is asked to do.
struct Asked {
    save: Vec<RuleDocument>,
    delete: Vec<String>,
    by: ChangedBy,
}

impl RuleChanges {
    /// `undone` is called with the ids of the rules that are again as they were.
    pub(super) fn new(
        store: Rc<RuleStore>,
        home: Id,
        undone: impl Fn(&[String]) -> JsResult + 'static,
    ) -> JsResult<Rc<Self>> {
        let changes = Rc::new(Self {
            store,
            undo: RefCell::default(),
            is_changing: Cell::new(false),
            notices: Cell::new(0),
            home,
            undone: Box::new(undone),
        });
        let this = Rc::clone(&changes);
        listen_at(id!("undo"), "click", move |_| {
            let this = Rc::clone(&this);
            spawn(async move { this.undo().await });
            Ok(())
        })?;
        let this = Rc::clone(&changes);
        listen_at(id!("close-change"), "click", move |_| this.forget())?;
        Ok(changes)
    }

    /// Gives these rules a mode. Where they vanish from what is shown, and the focus with them, it goes to what takes it back.
    pub(super) async fn set_mode(self: &Rc<Self>, ids: &[String], mode: Mode) -> JsResult {
        let before: Vec<_> = self.documents(ids).into_iter().filter(|rule| rule.mode != mode).collect();
        let save = before.iter().map(|rule| RuleDocument { mode, ..rule.clone() }).collect();
        let done = words::mode_set(mode, before.len());
        let change = Asked { save, delete: Vec::new(), by: ChangedBy::List };
        self.make(change, done, Undo::SetModes(before)).await?;
        if is_focus_lost()? { self.focus_undo() } else { Ok(()) }
    }

    /// Gives a rule a mode by a button that is gone then: the focus goes to what takes it back.
    pub(super) async fn set_mode_here(self: &Rc<Self>, id: String, mode: Mode) -> JsResult {
        self.set_mode(&[id], mode).await?;
        self.focus_undo()
    }

    /// Gives a rule the key that its server has now; `after` is the rule with it.
    pub(super) async fn trust_key(self: &Rc<Self>, before: RuleDocument, after: RuleDocument) -> JsResult {
        let done = words::key_trusted(&after);
        let change = Asked { save: vec![after], delete: Vec::new(), by: ChangedBy::NewKey };
        self.make(change, done, Undo::SetPins(before)).await
    }

    /// Takes these rules out.
    pub(super) async fn delete(self: &Rc<Self>, ids: Vec<String>) -> JsResult {
        let before = self.documents(&ids);
        let done = words::deleted(before.len());
        let change = Asked { save: Vec::new(), delete: ids, by: ChangedBy::List };
        self.make(change, done, Undo::Restore(before)).await?;
        self.focus_undo()
    }

    fn focus_undo(&self) -> JsResult {
        if self.undo.borrow().is_some() { focus(id!("undo")) } else { Ok(()) }
    }

    /// Says something that is no change.
    pub(super) fn note(self: &Rc<Self>, text: &Text) -> JsResult {
        self.undo.take();
        self.say(text, "note")
    }

    /// Says no more of the last change, which then stays.
    pub(super) fn forget(&self) -> JsResult {
        self.undo.take();
        let notice: HtmlElement = by_id(id!("change"))?;
        let has_focus = document()?.active_element().is_some_and(|active| notice.contains(Some(&active)));
        notice.set_hidden(true);
        if has_focus { focus(self.home) } else { Ok(()) }
    }

    fn documents(&self, ids: &[String]) -> Vec<RuleDocument> {
        let user = self.store.user();
        ids.iter().filter_map(|id| user.rule(id)).map(|rule| RuleDocument::from(rule.as_ref())).collect()
    }

    async fn make(self: &Rc<Self>, change: Asked, done: Text, undo: Undo) -> JsResult {
        if (change.save.is_empty() && change.delete.is_empty()) || self.is_changing.get() {
            return Ok(());
        }
        match self.ask(change).await? {
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
        let Some(undo) = self.undo.take() else {
            return Ok(());
        };
        let save = self.as_before(undo);
        let ids: Vec<_> = save.iter().filter_map(|rule| rule.id.clone()).collect();
        match self.ask(Asked { save, delete: Vec::new(), by: ChangedBy::Undo }).await? {
            Ok(()) => {
                self.say(&words::undone(), "note")?;
                (self.undone)(&ids)
            }
            Err(problem) => self.say(&problem, "error"),
        }
    }

    /// The rules to store. Those that are there are as they are by now, but for what is taken back; one that is gone stays
    /// gone.
    fn as_before(&self, undo: Undo) -> Vec<RuleDocument> {
        let user = self.store.user();
        let now = |before: &RuleDocument| user.rule(before.id.as_deref()?).map(|rule: &Arc<Rule>| rule.as_ref().into());
        match undo {
            Undo::Restore(rules) => rules,
            Undo::SetModes(rules) => {
                let with_mode = |rule: RuleDocument| Some(RuleDocument { mode: rule.mode, ..now(&rule)? });
                rules.into_iter().filter_map(with_mode).collect()
            }
            Undo::SetPins(rule) => {
                now(&rule).into_iter().map(|now| RuleDocument { pins: rule.pins.clone(), ..now }).collect()
            }
        }
    }

    /// Makes a change, and reads what is stored then; or what kept it from being made.
    async fn ask(&self, change: Asked) -> JsResult<Result<(), Text>> {
        let Asked { save, delete, by } = change;
        self.is_changing.set(true);
        let request = PageRequest::ChangeRules { save, delete, by };
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

/// Whether nothing that is shown has the focus.
fn is_focus_lost() -> JsResult<bool> {
    let active = document()?.active_element().and_then(|active| active.dyn_into::<HtmlElement>().ok());
    Ok(active.and_then(|active| active.offset_parent()).is_none())
}

/// Milliseconds for which a change can be undone.
const SHOWN_MS: i32 = 30_000;
