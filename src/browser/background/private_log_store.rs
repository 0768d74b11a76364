//! The log of private windows ([`crate::log::private`]), kept in `storage.session`, where pages read it themselves.

use std::cell::RefCell;

use js_sys::{Array, Object};
use wasm_bindgen::{JsCast, JsValue};

use super::log_store::Upkeep;
use super::session_store;
use crate::browser::api::tabs;
use crate::browser::convert::property;
use crate::error::Error;
use crate::log::private::{PRIVATE_LOG, PrivateLog};
use crate::time::UnixMillis;
use crate::violation::Violation;

#[derive(Default)]
pub(super) struct PrivateLogStore {
    /// What is kept, once it has been read.
    kept: RefCell<Option<PrivateLog>>,
}

impl PrivateLogStore {
    /// Counts a violation; when this returns it is where it outlives the sleep of the event page.
    pub(super) async fn enter(&self, violation: &Violation, before: Option<&Violation>) -> Result<(), Error> {
        self.read().await;
        self.kept.borrow_mut().get_or_insert_default().enter(violation, before)?;
        self.store().await
    }

    /// Does all of it at once.
    pub(super) async fn keep_up(&self, what: &Upkeep) -> Result<(), Error> {
        self.read().await;
        {
            let mut kept = self.kept.borrow_mut();
            let kept = kept.get_or_insert_default();
            match what {
                Upkeep::Clear => kept.clear(),
                Upkeep::ClearHost(host) => kept.clear_host(host),
                Upkeep::LetGoFromBefore(time) => kept.let_go_from_before(*time),
                // There is room again as soon as an entry is made, and who has looked at which log is told of each.
                Upkeep::MakeRoom { .. } | Upkeep::MarkRead { .. } => return Ok(()),
            }
        }
        self.store().await
    }

    /// Somebody has looked at it.
    pub(super) async fn mark_read(&self, until: UnixMillis) -> Result<(), Error> {
        self.read().await;
        self.kept.borrow_mut().get_or_insert_default().mark_read(until);
        self.store().await
    }

    /// All of it goes where no private window is open any longer. Whether there was anything.
    pub(super) async fn forget_without_window(&self) -> bool {
        self.read().await;
        if self.is_empty() || has_private_tab().await.unwrap_or(true) {
            return false;
        }
        self.kept.replace(Some(PrivateLog::default()));
        // What could not be taken away is when the background starts again.
        self.store().await.is_ok()
    }

    fn is_empty(&self) -> bool {
        self.kept.borrow().as_ref().is_none_or(PrivateLog::is_empty)
    }

    async fn read(&self) {
        if self.kept.borrow().is_none() {
            let text = session_store::text(PRIVATE_LOG).await.unwrap_or_default();
            // Another may have read it meanwhile.
            self.kept.borrow_mut().get_or_insert_with(|| PrivateLog::from_text(&text));
        }
    }

    /// What is stored last is what is kept: it is handed over before anything is awaited.
    async fn store(&self) -> Result<(), Error> {
        if self.is_empty() {
            return session_store::remove(PRIVATE_LOG).await;
        }
        let text = self.kept.borrow_mut().get_or_insert_default().to_text();
        session_store::store_texts(&[(PRIVATE_LOG.to_owned(), text)]).await
    }
}

/// Where Firefox answers something else, nothing is known.
async fn has_private_tab() -> Result<bool, JsValue> {
    let open: Array = tabs(&Object::new()).await?.dyn_into()?;
    Ok(open.iter().any(|tab| property(&tab, "incognito").is_truthy()))
}
