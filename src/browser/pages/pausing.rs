//! The pause: a menu that begins it, a button that ends it.

use std::rc::{Rc, Weak};

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::JsValue;
use web_sys::{Element, EventTarget, FocusEvent, HtmlDetailsElement, HtmlElement, KeyboardEvent, Node};

use super::super::{api, socket};
use super::background;
use super::dom::{Fallible, by_id, listen, show, spawn};
use super::entry::local_time_of_day;
use super::masthead::Masthead;
use crate::message::{Request, Status};
use crate::pause::PauseLength;
use crate::settings::Pausing;
use crate::view::error::sentence;
use crate::view::status::{State, paused, pausing_forbidden};

/// Lets the controls ask the background, and the masthead show what has come of it.
pub(super) fn listen_to_controls(masthead: &Rc<Masthead>) -> Fallible {
    for (button, request) in [
        ("pause-ten-minutes", Request::Pause { length: PauseLength::TenMinutes }),
        ("pause-until-restart", Request::Pause { length: PauseLength::UntilRestart }),
        ("resume", Request::Resume),
    ] {
        let masthead = Rc::downgrade(masthead);
        listen(&by_id::<EventTarget>(button)?, "click", move |_| {
            let (request, masthead) = (request.clone(), Weak::clone(&masthead));
            spawn(async move { carry_out(request, masthead).await });
            Ok(())
        })?;
    }
    let menu: HtmlDetailsElement = by_id("pause-menu")?;
    let closed_by_key = menu.clone();
    listen(&menu, "keydown", move |event| {
        if event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
            event.prevent_default();
            closed_by_key.set_open(false);
        }
        Ok(())
    })?;
    let closed_by_leaving = menu.clone();
    listen(&menu, "focusout", move |event| {
        let gone_to = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
        let stays = gone_to.is_some_and(|target| closed_by_leaving.contains(target.dyn_ref::<Node>()));
        if !stays {
            closed_by_leaving.set_open(false);
        }
        Ok(())
    })
}

async fn carry_out(request: Request, masthead: Weak<Masthead>) -> Fallible {
    let answer = background::ask(&request).await;
    by_id::<HtmlDetailsElement>("pause-menu")?.set_open(false);
    let message: Element = by_id("pause-message")?;
    message.set_text_content(answer.err().map(|error| sentence(&error)).as_deref());
    match masthead.upgrade() {
        Some(masthead) => masthead.refresh(None).await,
        None => Ok(()),
    }
}

/// Shows what can be done now. The line of the masthead, where there is a pause.
pub(super) fn draw(status: &Status, masthead: &Rc<Masthead>) -> Fallible<Option<State>> {
    let is_paused = status.pause.is_some();
    show("pause-menu", !is_paused && status.pausing == Pausing::Allowed)?;
    show("resume", is_paused)?;
    let forbidden: HtmlElement = by_id("pausing-forbidden")?;
    forbidden.set_hidden(status.pausing == Pausing::Allowed);
    forbidden.set_text_content(Some(&pausing_forbidden(status.administrator.as_deref())));
    let Some(pause) = status.pause else {
        return Ok(None);
    };
    if let (Some(until), Ok(now)) = (pause.until, socket::now()) {
        let left = until.as_millis().saturating_sub(now.as_millis());
        ask_again_in(i32::try_from(left).unwrap_or(i32::MAX), Rc::downgrade(masthead));
    }
    Ok(Some(paused(pause.until.map(local_time_of_day).as_deref())))
}

/// When its time is over the page must not go on to say that there is a pause.
fn ask_again_in(milliseconds: i32, masthead: Weak<Masthead>) {
    let ask = Closure::once_into_js(move || {
        if let Some(masthead) = masthead.upgrade() {
            spawn(async move { masthead.refresh(None).await });
        }
    });
    api::set_timeout(ask.unchecked_ref(), milliseconds, &JsValue::UNDEFINED);
}
