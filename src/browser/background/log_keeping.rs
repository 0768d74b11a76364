//! What of the log goes before it is full: what is too old, and what somebody wants to be gone. A few entries at a time, so that
//! no socket waits for longer than one of these goes.

use std::rc::Rc;

use js_sys::Object;
use wasm_bindgen_futures::spawn_local;

use super::log_store::{Gone, Upkeep};
use super::state::State;
use crate::browser::convert::{property, read_js, storage_error, to_js};
use crate::browser::log_database::set;
use crate::browser::{api as browser_api, clock, promise};
use crate::error::{Error, ProgramError};
use crate::log::Retention;
use crate::log::private::PrivateChange;
use crate::message::Response;

/// Where `localStorage` has the day on which what is too old was last looked for: it is asked at every wake, and answers at once.
const DAY_KEY: &str = "log-day";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

impl State {
    /// Lets go what is too old, if that has not been done today. Nobody waits for it; what could not be done is done at the next
    /// wake.
    pub(super) fn let_old_entries_go_once_a_day(self: &Rc<Self>) {
        let Ok(now) = clock::now() else {
            return;
        };
        let today = now.as_millis() / DAY_MS;
        if self.log_day.replace(today) == today {
            return;
        }
        let Ok(done) = browser_api::local_item(DAY_KEY) else {
            return;
        };
        if done.as_ref() == Some(&today.to_string()) {
            return;
        }
        if done.is_none() {
            // On the first day nothing is old.
            let _ = browser_api::set_local_item(DAY_KEY, &today.to_string());
            return;
        }
        let state = Rc::clone(self);
        spawn_local(async move {
            if state.let_old_entries_go().await.is_ok() {
                let _ = browser_api::set_local_item(DAY_KEY, &today.to_string());
            }
        });
    }

    /// Stores for how long entries are kept, and lets older ones go.
    pub(super) async fn keep_log(self: &Rc<Self>, days: u64) -> Result<Response, Error> {
        if Retention::of_days(days).is_none() {
            return Err(ProgramError::Argument { detail: "no such age".to_owned() }.into());
        }
        let items = Object::new();
        set(&items, Retention::KEY, &to_js(&days)?)?;
        browser_api::storage_set(&items).await.map_err(|thrown| storage_error(&thrown))?;
        self.let_old_entries_go().await
    }

    async fn let_old_entries_go(self: &Rc<Self>) -> Result<Response, Error> {
        let stored = browser_api::storage_get(Retention::KEY).await.map_err(|thrown| storage_error(&thrown))?;
        let retention = Retention::stored(read_js(&property(&stored, Retention::KEY)).ok());
        match retention.begin(clock::now()?) {
            Some(begin) => self.keep_up(Upkeep::LetGoFromBefore(begin)).await,
            None => Ok(Response::Done),
        }
    }

    /// Does all of it.
    pub(super) async fn keep_up(self: &Rc<Self>, what: Upkeep) -> Result<Response, Error> {
        // Where one of them cannot, the other does.
        let private = match &what {
            Upkeep::Clear => Some(PrivateChange::Clear),
            Upkeep::ClearHost(host) => Some(PrivateChange::ClearHost(host)),
            Upkeep::LetGoFromBefore(time) => Some(PrivateChange::LetGoFromBefore(*time)),
            // The private log makes room by itself with each entry, and has a request of its own for being read.
            Upkeep::MakeRoom { .. } | Upkeep::MarkRead { .. } => None,
        };
        let private = match private {
            Some(change) => self.private_log.change(change).await,
            None => Ok(false),
        };
        if private == Ok(true) {
            self.tell_pages_of_log();
        }
        while self.log.keep_up(&what).await? == Gone::Some {
            // Whoever wants to write has a turn.
            promise::after(0).await;
        }
        self.tell_pages_of_log();
        private.map(|_| Response::Done)
    }
}
