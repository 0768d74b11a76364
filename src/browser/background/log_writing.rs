//! Writes down what is to be in the log, and tells the pages of it. A socket waits for its entry, but not for ever.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::log_store::{Room, Upkeep};
use super::state::{State, tell_pages};
use crate::browser::{clock, promise};
use crate::error::Error;
use crate::limits::{LOG_WRITE_DEADLINE_MS, MAX_HANDSHAKES};
use crate::log::private::PrivateChange;
use crate::message::Announcement;
use crate::pause::PauseEntry;
use crate::violation::Violation;

impl State {
    /// Writes down a violation of a request. What was written down of it before counts no longer, if it got that far.
    pub(super) fn write_in_turn(
        self: &Rc<Self>,
        request: &str,
        violation: Box<Violation>,
        before: Option<Box<Violation>>,
        kept_in: KeptIn,
    ) {
        let state = Rc::clone(self);
        let before = before.and_then(|before| Some((before, self.written(request)?)));
        let written = promise::of(async move {
            let before = match before {
                Some((before, written)) => {
                    JsFuture::from(written).await.is_ok_and(|written| written.is_truthy()).then_some(before)
                }
                None => None,
            };
            if kept_in == KeptIn::Memory {
                let change = PrivateChange::Enter { violation: &violation, before: before.as_deref() };
                if let Err(problem) = state.private_log.change(change).await {
                    return Ok(state.has_written(Err(problem)));
                }
                // Its window may have been closed meanwhile.
                state.forget_what_is_closed_soon();
                return Ok(state.has_written(Ok(())));
            }
            let result = state.log.enter(&violation, before.as_deref()).await;
            if result == Ok(Room::TooLittle) {
                let state = Rc::clone(&state);
                spawn_local(async move {
                    // What could not go now goes with the next entry.
                    let now = clock::now().unwrap_or_default();
                    let _ = state.log.keep_up(&Upkeep::MakeRoom { now }).await;
                });
            }
            state.let_old_entries_go_once_a_day();
            Ok(state.has_written(result.map(drop)))
        });
        if usize::try_from(self.written.size()).is_ok_and(|entries| entries >= MAX_HANDSHAKES) {
            self.written.clear();
        }
        self.written.set(&JsValue::from_str(request), &written);
    }

    pub(super) fn written(&self, request: &str) -> Option<Promise> {
        self.written.get(&JsValue::from_str(request)).dyn_into().ok()
    }

    /// Waits until a pause is on disk, but not for ever.
    pub(super) async fn write_pause(self: &Rc<Self>, pause: PauseEntry) {
        let state = Rc::clone(self);
        let written = promise::of(async move {
            let result = state.log.add_pause(&pause).await;
            Ok(state.has_written(result))
        });
        promise::within(&written, LOG_WRITE_DEADLINE_MS).await;
    }

    /// `true`, or nothing.
    fn has_written(self: &Rc<Self>, result: Result<(), Error>) -> JsValue {
        let written = if result.is_ok() { JsValue::TRUE } else { JsValue::UNDEFINED };
        self.log_problem.replace(result.err());
        self.tell_pages_of_log();
        written
    }

    /// A burst of violations gives few announcements, and the last of them comes after the last violation.
    pub(super) fn tell_pages_of_log(self: &Rc<Self>) {
        if !self.telling_of_log.ask() {
            return;
        }
        let state = Rc::clone(self);
        spawn_local(async move {
            while state.telling_of_log.takes_turn() {
                tell_pages(Announcement::LogChanged).await;
            }
        });
    }
}

/// Where an entry of the log is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeptIn {
    /// On disk.
    Database,
    /// In memory alone: it is of a private window.
    Memory,
}
