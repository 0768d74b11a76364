//! The log of private windows ([`crate::log::private`]), kept in `storage.session`, where pages read it themselves.

use std::cell::RefCell;

use super::session_store;
use crate::browser::api::{long_text, session_get};
use crate::browser::convert::{property, storage_error};
use crate::error::Error;
use crate::log::private::{PRIVATE_LOG, PrivateChange, PrivateLog};

#[derive(Default)]
pub(super) struct PrivateLogStore {
    /// What is kept, once it has been read.
    kept: RefCell<Option<PrivateLog>>,
}

impl PrivateLogStore {
    /// Changes it; when this returns it is where it outlives the sleep of the event page. Whether there was anything to change.
    pub(super) async fn change(&self, change: PrivateChange<'_>) -> Result<bool, Error> {
        if self.kept.borrow().is_none() {
            let items = session_get(&[PRIVATE_LOG]).await.map_err(|thrown| storage_error(&thrown))?;
            let text = long_text(&property(&items, PRIVATE_LOG)).unwrap_or_default();
            // Another may have read it meanwhile.
            self.kept.borrow_mut().get_or_insert_with(|| PrivateLog::from_text(&text));
        }
        let text = {
            let mut kept = self.kept.borrow_mut();
            let kept = kept.get_or_insert_default();
            if !kept.change(&change)? {
                return Ok(false);
            }
            kept.to_text()
        };
        // It is handed over before anything is awaited: what is stored last is what is kept.
        let stored = if text.is_empty() {
            session_store::remove(PRIVATE_LOG).await
        } else {
            session_store::store_texts(&[(PRIVATE_LOG.to_owned(), text)]).await
        };
        if stored.is_err() {
            // What is stored counts, and is read again.
            self.kept.replace(None);
        }
        stored.map(|()| true)
    }
}
