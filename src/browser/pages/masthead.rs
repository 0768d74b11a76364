//! What the options page and the popup have in common at the top: whether Sockpin is at work, and what to do if not.

use std::cell::Cell;
use std::rc::Rc;

use web_sys::{Element, EventTarget, HtmlElement};

use super::dom::{Fallible, by_id, listen, show, spawn};
use super::{background, pausing};
use crate::error::Error;
use crate::message::{Request, Response};
use crate::view::status::{
    Banner, Remedy, State, log_problem, log_unreadable, permission_missing, problem, state, state_of,
};

/// The state line and the banner.
pub(super) struct Masthead {
    remedy: Cell<Option<Remedy>>,
    /// What this page offers where the rules cannot be read.
    for_unreadable_rules: Remedy,
}

impl Masthead {
    /// `for_unreadable_rules` is what the page offers where the rules cannot be read, and `act` does it.
    pub(super) fn new(for_unreadable_rules: Remedy, act: impl Fn() -> Fallible + 'static) -> Fallible<Rc<Self>> {
        let masthead = Rc::new(Self { remedy: Cell::new(None), for_unreadable_rules });
        let this = Rc::clone(&masthead);
        listen(&by_id::<EventTarget>("problem-action")?, "click", move |_| match this.remedy.get() {
            Some(Remedy::StartAfresh | Remedy::OpenRules) => act(),
            Some(Remedy::Permit) => {
                let answered = background::request_permission()?;
                let this = Rc::clone(&this);
                spawn(async move {
                    answered.await?;
                    this.refresh(None).await
                });
                Ok(())
            }
            None => Ok(()),
        })?;
        pausing::listen_to_controls(&masthead)?;
        Ok(masthead)
    }

    /// Asks how things are and shows it; `unread_log` is why the page could not read the log, if it could not.
    pub(super) async fn refresh(self: &Rc<Self>, unread_log: Option<&Error>) -> Fallible {
        let status = match background::ask(&Request::Status).await {
            Ok(Response::Status(status)) => status,
            Ok(other) => return self.show_problem(&background::unexpected(&other)),
            Err(problem) => return self.show_problem(&problem),
        };
        show("private-note", !status.sight.private_windows)?;
        let pause = pausing::draw(&status, self)?;
        let banner = match (&status.problem, unread_log, &status.log_problem) {
            (Some(found), _, _) => Some(problem(found)),
            _ if !status.sight.every_site => Some(permission_missing()),
            (None, Some(error), _) => Some(log_unreadable(error)),
            (None, None, Some(error)) => Some(log_problem(error)),
            (None, None, None) => None,
        };
        match (&banner, pause) {
            // While nothing is blocked, nothing is more important than that.
            (Some(banner), Some(pause)) => {
                self.show_banner(banner)?;
                show_state(&pause)
            }
            (Some(banner), None) => self.show_banner(banner),
            (None, pause) => {
                show("problem", false)?;
                show_state(&pause.unwrap_or_else(|| state(status.rules)))
            }
        }
    }

    /// Shows what keeps Sockpin from judging.
    pub(super) fn show_problem(&self, error: &Error) -> Fallible {
        self.show_banner(&problem(error))
    }

    fn show_banner(&self, banner: &Banner) -> Fallible {
        by_id::<Element>("problem-title")?.set_text_content(Some(banner.title));
        by_id::<Element>("problem-text")?.set_text_content(Some(&banner.text));
        show("problem-details", banner.detail.is_some())?;
        by_id::<Element>("problem-detail")?.set_text_content(banner.detail.as_deref());
        let remedy = banner.remedy.map(|remedy| match remedy {
            Remedy::StartAfresh => self.for_unreadable_rules,
            other => other,
        });
        let action: HtmlElement = by_id("problem-action")?;
        action.set_hidden(remedy.is_none());
        action.set_text_content(remedy.map(Remedy::label));
        self.remedy.set(remedy);
        let section: HtmlElement = by_id("problem")?;
        section.dataset().set("code", banner.code)?;
        section.set_hidden(false);
        show_state(&state_of(banner))
    }
}

fn show_state(state: &State) -> Fallible {
    let line: HtmlElement = by_id("state")?;
    line.dataset().set("tone", state.tone.as_str())?;
    if line.text_content().as_deref() != Some(&state.text) {
        line.set_text_content(Some(&state.text));
    }
    Ok(())
}
