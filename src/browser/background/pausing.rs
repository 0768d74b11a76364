//! Pausing: stored for this session, shown on the badge, written down, ended by an alarm.

use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::api;
use super::session_store;
use super::state::{State, tell_pages};
use crate::browser::clock;
use crate::browser::convert::{object, to_js};
use crate::error::Error;
use crate::message::{Announcement, Response};
use crate::pause::{PAUSE, PauseEntry, PauseEvent, PauseLength};
use crate::time::UnixMillis;

/// The alarm that wakes the background when a pause is over, so that the button shows it in time. Whether a pause lasts
/// is decided by the clock.
const ALARM: &str = "pause";

impl State {
    pub(super) async fn pause(self: &Rc<Self>, length: PauseLength) -> Result<Response, Error> {
        let now = clock::now()?;
        let pause = self.engine.borrow().begin_pause(length, now)?;
        session_store::store(PAUSE, &to_js(&pause)?).await?;
        self.engine.borrow_mut().set_pause(Some(pause));
        spawn_local(set_alarm(ALARM, pause.until));
        self.write_pause(PauseEntry { id: None, time: now, pause: length.into() }).await;
        self.say_what_has_changed();
        Ok(Response::Done)
    }

    /// In force at once, whatever waits before it and whatever the storage does: whoever ends a pause wants protection.
    pub(super) fn end_pause(self: &Rc<Self>) {
        let Ok(now) = clock::now() else {
            return;
        };
        let was_paused = self.engine.borrow().pause(now).is_some();
        self.engine.borrow_mut().set_pause(None);
        if was_paused {
            self.say_what_has_changed();
            let state = Rc::clone(self);
            spawn_local(async move {
                // At once as well, not in turn: what waits in the queue before it may never end.
                let _ = session_store::remove(PAUSE).await;
                let entry = PauseEntry { id: None, time: now, pause: PauseEvent::Ended };
                state.write_pause(entry).await;
            });
        }
    }

    /// The end of a pause, stored.
    pub(super) async fn resume(self: &Rc<Self>) -> Result<Response, Error> {
        // One that another page has begun since this was asked for ends as well.
        self.end_pause();
        spawn_local(set_alarm(ALARM, None));
        session_store::remove(PAUSE).await?;
        Ok(Response::Done)
    }

    /// What is to be said of a pause that is over must not delay a socket.
    pub(super) fn end_pause_if_over(self: &Rc<Self>) {
        let Ok(now) = clock::now() else {
            return;
        };
        let ended = self.engine.borrow_mut().end_pause_if_over(now);
        if let Some(entry) = ended {
            let state = Rc::clone(self);
            spawn_local(async move {
                // Where this fails, the pause is over all the same.
                let _ = session_store::remove(PAUSE).await;
                state.write_pause(entry).await;
                state.say_what_has_changed();
            });
        }
    }

    pub(super) fn say_what_has_changed(&self) {
        self.draw_button();
        spawn_local(tell_pages(Announcement::StatusChanged));
    }
}

/// Sets an alarm in the place of the one of its name, or clears it. That of a pause only serves to show its end in time; nothing
/// depends on it.
pub(super) async fn set_alarm(name: &str, time: Option<UnixMillis>) {
    // Another pause may have had one.
    let _ = api::clear_alarm(name).await;
    if let Some(time) = time
        && let Ok(time) = to_js(&time)
    {
        let _ = api::create_alarm(name, &object([("when", &time)]));
    }
}
