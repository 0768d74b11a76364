//! The pause: a menu that begins it, a button that ends it.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::JsValue;
use web_sys::{Element, FocusEvent, HtmlDetailsElement, HtmlElement, KeyboardEvent, Node};

use super::messages;
use crate::browser::dom::{JsResult, by_id, document, id, listen, listen_at, show, spawn};
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
    controls: Controls,
    changed: Rc<dyn Fn()>,
    /// Until the end of the pause that is shown.
    timer: RefCell<Option<Timer>>,
}

#[derive(Clone)]
struct Controls {
    menu: HtmlDetailsElement,
    /// What opens the menu.
    opener: HtmlElement,
    resume: HtmlElement,
}

impl PauseMenu {
    /// `changed` is called each time that a pause may have begun or ended.
    pub(super) fn new(changed: impl Fn() + 'static) -> JsResult<Self> {
        let menu: HtmlDetailsElement = by_id(id!("pause-menu"))?;
        let opener = Part::of(&menu).get(part!("opener"))?;
        let controls = Controls { menu, opener, resume: by_id(id!("resume"))? };
        let pausing = Self { controls, changed: Rc::new(changed), timer: RefCell::default() };
        pausing.listen()?;
        Ok(pausing)
    }

    fn listen(&self) -> JsResult {
        for (button, request) in [
            (id!("pause-ten-minutes"), PageRequest::Pause { length: PauseLength::TenMinutes }),
            (id!("pause-until-restart"), PageRequest::Pause { length: PauseLength::UntilRestart }),
            (id!("resume"), PageRequest::Resume),
        ] {
            let (controls, changed) = (self.controls.clone(), Rc::clone(&self.changed));
            listen_at(button, "click", move |_| {
                // On a Mac a click gives a button no focus.
                if !controls.menu.open() {
                    controls.resume.focus()?;
                }
                let (request, controls, changed) = (request.clone(), controls.clone(), Rc::clone(&changed));
                spawn(async move {
                    let answer = messages::ask(&request).await;
                    let failure = answer.as_ref().err().map(|error| say(&sentence(error)));
                    by_id::<Element>(id!("pause-message"))?.set_text_content(failure.as_deref());
                    controls.close_menu()?;
                    changed();
                    Ok(())
                });
                Ok(())
            })?;
        }
        let controls = self.controls.clone();
        listen(&self.controls.menu, "keydown", move |event| {
            // While the menu is closed the key is the popup's own, and closes that.
            if controls.menu.open() && event.dyn_ref::<KeyboardEvent>().is_some_and(|event| event.key() == "Escape") {
                event.prevent_default();
                return controls.close_menu();
            }
            Ok(())
        })?;
        let menu = self.controls.menu.clone();
        listen(&self.controls.menu, "focusout", move |event| {
            let gone_to = event.dyn_ref::<FocusEvent>().and_then(FocusEvent::related_target);
            let stays = gone_to.is_some_and(|target| menu.contains(target.dyn_ref::<Node>()));
            if !stays {
                menu.set_open(false);
            }
            Ok(())
        })
    }

    /// Shows what can be done now. The line of the masthead, where there is a pause.
    pub(super) fn draw(&self, status: &Status) -> JsResult<Option<StatusLine>> {
        self.timer.take();
        let may_pause = status.pausing == settings::Pausing::Allowed;
        self.controls.show(status.pause.is_none() && may_pause, status.pause.is_some())?;
        say_in(id!("pausing-forbidden"), &pausing_forbidden(status.administrator.as_deref()))?;
        show(id!("pausing-forbidden"), !may_pause)?;
        Ok(status.pause.map(|Pause { until, .. }| {
            if let Some(until) = until {
                self.ask_again_at(until);
            }
            paused(until)
        }))
    }

    /// Nothing is known of a pause.
    pub(super) fn hide(&self) -> JsResult {
        self.timer.take();
        self.controls.show(false, false)?;
        show(id!("pausing-forbidden"), false)
    }

    /// When its time is over the page must not go on to say that there is a pause.
    fn ask_again_at(&self, end: UnixMillis) {
        let Ok(now) = clock::now() else {
            return;
        };
        let left = end.as_millis().saturating_sub(now.as_millis());
        let changed = Rc::clone(&self.changed);
        let wait = i32::try_from(left).unwrap_or(i32::MAX).max(SHORTEST_WAIT_MS);
        self.timer.replace(Some(Timer::new(wait, move || changed())));
    }
}

/// Firefox rounds the time that it tells: right at its end a pause may be told to last for a moment yet.
const SHORTEST_WAIT_MS: i32 = 200;

impl Controls {
    /// The focus stays at what opened it.
    fn close_menu(&self) -> JsResult {
        if self.menu.open() {
            self.opener.focus()?;
            self.menu.set_open(false);
        }
        Ok(())
    }

    /// Shows or hides both. If the one with the focus is hidden and the other shown, the focus moves there.
    fn show(&self, menu: bool, resume: bool) -> JsResult {
        let active = document()?.active_element();
        let had_focus = |control: &HtmlElement| control.contains(active.as_ref().map(AsRef::as_ref));
        let menu_goes = !menu && had_focus(&self.menu);
        let resume_goes = !resume && had_focus(&self.resume);
        self.menu.set_hidden(!menu);
        self.resume.set_hidden(!resume);
        if menu_goes && resume {
            self.resume.focus()?;
        }
        if resume_goes && menu {
            self.opener.focus()?;
        }
        Ok(())
    }
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
