//! The pause: a menu that begins it, a button that ends it.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::JsValue;
use web_sys::{Element, EventTarget, FocusEvent, HtmlDetailsElement, HtmlElement, KeyboardEvent, Node};

use super::masthead::{Masthead, Unread};
use super::messages;
use crate::browser::dom::{Fallible, by_id, id, listen, show, spawn};
use crate::browser::part::{Part, part, say_in};
use crate::browser::words::say;
use crate::browser::{api, clock};
use crate::message::{PageRequest, Status};
use crate::pause::{Pause, PauseLength};
use crate::settings;
use crate::time::UnixMillis;
use crate::view::error::sentence;
use crate::view::status::{StatusLine, paused, pausing_forbidden};

pub(super) struct PauseMenu {
    menu: HtmlDetailsElement,
    /// What opens the menu.
    opener: HtmlElement,
    resume: HtmlElement,
    /// Until the end of the pause that is shown.
    timer: RefCell<Option<Timer>>,
}

impl PauseMenu {
    pub(super) fn new() -> Fallible<Self> {
        let menu: HtmlDetailsElement = by_id(id!("pause-menu"))?;
        let opener = Part::of(&menu).get(part!("opener"))?;
        Ok(Self { menu, opener, resume: by_id(id!("resume"))?, timer: RefCell::default() })
    }

    /// Lets the controls ask the background, and the masthead show what has come of it.
    pub(super) fn listen(&self, masthead: &Rc<Masthead>) -> Fallible {
        for (button, request) in [
            (id!("pause-ten-minutes"), PageRequest::Pause { length: PauseLength::TenMinutes }),
            (id!("pause-until-restart"), PageRequest::Pause { length: PauseLength::UntilRestart }),
            (id!("resume"), PageRequest::Resume),
        ] {
            let masthead = Rc::downgrade(masthead);
            listen(&by_id::<EventTarget>(button)?, "click", move |_| {
                let (request, masthead) = (request.clone(), Weak::clone(&masthead));
                spawn(async move { carry_out(request, masthead).await });
                Ok(())
            })?;
        }
        let (menu, opener) = (self.menu.clone(), self.opener.clone());
        listen(&self.menu, "keydown", move |event| {
            // While the menu is closed the key is the popup's own, and closes that.
            if menu.open() && event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
                event.prevent_default();
                menu.set_open(false);
                return opener.focus();
            }
            Ok(())
        })?;
        let menu = self.menu.clone();
        listen(&self.menu, "focusout", move |event| {
            let gone_to = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
            let stays = gone_to.is_some_and(|target| menu.contains(target.dyn_ref::<Node>()));
            if !stays {
                menu.set_open(false);
            }
            Ok(())
        })
    }

    /// Shows what can be done now. The line of the masthead, where there is a pause.
    pub(super) fn draw(&self, status: &Status, masthead: &Rc<Masthead>) -> Fallible<Option<StatusLine>> {
        self.timer.take();
        let may_pause = status.pausing == settings::Pausing::Allowed;
        self.menu.set_hidden(status.pause.is_some() || !may_pause);
        self.resume.set_hidden(status.pause.is_none());
        say_in(id!("pausing-forbidden"), &pausing_forbidden(status.administrator.as_deref()))?;
        show(id!("pausing-forbidden"), !may_pause)?;
        Ok(status.pause.map(|Pause { until, .. }| {
            if let Some(until) = until {
                self.ask_again_at(until, Rc::downgrade(masthead));
            }
            paused(until)
        }))
    }

    /// Nothing is known of a pause.
    pub(super) fn hide(&self) -> Fallible {
        self.timer.take();
        self.menu.set_hidden(true);
        self.resume.set_hidden(true);
        show(id!("pausing-forbidden"), false)
    }

    /// The button that was used is gone, and another stands in its place.
    fn focus(&self) -> Fallible {
        if self.resume.hidden() { self.opener.focus() } else { self.resume.focus() }
    }

    /// When its time is over the page must not go on to say that there is a pause.
    fn ask_again_at(&self, end: UnixMillis, masthead: Weak<Masthead>) {
        let Ok(now) = clock::now() else {
            return;
        };
        let left = end.as_millis().saturating_sub(now.as_millis());
        let timer = Timer::new(i32::try_from(left).unwrap_or(i32::MAX).max(SHORTEST_WAIT_MS), move || {
            if let Some(masthead) = masthead.upgrade() {
                spawn(async move { masthead.refresh(Unread::Nothing).await });
            }
        });
        self.timer.replace(Some(timer));
    }
}

/// Firefox rounds the time that it tells: right at its end a pause may be told to last for a moment yet.
const SHORTEST_WAIT_MS: i32 = 200;

async fn carry_out(request: PageRequest, masthead: Weak<Masthead>) -> Fallible {
    let answer = messages::ask(&request).await;
    let message: Element = by_id(id!("pause-message"))?;
    let failure = answer.as_ref().err().map(|error| say(&sentence(error)));
    message.set_text_content(failure.as_deref());
    let Some(masthead) = masthead.upgrade() else {
        return Ok(());
    };
    masthead.pausing().menu.set_open(false);
    masthead.refresh(Unread::Nothing).await?;
    masthead.pausing().focus()
}

/// Something to be done later, unless this is dropped before.
struct Timer {
    id: JsValue,
    _task: Closure<dyn FnMut()>,
}

impl Timer {
    fn new(milliseconds: i32, task: impl FnMut() + 'static) -> Self {
        let task = Closure::<dyn FnMut()>::new(task);
        let id = api::set_timeout(task.as_ref().unchecked_ref(), milliseconds, &JsValue::UNDEFINED);
        Self { id, _task: task }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        api::clear_timeout(&self.id);
    }
}
