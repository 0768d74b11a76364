//! What the options page and the popup have in common at the top: whether Sockpin is at work, and what to do if not.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use web_sys::{Element, HtmlElement};

use super::messages;
use super::pause_menu::PauseMenu;
use crate::browser::dom::{JsResult, by_id, id, listen_at, show, spawn};
use crate::browser::part::say_in;
use crate::browser::words::say;
use crate::error::Error;
use crate::message::{PageRequest, Response};
use crate::view::status::{Banner, Remedy, StatusLine, banner, problem, state, state_of};

/// The status line, the banner, and the control that pauses.
pub(super) struct Masthead {
    remedy: Cell<Option<Remedy>>,
    /// What this page offers where the rules cannot be read.
    for_unreadable_rules: Remedy,
    pausing: OnceCell<PauseMenu>,
}

/// What the page itself could not read.
#[derive(Clone, Copy)]
pub(super) enum Unread<'a> {
    Nothing,
    Log(&'a Error),
    Rules(&'a Error),
}

impl Masthead {
    /// `for_unreadable_rules` is what the page offers where the rules cannot be read, and `act` does it.
    pub(super) fn new(for_unreadable_rules: Remedy, act: impl Fn() -> JsResult + 'static) -> JsResult<Rc<Self>> {
        let masthead = Rc::new(Self { remedy: Cell::new(None), for_unreadable_rules, pausing: OnceCell::new() });
        let this = Rc::downgrade(&masthead);
        let pausing = PauseMenu::new(move || {
            if let Some(this) = this.upgrade() {
                spawn(async move { this.refresh(Unread::Nothing).await });
            }
        })?;
        masthead.pausing.get_or_init(|| pausing);
        let this = Rc::clone(&masthead);
        listen_at(id!("problem-action"), "click", move |_| match this.remedy.get() {
            Some(Remedy::ResetPolicy | Remedy::OpenRules) => act(),
            Some(Remedy::Permit) => {
                let answered = messages::request_permission()?;
                let this = Rc::clone(&this);
                spawn(async move {
                    answered.await?;
                    this.refresh(Unread::Nothing).await
                });
                Ok(())
            }
            Some(Remedy::Dismiss) => {
                let this = Rc::clone(&this);
                spawn(async move {
                    match messages::ask(&PageRequest::DismissOverruling).await {
                        Ok(_) => this.refresh(Unread::Nothing).await,
                        Err(error) => this.show_failure(&error),
                    }
                });
                Ok(())
            }
            None => Ok(()),
        })?;
        Ok(masthead)
    }

    /// Asks how things are and shows it.
    pub(super) async fn refresh(self: &Rc<Self>, unread: Unread<'_>) -> JsResult {
        let mut status = match messages::ask(&PageRequest::Status).await {
            Ok(Response::Status(status)) => status,
            Ok(_) => return self.show_failure(&messages::unexpected()),
            Err(error) => return self.show_failure(&error),
        };
        let unread_log = match unread {
            Unread::Nothing => None,
            Unread::Log(error) => Some(error),
            Unread::Rules(error) => {
                // Meanwhile the background may have got at them; the page has not.
                status.problem.get_or_insert_with(|| error.clone());
                None
            }
        };
        show(id!("private-note"), !status.access.private_windows)?;
        let pause = self.pausing.get().map(|pausing| pausing.draw(&status)).transpose()?.flatten();
        let banner = banner(&status, unread_log);
        show_state(&state(&status, banner.as_ref(), pause))?;
        match &banner {
            Some(banner) => self.show_banner(banner),
            None => show(id!("problem"), false),
        }
    }

    /// Shows why the background gave no answer, whatever it was asked. Nothing else is known then.
    pub(super) fn show_failure(&self, error: &Error) -> JsResult {
        let banner = problem(error, None);
        show_state(&state_of(&banner))?;
        show(id!("private-note"), false)?;
        self.pausing.get().map_or(Ok(()), PauseMenu::hide)?;
        self.show_banner(&banner)
    }

    fn show_banner(&self, banner: &Banner) -> JsResult {
        say_in(id!("problem-title"), &banner.title)?;
        say_in(id!("problem-text"), &banner.text)?;
        show(id!("problem-details"), banner.detail.is_some())?;
        by_id::<Element>(id!("problem-detail"))?.set_text_content(banner.detail.as_deref());
        let remedy = banner.remedy.map(|remedy| match remedy {
            Remedy::ResetPolicy => self.for_unreadable_rules,
            other => other,
        });
        let action: HtmlElement = by_id(id!("problem-action"))?;
        action.set_hidden(remedy.is_none());
        action.set_text_content(remedy.map(|remedy| say(&remedy.label())).as_deref());
        self.remedy.set(remedy);
        let section: HtmlElement = by_id(id!("problem"))?;
        section.dataset().set("code", banner.code)?;
        section.set_hidden(false);
        Ok(())
    }
}

fn show_state(state: &StatusLine) -> JsResult {
    let line: HtmlElement = by_id(id!("state"))?;
    line.dataset().set("tone", state.tone.as_str())?;
    let words = say(&state.text);
    if line.text_content().as_deref() != Some(&words) {
        line.set_text_content(Some(&words));
    }
    Ok(())
}
